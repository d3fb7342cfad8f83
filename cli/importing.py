"""`tally import`: agreement files into the register, by reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.changes import list_changes, say_changes
from cli.screen import count, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cli.session import Register
    from commitments.file_reasons import LacksReason
    from commitments.register import Imported


def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="Agreement files, or folders with them.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the difference and write nothing.")] = False,
    why: Annotated[
        str,
        typer.Option(
            "--why", "--reason", metavar="TEXT", show_default=False,
            help="Why what is on record changes; it stands in the history.",
        ),
    ] = "",
) -> None:  # fmt: skip
    """Take agreement files into the register, by reference: the same file again changes nothing.

    All files are checked first and every fault of all of them is told at once; with one fault nothing is written.
    What a file no longer holds stays in the register and is named. What changes of an agreement on record needs a
    reason where a page asks for one; a new agreement needs none.
    """
    from cli.session import open_register
    from commitments import register as registers
    from commitments.agreement_file import read_files
    from commitments.awaited import load_waiting_of
    from commitments.database import open_reading
    from commitments.errors import InvalidFiles, TallyError
    from commitments.file_reasons import LacksReason, require_reasons
    from commitments.file_slips import find_days
    from commitments.filling import LONGEST_LINE

    if len(why.strip()) > LONGEST_LINE:
        raise TallyError(f"why: found {len(why.strip())} characters; expected at most {LONGEST_LINE}")
    try:
        parsed = read_files(_list_files(files))
        with open_register() as register:
            author, today = replace(register.name_author(), why=why.strip() or None), register.today
            days, follow = find_days(author.at, today), _Following(register)
            imported = registers.import_files(
                register.engine, parsed, author, today, dry_run=dry_run, days=days, follow=follow, with_reasons=True
            )
            with open_reading(register.engine) as reading:
                waiting = {one.reference: load_waiting_of(reading, one) for one in imported}
    except InvalidFiles as invalid:
        faults = count(len(invalid.problems), "fault")
        raise TallyError(f"{faults}, so nothing was imported\n{invalid}") from None
    except LacksReason as lacking:
        raise TallyError(f"nothing was imported: {_tell_lacking(lacking)}") from None
    _say_imported(imported, waiting)
    if follow.moved:
        say(f"{count(follow.moved, 'waiting message')} moved, as the changed rules and people ask for.")
    if dry_run:
        say("This was a dry run: nothing was written.")
        try:
            require_reasons(imported, author)
        except LacksReason as lacking:
            raise TallyError(_tell_lacking(lacking)) from None
        return
    if follow.changes:
        say_changes(follow.changes)
    if any(one.new for one in imported):
        say("`tally check` opens the follow-ups that the new agreements need.")


@dataclass
class _Following:
    """What follows from files in the transaction that takes them in: what is asked and what waits to be sent.

    A new agreement is left to the next look: nothing of it is asked of anybody yet, and many are imported together.
    """

    register: "Register"
    moved: int = 0
    changes: list[dict[str, Any]] = field(default_factory=list)
    _new: set[str] = field(default_factory=set)

    def __call__(self, unit: "Connection", together: "Sequence[Imported]") -> None:
        from portal.effects import bring_effects

        self._new |= {one.reference for one in together if one.new}
        changed = [one for one in together if one.changes]
        effects = bring_effects(unit, changed, self.register.now, self.register.today, but=self._new)
        self.moved += effects.moved
        if effects.reconciled.changes:
            self.changes += list_changes(unit, effects.reconciled, self.register.today)


def _say_imported(imported: "Sequence[Imported]", waiting: Mapping[str, Sequence[Any]]) -> None:
    from commitments.register import describe_changes

    new = changed = 0
    for one in imported:
        new += one.new
        changed += bool(one.changes) and not one.new
        say(f"{one.reference}: {'new' if one.new else 'changed' if one.changes else 'unchanged'}")
        for line in describe_changes(one):
            say(f"  {line}")
        for person in waiting[one.reference]:
            accepting = "once a coordinator there has accepted them, who is asked on Home"
            say(f"  waits: {person.reference} acts for {person.party} {accepting}")
    unchanged = len(imported) - new - changed
    say(f"{count(len(imported), 'agreement')}: {new} new, {changed} changed, {unchanged} unchanged.")


def _tell_lacking(lacking: "LacksReason") -> str:
    """What needs a reason, agreement by agreement, and how it is given."""
    from commitments.register import describe_changes

    lines = ["what changes of agreements on record needs a reason; give it with --why 'TEXT'"]
    for one in lacking.unexplained:
        lines.append(f"{one.reference}:")
        lines += [f"  {line}" for line in describe_changes(one)]
    return "\n".join(lines)


def _list_files(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        files += sorted([*path.glob("*.yaml"), *path.glob("*.yml")]) if path.is_dir() else [path]
    return files
