"""Agreements with everything that stands under them on a day, as plain values: the JSON of `tally status`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.speech import LANGUAGE, Speaker
from commitments.sentences import Quoted, Shelf, find_quote, list_folders
from commitments.vocabulary import FollowUpState, MatterKind

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from commitments.facts import Agreement, Commitment, Standing

Picture = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """Which agreements are asked for, as they stand on which day, and as they were known when."""

    day: date
    known_at: datetime | None = None
    agreement_id: int | None = None
    commitment: str | None = None


def read_agreements(reading: "Connection", question: Question, sources: Path | None) -> Iterator[Picture]:
    """Each agreement that is asked for; facts dated after the day do not count."""
    from commitments.reconcile import list_standings

    painter = _Painter(reading, question, sources)
    standings = list_standings(reading, question.day, known_at=question.known_at, only=question.agreement_id)
    for agreement, own in standings:
        yield painter.paint_agreement(agreement, own)


class _Painter:
    def __init__(self, reading: "Connection", question: Question, sources: Path | None) -> None:
        from commitments import tables

        self.question = question
        self.speaker = Speaker(reading)
        self.shelf = Shelf((*list_folders(sources), Path()))
        self._agreements = self._load(reading, tables.agreement, "id")
        self._commitments = self._load(reading, tables.commitment, "agreement_id")
        self._follow_ups = _load_follow_ups(reading, question)

    def _load(self, reading: "Connection", table: Any, own: str) -> dict[int, Any]:
        """The texts of a table by id, as they were known."""
        from sqlalchemy import select

        from commitments.rewinding import Rewinder, load_later

        query = select(table)
        if self.question.agreement_id is not None:
            query = query.where(table.c[own] == self.question.agreement_id)
        rows: Sequence[Any] = reading.execute(query).all()
        if self.question.known_at is not None:
            rows = Rewinder(load_later(reading, self.question.known_at)).rewind(table.name, rows)
        return {row.id: row for row in rows}

    def paint_agreement(self, agreement: "Agreement", standings: Sequence["Standing"]) -> Picture:
        from commitments.deadlines import derive_state
        from notifications.digests import count_standings
        from notifications.names import choose_words

        row = self._agreements[agreement.id]
        parts: dict[int | None, list[Standing]] = defaultdict(list)
        for standing in standings:
            parts[standing.matter.commitment_id].append(standing)
        own = [one for one in standings if one.matter.kind is MatterKind.COMMITMENT]
        return {
            "reference": agreement.reference,
            "title": choose_words(row.title, LANGUAGE),
            "kind": row.kind,
            "state": str(derive_state(agreement, self.question.day)),
            "parties": [
                {
                    "reference": place.reference,
                    "name": self.speaker.party_names.get(place.reference, place.reference),
                    "role": str(place.role),
                }
                for place in agreement.parties
            ],
            "effective": row.effective,
            "expires": row.expires,
            "ended": row.ended,
            "standings": {str(state): number for state, number in count_standings(own)},
            "open_follow_ups": len(self._follow_ups[agreement.id]),
            "deadlines": [self._paint_standing(one) for one in parts[None]],
            "commitments": [
                self._paint_commitment(one, parts[one.id], row.sources)
                for one in agreement.commitments
                if self.question.commitment in (None, one.reference)
            ],
        }

    def _paint_standing(self, standing: "Standing") -> Picture:
        return {
            "matter": standing.matter.reference,
            "kind": str(standing.matter.kind),
            "standing": str(standing.state),
            "reason": self.speaker.tell_reason(standing.reason.as_json()),
            "reason_code": str(standing.reason.code),
            "numbers": standing.reason.numbers,
            "deadline": standing.deadline.isoformat() if standing.deadline else None,
        }

    def _paint_commitment(
        self, commitment: "Commitment", standings: Sequence["Standing"], sources: Sequence[Mapping[str, Any]]
    ) -> Picture:
        row = self._commitments[commitment.id]
        quoted = find_quote(self.shelf, row, sources)
        places = list(row.quote_sources.values())
        source = row.source or (places[0] if places else None)
        own = next(one for one in standings if one.matter.kind is MatterKind.COMMITMENT)
        stands = self._paint_standing(own)
        matter = stands.pop("matter")
        stands.pop("kind")
        return {
            "reference": commitment.reference,
            "matter": matter,
            "kind": str(commitment.kind),
            "summary": row.summary,
            "quote": dict(quoted.texts) or None,
            "quote_note": _explain_missing(quoted),
            "source": source and {name: source[name] for name in ("document", "start", "end", "sha256")},
            "owed": str(commitment.owed),
            "owners": [
                {"party": owner.party, "contact": self.speaker.name_contact(owner.contact_id)}
                for owner in commitment.owners
            ],
            "due": row.due,
            "confirm_by": row.confirm_by,
            "state": row.state,
            **stands,
            "milestones": self._paint_milestones(commitment, standings),
            "occurrences": [
                {"period": one.matter.part, "name": self._name_period(one), **self._paint_standing(one)}
                for one in standings
                if one.matter.kind is MatterKind.OCCURRENCE
            ],
            "follow_ups": [key for key, commitment_id in self._follow_ups[row.agreement_id] if commitment_id == row.id],
        }

    def _name_period(self, standing: "Standing") -> str:
        return self.speaker.words.format_period(standing.matter.part or "")

    def _paint_milestones(self, commitment: "Commitment", standings: Sequence["Standing"]) -> list[Picture]:
        from commitments.assessment import name_milestone

        stands = {one.matter.part: self._paint_standing(one) for one in standings if _is_milestone(one)}
        unknown = {"matter": None, "kind": str(MatterKind.MILESTONE), "standing": None, "reason": "no date is stated"}
        return [
            {
                "reference": one.reference,
                "title": one.title,
                "due": str(one.due) if one.due else None,
                "met_on": str(one.met_on) if one.met_on else None,
                "state": str(one.state),
                **(
                    stands.get(name_milestone(commitment, one))
                    or unknown | ({"reason": str(one.state)} if one.due else {})
                ),
            }
            for one in commitment.milestones
        ]


def _is_milestone(standing: "Standing") -> bool:
    return standing.matter.kind is MatterKind.MILESTONE


def _load_follow_ups(reading: "Connection", question: Question) -> dict[int, list[tuple[str, int | None]]]:
    """The keys of the follow-ups that were open on the day, by agreement, each with its commitment."""
    from sqlalchemy import or_, select

    from commitments.tables import follow_up

    query = select(follow_up.c.agreement_id, follow_up.c.key, follow_up.c.commitment_id).where(
        follow_up.c.opened_on <= question.day,
        or_(follow_up.c.state == str(FollowUpState.OPEN), follow_up.c.closed_on > question.day),
    )
    if question.agreement_id is not None:
        query = query.where(follow_up.c.agreement_id == question.agreement_id)
    found: dict[int, list[tuple[str, int | None]]] = defaultdict(list)
    for row in reading.execute(query.order_by(follow_up.c.id)):
        found[row.agreement_id].append((row.key, row.commitment_id))
    return found


def _explain_missing(quoted: Quoted) -> str | None:
    """Why there is no sentence to show, or which is not what stands in its source."""
    if quoted.texts:
        unlike = [f"[{one}] is not what stands there: its SHA-256 differs" for one in quoted.unlike]
        return "; ".join(unlike) or None
    notes = [f"{document} is not at hand; set TALLY_SOURCES to its folder" for document in quoted.absent]
    notes += [f"{document} no longer says there what was recorded: the SHA-256 differs" for document in quoted.changed]
    return "; ".join(notes) or "the register holds no sentence and no place in a source"
