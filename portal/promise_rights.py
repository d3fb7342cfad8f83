"""What of a file is another side's to say about promises on record: that they are kept, how they go, and who owes them.

Each change is held to what the forms allow the same person, by the same rules (`portal.sides`).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, select

from commitments.difference import Imported
from commitments.log import Change
from commitments.person_queries import find_served
from commitments.references import find_agreement
from commitments.tables import (
    agreement_party,
    commitment,
    commitment_owner,
    contact,
    measurement,
    milestone,
    party,
)
from commitments.vocabulary import CommitmentState, MilestoneState
from portal.oversteps import Limit, Overstep
from portal.roles import Viewer
from portal.sides import (
    assigns_step,
    decides_who_owes,
    is_asked_less,
    list_ends,
    says_how_step_went,
    speaks_for_any,
)
from portal.withdrawing import load_written

_SAID = ("progress_report", "confirmation")
_ENDS = ("state", "met_on")


def find_promise_oversteps(unit: Connection, viewer: Viewer, imported: Imported, today: date) -> Iterator[Overstep]:
    """What of a difference, which the unit has written already, others are to say; nothing else is read for it.

    What a new agreement tells of the past is part of it: of that its other parties are told at once. But a report or a
    confirmation is given by who gives it there too.
    """
    places = _Places(unit, imported, today)
    for one in imported.changes:
        if one.subject in _SAID:
            yield from _judge_said(viewer, places, one)
        elif not imported.new:
            yield from _judge(viewer, places, one)


@dataclass
class _Places:
    """Who stands where in the agreement, read at first need: a fixed number of statements."""

    unit: Connection
    imported: Imported
    today: date

    @cached_property
    def new_promises(self) -> frozenset[str]:
        new = (commitment.name, "registered")
        return frozenset(
            one.reference.split("/")[1] for one in self.imported.changes if (one.subject, one.action) == new
        )

    @cached_property
    def agreement_id(self) -> int:
        return int(find_agreement(self.unit, self.imported.reference).id)

    @cached_property
    def parties(self) -> Mapping[str, int]:
        rows = self.unit.execute(
            select(party.c.reference, party.c.id)
            .join(agreement_party, agreement_party.c.party_id == party.c.id)
            .where(agreement_party.c.agreement_id == self.agreement_id)
        )
        return {row.reference: row.id for row in rows}

    @cached_property
    def served(self) -> frozenset[int]:
        return find_served(self.unit, contact.c.party_id.in_(self.parties.values()), self.today)

    @cached_property
    def _owners(self) -> Mapping[str, Mapping[int, int]]:
        """By promise the party of each place in which somebody answers."""
        rows = self.unit.execute(
            select(commitment.c.reference, commitment_owner.c.id, commitment_owner.c.party_id)
            .join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
            .where(commitment.c.agreement_id == self.agreement_id)
        )
        found: dict[str, dict[int, int]] = {}
        for row in rows:
            found.setdefault(row.reference, {})[row.id] = row.party_id
        return found

    @cached_property
    def _new_owners(self) -> frozenset[int]:
        new = (commitment_owner.name, "registered")
        return frozenset(one.row_id for one in self.imported.changes if (one.subject, one.action) == new)

    def list_owing(self, promise: str) -> Collection[int]:
        """Who owed a promise before this file; of a new one who owes it."""
        places = self._owners.get(promise, {})
        is_new = promise in self.new_promises
        return [one for place, one in places.items() if is_new or place not in self._new_owners]

    @cached_property
    def steps(self) -> Mapping[int, Any]:
        rows = self.unit.execute(
            select(milestone.c.id, milestone.c.state, milestone.c.party_id)
            .join(commitment, commitment.c.id == milestone.c.commitment_id)
            .where(commitment.c.agreement_id == self.agreement_id)
        )
        return {row.id: row for row in rows}

    @cached_property
    def proposed(self) -> frozenset[str]:
        """Who was added by this file."""
        new = (contact.name, "registered")
        return frozenset(one.reference for one in self.imported.changes if (one.subject, one.action) == new)

    @cached_property
    def amended_numbers(self) -> Any:
        """By whom the numbers were recorded that this file changes."""
        amended = (measurement.name, "amended")
        ids = [one.row_id for one in self.imported.changes if (one.subject, one.action) == amended]
        rows = self.unit.execute(
            select(measurement)
            .join(commitment, commitment.c.id == measurement.c.commitment_id)
            .where(commitment.c.agreement_id == self.agreement_id)
        )
        known = {row.id: row for row in rows}
        numbers = {one: known[one] for one in ids}
        return numbers, load_written(self.unit, {measurement: numbers.values()})


def _judge_said(viewer: Viewer, places: _Places, one: Change) -> Iterator[Overstep]:
    if one.subject == "confirmation":
        yield _overstep(Limit.CONFIRMED_BY_FILE, one, "state")
    elif one.changes.get("party") != (None, viewer.party):
        yield _overstep(Limit.SAID_BY_OTHERS, one, "party")
    elif not speaks_for_any(viewer, places.list_owing(_name_promise(one))):
        yield _overstep(Limit.OWED_BY_OTHERS, one, "party")


def _judge(viewer: Viewer, places: _Places, one: Change) -> Iterator[Overstep]:
    if one.subject == commitment.name:
        if one.changes.get("state", (None, None))[1] == CommitmentState.FULFILLED:
            yield _overstep(Limit.KEPT_BY_FILE, one, "state")
    elif one.subject == measurement.name:
        yield from _judge_number(viewer, places, one)
    elif one.subject == milestone.name:
        yield from _judge_step(viewer, places, one)
    elif one.subject == commitment_owner.name:
        yield from _judge_owner(viewer, places, one)
    elif one.subject == agreement_party.name and one.action == "amended":
        yield from _judge_place(viewer, places, one)


def _judge_number(viewer: Viewer, places: _Places, one: Change) -> Iterator[Overstep]:
    if not speaks_for_any(viewer, places.list_owing(_name_promise(one))):
        yield _overstep(Limit.OWED_BY_OTHERS, one, "value")
    elif one.action == "amended":
        numbers, written = places.amended_numbers
        if not written.may_withdraw_measurement(viewer, numbers[one.row_id]):
            yield _overstep(Limit.MEASURED_BY_OTHERS, one, next(iter(one.changes)))


def _judge_step(viewer: Viewer, places: _Places, one: Change) -> Iterator[Overstep]:
    promise, now = _name_promise(one), places.steps[one.row_id]
    owing = places.list_owing(promise)
    taking, is_new = now.party_id, one.action == "registered"
    if "party" in one.changes and not (is_new and promise in places.new_promises):
        named, then = one.changes["party"]
        before = taking if is_new else places.parties.get(named)
        if not assigns_step(viewer, before, places.parties.get(then), owing):
            yield _overstep(Limit.STEP_OF_OTHERS, one, "party")
        taking = before
    if not any(name in one.changes for name in _ENDS):
        return
    before_state = str(MilestoneState.SCHEDULED) if is_new else one.changes.get("state", (now.state, None))[0]
    if now.state in (MilestoneState.MET, before_state):
        allowed = says_how_step_went(viewer, taking, owing) or (is_new and now.state == MilestoneState.SCHEDULED)
    else:
        allowed = now.state in list_ends(viewer, before_state, taking, owing)
    if not allowed:
        yield _overstep(Limit.STEP_SAID_BY_OTHERS, one, next(name for name in _ENDS if name in one.changes))


def _judge_owner(viewer: Viewer, places: _Places, one: Change) -> Iterator[Overstep]:
    promise, named = one.reference.split("/")[1:3]
    side = places.parties[named]
    if one.action == "registered":
        if promise not in places.new_promises and not decides_who_owes(viewer, places.list_owing(promise), side):
            yield _overstep(Limit.WHO_OWES, one, "party")
        return
    before, after = one.changes.get("contact", (None, None))
    if before == after or viewer.speaks_for(side) or side not in places.served:
        return
    if before is not None or after not in places.proposed:  # whom that side has yet to accept answers for nothing
        yield _overstep(Limit.OWNER_OF_OTHERS, one, "contact")


def _judge_place(viewer: Viewer, places: _Places, one: Change) -> Iterator[Overstep]:
    side = places.parties[one.reference.split("/")[1]]
    if viewer.speaks_for(side) or side not in places.served:
        return
    role, left = one.changes.get("role", ("", "")), one.changes.get("ended", (None, None))
    if is_asked_less(role, left):
        yield _overstep(Limit.PLACE_OF_OTHERS, one, "role" if "role" in one.changes else "ended")


def _name_promise(one: Change) -> str:
    return one.reference.split("/")[1]


def _overstep(limit: Limit, one: Change, column: str) -> Overstep:
    found = one.changes.get(column, (None, None))[1]
    return Overstep(limit, one.reference, one.subject, column, "" if found is None else str(found))
