"""What the forms write: each in one unit with the follow-ups that it opens or closes, or not at all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from commitments.database import open_unit
from commitments.drafting import add_promise
from commitments.entries import ActivityEntry, Correction, ProgressEntry, PromiseEntry, try_all
from commitments.errors import NotFound
from commitments.log import Author
from commitments.progress import add_activity, report_progress
from commitments.reconcile import reconcile_agreement
from commitments.references import find_agreement, find_commitment, find_contact, find_party
from flows.runs import Register
from flows.views import Row, list_changes

FORM = "form"
"""Who did what came in by a form, where it does not say."""


@dataclass(frozen=True, slots=True)
class Filed:
    """What was written, and which follow-ups that changed."""

    reference: str
    rows: tuple[Row, ...]


def file_progress(register: Register, entry: ProgressEntry, faults: Sequence[Correction] = ()) -> Filed:
    """A progress report; Mistakes tells all that is wrong with it, beside the faults that are known already."""

    def write(unit: Connection) -> str:
        checks: list[tuple[str, Callable[[], object]]] = []
        if entry.commitment:
            checks.append(("Commitment", partial(find_commitment, unit, entry.commitment)))
        if entry.party:
            checks.append(("For which party", partial(find_party, unit, entry.party)))
        if entry.contact:
            checks.append(("Who reports", partial(find_contact, unit, entry.contact)))
        author = Author(entry.contact or FORM, register.now)
        report = partial(
            report_progress, unit, author, entry.commitment, entry.party or None, entry.contact or None, entry.rating,
            register.today, entry.note or None, entry.completion, entry.value, entry.fulfilled,
        )  # fmt: skip
        return f"{entry.commitment}/{try_all(*checks, last=report, faults=faults)}"

    return _file(register, (entry.commitment,), write)


def file_activity(register: Register, entry: ActivityEntry, faults: Sequence[Correction] = ()) -> Filed:
    """An activity; Mistakes tells all that is wrong with it, beside the faults that are known already."""
    named = [name if "/" in name else f"{entry.agreement}/{name}" for name in entry.commitments if name]

    def write(unit: Connection) -> str:
        known: list[str] = []

        def find(name: str) -> None:
            find_commitment(unit, name)
            known.append(name)

        def add() -> str:
            return add_activity(
                unit, Author(FORM, register.now), entry.agreement, entry.title, entry.kind, entry.held_on,
                register.today, known, entry.place or None, entry.participants, entry.count, entry.link or None,
                entry.note or None,
            )  # fmt: skip

        checks: list[tuple[str, Callable[[], object]]] = []
        if entry.agreement:
            checks.append(("Agreement", partial(find_agreement, unit, entry.agreement)))
        checks += [
            ("Commitments it counts for", partial(find, name))
            for name in named
            if not name.startswith(f"{entry.agreement}/") or is_known(unit, entry.agreement)
        ]
        return f"{entry.agreement}/{try_all(*checks, last=add, faults=faults)}"

    return _file(register, (entry.agreement, *named), write)


def file_commitment(
    register: Register, agreement: str, entry: PromiseEntry, faults: Sequence[Correction] = ()
) -> Filed:
    """A commitment more; Mistakes tells all that is wrong with it, beside the faults that are known already."""

    def write(unit: Connection) -> str:
        return add_promise(unit, Author(FORM, register.now), agreement, entry, register.today, faults)

    return _file(register, (agreement,), write)


def is_known(unit: Connection, agreement: str) -> bool:
    """Whether the register holds an agreement."""
    try:
        find_agreement(unit, agreement)
    except NotFound:
        return False
    return True


def _file(register: Register, touched: Sequence[str], write: Callable[[Connection], str]) -> Filed:
    rows: list[Row] = []
    with open_unit(register.engine) as unit:
        reference = write(unit)
        for name in dict.fromkeys(one.partition("/")[0] for one in touched):
            done = reconcile_agreement(unit, find_agreement(unit, name).id, register.now, register.today)
            rows += list_changes(unit, done.changes)
    return Filed(reference, tuple(rows))
