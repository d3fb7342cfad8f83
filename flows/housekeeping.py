"""The weekly look after the database and the outbox."""

from functools import partial

from prefect import flow

from flows.artifacts import UPKEEP, show_table
from flows.missed import set_aside_missed
from flows.runs import count_things, do_step, log_lines, name_run, open_register
from flows.upkeep import KeptUp, keep_up


@flow(name="housekeeping", flow_run_name="housekeeping", on_running=[set_aside_missed])
async def housekeeping() -> dict[str, int]:
    """Check the database file, let it tidy itself, take back messages of senders that died. Deletes nothing."""
    with open_register("housekeeping") as register:
        settings = register.settings
        work = partial(
            keep_up,
            register.engine,
            settings.mailbox_folder,
            register.now,
            repeat_uncertain=settings.repeat_uncertain,
        )
        kept = await do_step("look after the database", work)
    await show_table(
        UPKEEP, _list_rows(kept), "## Housekeeping\nThe database passed its own check; nothing was deleted."
    )
    log_lines(
        [
            "The database passed its own check; nothing was deleted.",
            f"{count_things(kept.released, 'message')} taken back from senders that died.",
        ]
    )
    await name_run(
        f"housekeeping: {count_things(kept.log_entries, 'log entry', 'log entries')},"
        f" {count_things(sum(kept.outbox.values()), 'message')}, database in order"
    )
    return {"log_entries": kept.log_entries, "released": kept.released, "old_letters": kept.old_letters, **kept.outbox}


def _list_rows(kept: KeptUp) -> list[dict[str, str]]:
    rows = [("log entries", f"{kept.log_entries:,}")]
    rows += [(f"messages {state}", f"{number:,}") for state, number in sorted(kept.outbox.items())]
    rows += [
        ("messages taken back from senders that died", f"{kept.released:,}"),
        ("letters in the local mailbox older than 90 days, which may be deleted by hand", f"{kept.old_letters:,}"),
    ]
    if kept.database_bytes is not None:
        rows.append(("size of the database file", f"{kept.database_bytes / 1e6:,.1f} MB"))
    return [{"what": what, "how many": number} for what, number in rows]
