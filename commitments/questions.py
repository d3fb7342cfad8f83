"""What is asked of one person on one matter, as it stands today: read from the register for whoever may answer it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from commitments.asked_steps import read_step
from commitments.chunks import Span
from commitments.confirmations import Owing, find_confirmers, is_concerned
from commitments.facts import Person, Standing
from commitments.queries import load_agreements
from commitments.reconcile import Rules, assess
from commitments.tables import (
    agreement,
    agreement_party,
    commitment,
    commitment_owner,
    contact,
    follow_up,
    milestone,
    party,
    progress_report,
)
from commitments.vocabulary import (
    Answer,
    CommitmentKind,
    CommitmentState,
    ContactRole,
    FollowUpKind,
    FollowUpState,
    MatterKind,
    Owed,
    StandingState,
)

PROMISES = frozenset({MatterKind.COMMITMENT, MatterKind.MILESTONE, MatterKind.OCCURRENCE})


@dataclass(frozen=True, slots=True)
class Question:
    """One matter as one person is asked about it; rows are those of the register."""

    person: Person
    matter: str
    matter_kind: MatterKind
    party_id: int | None
    """Whose turn it is."""
    party: str | None
    follow_up: Any
    agreement: Any
    commitment: Any
    milestone: Any
    owners: tuple[tuple[int, int | None], ...]
    """Each owing party with its owner."""
    standing: Standing | None
    """How it stands today; nothing where it has no standing any more."""
    last_report: Any
    """The party's latest progress report on the commitment."""
    counterparts: tuple[int, ...] = ()
    to_confirm: Any = None
    """The other side's report, where the question is whether it is so."""
    confirmers: tuple[int, ...] = ()
    """The parties that are asked to confirm it if this one says that it is done."""
    is_late: bool = False
    """Whether the day by which an answer was asked for is over."""
    is_guest: bool = False
    """Whether they are of a party that does not keep the register."""
    stands_in: bool = False
    """Whether they are the deputy of who is asked, or of who answers for it on that side."""

    @property
    def owner_id(self) -> int | None:
        """The owner on the side whose turn it is."""
        return dict(self.owners).get(self.party_id or 0)

    @property
    def lacks_owner(self) -> bool:
        """Whether what is asked is who answers for it."""
        return self.follow_up is not None and self.follow_up.kind == FollowUpKind.UNOWNED

    @property
    def is_owed_by_each(self) -> bool:
        """Whether it counts as kept only when each of several parties has said that its own part is done."""
        return len(self.owners) > 1 and self.commitment.owed == Owed.EACH

    @property
    def decides(self) -> bool:
        """Whether they say what becomes of a plan, and of what others owe too: a coordinator who keeps the register."""
        return self.person.role is ContactRole.COORDINATOR and not self.is_guest

    @property
    def is_others_too(self) -> bool:
        """Whether others owe it as well: the promise, and the step if none of them alone is to take that."""
        if self.milestone is not None and self.milestone.party_id is not None:
            return bool(self.milestone.party_id != self.party_id)
        return any(one != self.party_id for one, _ in self.owners)

    @property
    def mark(self) -> str:
        """Another one as soon as anything is decided or told about it."""
        asked, part, promise = self.follow_up, self.milestone, self.commitment
        seen = (
            (asked.state, asked.snoozed_until, asked.assignee_id, asked.opened_on) if asked is not None else None,
            (part.due, part.met_on) if part is not None else None,
            (promise.state, promise.due) if promise is not None else None,
            self.owner_id,
            self.last_report.id if self.last_report is not None else None,
        )
        return sha256(repr(seen).encode()).hexdigest()[:16]

    @property
    def is_open(self) -> bool:
        """Whether an answer is still looked for."""
        if self.follow_up is not None:
            return bool(self.follow_up.state == FollowUpState.OPEN)
        if self.commitment is None or self.commitment.state != CommitmentState.ACTIVE:
            return False
        if self.milestone is not None and self.milestone.met_on is not None:
            return False
        return self.standing is not None and self.standing.state is not StandingState.SETTLED

    @property
    def may_answer(self) -> bool:
        """Who is asked, who answers for it on the side whose turn it is, their deputies, and that side's coordinators.

        As on the pages (docs/reference/roles.md): who has handed it over, leaders and others only look.
        """
        if self.person.role is ContactRole.LEADER:
            return False
        if self.follow_up is not None and self.follow_up.assignee_id == self.person.id:
            return True
        if self.person.party_id != self.party_id:
            return False
        speaks = self.person.role in (ContactRole.COORDINATOR, ContactRole.OPERATOR)
        return speaks or self.owner_id == self.person.id or self.stands_in

    def list_answers(self) -> tuple[Answer, ...]:
        """What this person can answer now."""
        if not (self.is_open and self.may_answer):
            return ()
        return list_answers(
            FollowUpKind(self.follow_up.kind) if self.follow_up is not None else None,
            self.matter_kind,
            CommitmentKind(self.commitment.kind) if self.commitment is not None else None,
            dated=any(one is not None and one.due is not None for one in (self.milestone or self.commitment,)),
            decides=self.decides,
            shared=self.is_others_too,
        )


@dataclass(frozen=True, slots=True)
class Ahead:
    """A matter with a date ahead, about which no follow-up is open; `kind` and `id` as a follow-up has them."""

    matter: str
    matter_kind: MatterKind
    agreement_id: int
    commitment_id: int | None
    party_id: int | None
    kind: None = None
    id: None = None


def list_answers(
    kind: FollowUpKind | None,
    matter: MatterKind,
    commitment_kind: CommitmentKind | None,
    *,
    dated: bool,
    decides: bool,
    shared: bool = False,
) -> tuple[Answer, ...]:
    """The answers that fit what is asked, the most likely first. `kind` is None for a reminder before a date.

    `decides` is who may say what becomes of a plan: a coordinator. Of what is `shared` with others that owe it too,
    nobody else sets another date.
    """
    rest = (Answer.SNOOZE,) if kind is not None else ()
    if kind is FollowUpKind.CONFIRMATION_ASKED:
        return (Answer.CONFIRM, Answer.SEND_BACK, *rest)
    if kind is FollowUpKind.UNOWNED:
        return (Answer.NOT_ME, *rest)
    if matter is MatterKind.COMMITMENT and commitment_kind is CommitmentKind.PLANNED:
        # A plan is confirmed, made firm or dropped before it is kept.
        if decides:
            return (Answer.CONFIRM_BY, Answer.MAKE_FIRM, Answer.DROP, *rest, Answer.NOT_ME)
        return (*(() if shared else (Answer.CONFIRM_BY,)), Answer.ON_TRACK, *rest, Answer.NOT_ME)
    if matter not in PROMISES or commitment_kind is None or kind is FollowUpKind.MESSAGE_FAILED:
        return (Answer.DONE, *rest) if kind is not None else ()
    if matter is MatterKind.OCCURRENCE and kind is FollowUpKind.OVERDUE:
        return (Answer.HELD, Answer.NOT_HELD, *rest, Answer.NOT_ME)  # what is over is no longer on its way
    if kind is FollowUpKind.NEXT_STEP_MISSING:
        return (Answer.NEXT_STEP, Answer.HELD, Answer.ON_TRACK, *rest, Answer.NOT_ME)
    moves = dated and matter is not MatterKind.OCCURRENCE and (decides or not shared)
    later = (Answer.MORE_TIME,) if moves else ()
    first = Answer.DONE
    if matter is MatterKind.OCCURRENCE or (
        matter is MatterKind.COMMITMENT and commitment_kind in (CommitmentKind.OPEN_ENDED, CommitmentKind.RECURRING)
    ):
        first = Answer.HELD
    elif matter is MatterKind.COMMITMENT and commitment_kind is CommitmentKind.TARGET:
        first = Answer.MEASURED
    next_step = (Answer.NEXT_STEP,) if kind is FollowUpKind.SILENT else ()
    return (first, *next_step, Answer.ON_TRACK, *later, *rest, Answer.NOT_ME)


def load_question(
    reading: Connection,
    rules: Rules,
    contact_id: int,
    today: date,
    *,
    follow_up_id: int | None = None,
    matter: str | None = None,
    party_id: int | None = None,
    hold: bool = False,
) -> Question | None:
    """What is asked by a follow-up, or about a matter without one; None for a person or matter that is not known.

    `hold` keeps others from answering the same until the unit ends.
    """
    person = rules.people.get(contact_id)
    if person is None:
        return None
    asked = None
    if follow_up_id is not None:
        query = select(follow_up).where(follow_up.c.id == follow_up_id)
        asked = reading.execute(query.with_for_update() if hold else query).one_or_none()
        if asked is None:
            return None
        matter, party_id = asked.matter, asked.party_id
    if matter is None:
        return None
    if asked is None and "/" not in matter:
        query = _select_open(matter, party_id)
        asked = reading.execute(query.with_for_update() if hold else query).one_or_none()
    promise_name, _, part = matter.partition("#")
    agreement_name, _, own_name = promise_name.partition("/")
    named = agreement.c.reference == agreement_name.partition(":")[0]
    under = _find(reading, agreement, named if asked is None else agreement.c.id == asked.agreement_id)
    promise = step = None
    if under is not None and own_name:
        own = (commitment.c.agreement_id == under.id) & (commitment.c.reference == own_name)
        query = select(commitment).where(own)
        promise = reading.execute(query.with_for_update() if hold else query).one_or_none()
    if promise is not None and part:
        step = _find(reading, milestone, (milestone.c.commitment_id == promise.id) & (milestone.c.reference == part))
    if asked is None and (under is None or (own_name and promise is None)):
        return None
    owners = _list_owners(reading, promise)
    places = _group_places(reading, [under.id]).get(under.id, []) if under is not None else []
    return Question(
        person,
        matter,
        _name_kind(asked, matter, promise, step),
        party_id,
        reading.execute(select(party.c.reference).where(party.c.id == party_id)).scalar_one_or_none(),
        asked,
        under,
        promise,
        step,
        owners,
        _find_standing(reading, rules, under, promise, matter, today),
        _find_report(reading, promise, party_id),
        tuple(one.party_id for one in places if one.party_id != party_id),
        load_reports_to_confirm(reading, [asked]).get(asked.id) if asked is not None else None,
        _find_confirmers(rules, under, promise, owners, places, party_id, today),
        asked is not None and asked.due_on < today,
        stands_in=_stands_in(rules, person, party_id, asked, owners),
    )


def find_newer(reading: Connection, question: Question) -> int | None:
    """The follow-up that asks the same of the same matter by now, and this person may answer, where that which they
    were asked by is closed: what was reported was taken back and reported anew, or it is due again."""
    if question.follow_up is None or question.is_open or not question.may_answer:
        return None
    same = _select_open(question.matter, question.party_id).where(follow_up.c.kind == question.follow_up.kind)
    newer = reading.execute(same).one_or_none()
    return newer.id if newer is not None else None


def _select_open(matter: str, party_id: int | None) -> Select[Any]:
    """The follow-up that is open by now about a matter, of which an older one, or a reminder, told before."""
    return (
        select(follow_up)
        .where(
            follow_up.c.matter == matter,
            follow_up.c.party_id == party_id,
            follow_up.c.state == str(FollowUpState.OPEN),
            follow_up.c.kind != str(FollowUpKind.MESSAGE_FAILED),
        )
        .order_by(follow_up.c.id.desc())
        .limit(1)
    )


def load_questions(
    reading: Connection, rules: Rules, person: Person, today: date, follow_ups: Sequence[Any]
) -> list[Question]:
    """What these follow-ups, and matters ahead, ask of a person, in their order: as `load_question` for each, in a
    fixed number of statements for any number of them."""
    promise_ids = sorted({one.commitment_id for one in follow_ups if one.commitment_id is not None})
    agreement_ids = sorted({one.agreement_id for one in follow_ups if one.agreement_id is not None})
    agreements = _load_by_id(reading, agreement, agreement.c.id.in_(agreement_ids))
    promises = _load_by_id(reading, commitment, commitment.c.id.in_(promise_ids))
    steps = {
        (row.commitment_id, row.reference): row
        for row in reading.execute(select(milestone).where(milestone.c.commitment_id.in_(promise_ids)))
    }
    parties = {row.id: row.reference for row in reading.execute(select(party.c.id, party.c.reference))}
    owners, places = _group_owners(reading, promise_ids), _group_places(reading, agreement_ids)
    reports = _load_last_reports(reading, promise_ids)
    standings = _load_standings(reading, rules, follow_ups, today)
    to_confirm = load_reports_to_confirm(reading, follow_ups)
    questions = []
    for one in follow_ups:
        under, promise = agreements.get(one.agreement_id), promises.get(one.commitment_id)
        around, owing = places.get(one.agreement_id, []), tuple(owners.get(one.commitment_id, ()))
        step = steps.get((one.commitment_id, read_step(one.matter_kind, one.matter)))
        questions.append(
            Question(
                person,
                one.matter,
                MatterKind(one.matter_kind),
                one.party_id,
                parties.get(one.party_id),
                None if isinstance(one, Ahead) else one,
                under,
                promise,
                step,
                owing,
                standings.get(one.matter) or standings.get(one.matter.partition("#")[0]),
                reports.get((one.commitment_id, one.party_id)),
                tuple(place.party_id for place in around if place.party_id != one.party_id),
                to_confirm.get(one.id),
                _find_confirmers(rules, under, promise, owing, around, one.party_id, today),
                not isinstance(one, Ahead) and one.due_on < today,
                stands_in=_stands_in(rules, person, one.party_id, None if isinstance(one, Ahead) else one, owing),
            )
        )
    return questions


def _stands_in(
    rules: Rules, person: Person, party_id: int | None, asked: Any, owing: Sequence[tuple[int, int | None]]
) -> bool:
    answering = {dict(owing).get(party_id or 0), asked.assignee_id if asked is not None else None}
    found = (rules.people.get(one) for one in answering if one is not None)
    return any(one.deputy_id == person.id for one in found if one is not None)


def load_reports_to_confirm(reading: Connection, follow_ups: Sequence[Any]) -> dict[int, Any]:
    """What the other side reported, with the name of the person as `reporter`, by the follow-up that asks about it.

    Follow-ups are rows with `id` and `kind`. One statement, whatever they ask.
    """
    asking = [one.id for one in follow_ups if one.kind == FollowUpKind.CONFIRMATION_ASKED]
    rows = reading.execute(
        select(follow_up.c.id.label("follow_up_id"), progress_report, contact.c.name.label("reporter"))
        .join(
            progress_report,
            (progress_report.c.commitment_id == follow_up.c.commitment_id)
            & (progress_report.c.reference == follow_up.c.period),
        )
        .outerjoin(contact, contact.c.id == progress_report.c.contact_id)
        .where(follow_up.c.id.in_(asking), progress_report.c.withdrawn_on.is_(None))
    )
    return {row.follow_up_id: row for row in rows}


def _load_by_id(reading: Connection, table: Any, where: Any) -> dict[int, Any]:
    return {row.id: row for row in reading.execute(select(table).where(where))}


def _group_owners(reading: Connection, promise_ids: Sequence[int]) -> dict[int, list[tuple[int, int | None]]]:
    found: dict[int, list[tuple[int, int | None]]] = {}
    for row in reading.execute(
        select(commitment_owner.c.commitment_id, commitment_owner.c.party_id, commitment_owner.c.contact_id)
        .where(commitment_owner.c.commitment_id.in_(promise_ids))
        .order_by(commitment_owner.c.commitment_id, commitment_owner.c.position)
    ):
        found.setdefault(row.commitment_id, []).append((row.party_id, row.contact_id))
    return found


def _find_confirmers(
    rules: Rules,
    under: Any,
    promise: Any,
    owners: Sequence[Owing],
    places: Sequence[Any],
    reporter: int | None,
    today: date,
) -> tuple[int, ...]:
    """Who is asked if `reporter` says that the whole is done; nobody can be named yet where each party owes it."""
    if under is None or promise is None or reporter is None or promise.owed == Owed.EACH:
        return ()
    policy = rules.own.get(under.reference, rules.house)
    bound = [one.party_id for one in places if is_concerned(one.role, one.ended, today)]
    return find_confirmers(policy, Owed(promise.owed), owners, reporter, bound, rules.people, rules.coordinators, today)


def _group_places(reading: Connection, agreement_ids: Sequence[int]) -> dict[int, list[Any]]:
    """The places of the parties in each agreement."""
    found: dict[int, list[Any]] = {}
    for row in reading.execute(
        select(
            agreement_party.c.agreement_id, agreement_party.c.party_id, agreement_party.c.role, agreement_party.c.ended
        )
        .where(agreement_party.c.agreement_id.in_(agreement_ids))
        .order_by(agreement_party.c.agreement_id, agreement_party.c.position)
    ):
        found.setdefault(row.agreement_id, []).append(row)
    return found


def _load_last_reports(reading: Connection, promise_ids: Sequence[int]) -> dict[tuple[int, int], Any]:
    newest = (
        select(func.max(progress_report.c.id))
        .where(progress_report.c.commitment_id.in_(promise_ids), progress_report.c.withdrawn_on.is_(None))
        .group_by(progress_report.c.commitment_id, progress_report.c.party_id)
    )
    rows = reading.execute(select(progress_report).where(progress_report.c.id.in_(newest)))
    return {(row.commitment_id, row.party_id): row for row in rows}


def _load_standings(reading: Connection, rules: Rules, follow_ups: Sequence[Any], today: date) -> dict[str, Standing]:
    """By matter. Where an agreement itself is asked about, all of its commitments count."""
    held = {one.agreement_id for one in follow_ups if one.agreement_id is not None}
    if not held:
        return {}
    return {
        one.matter.reference: one
        for facts in load_agreements(reading, Span.over(held), only=select_judged(follow_ups))
        for one in assess(facts, rules, today)
    }


def select_judged(follow_ups: Iterable[Any]) -> ColumnElement[bool]:
    """The commitments that are looked at to answer what these follow-ups, and matters ahead, ask."""
    asked = list(follow_ups)
    whole = {
        one.agreement_id
        for one in asked
        if one.agreement_id is not None and one.commitment_id is None and not isinstance(one, Ahead)
    }
    promises = {one.commitment_id for one in asked if one.commitment_id is not None}
    return or_(commitment.c.id.in_(sorted(promises)), commitment.c.agreement_id.in_(sorted(whole)))


def _find(reading: Connection, table: Any, where: Any) -> Any:
    return reading.execute(select(table).where(where)).one_or_none()


def _name_kind(asked: Any, matter: str, promise: Any, step: Any) -> MatterKind:
    if asked is not None:
        return MatterKind(asked.matter_kind)
    if step is not None:
        return MatterKind.MILESTONE
    if promise is not None:
        return MatterKind.OCCURRENCE if "#" in matter else MatterKind.COMMITMENT
    return MatterKind(matter.rpartition(":")[2])


def _list_owners(reading: Connection, promise: Any) -> tuple[tuple[int, int | None], ...]:
    if promise is None:
        return ()
    rows = reading.execute(
        select(commitment_owner.c.party_id, commitment_owner.c.contact_id)
        .where(commitment_owner.c.commitment_id == promise.id)
        .order_by(commitment_owner.c.position)
    )
    return tuple((row.party_id, row.contact_id) for row in rows)


def _find_report(reading: Connection, promise: Any, party_id: int | None) -> Any:
    if promise is None:
        return None
    return reading.execute(
        select(progress_report)
        .where(
            progress_report.c.commitment_id == promise.id,
            progress_report.c.party_id == party_id,
            progress_report.c.withdrawn_on.is_(None),
        )
        .order_by(progress_report.c.id.desc())
        .limit(1)
    ).one_or_none()


def _find_standing(
    reading: Connection, rules: Rules, under: Any, promise: Any, matter: str, today: date
) -> Standing | None:
    if under is None:
        return None
    only = commitment.c.id == promise.id if promise is not None else None
    (facts,) = load_agreements(reading, Span(under.id, under.id), only=only)
    standings = {one.matter.reference: one for one in assess(facts, rules, today)}
    return standings.get(matter) or standings.get(matter.partition("#")[0])


def list_colleagues(rules: Rules, question: Question, today: date) -> tuple[Person, ...]:
    """To whom it can be handed over: the others of the party in office, its coordinator first.

    Whoever is asked to name an owner may name themselves.
    """
    others = _find_colleagues(rules, question, today)
    return tuple(sorted(others, key=lambda one: (one.role is not ContactRole.COORDINATOR, one.reference)))


def has_colleague(rules: Rules, question: Question, today: date) -> bool:
    """Whether there is anybody to whom it can be handed over."""
    return next(_find_colleagues(rules, question, today), None) is not None


def _find_colleagues(rules: Rules, question: Question, today: date) -> Iterator[Person]:
    """The people of the party in office who do not answer for it yet, in no order."""
    own = (one for one in rules.people.values() if one.party_id == question.party_id)
    reader = None if question.lacks_owner else question.person.id
    return find_colleagues(own, question.owner_id, reader, today)


def find_colleagues(own: Iterable[Person], owner: int | None, reader: int | None, today: date) -> Iterator[Person]:
    """Of a party's own people those to whom what is asked of it can be handed over: in office, asked anything, and
    neither its `owner` nor the `reader`, who is left out where they are asked to name one. Pure."""
    for one in own:
        if one.id not in (owner, reader) and one.role is not ContactRole.LEADER and one.is_in_office(today):
            yield one
