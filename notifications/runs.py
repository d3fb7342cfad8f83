"""Which run of Prefect sent a message, and where its page is."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from commitments.settings import Settings
from notifications.tables import attempt


def find_runs(reading: Connection, message_ids: Collection[int]) -> dict[int, str]:
    """For each of these messages the id of the run that made its last attempt; none for what a command sent."""
    rows = reading.execute(
        select(attempt.c.notification_id, attempt.c.run)
        .where(attempt.c.notification_id.in_(message_ids))
        .order_by(attempt.c.notification_id, attempt.c.number)
    )
    last = {row.notification_id: row.run for row in rows}
    return {message_id: run for message_id, run in last.items() if run is not None}


def link_run(settings: Settings, run: str) -> str | None:
    """The page of a run in the Prefect UI; nothing where the settings do not say where that is."""
    return f"{settings.runs_url}/runs/flow-run/{run}" if settings.runs_url is not None else None
