"""The look at the engine itself: what failed, hangs or was missed is made the operator's matter, and told at once."""

from collections.abc import Sequence
from functools import partial

from prefect import flow

from commitments.clock import read_clock
from commitments.operations import Trouble, record_trouble
from flows.artifacts import TROUBLES, show_table
from flows.missed import set_aside_missed
from flows.runs import Register, count_things, do_step, name_run, open_register
from flows.troubles import end_dead_runs, find_run_troubles, start_again
from flows.views import list_alerts
from notifications.dispatch import dispatch_messages
from notifications.planning import plan_alerts


@flow(name="tell-operator", flow_run_name="tell operator", on_running=[set_aside_missed])
async def tell_operator() -> dict[str, int]:
    """Find what keeps the engine from working, open the operator's follow-ups and send the alerts.

    What woke it is not asked: it looks at everything. Run twice, the second tells nothing new.
    """
    ended = await end_dead_runs()
    found = await find_run_troubles()
    with open_register("tell-operator") as register:
        opened = await do_step("open what the operator must see", partial(_open, register, found.troubles, found.well))
        send = partial(dispatch_messages, register.engine, register.settings, read_clock=read_clock, run=register.run)
        sent = await do_step("send the alerts", send)
        rows = await do_step("list what is open", partial(list_alerts, register.engine))
    again = await start_again(found.crashed)
    await show_table(
        TROUBLES,
        list(rows) or [{"matter": "nothing: every run went as it should"}],
        f"## What the operator must see\n{count_things(len(rows), 'open follow-up')}.",
    )
    told = [count_things(opened, "new matter"), f"{len(rows)} open"]
    told += [f"{count_things(again, 'crashed run')} started again"] if again else []
    told += [f"{count_things(ended, 'dead run')} ended"] if ended else []
    await name_run(f"tell operator: {', '.join(told)}")
    return {"opened": opened, "open": len(rows), "sent": sent.sent, "started_again": again, "ended": ended}


def _open(register: Register, troubles: Sequence[Trouble], well: Sequence[str]) -> int:
    opened = record_trouble(register.engine, troubles, well, register.now)
    day = register.choose_day(None)
    plan_alerts(register.engine, register.now, day, domain=register.domain)
    return opened
