"""What other systems report by events: each taken in once, as if a person had said it, or refused with corrections.

The names below last, like those that we publish (docs/how-to/report-from-another-system.md).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError
from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import DataError

from commitments.agreement_faults import suggest
from commitments.agreement_file import explain_fault
from commitments.database import ROWS_A_STATEMENT, insert_new, open_unit
from commitments.dates import parse_date
from commitments.entries import Correction, Mistakes, list_corrections
from commitments.errors import NotFound, RefusedChange
from commitments.facts import Reason
from commitments.failpoints import failpoint
from commitments.form_fields import ActivityKind, Form, Line, Link, Partial, Reference, Text
from commitments.log import Author
from commitments.operations import open_operator_follow_up
from commitments.progress import add_activity, add_measurement, meet_milestone, report_progress
from commitments.reconcile import reconcile_agreement
from commitments.references import find_agreement, find_commitment, find_contact, find_party
from commitments.tables import inbound
from commitments.vocabulary import Completion, FollowUpKind, Rating, ReasonCode

Filled = TypeVar("Filled", bound=Form)
PREFIX = "tallystick.inbound."
TAKEN, REFUSED = "taken", "refused"
_FAULT_SHOWN = 300

CommitmentName = Annotated[
    str, Field(description="agreement/commitment", pattern=r"^[a-z0-9][a-z0-9.-]*/[a-z0-9][a-z0-9.-]*$")
]
MilestoneName = Annotated[
    str,
    Field(
        description="agreement/commitment/milestone",
        pattern=r"^[a-z0-9][a-z0-9.-]*/[a-z0-9][a-z0-9.-]*/[a-z0-9][a-z0-9.-]*$",
    ),
]


class ActivityHeld(Form):
    """Something happened under an agreement."""

    agreement: Reference
    title: Line
    kind: ActivityKind
    held_on: Partial
    commitments: list[str] = Field(default_factory=list, max_length=100)
    place: Line | None = None
    participants: int | None = Field(None, ge=0, le=1_000_000_000)
    count: int = Field(1, ge=1, le=10_000)
    link: Link | None = None
    note: Text | None = None
    reference: Reference | None = None


class ProgressReported(Form):
    """How a commitment goes, as an owner says."""

    commitment: CommitmentName
    rating: Rating
    party: Reference | None = None
    contact: Reference | None = None
    note: Text | None = None
    completion: Completion | None = None
    value: float | None = Field(None, allow_inf_nan=False)
    fulfilled: bool = False


class MeasurementTaken(Form):
    """A target's value on a day."""

    commitment: CommitmentName
    value: float = Field(allow_inf_nan=False)
    measured_on: Partial
    note: Line | None = None


class MilestoneMet(Form):
    """A milestone was met."""

    milestone: MilestoneName
    met_on: Partial


@dataclass(frozen=True, slots=True)
class Arrived:
    """An event from elsewhere, as the event server holds it."""

    event_id: str
    name: str
    occurred_at: datetime
    source: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an event: what it was written as, or every correction that it needs."""

    arrived: Arrived
    reference: str | None
    corrections: tuple[Correction, ...] = ()

    @property
    def is_refused(self) -> bool:
        return self.reference is None


def list_new(reading: Connection, event_ids: Sequence[str]) -> set[str]:
    """Of these events those that were not taken in or refused yet."""
    known: set[str] = set()
    for start in range(0, len(event_ids), ROWS_A_STATEMENT):
        part = event_ids[start : start + ROWS_A_STATEMENT]
        known.update(reading.execute(select(inbound.c.event_id).where(inbound.c.event_id.in_(part))).scalars())
    return set(event_ids) - known


def take_in(engine: Engine, arrived: Arrived, now: datetime, today: date) -> Answer | None:
    """Write what an event reports, with the follow-ups that it opens or closes, in one unit; nothing if it is known.

    One that cannot be taken is kept as refused, with a follow-up for the operator; nothing of it is written.
    """
    try:
        with open_unit(engine) as unit:
            number = _note(unit, arrived, now, TAKEN, "")
            if number is None:
                return None
            reference = _apply(unit, arrived, Author(_name_author(arrived), now), now, today)
            unit.execute(update(inbound).where(inbound.c.id == number).values(answer=reference))
            failpoint("inbound.before_commit")
        return Answer(arrived, reference)
    except (Mistakes, NotFound, RefusedChange) as refused:
        corrections = list_corrections(refused)
    except (DataError, ValueError, OverflowError) as unstorable:  # whatever else a stranger may send
        corrections = (Correction("", "", f"a value that can be stored ({type(unstorable).__name__})"),)
    told = "; ".join(map(str, corrections))
    with open_unit(engine) as unit:
        if _note(unit, arrived, now, REFUSED, told) is None:
            return None
        numbers = {"event": arrived.name, "fault": told[:_FAULT_SHOWN]}
        reason = Reason(ReasonCode.INBOUND_REFUSED, numbers)
        open_operator_follow_up(unit, FollowUpKind.INBOUND_REFUSED, arrived.event_id, reason, now)
    return Answer(arrived, None, corrections)


def _note(unit: Connection, arrived: Arrived, now: datetime, outcome: str, answer: str) -> int | None:
    row = {
        "event_id": arrived.event_id,
        "name": arrived.name[:80],
        "occurred_at": arrived.occurred_at,
        "taken_at": now,
        "outcome": outcome,
        "answer": answer,
    }
    inserted = insert_new(unit, inbound, [row])
    return int(inserted[0].id) if inserted else None


def _name_author(arrived: Arrived) -> str:
    return f"event from {arrived.source}"[:80]


def _apply(unit: Connection, arrived: Arrived, author: Author, now: datetime, today: date) -> str:
    use_case = _USE_CASES.get(arrived.name)
    if use_case is None:
        names = [name.removeprefix(PREFIX) for name in _USE_CASES]
        expected = suggest(arrived.name.removeprefix(PREFIX), names, "one of " + ", ".join(names))
        raise Mistakes([Correction("event", repr(arrived.name.removeprefix(PREFIX)), expected)])
    reference, touched = use_case(unit, author, arrived.payload, today)
    for agreement in dict.fromkeys(name.partition("/")[0] for name in touched):
        reconcile_agreement(unit, find_agreement(unit, agreement).id, now, today)
    return reference


def _read(unit: Connection, form: type[Filled], payload: Mapping[str, Any], today: date) -> Filled:
    """The payload as its form; Mistakes tells every field that cannot be taken, and all that the register knows not."""
    faults: list[Correction] = []
    read = None
    try:
        read = form.model_validate(dict(payload))
    except ValidationError as invalid:
        faults = [_correct(form, error) for error in invalid.errors()]
    broken = {one.field.partition(".")[0] for one in faults}
    whole = {name: value for name, value in payload.items() if name in form.model_fields and name not in broken}
    faults += _find_unknown(unit, whole)
    faults += _find_future(whole, today)
    if read is None or faults:
        raise Mistakes(faults)
    return read


def _find_unknown(unit: Connection, whole: Mapping[str, Any]) -> Iterator[Correction]:
    """What the fields that can be read name and the register does not know; what lies under it is not looked for."""
    under = whole.get("agreement")
    named: list[tuple[str, Any, Callable[[Connection, str], object]]] = []
    if isinstance(under, str):
        named.append(("agreement", under, find_agreement))
    named += [("commitments", name, find_commitment) for name in whole.get("commitments") or ()]
    if whole.get("milestone"):
        named.append(("milestone", whole["milestone"].rpartition("/")[0], find_commitment))
    named += [(field, whole[field], find) for field, find in _NAMING if whole.get(field)]
    lacking: set[str] = set()
    for field, name, find in named:
        full = name if "/" in name or field != "commitments" else f"{under}/{name}" if under else ""
        if not full or full.partition("/")[0] in lacking:
            continue
        try:
            find(unit, full)
        except NotFound as unknown:
            yield Correction(field, "", str(unknown))
            if field == "agreement":
                lacking.add(full)


_NAMING = (("commitment", find_commitment), ("party", find_party), ("contact", find_contact))


def _find_future(whole: Mapping[str, Any], today: date) -> Iterator[Correction]:
    for field in ("held_on", "measured_on", "met_on"):
        if field in whole and (told := parse_date(str(whole[field]))).first > today:
            yield Correction(field, "", f"{told} lies in the future; report it once it has happened")


def _correct(form: type[Form], error: Any) -> Correction:
    if error["type"] == "extra_forbidden":
        name, fields = str(error["loc"][-1]), list(form.model_fields)
        return Correction(name, "a field that is not known", suggest(name, fields, "one of " + ", ".join(fields)))
    path, found, expected = explain_fault(error)
    return Correction(".".join(map(str, path)), found, expected)


Written = tuple[str, Sequence[str]]
"""What it was written as, and the agreements or commitments it touches."""


def _take_activity(unit: Connection, author: Author, payload: Mapping[str, Any], today: date) -> Written:
    form = _read(unit, ActivityHeld, payload, today)
    named = [name if "/" in name else f"{form.agreement}/{name}" for name in form.commitments]
    made = add_activity(
        unit, author, form.agreement, form.title, form.kind, form.held_on, today, named,
        form.place, form.participants, form.count, form.link, form.note, form.reference,
    )  # fmt: skip
    return f"{form.agreement}/{made}", (form.agreement, *named)


def _take_progress(unit: Connection, author: Author, payload: Mapping[str, Any], today: date) -> Written:
    form = _read(unit, ProgressReported, payload, today)
    made = report_progress(
        unit, author, form.commitment, form.party, form.contact, form.rating, today,
        form.note, form.completion, form.value, form.fulfilled,
    )  # fmt: skip
    return f"{form.commitment}/{made}", (form.commitment,)


def _take_measurement(unit: Connection, author: Author, payload: Mapping[str, Any], today: date) -> Written:
    form = _read(unit, MeasurementTaken, payload, today)
    made = add_measurement(unit, author, form.commitment, form.value, form.measured_on, today, form.note)
    return f"{form.commitment}/{made}", (form.commitment,)


def _take_milestone(unit: Connection, author: Author, payload: Mapping[str, Any], today: date) -> Written:
    form = _read(unit, MilestoneMet, payload, today)
    meet_milestone(unit, author, form.milestone, form.met_on, today)
    return form.milestone, (form.milestone,)


_USE_CASES: Mapping[str, Callable[[Connection, Author, Mapping[str, Any], date], Written]] = {
    f"{PREFIX}activity.held": _take_activity,
    f"{PREFIX}progress.reported": _take_progress,
    f"{PREFIX}measurement.taken": _take_measurement,
    f"{PREFIX}milestone.met": _take_milestone,
}
FORMS: Mapping[str, type[Form]] = {
    f"{PREFIX}activity.held": ActivityHeld,
    f"{PREFIX}progress.reported": ProgressReported,
    f"{PREFIX}measurement.taken": MeasurementTaken,
    f"{PREFIX}milestone.met": MilestoneMet,
}
"""What each event carries in its payload."""
