"""Reminders before a date, new follow-ups, escalations and questions to the other party, put into the outbox."""

from datetime import date

from prefect import flow

from commitments.vocabulary import NotificationKind
from flows.missed import set_aside_missed
from flows.planning import count_planned, describe_planned, log_planned, preview_waiting, queue_messages
from flows.runs import name_run, open_register

KINDS = (
    NotificationKind.REMINDER,
    NotificationKind.FOLLOW_UP,
    NotificationKind.ESCALATION,
    NotificationKind.CONFIRMATION,
    NotificationKind.HAND_OVER,
    NotificationKind.ALERT,
)


@flow(name="send-reminders", flow_run_name="send reminders", on_running=[set_aside_missed])
async def send_reminders(as_of: date | None = None) -> dict[str, int]:
    """Find everybody for whom something has come due and queue one message each, for the hour of their own morning.

    Run twice, the second queues nothing. `as_of` is the day to judge by; today if left empty.
    """
    with open_register("send-reminders") as register:
        day = register.choose_day(as_of)
        done = await queue_messages(register, day, KINDS)
        await preview_waiting(register, day, KINDS, "reminder")
    log_planned(done)
    await name_run(f"send reminders {day}: {describe_planned(done)}")
    return count_planned(done)
