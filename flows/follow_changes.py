"""What people changed is looked at again within seconds: judged, planned, and what may go at once is sent.

Where a day has begun, what is asked of the people there is judged anew as well, hours before their morning.
"""

from functools import partial

from prefect import flow

from commitments.clock import read_clock
from commitments.daybreak import Daybreak, reconcile_begun
from flows.artifacts import show_followed
from flows.following import Followed, follow_up_changes, tell_story
from flows.runs import (
    Register,
    cancel_runs,
    count_things,
    do_step,
    list_waiting_runs,
    log_lines,
    name_run,
    open_register,
    stop_when_cancelled,
)
from flows.send_reminders import KINDS
from notifications.crew import Dispatched
from notifications.dispatch import dispatch_messages
from notifications.planning import plan_changes


@flow(name="follow-changes", flow_run_name="follow changes")
async def follow_changes() -> dict[str, int]:
    """Judge the agreements that people changed since the last run, queue what follows, and send what may go at once.

    Before that, judge those of people whose day has begun since the last check.

    What is to be done is read from the register's own marks: an event only says that it is time to look. So one run
    does the work of a thousand events, and a run too many finds nothing to do.
    """
    # Those that wait now were called by changes that are in the register now, which this run is about to read.
    waiting = await list_waiting_runs()
    with open_register("follow-changes") as register, stop_when_cancelled() as stop:
        day = register.choose_day(None)
        dawn = partial(reconcile_begun, register.engine, register.now, register.settings.time_zone)
        begun = await do_step("judge where a day has begun", dawn)
        plan = partial(plan_changes, register.engine, register.now, day, kinds=frozenset(KINDS), domain=register.domain)
        work = partial(follow_up_changes, register.engine, register.now, day, plan)
        followed = await do_step("judge what changed", work)
        send = partial(
            dispatch_messages, register.engine, register.settings, read_clock=read_clock, stop=stop, run=register.run
        )
        sent = await do_step("send what may go at once", send) if followed.changes else Dispatched()
        story = await do_step(
            "tell what followed", partial(tell_story, register.engine, followed, register.settings.time_zone)
        )
    cancelled = await cancel_runs(waiting)
    if followed.changes:
        pages = register.settings.pages_url
        await show_followed(story.rows, followed.changes, len(followed.agreements), pages)
    if begun.zones:
        log_lines([_tell_dawn(begun)])
    await name_run(_name(register, begun, followed, story.opened, story.closed, sent))
    return {
        "days_begun": len(begun.zones),
        "opened_by_days": begun.done.opened,
        "changes": followed.changes,
        "agreements": len(followed.agreements),
        "opened": story.opened,
        "closed": story.closed,
        "messages": followed.queued,
        "sent": sent.sent,
        "cancelled_runs": cancelled,
    }


def _tell_dawn(begun: Daybreak) -> str:
    done = begun.done
    return (
        f"A day has begun in {', '.join(begun.zones)}: looked at {count_things(done.agreements, 'agreement')}; "
        f"follow-ups: {done.opened:,} opened, {done.closed + done.superseded:,} closed, {done.reassigned:,} passed on."
    )


def _name(register: Register, begun: Daybreak, followed: Followed, opened: int, closed: int, sent: Dispatched) -> str:
    places = begun.zones[0] if len(begun.zones) == 1 else count_things(len(begun.zones), "zone")
    dawn = [f"a day began in {places}", count_things(begun.done.opened, "follow-up") + " opened"] if begun.zones else []
    if not followed.changes:
        return f"follow changes {register.local_time}: {', '.join(dawn) or 'nothing new'}"
    told = [
        *dawn,
        count_things(len(followed.agreements), "agreement"),
        *([f"{count_things(opened, 'follow-up')} opened"] if opened else []),
        *([f"{count_things(closed, 'follow-up')} closed"] if closed else []),
        f"{count_things(sent.sent, 'message')} sent",
    ]
    return f"follow changes {register.local_time}: {', '.join(told)}"
