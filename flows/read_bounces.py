"""Reads what mail servers sent back, and acts on it."""

from functools import partial

from prefect import flow

from flows.missed import set_aside_missed
from flows.runs import count_things, do_step, name_run, open_register
from notifications.bounce_reading import find_mailbox
from notifications.bounce_reading import read_bounces as read_mailbox


@flow(name="read-bounces", flow_run_name="read bounces", on_running=[set_aside_missed])
async def read_bounces() -> dict[str, int]:
    """Read the mailbox of what came back: a message that did not arrive is not counted as sent.

    Its next channel is tried, else a coordinator is asked; an address that takes no letters is written to no more.
    Without a mailbox in the settings there is nothing to do.
    """
    with open_register("read-bounces") as register:
        settings = register.settings
        if find_mailbox(settings) is None:
            await name_run("read bounces: no mailbox is set")
            return {"letters": 0, "reports": 0, "strange": 0, "ailing": 0}
        work = partial(read_mailbox, register.engine, settings, register.now, register.today)
        done = await do_step("read what came back", work)
    await name_run(
        f"read bounces: {count_things(done.reports, 'report')},"
        f" {count_things(done.ailing, 'channel fails or is off', 'channels fail or are off')}"
        + (f", {done.strange} strange" if done.strange else "")
    )
    return {"letters": done.letters, "reports": done.reports, "strange": done.strange, "ailing": done.ailing}
