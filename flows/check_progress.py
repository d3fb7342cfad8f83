"""The daily look at every promise: how each stands today, and which follow-ups that opens or closes."""

from datetime import date
from functools import partial

from prefect import flow

from commitments.reconcile import reconcile_register
from flows.artifacts import show_attention, show_changes
from flows.runs import count_things, do_step, name_run, open_register
from flows.views import list_attention, read_changes


@flow(name="check-progress", flow_run_name="check progress")
async def check_progress(as_of: date | None = None) -> dict[str, int]:
    """Compare the follow-ups that should be open with those that are, and write the difference.

    Run twice, the second changes nothing. `as_of` is the day to judge by; today if left empty.
    """
    with open_register("check-progress") as register:
        day = register.choose_day(as_of)
        done = await do_step("judge every promise", partial(reconcile_register, register.engine, register.now, day))
        attention = await do_step("list what needs attention", partial(list_attention, register.engine, day))
        changes = await do_step("list what changed", partial(read_changes, register.engine, done.changes))
    await show_attention(attention, day)
    await show_changes(changes, done.touched, day)
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
