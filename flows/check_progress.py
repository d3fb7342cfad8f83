"""The daily look at every promise: how each stands today, and which follow-ups that opens or closes."""

from datetime import date
from functools import partial

from prefect import flow

from commitments.database import open_unit
from commitments.house_rules import adopt_house_rules
from commitments.reconcile import Reconciled, reconcile_register
from flows.artifacts import CHECK_PROGRESS, show_attention, show_changes, show_picture
from flows.bars import Tell, do_long_step
from flows.missed import set_aside_missed
from flows.runs import Register, count_things, do_step, log_lines, name_run, open_register
from flows.standings import count_standings, draw_standings
from flows.views import list_attention, read_changes
from notifications.waiting import follow_rules

PICTURED = 5000
"""Commitments of a register whose standings are drawn: counting them costs as much as the check itself."""
LONG = 5
"""Spans from which on a check shows how far it is."""


@flow(name="check-progress", flow_run_name="check progress", on_running=[set_aside_missed])
async def check_progress(as_of: date | None = None) -> dict[str, int]:
    """Compare the follow-ups that should be open with those that are, and write the difference.

    Run twice, the second changes nothing. `as_of` is the day to judge by; today if left empty.
    """
    with open_register("check-progress") as register:
        day = register.choose_day(as_of)
        if as_of is None:
            with open_unit(register.engine) as unit:
                if adopt_house_rules(unit, register.settings.house_folder, register.now).changed:
                    follow_rules(unit, register.now)
        done = await _judge(register, day)
        attention = await do_step("list what needs attention", partial(list_attention, register.engine, day))
        changes = await do_step("list what changed", partial(read_changes, register.engine, done.changes))
        if done.commitments <= PICTURED:
            counts = await do_step("count how commitments stand", partial(count_standings, register.engine, day))
            await show_picture(draw_standings(counts, day), day)
        base_url = register.settings.pages_url
    await show_attention(attention, day, base_url)
    await show_changes(changes, done.touched, day, base_url)
    log_lines(
        [
            f"Looked at {count_things(done.agreements, 'agreement')} with "
            f"{count_things(done.commitments, 'commitment')} as of {day}.",
            f"Follow-ups: {done.opened:,} opened, {done.closed + done.superseded:,} closed, {done.reassigned:,} passed "
            f"on, {done.unchanged:,} as they were.",
            f"{count_things(attention.total, 'follow-up')} wait for somebody; send-reminders tells whom it concerns.",
        ]
    )
    told = [
        count_things(done.agreements, "agreement"),
        f"{count_things(done.opened, 'follow-up')} opened",
        *([f"{done.closed + done.superseded:,} closed"] if done.closed + done.superseded else []),
        *([f"{done.reassigned:,} passed on"] if done.reassigned else []),
    ]
    await name_run(f"check progress {day}: {', '.join(told)}")
    return {
        "agreements": done.agreements,
        "commitments": done.commitments,
        "opened": done.opened,
        "closed": done.closed,
        "superseded": done.superseded,
        "reassigned": done.reassigned,
        "unchanged": done.unchanged,
        "open": attention.total,
    }


async def _judge(register: Register, day: date) -> Reconciled:
    """Judge everything; on a large register with a bar that moves."""

    def judge(tell: Tell) -> Reconciled:
        return reconcile_register(register.engine, register.now, day, tell=tell)

    return await do_long_step(
        "judge every commitment", judge, "{of} parts of the register to look at", CHECK_PROGRESS, least=LONG
    )
