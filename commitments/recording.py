"""What people record of what happened: activities with their evidence, put right or withdrawn when they were mistaken.

Nothing is deleted: what was recorded by mistake is withdrawn, with a reason, and counts no more.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select, update

from commitments.dates import PartialDate, parse_date
from commitments.entries import ACTIVITY_KINDS
from commitments.errors import NotFound
from commitments.evidence_files import KeptFile
from commitments.filling import (
    LONGEST_TEXT,
    Flaw,
    Flaws,
    check_choice,
    check_link,
    check_past,
    check_text,
    check_whole,
    read_partial,
    read_whole,
    refuse_flaws,
)
from commitments.log import Author, Change, record_changes
from commitments.naming import make_readable, make_unique
from commitments.progress import add_activity
from commitments.reconcile import reconcile_agreement
from commitments.references import find_agreement
from commitments.rows import end_rows, register_row
from commitments.tables import activity, activity_commitment, commitment, evidence

MOST_PARTICIPANTS = 10_000_000
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Happened:
    """What a person says of something that happened, as they wrote it."""

    title: str | None
    kind: str | None
    held_on: str | None
    until: str | None = None
    place: str | None = None
    parties: tuple[str, ...] = ()
    commitments: tuple[str, ...] = ()
    participants: str | None = None
    count: str | None = None
    link: str | None = None
    note: str | None = None
    is_early: bool = False
    """Whether they said that it was before the agreement took effect, and is to be recorded all the same."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a person may name in it: the parties of the agreement, the commitments that are theirs to act on."""

    parties: Collection[str]
    commitments: Collection[str]
    needs_commitment: bool
    """Whether it has to count for one of them."""
    since: PartialDate | None = None
    """When the agreement took effect, if that is known: what was before is asked about, and counts for no period."""


def check_happened(said: Happened, allowed: Allowed, today: date, *, has_file: bool = False) -> Flaws:
    """Every flaw of it. Pure."""
    flaws = [
        *check_text("title", said.title, needed=True),
        *check_choice("kind", said.kind, ACTIVITY_KINDS),
        *check_past("held_on", said.held_on, today),
        *check_past("until", said.until, today, needed=False),
        *check_text("place", said.place),
        *check_whole("participants", said.participants, 0, MOST_PARTICIPANTS),
        *check_whole("count", said.count, 1, MOST_COUNTED),
        *check_link("link", said.link),
        *check_text("note", said.note, LONGEST_TEXT),
    ]
    begun, over = read_partial(said.held_on), read_partial(said.until)
    if begun is not None and over is not None and over.last < begun.first:
        flaws.append(("until", Flaw.BEFORE_BEGIN))
    last, since = over or begun, allowed.since
    if last is not None and since is not None and last.last < since.first and said.commitments and not said.is_early:
        flaws.append(("held_on", Flaw.BEFORE_EFFECT))
    if any(one not in allowed.parties for one in said.parties):
        flaws.append(("parties", Flaw.UNKNOWN))
    if any(one not in allowed.commitments for one in said.commitments):
        flaws.append(("commitments", Flaw.UNKNOWN))
    elif not said.commitments and (allowed.needs_commitment or has_file):
        flaws.append(("commitments", Flaw.NO_COMMITMENT))
    return tuple(flaws)


def record_activity(
    unit: Connection,
    author: Author,
    agreement: str,
    said: Happened,
    allowed: Allowed,
    today: date,
    *,
    file: KeptFile | None = None,
    once: str = "",
) -> str:
    """Record an activity, its file as evidence of each commitment it counts for; returns the activity's reference.

    The agreement is worked out anew in the same unit. The same words with the same `once` (a few letters that a form
    carries) are recorded once, however often they are sent. Raises Flawed with every flaw.
    """
    refuse_flaws(check_happened(said, allowed, today, has_file=file is not None))
    held_on = str(parse_date(said.held_on or ""))
    wish = make_readable(said.title or "") or make_readable(said.kind or "")
    reference = add_activity(
        unit,
        author,
        agreement,
        said.title or "",
        said.kind or "",
        held_on,
        today,
        said.commitments,
        said.place,
        read_whole(said.participants),
        read_whole(said.count) or 1,
        said.link,
        said.note,
        f"{wish}-{held_on}-{once}" if once else None,
        said.until,
        said.parties,
    )
    if file is not None:
        for promise in _read_promises(unit, agreement, said.commitments):
            _add_evidence(unit, author, agreement, promise, file.name, today, file, None, reference)
    reconcile_agreement(unit, find_agreement(unit, agreement).id, author.at, today)
    return reference


def check_evidence(title: str | None, link: str | None, *, has_file: bool) -> Flaws:
    """A title, and a link or a file, one of the two. Pure."""
    flaws = [*check_text("title", title), *check_link("link", link)]
    if bool(link) == has_file:
        flaws.append(("link" if has_file else "file", Flaw.FILE_OR_LINK))
    return tuple(flaws)


def add_evidence(
    unit: Connection,
    author: Author,
    agreement: str,
    promise: str,
    title: str | None,
    today: date,
    *,
    file: KeptFile | None = None,
    link: str | None = None,
    shows: str | None = None,
) -> str:
    """Put a file or a link to a commitment, or to one of its activities (`shows`), as evidence; returns its reference.

    The same file or link once more under the same title changes nothing. Raises Flawed with every flaw, and NotFound.
    """
    refuse_flaws(check_evidence(title, link, has_file=file is not None))
    (row,) = _read_promises(unit, agreement, [promise])
    name = title or (file.name if file is not None else str(link))[:300]
    return _add_evidence(unit, author, agreement, row, name, today, file, link, shows)


def withdraw_evidence(unit: Connection, author: Author, agreement: str, evidence_id: int, today: date) -> None:
    """Take evidence back that was put to a commitment by mistake, with the author's reason; file and row stay.

    Raises NotFound for evidence that is not there or was withdrawn before, and Flawed without a reason.
    """
    refuse_flaws(check_text("why", author.why, needed=True))
    found = select(evidence, commitment.c.reference.label("promise"), commitment.c.agreement_id)
    row = unit.execute(
        found.join(commitment, commitment.c.id == evidence.c.commitment_id)
        .where(evidence.c.id == evidence_id, evidence.c.withdrawn_on.is_(None))
        .with_for_update(of=evidence)
    ).one_or_none()
    if row is None or row.agreement_id != find_agreement(unit, agreement).id:
        raise NotFound(f"the agreement {agreement} has no such evidence")
    end_rows(unit, author, evidence, [(row, f"{agreement}/{row.promise}/{row.reference}")], row.agreement_id, today)


def correct_activity(
    unit: Connection,
    author: Author,
    agreement: str,
    reference: str,
    said: Happened,
    allowed: Allowed,
    today: date,
) -> None:
    """Put right what was recorded of an activity; what it counted for before and no longer does is withdrawn.

    Commitments beyond those allowed stay as they are. Raises Flawed with every flaw, for `why` one without a reason;
    NotFound for an activity that is not there or was withdrawn.
    """
    row = _hold_activity(unit, agreement, reference)
    joined = _read_joined(unit, row.id)
    counted = {one.reference for one in joined if one.withdrawn_on is None}
    kept = counted - set(allowed.commitments)
    alone = Allowed(allowed.parties, allowed.commitments, allowed.needs_commitment and not kept)
    flaws = [*check_happened(said, alone, today), *check_text("why", author.why, needed=True)]
    refuse_flaws(flaws)
    values: dict[str, Any] = {
        "title": said.title,
        "kind": said.kind,
        "held_on": str(parse_date(said.held_on or "")),
        "until": said.until,
        "place": said.place,
        "parties": list(said.parties),
        "participants": read_whole(said.participants),
        "count": read_whole(said.count) or 1,
        "link": said.link,
        "note": said.note,
    }
    name = f"{agreement}/{reference}"
    changes = {column: (row._mapping[column], value) for column, value in values.items()}
    changes = {column: pair for column, pair in changes.items() if pair[0] != pair[1]}
    wanted = set(said.commitments) | kept
    if not changes and wanted == counted:
        refuse_flaws([("title", Flaw.NOTHING_CHANGED)])
    if changes:
        unit.execute(update(activity).where(activity.c.id == row.id).values(**values))
    if wanted != counted:
        changes["commitments"] = (sorted(counted), sorted(wanted))
    if changes:
        amended = Change("amended", activity.name, row.id, name[:300], row.agreement_id, changes, author.why)
        record_changes(unit, author, [amended])
    _count_for(unit, author, agreement, row, joined, wanted, today)
    _work_out(unit, author, row, today)


def withdraw_activity(unit: Connection, author: Author, agreement: str, reference: str, today: date) -> None:
    """Withdraw an activity that did not happen or was recorded twice, with its evidence; the author's reason is logged.

    It is no sign of life any more and counts for nothing. Raises Flawed without a reason; NotFound as above.
    """
    refuse_flaws(check_text("why", author.why, needed=True))
    row = _hold_activity(unit, agreement, reference)
    name = f"{agreement}/{reference}"
    end_rows(unit, author, activity, [(row, name)], row.agreement_id, today)
    joined = [one for one in _read_joined(unit, row.id) if one.withdrawn_on is None]
    ends = [(one, f"{name}/{agreement}/{one.reference}") for one in joined]
    end_rows(unit, author, activity_commitment, ends, row.agreement_id, today)
    shown = select(evidence, commitment.c.reference.label("promise"))
    rows = unit.execute(
        shown.join(commitment, commitment.c.id == evidence.c.commitment_id).where(
            commitment.c.agreement_id == row.agreement_id,
            evidence.c.activity == reference,
            evidence.c.withdrawn_on.is_(None),
        )
    ).all()
    ends = [(one, f"{agreement}/{one.promise}/{one.reference}") for one in rows]
    end_rows(unit, author, evidence, ends, row.agreement_id, today)
    _work_out(unit, author, row, today)


def _count_for(
    unit: Connection,
    author: Author,
    agreement: str,
    row: Row[Any],
    joined: Sequence[Row[Any]],
    wanted: Collection[str],
    today: date,
) -> None:
    """Make an activity count for these commitments of its agreement; those of other agreements stay."""
    by_name = {one.reference: one for one in joined}
    name = f"{agreement}/{row.reference}"
    gone = [one for one in joined if one.withdrawn_on is None and one.reference not in wanted]
    ends = [(one, f"{name}/{agreement}/{one.reference}") for one in gone]
    end_rows(unit, author, activity_commitment, ends, row.agreement_id, today)
    for promise in _read_promises(unit, agreement, sorted(wanted)):
        before, place = by_name.get(promise.reference), f"{name}/{agreement}/{promise.reference}"
        if before is None:
            values = {"activity_id": row.id, "commitment_id": promise.id}
            register_row(unit, author, activity_commitment, values, place, row.agreement_id)
        elif before.withdrawn_on is not None:
            unit.execute(
                update(activity_commitment).where(activity_commitment.c.id == before.id).values(withdrawn_on=None)
            )
            back = {"withdrawn_on": (before.withdrawn_on, None)}
            change = Change(
                "amended", "activity_commitment", before.id, place[:300], row.agreement_id, back, author.why
            )
            record_changes(unit, author, [change])


def _hold_activity(unit: Connection, agreement: str, reference: str) -> Row[Any]:
    """The activity's row, held until the unit ends."""
    under = find_agreement(unit, agreement)
    row = unit.execute(
        select(activity)
        .where(
            activity.c.agreement_id == under.id,
            activity.c.reference == reference,
            activity.c.withdrawn_on.is_(None),
        )
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound(f"the agreement {agreement} has no activity {reference!r}, or it was withdrawn")
    return row


def _read_joined(unit: Connection, activity_id: int) -> Sequence[Row[Any]]:
    """What an activity counts for, or did, within its own agreement."""
    return unit.execute(
        select(activity_commitment, commitment.c.reference)
        .join(commitment, commitment.c.id == activity_commitment.c.commitment_id)
        .join(activity, activity.c.id == activity_commitment.c.activity_id)
        .where(activity_commitment.c.activity_id == activity_id, commitment.c.agreement_id == activity.c.agreement_id)
        .order_by(activity_commitment.c.id)
    ).all()


def _read_promises(unit: Connection, agreement: str, references: Sequence[str]) -> Sequence[Row[Any]]:
    under = find_agreement(unit, agreement)
    rows = unit.execute(
        select(commitment)
        .where(commitment.c.agreement_id == under.id, commitment.c.reference.in_(references))
        .order_by(commitment.c.position)
    ).all()
    if len(rows) != len(set(references)):
        raise NotFound(f"the agreement {agreement} has not all of these commitments: {', '.join(references)}")
    return rows


def _add_evidence(
    unit: Connection,
    author: Author,
    agreement: str,
    promise: Row[Any],
    title: str,
    today: date,
    file: KeptFile | None,
    link: str | None,
    shows: str | None,
) -> str:
    own = evidence.c.commitment_id == promise.id
    rows = unit.execute(select(evidence).where(own)).all()
    digest = file.sha256 if file is not None else None
    for one in rows:
        told = (one.title, one.link, one.sha256, one.activity, one.withdrawn_on)
        if told == (title, link, digest, shows, None):
            return str(one.reference)
    made = make_unique((make_readable(title) or "evidence")[:60], {one.reference for one in rows})
    values = {
        "commitment_id": promise.id,
        "reference": made,
        "title": title,
        "link": link,
        "file": file.name if file is not None else None,
        "sha256": digest,
        "size": file.size if file is not None else None,
        "added_on": today.isoformat(),
        "activity": shows,
    }
    register_row(unit, author, evidence, values, f"{agreement}/{promise.reference}/{made}", promise.agreement_id)
    return made


def _work_out(unit: Connection, author: Author, row: Row[Any], today: date) -> None:
    """Reconcile each agreement for which an activity counts, or did: its own, and those that share it."""
    shared = select(commitment.c.agreement_id).join(
        activity_commitment, activity_commitment.c.commitment_id == commitment.c.id
    )
    others = unit.execute(shared.where(activity_commitment.c.activity_id == row.id)).scalars()
    for one in sorted({row.agreement_id, *others}):
        reconcile_agreement(unit, one, author.at, today)
