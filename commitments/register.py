"""The register takes agreement files: by reference, so that a second import of the same file changes nothing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from graphlib import CycleError, TopologicalSorter
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection, Engine, select, text

from commitments import tables
from commitments.agreement_file import ParsedFile
from commitments.agreement_form import AgreementForm
from commitments.brought_reports import follow_reports
from commitments.consenting import settle_left
from commitments.database import open_reading, open_unit
from commitments.difference import Imported, describe_changes, in_chunks
from commitments.failpoints import failpoint
from commitments.file_checks import check_files
from commitments.file_reasons import require_reasons
from commitments.file_slips import Days
from commitments.intake import Intake, is_whole
from commitments.late_dates import LateDate, find_end, judge_date
from commitments.log import Author, Change, record_changes
from commitments.people import UNSETTLED
from commitments.proposals import close_overtaken
from commitments.references import find_agreement
from commitments.vocabulary import MilestoneState

__all__ = ["Imported", "check_files", "describe_changes", "import_agreement", "import_files"]

_DATES = frozenset(("due", "confirm_by", "expires", "ended", "renewal_rule"))
REGISTER_LOCK = 8_255_912  # any number, the same in every version: whoever holds it writes files into the register


def import_agreement(unit: Connection, form: AgreementForm, author: Author, today: date) -> Imported:
    """Write one agreement with everything in its form into the register, by natural key, with its log entries.

    The form is the truth for what it writes out: a field that it leaves out becomes empty, also of a party or a
    contact; only nobody's addresses are taken away by leaving them out. A party given by its reference alone is not
    changed, nor are contacts that the form does not name. What the form no longer holds stays in the register and is
    reported in `vanished`. What people decide between two imports (the state of a commitment or a milestone) is changed
    only by a form that says it.

    The same form twice writes nothing. Nothing is committed. Raises NotFound if the form names a party, contact or
    commitment that neither it nor the register holds, and RefusedChange if a contact belongs to another party.
    """
    return _import_together(unit, [form], author, today)[0]


def import_files(
    engine: Engine,
    files: Sequence[ParsedFile],
    author: Author,
    today: date,
    *,
    dry_run: bool = False,
    days: Days | None = None,
    follow: Callable[[Connection, Sequence[Imported]], None] | None = None,
    with_reasons: bool = False,
) -> tuple[Imported, ...]:
    """Check all files, then import each in a transaction of its own; the results come in the order of the files.

    A file that others need goes before them; files that need each other share a transaction, and what is to `follow`
    is called in it. A dry run reports the same difference and writes nothing. Raises InvalidFiles with every fault
    before anything is written. Where the `days` that it may be now are given, the files are held against them; and
    `with_reasons` LacksReason is raised before anything is written where a change of what is on record needs one.
    """
    with open_reading(engine) as reading:
        check_files(reading, files, days)
        asks = with_reasons and not author.why and _knows_any(reading, files)
    groups = order_files(files)
    imported: dict[str, Imported] = {}
    if dry_run or asks:
        with open_rehearsal(engine) as unit:
            for group in groups:
                imported |= _by_reference(_import_together(unit, group, author, today))
    if asks and not dry_run:
        require_reasons(imported.values(), author)
    if not dry_run:
        for group in groups:
            with open_unit(engine) as unit:
                together = _import_together(unit, group, author, today)
                if with_reasons:
                    require_reasons(together, author)
                if follow is not None:
                    follow(unit, together)
                imported |= _by_reference(together)
    return tuple(imported[file.form.agreement] for file in files)


def _knows_any(reading: Connection, files: Sequence[ParsedFile]) -> bool:
    """Whether the register holds one of these agreements already: what is new needs no reason, and no rehearsal."""
    named = [file.form.agreement for file in files]
    known = select(tables.agreement.c.id)
    return any(
        reading.execute(known.where(tables.agreement.c.reference.in_(some))).first() for some in in_chunks(named)
    )


def order_files(files: Sequence[ParsedFile]) -> list[list[AgreementForm]]:
    """The forms in the order of import: what others need first; those that need each other stand together."""
    forms = {file.form.agreement: file.form for file in files}
    holders = {party.reference: name for name, form in forms.items() for party in form.parties if is_whole(party)}
    contacts = {
        contact.reference: name for name, form in forms.items() for party in form.parties for contact in party.contacts
    }
    needed = {name: _find_needed(form, holders, contacts) & forms.keys() - {name} for name, form in forms.items()}
    leader = {name: name for name in forms}  # the group of a form is named after one of its members
    while True:
        graph: dict[str, set[str]] = {leader[name]: set() for name in forms}
        for name, others in needed.items():
            graph[leader[name]] |= {leader[other] for other in others} - {leader[name]}
        try:
            order = list(TopologicalSorter(graph).static_order())
        except CycleError as cycle:
            circle = set(cycle.args[1])
            first = min(circle)
            leader = {name: first if group in circle else group for name, group in leader.items()}
        else:
            return [[forms[name] for name in forms if leader[name] == group] for group in order]


def _find_needed(form: AgreementForm, holders: dict[str, str], contacts: dict[str, str]) -> set[str]:
    """The agreements whose files hold what this form only names."""
    named = [party.reference for party in form.parties if not is_whole(party)]
    named += [party.parent for party in form.parties if party.parent]
    own = {party.reference for party in form.parties if is_whole(party)}
    needed = {holders[reference] for reference in named if reference in holders and reference not in own}
    people = {contact.reference for party in form.parties for contact in party.contacts}
    for commitment in form.commitments:
        answerable = [owner.contact for owner in commitment.owners] + [report.contact for report in commitment.reports]
        answerable += [answer.contact for report in commitment.reports for answer in report.confirmations]
        needed |= {contacts[person] for person in answerable if person and person in contacts and person not in people}
    for activity in form.activities:
        needed |= {reference.partition("/")[0] for reference in activity.commitments if "/" in reference}
    return needed


def _import_together(
    unit: Connection, forms: Sequence[AgreementForm], author: Author, today: date
) -> tuple[Imported, ...]:
    if unit.dialect.name == "postgresql":
        # Two imports at once could both find the same party missing; on SQLite the unit holds the write lock already.
        unit.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": REGISTER_LOCK})
    intakes = [Intake(unit, form, today) for form in forms]
    for step in (Intake.take_parties, Intake.take_contacts, Intake.take_agreement, Intake.take_activities):
        for intake in intakes:
            step(intake)
    imported = []
    for intake in intakes:
        difference = intake.difference
        record_changes(unit, author, difference.changes)
        if any(one.subject == tables.policy.name for one in difference.changes):
            own = tables.agreement.c.reference == intake.form.agreement
            close_overtaken(unit, Author(author.who, author.at), own)
        if any(one.subject == tables.agreement_party.name for one in difference.changes):
            settle_left(
                unit, Author(author.who, author.at), tables.agreement.c.reference == intake.form.agreement, today
            )
        decided = {one.reference for one in intake.form.commitments if intake.decides_how_it_stands(one)}
        followed = follow_reports(unit, author, difference.changes, decided, today)
        told, late = tuple(difference.told), tuple(_find_late(unit, intake.form.agreement, difference.told))
        vanished, kept = tuple(difference.vanished), difference.tell_kept()
        imported.append(Imported(intake.form.agreement, intake.new, told, vanished, late, kept, followed))
    failpoint("register.before_commit")
    return tuple(imported)


def _find_late(unit: Connection, reference: str, changes: Sequence[Change]) -> Iterator[LateDate]:
    """Which of the dates that were changed are later than what they belong to, as they stand in the register now."""
    dated = {(one.subject, one.row_id) for one in changes if _DATES & one.changes.keys()}
    if not dated:
        return
    head = find_agreement(unit, reference)
    end, moved = find_end(head.expires, head.renewal_rule, head.ended), ("agreement", head.id) in dated
    promise, step = tables.commitment.c, tables.milestone.c
    of_step = (step.commitment_id == promise.id) & (step.state == MilestoneState.SCHEDULED)
    step_columns = (step.id.label("step"), step.title, step.due.label("step_due"))
    rows = unit.execute(
        select(promise.id, promise.summary, promise.due, promise.confirm_by, *step_columns)
        .outerjoin(tables.milestone, of_step)
        .where(promise.agreement_id == head.id, promise.state.in_(UNSETTLED))
        .order_by(promise.position, step.id)
    )
    for promise_id, group in groupby(rows, key=attrgetter("id")):
        steps = list(group)
        first = steps[0]
        is_moved = moved or ("commitment", promise_id) in dated
        judged = [(first.summary, first.due or first.confirm_by, None)] if is_moved else []
        judged += [
            (one.title, one.step_due, first.due)
            for one in steps
            if one.step and (is_moved or ("milestone", one.step) in dated)
        ]
        yield from filter(None, (judge_date(*one, end) for one in judged))


def _by_reference(imported: Sequence[Imported]) -> dict[str, Imported]:
    return {one.reference: one for one in imported}


@contextmanager
def open_rehearsal(engine: Engine) -> Iterator[Connection]:
    """A unit that sees its own writes and leaves none."""
    with open_unit(engine) as unit:
        yield unit
        unit.rollback()
