"""The month's picture for coordinators and leaders: one summary each, put into the outbox."""

from datetime import date

from prefect import flow

from commitments.vocabulary import NotificationKind
from flows.missed import set_aside_missed
from flows.planning import count_planned, describe_planned, log_planned, queue_overviews
from flows.runs import name_run, open_register


@flow(name="send-summary", flow_run_name="send summary", on_running=[set_aside_missed])
async def send_summary(as_of: date | None = None) -> dict[str, int]:
    """Queue the monthly summary of every coordinator and leader who has not had this month's, and show it.

    Run twice, the second queues nothing. `as_of` is the day to judge by; today if left empty.
    """
    with open_register("send-summary") as register:
        day = register.choose_day(as_of)
        done = await queue_overviews(register, day, NotificationKind.SUMMARY)
    log_planned(done)
    await name_run(f"send summary {day:%Y-%m}: {describe_planned(done)}")
    return count_planned(done)
