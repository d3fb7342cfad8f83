"""The coordinators' week: one digest each, put into the outbox."""

from datetime import date

from prefect import flow

from commitments.vocabulary import NotificationKind
from flows.missed import set_aside_missed
from flows.planning import count_planned, describe_planned, log_planned, queue_overviews
from flows.runs import name_run, open_register


@flow(name="send-digests", flow_run_name="send digests", on_running=[set_aside_missed])
async def send_digests(as_of: date | None = None) -> dict[str, int]:
    """Queue the weekly digest of every coordinator who has not had this week's, and show what they will read.

    Run twice, the second queues nothing. `as_of` is the day to judge by; today if left empty.
    """
    with open_register("send-digests") as register:
        day = register.choose_day(as_of)
        done = await queue_overviews(register, day, NotificationKind.DIGEST)
    log_planned(done)
    await name_run(f"send digests {day}: {describe_planned(done)}")
    return count_planned(done)
