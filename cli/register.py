"""Agreement files into the register and out of it: `tally import`, `tally export`, `tally schema`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.screen import count, say, write_examples

if TYPE_CHECKING:
    from sqlalchemy import Connection

PANEL = "Keep the register"


SCHEMA = "agreement.schema.json"
"""The file that an exported agreement names as its schema."""


def add_commands(app: typer.Typer) -> None:
    app.command(
        "import",
        rich_help_panel=PANEL,
        epilog=write_examples(
            "tally import examples/*.yaml --dry-run",
            "tally import examples",
            "tally import examples/leeds-hangzhou-2018.yaml",
        ),
    )(import_files)
    app.command(
        "export",
        rich_help_panel=PANEL,
        epilog=write_examples(
            "tally export leeds-hangzhou-2018",
            "tally export leeds-hangzhou-2018 --to leeds.yaml",
        ),
    )(export_agreement)
    app.command(
        "schema",
        rich_help_panel=PANEL,
        epilog=write_examples("tally schema", "tally schema --to agreement.schema.json"),
    )(show_schema)


def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="Agreement files, or folders with them.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the difference and write nothing.")] = False,
) -> None:
    """Take agreement files into the register, by reference: the same file again changes nothing.

    All files are checked first and every fault of all of them is told at once; with one fault nothing is written.
    What a file no longer holds stays in the register and is named.
    """
    from cli.session import open_register
    from commitments import register as registers
    from commitments.agreement_file import read_files
    from commitments.awaited import load_waiting_of
    from commitments.database import open_reading
    from commitments.errors import InvalidFiles, TallyError
    from commitments.file_slips import find_days
    from notifications.waiting import follow_people, follow_rules

    moved = 0
    try:
        parsed = read_files(_list_files(files))
        with open_register() as register:

            def follow(unit: "Connection", together: Sequence[registers.Imported]) -> None:
                nonlocal moved
                ruled = [one.reference for one in together if any(change.subject == "policy" for change in one.changes)]
                people = [
                    change.row_id
                    for one in together
                    for change in one.changes
                    if (change.subject, change.action) == ("contact", "amended")
                ]
                moved += follow_people(unit, register.now, register.today, people)
                if ruled:
                    moved += follow_rules(unit, register.now, ruled)

            author, today = register.name_author(), register.today
            days = find_days(author.at, today)
            imported = registers.import_files(
                register.engine, parsed, author, today, dry_run=dry_run, days=days, follow=follow
            )
            with open_reading(register.engine) as reading:
                waiting = {one.reference: load_waiting_of(reading, one) for one in imported}
    except InvalidFiles as invalid:
        faults = count(len(invalid.problems), "fault")
        raise TallyError(f"{faults}, so nothing was imported\n{invalid}") from None
    new = changed = 0
    for one in imported:
        lines = registers.describe_changes(one)
        new += one.new
        changed += bool(one.changes) and not one.new
        state = "new" if one.new else "changed" if one.changes else "unchanged"
        say(f"{one.reference}: {state}")
        for line in lines:
            say(f"  {line}")
        for person in waiting[one.reference]:
            accepting = "once a coordinator there has accepted them, who is asked on Home"
            say(f"  waits: {person.reference} acts for {person.party} {accepting}")
    unchanged = len(imported) - new - changed
    say(f"{count(len(imported), 'agreement')}: {new} new, {changed} changed, {unchanged} unchanged.")
    if moved:
        say(f"{count(moved, 'waiting message')} moved, as the changed rules and people ask for.")
    if dry_run:
        say("This was a dry run: nothing was written.")
    elif new or changed:
        say("`tally check` opens the follow-ups that these need.")


def _list_files(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        files += sorted([*path.glob("*.yaml"), *path.glob("*.yml")]) if path.is_dir() else [path]
    return files


def export_agreement(
    reference: Annotated[str, typer.Argument(metavar="REF", help="The agreement.")],
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there; otherwise it is printed.")] = None,
) -> None:
    """Write an agreement out as the file it can be imported from; importing that changes nothing."""
    from cli.session import open_register
    from commitments.database import open_reading
    from commitments.export import export_agreement as export

    with open_register() as register, open_reading(register.engine) as reading:
        written = export(reading, reference)
    _hand_out(written, to)
    schema = to.parent / SCHEMA if to is not None else None
    if schema is not None and not schema.exists():
        say(f"It names {SCHEMA} beside it, with which an editor checks it: tally schema --to {schema}")


def show_schema(
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there; otherwise it is printed.")] = None,
) -> None:
    """Print the JSON Schema of agreement files, with which an editor can check and complete them."""
    import json

    from commitments.agreement_file import agreement_schema

    _hand_out(json.dumps(agreement_schema(), indent=1, ensure_ascii=False) + "\n", to)


def _hand_out(text: str, to: Path | None) -> None:
    from commitments.errors import TallyError

    if to is None:
        typer.echo(text, nl=False)
        return
    try:
        to.write_text(text, encoding="utf-8")
    except OSError as refused:
        raise TallyError(f"{to} cannot be written: {refused.strerror}; name another file") from None
    say(f"Written to {to}.")
