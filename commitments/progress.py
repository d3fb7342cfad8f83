"""What people tell the register between two imports: reports, activities, confirmations and answers to follow-ups."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, Row, Select, select

from commitments.agreement_faults import find_unstorable
from commitments.agreement_file import explain_fault
from commitments.agreement_form import ActivityForm, ConfirmationForm, MeasurementForm, ReportForm
from commitments.asked_confirmations import is_settled_by, load_confirmers, withdraw_asked
from commitments.dates import parse_date
from commitments.errors import NotFound, RefusedChange
from commitments.filling import EARLIEST
from commitments.form_fields import Form, Line
from commitments.log import Author
from commitments.naming import make_readable, make_unique
from commitments.references import (
    find_agreement,
    find_commitment,
    find_contact,
    find_party,
    hold_commitment,
    suggest_reference,
)
from commitments.rows import amend_row, register_row
from commitments.tables import (
    activity,
    activity_commitment,
    commitment_owner,
    confirmation,
    follow_up,
    measurement,
    milestone,
    progress_report,
)
from commitments.tables import commitment as commitments
from commitments.tables import party as parties
from commitments.vocabulary import (
    CommitmentKind,
    CommitmentState,
    Completion,
    ConfirmationState,
    FollowUpState,
    MilestoneState,
    Rating,
)

FormType = TypeVar("FormType", bound=BaseModel)


UNDONE = (Completion.NO_EVIDENCE, Completion.NOT_STARTED, Completion.LIMITED)
UNDONE_RATINGS = (Rating.OFF_TRACK,)
"""What nobody says of what is done."""


class _Note(Form):
    note: Line | None = None


def report_progress(
    unit: Connection,
    author: Author,
    commitment: str,
    party: str | None,
    contact: str | None,
    rating: Rating | str,
    today: date,
    note: str | None = None,
    completion: Completion | str | None = None,
    value: float | None = None,
    fulfilled: bool = False,
) -> str:
    """Record what an owner says of `agreement/commitment`; returns the report's reference.

    The party may be left out if the contact tells it or if one party alone owes the commitment. A `value` adds a
    measurement to a target. `fulfilled` settles the commitment as from today: one owed by each when all of them have
    said so, any other at once; the other parties are asked to confirm it, by the agreement's policy. Who was asked and
    says so too has confirmed.

    Raises NotFound, with the nearest reference, for what the register does not know, and RefusedChange for a party
    that does not owe the commitment, a commitment that was waived or withdrawn, what is done and yet off track or
    hardly begun, or a value where no target is.
    """
    row = hold_commitment(unit, commitment)
    owners = _read_owners(unit, row.id)
    speaker = find_contact(unit, contact) if contact else None
    party_id = _find_speaking_party(unit, commitment, owners, party, speaker)
    if row.state in (CommitmentState.WAIVED, CommitmentState.WITHDRAWN):
        raise RefusedChange(f"{commitment} was {row.state}; set its state to active before reporting on it")
    if fulfilled and (rating in UNDONE_RATINGS or completion in UNDONE):
        said = str(rating if rating in UNDONE_RATINGS else completion).replace("_", " ")
        raise RefusedChange(f"{commitment} cannot be done and {said} at once; leave out one of the two")
    if value is not None and row.kind != CommitmentKind.TARGET:
        raise RefusedChange(f"{commitment} is no target, so it takes no value; say it in the note")
    names = {owner.party_id: owner.reference for owner in owners}
    taken = select(progress_report.c.reference).where(progress_report.c.commitment_id == row.id)
    form = _check(
        ReportForm,
        reference=_make_reference(unit, taken, f"{today}-{names[party_id]}"),
        party=names[party_id],
        contact=contact,
        reported_on=today.isoformat(),
        rating=rating,
        completion=completion,
        note=note,
        fulfilled=fulfilled,
    )
    report = {
        "commitment_id": row.id,
        "reference": form.reference,
        "party_id": party_id,
        "contact_id": speaker.id if speaker else None,
        "reported_on": today,
        "rating": str(form.rating),
        "completion": str(form.completion) if form.completion else None,
        "note": form.note,
        "fulfilled": fulfilled,
    }
    report_id = register_row(unit, author, progress_report, report, f"{commitment}/{form.reference}", row.agreement_id)
    if value is not None:
        _add_measurement(unit, author, commitment, row, value, today.isoformat())
    if fulfilled:
        _follow_fulfilled(unit, author, commitment, row, owners, party_id, report_id, today)
    return form.reference


def follow_report(unit: Connection, author: Author, commitment: str, report_id: int, today: date) -> None:
    """Let follow from a report that stands in the register, and says that it is done, what follows when one is made."""
    row = hold_commitment(unit, commitment)
    party_id = unit.execute(select(progress_report.c.party_id).where(progress_report.c.id == report_id)).scalar_one()
    _follow_fulfilled(unit, author, commitment, row, _read_owners(unit, row.id), party_id, report_id, today)


def _follow_fulfilled(
    unit: Connection,
    author: Author,
    commitment: str,
    row: Row[Any],
    owners: Sequence[Row[Any]],
    party_id: int,
    report_id: int,
    today: date,
) -> None:
    """Settle what is reported as done, and ask the others; who was asked about what is settled has confirmed."""
    if row.state == CommitmentState.FULFILLED:
        name = next((owner.reference for owner in owners if owner.party_id == party_id), "")
        _answer_asked(unit, author, commitment, row, party_id, name, today, ConfirmationState.CONFIRMED)
        return
    if not is_settled_by(unit, row, [owner.party_id for owner in owners], party_id):
        return
    confirmers = load_confirmers(unit, row, party_id, today)
    withdraw_asked(unit, author, commitment, row, today)
    _set_state(unit, author, commitment, row, CommitmentState.FULFILLED, today, None)
    own = {owner.party_id: owner.contact_id for owner in owners}
    names = dict(
        unit.execute(select(parties.c.id, parties.c.reference).where(parties.c.id.in_(confirmers))).tuples().all()
    )
    for one in confirmers:
        asked = {
            "report_id": report_id,
            "party_id": one,
            "contact_id": own.get(one),
            "state": str(ConfirmationState.ASKED),
            "asked_on": today,
        }
        register_row(unit, author, confirmation, asked, f"{commitment}/{names[one]}", row.agreement_id)


def add_activity(
    unit: Connection,
    author: Author,
    agreement: str,
    title: str,
    kind: str,
    held_on: str,
    today: date,
    commitments: Sequence[str] = (),
    place: str | None = None,
    participants: int | None = None,
    count: int = 1,
    link: str | None = None,
    note: str | None = None,
    reference: str | None = None,
    until: str | None = None,
    parties: Sequence[str] = (),
) -> str:
    """Record that something happened, on a date as precise as it is known; returns the activity's reference.

    Commitments are named by their reference in this agreement, or `agreement/commitment`. Without a reference one is
    made of title and date. The same reference with the same fields changes nothing.

    Raises NotFound for an agreement or commitment that the register does not know, and RefusedChange for a date in
    the future, a field that cannot be, or a reference that another activity of the agreement has.
    """
    row = find_agreement(unit, agreement)
    named = dict.fromkeys(name if "/" in name else f"{agreement}/{name}" for name in commitments)
    counted = {name: find_commitment(unit, name).id for name in named}
    taken = select(activity.c.reference).where(activity.c.agreement_id == row.id)
    made = reference or _make_reference(unit, taken, f"{make_readable(title) or make_readable(kind)}-{held_on}")
    form = _check(
        ActivityForm,
        reference=made,
        title=title,
        kind=kind,
        held_on=held_on,
        until=until,
        parties=list(parties),
        place=place,
        participants=participants,
        count=count,
        link=link,
        note=note,
    )
    _refuse_slip(form.held_on)
    if parse_date(form.held_on).first > today:
        raise RefusedChange(f"{form.held_on} lies in the future; record the activity once it has been held")
    values = {**form.model_dump(mode="json", exclude={"commitments"}), "agreement_id": row.id}
    before = unit.execute(
        select(activity).where(activity.c.agreement_id == row.id, activity.c.reference == form.reference)
    ).one_or_none()
    if before is not None:
        _require_same(unit, before, values, set(counted.values()), f"{agreement}/{form.reference}")
        return form.reference
    activity_id = register_row(unit, author, activity, values, f"{agreement}/{form.reference}", row.id)
    for name, commitment_id in counted.items():
        joined = {"activity_id": activity_id, "commitment_id": commitment_id}
        register_row(unit, author, activity_commitment, joined, f"{agreement}/{form.reference}/{name}", row.id)
    return form.reference


def add_measurement(
    unit: Connection,
    author: Author,
    commitment: str,
    value: float,
    measured_on: str,
    today: date,
    note: str | None = None,
) -> str:
    """Record a target's value on a date as precise as it is known; returns the measurement's reference.

    The same value for the same date changes nothing. Raises NotFound for a commitment that the register does not know,
    and RefusedChange where no target is, for a date in the future, or a value that cannot be.
    """
    row = hold_commitment(unit, commitment)
    if row.kind != CommitmentKind.TARGET:
        raise RefusedChange(f"{commitment} is no target, so it takes no value; report progress on it instead")
    _refuse_slip(measured_on)
    if parse_date(measured_on).first > today:
        raise RefusedChange(f"{measured_on} lies in the future; record the value once it has been measured")
    known = unit.execute(
        select(measurement.c.reference)
        .where(
            measurement.c.commitment_id == row.id,
            measurement.c.measured_on == measured_on,
            measurement.c.value == value,
            measurement.c.withdrawn_on.is_(None),
        )
        .limit(1)
    ).scalar_one_or_none()
    if known is not None:
        return str(known)
    return _add_measurement(unit, author, commitment, row, value, measured_on, note)


def meet_milestone(unit: Connection, author: Author, reference: str, met_on: str, today: date) -> None:
    """Record that `agreement/commitment/milestone` was met, on a date as precise as it is known.

    One that was met on that date already changes nothing. Raises NotFound for what the register does not know, with
    the nearest reference, and RefusedChange for a date in the future or a milestone that was met on another date.
    """
    promised, _, step = reference.rpartition("/")
    row = hold_commitment(unit, promised)
    steps = unit.execute(select(milestone).where(milestone.c.commitment_id == row.id)).all()
    found = next((one for one in steps if one.reference == step), None)
    if found is None:
        near = suggest_reference(step, [one.reference for one in steps])
        raise NotFound(f"{promised} has no milestone {step!r}{near}")
    _refuse_slip(met_on)
    if parse_date(met_on).first > today:
        raise RefusedChange(f"{met_on} lies in the future; record the milestone once it has been met")
    if found.met_on is not None and found.met_on != met_on:
        raise RefusedChange(f"{reference} was met on {found.met_on} already; correct that date by an import")
    if found.state in (MilestoneState.NOT_MET, MilestoneState.WAIVED):
        raise RefusedChange(f"{reference} was settled as {found.state}; change that by an import first")
    values = {"met_on": met_on, "state": str(MilestoneState.MET)}
    amend_row(unit, author, milestone, found, values, reference, row.agreement_id)


def answer_follow_up(
    unit: Connection, author: Author, key: str, today: date, done: bool, snooze_until: date | None, note: str | None
) -> None:
    """Close an open follow-up (`done`), or let it rest until a day to come; one of the two.

    Raises NotFound for a key that the register does not know, and RefusedChange for a follow-up that is not open or
    a day that has passed.
    """
    if done == (snooze_until is not None):
        raise RefusedChange("a follow-up is either done or snoozed until a day: give one of the two")
    if snooze_until is not None and snooze_until <= today:
        raise RefusedChange(f"{snooze_until} is not after today ({today}); snooze until a later day")
    words = _check(_Note, note=note).note
    row = unit.execute(select(follow_up).where(follow_up.c.key == key).with_for_update()).one_or_none()
    if row is None:
        near = suggest_reference(key, unit.execute(select(follow_up.c.key)).scalars())
        raise NotFound(f"the register knows no follow-up {key!r}{near}")
    if row.state != FollowUpState.OPEN:
        closed = f" on {row.closed_on} by {row.closed_by}" if row.closed_on else ""
        raise RefusedChange(f"the follow-up {key} is {row.state}{closed}; only an open one can be answered")
    values: dict[str, Any] = {"snoozed_until": snooze_until}
    if done:
        values = {
            "state": str(FollowUpState.DONE),
            "closed_on": today,
            "closed_by": author.who[:80],
            "closed_why": words,
        }
    action = "closed" if done else "snoozed"
    amend_row(unit, author, follow_up, row, values, key, row.agreement_id, action=action, why=words)


def confirm_report(
    unit: Connection, author: Author, commitment: str, party: str, today: date, confirmed: bool, note: str | None
) -> None:
    """Answer the confirmation that is asked of a party: each party answers for itself.

    One that is returned makes the commitment active again, with what was said as the reason, and nobody else is asked
    any more. Raises NotFound for a commitment or party that the register does not know, and RefusedChange if nothing
    is asked of the party.
    """
    row = hold_commitment(unit, commitment)
    party_id = int(find_party(unit, party).id)
    state = ConfirmationState.CONFIRMED if confirmed else ConfirmationState.RETURNED
    if not _answer_asked(unit, author, commitment, row, party_id, party, today, state, note):
        raise RefusedChange(f"no confirmation of {commitment} is asked of {party}; report progress instead")
    if confirmed:
        return
    if row.state == CommitmentState.FULFILLED:
        reason = f"returned by {party}" + (f": {note}" if note else "")
        _set_state(unit, author, commitment, row, CommitmentState.ACTIVE, today, reason[:300])
    withdraw_asked(unit, author, commitment, row, today)


def _answer_asked(
    unit: Connection,
    author: Author,
    commitment: str,
    row: Row[Any],
    party_id: int,
    party: str,
    today: date,
    state: ConfirmationState,
    note: str | None = None,
) -> int:
    """Write the party's answer to all that it is asked to confirm of a commitment; returns to how many."""
    asked = unit.execute(
        select(confirmation, progress_report.c.reference)
        .join(progress_report, progress_report.c.id == confirmation.c.report_id)
        .where(
            progress_report.c.commitment_id == row.id,
            confirmation.c.party_id == party_id,
            confirmation.c.state == str(ConfirmationState.ASKED),
        )
        .order_by(confirmation.c.id)
    ).all()
    form = _check(ConfirmationForm, party=party, state=state, asked_on=today.isoformat(), note=note)
    for answer in asked:
        # Where it is asked the day may be further on than where it is answered; nothing is answered before it is asked.
        values = {"state": str(form.state), "answered_on": max(today, answer.asked_on), "note": form.note}
        reference = f"{commitment}/{answer.reference}/{party}"
        amend_row(unit, author, confirmation, answer, values, reference, row.agreement_id)
    return len(asked)


def _read_owners(unit: Connection, commitment_id: int) -> list[Row[Any]]:
    query: Select[Any] = (
        select(commitment_owner.c.party_id, commitment_owner.c.contact_id, parties.c.reference)
        .join(parties, parties.c.id == commitment_owner.c.party_id)
        .where(commitment_owner.c.commitment_id == commitment_id)
        .order_by(commitment_owner.c.position, commitment_owner.c.id)
    )
    return list(unit.execute(query))


def _find_speaking_party(
    unit: Connection, commitment: str, owners: Sequence[Row[Any]], party: str | None, speaker: Row[Any] | None
) -> int:
    owing = ", ".join(owner.reference for owner in owners) or "nobody yet"
    if party is None and speaker is None:
        if len(owners) != 1:
            raise RefusedChange(f"{commitment} is owed by {owing}; say which party reports, or which contact")
        return int(owners[0].party_id)
    party_id: Any = find_party(unit, party).id if party is not None else None
    if speaker is not None:
        if party_id is not None and speaker.party_id != party_id:
            raise RefusedChange(f"{speaker.reference} is no contact of {party}; leave out the party or the contact")
        party_id = speaker.party_id
    if party_id not in {owner.party_id for owner in owners}:
        who = party if party is not None else f"the party of {speaker.reference}" if speaker else ""
        raise RefusedChange(f"{who} does not owe {commitment}; it is owed by {owing}: report for one of them")
    return int(party_id)


def _refuse_slip(day: str) -> None:
    if parse_date(day).first < EARLIEST:
        raise RefusedChange(f"{day} is before {EARLIEST.year}; check the year")


def has_negative_baseline(target: Mapping[str, Any] | None) -> bool:
    """Whether a target, as it is stored, counts from below nought, so that what is measured may be below it too."""
    return ((target or {}).get("baseline") or 0) < 0


def _add_measurement(
    unit: Connection,
    author: Author,
    commitment: str,
    row: Row[Any],
    value: float,
    measured_on: str,
    note: str | None = None,
) -> str:
    if value < 0 and not has_negative_baseline(row.target):
        raise RefusedChange(f"{value:g} is below 0, which {commitment} cannot be: it counts from 0 or more")
    taken = select(measurement.c.reference).where(measurement.c.commitment_id == row.id)
    reference = _make_reference(unit, taken, measured_on)
    form = _check(MeasurementForm, reference=reference, measured_on=measured_on, value=value, note=note)
    values = {**form.model_dump(mode="json"), "commitment_id": row.id}
    register_row(unit, author, measurement, values, f"{commitment}/{reference}", row.agreement_id)
    return reference


def _set_state(
    unit: Connection,
    author: Author,
    commitment: str,
    row: Row[Any],
    state: CommitmentState,
    today: date,
    reason: str | None,
) -> None:
    values = {"state": str(state), "state_on": today.isoformat(), "state_reason": reason, "state_until": None}
    amend_row(unit, author, commitments, row, values, commitment, row.agreement_id)


def _require_same(
    unit: Connection, before: Row[Any], values: Mapping[str, Any], counted: set[int], reference: str
) -> None:
    joined = select(activity_commitment.c.commitment_id).where(activity_commitment.c.activity_id == before.id)
    differing = [name for name, value in values.items() if before._mapping[name] != value]
    if set(unit.execute(joined).scalars()) != counted:
        differing.append("commitments")
    if differing:
        fields = ", ".join(differing)
        raise RefusedChange(f"{reference} is there already with another {fields}; choose another reference")


def _check(form: type[FormType], **fields: Any) -> FormType:
    """The fields as the agreement file would take them, so that what is stored can always be exported."""
    try:
        made = form.model_validate(fields)
    except ValidationError as invalid:
        faults = [
            f"{'.'.join(map(str, path))}: found {found}; expected {expected}"
            for path, found, expected in map(explain_fault, invalid.errors())
        ]
        raise RefusedChange("\n".join(faults)) from None
    unstorable = [f"{path[-1]}: {expected} is expected" for path, _, expected in find_unstorable(made.model_dump(), ())]
    if unstorable:
        raise RefusedChange("; ".join(unstorable))
    return made


def _make_reference(unit: Connection, taken: Any, wish: str) -> str:
    return make_unique(wish[:70].rstrip("-."), set(unit.execute(taken).scalars()))
