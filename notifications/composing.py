"""Builds what each message says from what the register knows now: one view a message, set-based for a batch."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select

from commitments.deadlines import derive_state
from commitments.facts import Agreement, Person, Reason, Standing
from commitments.queries import Span, load_agreements
from commitments.reconcile import Rules, assess
from commitments.tables import (
    agreement,
    agreement_party,
    commitment,
    contact,
    follow_up,
    milestone,
    party,
)
from commitments.vocabulary import (
    CommitmentKind,
    CommitmentState,
    FollowUpKind,
    FollowUpState,
    MatterKind,
    NotificationKind,
    ReasonCode,
    StandingState,
)
from notifications.messages import (
    ITEM_LIMIT,
    AgreementLine,
    ComingDate,
    Digest,
    Ground,
    Item,
    KindLine,
    Message,
    PartyLine,
    Summary,
    Waiting,
)
from notifications.reasons import Why
from notifications.tables import notice

COMING_DAYS = 30
WORST_FIRST = (
    StandingState.OVERDUE,
    StandingState.BEHIND,
    StandingState.SILENT,
    StandingState.UNCONFIRMED,
    StandingState.UNOWNED,
    StandingState.DUE_SOON,
    StandingState.ON_HOLD,
    StandingState.ON_TRACK,
    StandingState.SETTLED,
)
NEEDING_ATTENTION = frozenset(WORST_FIRST[:5])
_URGENCY = {state: place for place, state in enumerate(WORST_FIRST)}


@dataclass(frozen=True, slots=True)
class Names:
    """Names of parties and contacts, loaded once a run."""

    parties: Mapping[int, Mapping[str, str]]
    contacts: Mapping[int, tuple[str, str | None]]

    def name_party(self, party_id: int, language: str) -> str:
        return choose_words(self.parties.get(party_id, {}), language)


def load_names(reading: Connection) -> Names:
    parties = {
        row.id: row.names or {"en": row.reference}
        for row in reading.execute(select(party.c.id, party.c.reference, party.c.names))
    }
    contacts = {
        row.id: (row.name, row.channels.get("mail"))
        for row in reading.execute(select(contact.c.id, contact.c.name, contact.c.channels))
    }
    return Names(parties, contacts)


def choose_words(by_language: Mapping[str, str], language: str) -> str:
    """The words in the reader's language, else in its base language, else in English, else in any."""
    base = language.split("-", maxsplit=1)[0]
    for wanted in (language, base, "en"):
        if wanted in by_language:
            return by_language[wanted]
    return next(iter(by_language.values()), "")


def compose_messages(
    reading: Connection,
    notifications: Sequence[Any],
    rules: Rules,
    names: Names,
    today: date,
    *,
    base_url: str | None = None,
) -> dict[int, Message]:
    """The view of each notification, by its id; one whose matters are all answered meanwhile has no items."""
    notices = _load_notices(reading, [row.id for row in notifications])
    counterparts = _load_counterparts(reading, {row.agreement_id for rows in notices.values() for row in rows})
    pictures = _Pictures(reading, rules, names, today)
    messages: dict[int, Message] = {}
    for row in notifications:
        person = rules.people[row.contact_id]
        items = _build_items(notices.get(row.id, []), person, names, counterparts, rules, base_url)
        kinds = {one.kind for one in notices.get(row.id, [])}
        name, mail = _find_reply(person, rules, names)
        messages[row.id] = Message(
            NotificationKind(row.kind),
            row.local_day,
            names.contacts[person.id][0],
            person.language,
            tuple(items[:ITEM_LIMIT]),
            max(len(items) - ITEM_LIMIT, 0),
            pictures.digest_of(person) if NotificationKind.DIGEST in kinds else None,
            pictures.summary_of(person, row.local_day) if NotificationKind.SUMMARY in kinds else None,
            name,
            mail,
            base_url,
        )
    return messages


def _find_reply(person: Person, rules: Rules, names: Names) -> tuple[str | None, str | None]:
    """An answer by mail goes to a coordinator of the reader's own party, if that is another person."""
    for coordinator in rules.coordinators.get(person.party_id, ()):
        if coordinator.id != person.id and coordinator.mail is not None:
            return names.contacts[coordinator.id]
    return None, None


def _load_notices(reading: Connection, ids: Sequence[int]) -> dict[int, list[Any]]:
    """The notices of these messages that still stand: follow-ups still open, commitments still active."""
    rows = reading.execute(
        select(
            notice,
            agreement.c.reference.label("agreement_reference"),
            agreement.c.title,
            commitment.c.summary,
            commitment.c.quote,
            follow_up.c.key.label("follow_up_key"),
            follow_up.c.kind.label("follow_up_kind"),
            follow_up.c.due_on.label("answer_by"),
            follow_up.c.assignee_id,
            follow_up.c.party_id.label("asked_party_id"),
            milestone.c.title.label("milestone_title"),
        )
        .outerjoin(agreement, agreement.c.id == notice.c.agreement_id)
        .outerjoin(commitment, commitment.c.id == notice.c.commitment_id)
        .outerjoin(follow_up, follow_up.c.id == notice.c.follow_up_id)
        .outerjoin(
            milestone,
            (notice.c.matter_kind == str(MatterKind.MILESTONE))
            & (milestone.c.commitment_id == notice.c.commitment_id)
            & notice.c.matter.endswith("#" + milestone.c.reference),
        )
        .where(
            notice.c.notification_id.in_(ids),
            or_(notice.c.follow_up_id.is_(None), follow_up.c.state == str(FollowUpState.OPEN)),
            or_(
                notice.c.follow_up_id.is_not(None),
                notice.c.commitment_id.is_(None),
                commitment.c.state == str(CommitmentState.ACTIVE),
            ),
            or_(milestone.c.id.is_(None), milestone.c.met_on.is_(None)),
        )
        .order_by(notice.c.id)
    )
    notices: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        notices[row.notification_id].append(row)
    return notices


def _load_counterparts(reading: Connection, agreement_ids: Iterable[int | None]) -> dict[int, list[int]]:
    wanted = [one for one in agreement_ids if one is not None]
    places: dict[int, list[int]] = defaultdict(list)
    for row in reading.execute(
        select(agreement_party.c.agreement_id, agreement_party.c.party_id)
        .where(agreement_party.c.agreement_id.in_(wanted))
        .order_by(agreement_party.c.agreement_id, agreement_party.c.position)
    ):
        places[row.agreement_id].append(row.party_id)
    return places


def _build_items(
    rows: Sequence[Any],
    person: Person,
    names: Names,
    counterparts: Mapping[int, Sequence[int]],
    rules: Rules,
    base_url: str | None,
) -> list[Item]:
    """One item a matter and party, the latest notice of each, most urgent first."""
    latest: dict[tuple[str, int | None, str | None], Item] = {}
    for row in rows:
        if row.agreement_id is not None:
            item = _build_item(row, person, names, counterparts, rules, base_url)
            latest[row.matter, row.party_id, row.follow_up_kind] = item
    return sorted(
        latest.values(),
        key=lambda item: (
            item.kind is not NotificationKind.CONFIRMATION,
            _URGENCY[item.standing],
            item.due_on or item.answer_by or date.max,
            item.agreement_title,
        ),
    )


def _build_item(
    row: Any,
    person: Person,
    names: Names,
    counterparts: Mapping[int, Sequence[int]],
    rules: Rules,
    base_url: str | None,
) -> Item:
    language = person.language
    quote = choose_quote(row.quote or {}, language)
    ground = dict(row.decision_reason["numbers"])
    asked_id = row.assignee_id if row.kind == NotificationKind.ESCALATION else None
    part = row.matter.partition("#")[2]
    turn = row.asked_party_id or row.party_id
    others = [other for other in counterparts.get(row.agreement_id, ()) if other != turn]
    return Item(
        NotificationKind(row.kind),
        row.agreement_reference,
        choose_words(row.title, language),
        row.matter.partition("#")[0].partition(":")[0],
        MatterKind(row.matter_kind),
        quote or row.summary or choose_words(row.title, language),
        quote is not None,
        row.milestone_title or part or None,
        tuple(names.name_party(other, language) for other in others),
        StandingState(row.standing),
        Reason(ReasonCode(row.reason["code"]), row.reason["numbers"]),
        Ground(Why(row.decision_reason["code"]), ground),
        FollowUpKind(row.follow_up_kind) if row.follow_up_kind else None,
        row.follow_up_key,
        row.due_on,
        row.answer_by,
        names.contacts[asked_id][0] if asked_id is not None else None,
        names.name_party(turn, language) if turn is not None else None,
        f"{base_url.rstrip('/')}/agreements/{row.agreement_reference}" if base_url else None,
    )


def choose_quote(quote: Mapping[str, str], language: str) -> str | None:
    """The sentence in the reader's language or in English; a sentence in a third language helps nobody."""
    base = language.split("-", maxsplit=1)[0]
    return next((quote[one] for one in (language, base, "en") if one in quote), None)


class _Pictures:
    """Digests and summaries of one batch; what several of them need is assessed once."""

    def __init__(self, reading: Connection, rules: Rules, names: Names, today: date) -> None:
        self._reading, self._rules, self._names, self._today = reading, rules, names, today
        self._assessed: dict[int, tuple[Agreement, list[Standing]]] = {}
        self._titles: dict[int, Mapping[str, str]] = {}
        self._summaries: dict[int, Mapping[int, str]] = {}

    def _load(self, party_id: int) -> list[tuple[Agreement, list[Standing]]]:
        ids = self._reading.execute(
            select(agreement_party.c.agreement_id)
            .where(agreement_party.c.party_id == party_id)
            .order_by(agreement_party.c.agreement_id)
        ).scalars()
        found = []
        for agreement_id in ids:
            if agreement_id not in self._assessed:
                (one,) = load_agreements(self._reading, Span(agreement_id, agreement_id))
                self._assessed[agreement_id] = one, assess(one, self._rules, self._today)
                self._titles[agreement_id] = self._reading.execute(
                    select(agreement.c.title).where(agreement.c.id == agreement_id)
                ).scalar_one()
            found.append(self._assessed[agreement_id])
        return found

    def _title(self, agreement_id: int, language: str) -> str:
        return choose_words(self._titles[agreement_id], language)

    def _lines(self, person: Person) -> tuple[AgreementLine, ...]:
        held = self._load(person.party_id)
        open_counts: dict[int, int] = {
            row.agreement_id: row.number
            for row in self._reading.execute(
                select(follow_up.c.agreement_id, func.count().label("number"))
                .where(
                    follow_up.c.agreement_id.in_([one.id for one, _ in held]),
                    follow_up.c.state == str(FollowUpState.OPEN),
                )
                .group_by(follow_up.c.agreement_id)
            )
        }
        lines = [self._line(person, one, standings, open_counts.get(one.id, 0)) for one, standings in held]
        return tuple(sorted(lines, key=lambda line: _URGENCY[line.counts[0][0]] if line.counts else len(_URGENCY)))

    def _line(
        self, person: Person, one: Agreement, standings: Sequence[Standing], open_follow_ups: int
    ) -> AgreementLine:
        own = [standing for standing in standings if standing.matter.kind is MatterKind.COMMITMENT]
        worst = min(own, key=lambda standing: _URGENCY[standing.state], default=None)
        known = {commitment.id: commitment.summary for commitment in one.commitments}
        return AgreementLine(
            one.reference,
            self._title(one.id, person.language),
            derive_state(one, self._today),
            count_standings(own),
            open_follow_ups,
            worst.reason if worst is not None else None,
            known.get(worst.matter.commitment_id or 0) if worst is not None else None,
            tuple(
                self._names.name_party(place.party_id, person.language)
                for place in one.parties
                if place.party_id != person.party_id
            ),
        )

    def digest_of(self, person: Person) -> Digest:
        since = self._today - timedelta(days=7)
        held = self._load(person.party_id)
        ids = [one.id for one, _ in held]
        opened, closed = (
            self._reading.execute(
                select(func.count()).select_from(follow_up).where(follow_up.c.agreement_id.in_(ids), column > since)
            ).scalar_one()
            for column in (follow_up.c.opened_on, follow_up.c.closed_on)
        )
        return Digest(
            since, self._lines(person), opened, closed, self._coming(person, held), self._waiting(person, ids)
        )

    def _coming(self, person: Person, held: Sequence[tuple[Agreement, list[Standing]]]) -> tuple[ComingDate, ...]:
        horizon = self._today + timedelta(days=COMING_DAYS)
        coming = []
        for one, standings in held:
            known = {commitment.id: commitment.summary for commitment in one.commitments}
            recurring = {commitment.id for commitment in one.commitments if commitment.recurrence is not None}
            for standing in standings:
                matter = standing.matter
                twice = matter.kind is MatterKind.COMMITMENT and matter.commitment_id in recurring
                if (
                    standing.deadline is not None
                    and self._today <= standing.deadline <= horizon
                    and standing.state in (StandingState.DUE_SOON, StandingState.BEHIND, StandingState.UNOWNED)
                    and not twice
                ):
                    title = self._title(one.id, person.language)
                    promise = known.get(matter.commitment_id or 0, title)
                    coming.append(ComingDate(standing.deadline, title, promise, matter.kind))
        return tuple(sorted(coming, key=lambda one: (one.day, one.agreement_title)))

    def _waiting(self, person: Person, agreement_ids: Sequence[int]) -> tuple[Waiting, ...]:
        """Who was asked before this week and has not answered, longest first."""
        rows = self._reading.execute(
            select(
                follow_up.c.assignee_id, func.count().label("number"), func.min(follow_up.c.opened_on).label("oldest")
            )
            .where(
                follow_up.c.agreement_id.in_(agreement_ids),
                follow_up.c.state == str(FollowUpState.OPEN),
                follow_up.c.assignee_id.is_not(None),
                follow_up.c.assignee_id != person.id,
                follow_up.c.opened_on < self._today,
            )
            .group_by(follow_up.c.assignee_id)
        )
        people = self._rules.people
        waiting = [
            Waiting(
                self._names.contacts[row.assignee_id][0],
                self._names.name_party(people[row.assignee_id].party_id, person.language),
                row.number,
                row.oldest,
            )
            for row in rows
        ]
        return tuple(sorted(waiting, key=lambda one: (one.oldest, one.name)))

    def summary_of(self, person: Person, day: date) -> Summary:
        held = self._load(person.party_id)
        by_kind: dict[CommitmentKind, list[Standing]] = defaultdict(list)
        owed: Counter[int] = Counter()
        fulfilled: Counter[int] = Counter()
        attention: Counter[int] = Counter()
        for one, standings in held:
            commitments = {commitment.id: commitment for commitment in one.commitments}
            for standing in standings:
                if standing.matter.kind is not MatterKind.COMMITMENT:
                    continue
                promise = commitments[standing.matter.commitment_id or 0]
                by_kind[promise.kind].append(standing)
                for owner in promise.owners:
                    owed[owner.party_id] += 1
                    fulfilled[owner.party_id] += promise.state is CommitmentState.FULFILLED
                    attention[owner.party_id] += standing.state in NEEDING_ATTENTION
        return Summary(
            day.replace(day=1),
            self._lines(person),
            tuple(KindLine(kind, count_standings(by_kind[kind])) for kind in CommitmentKind if by_kind[kind]),
            tuple(
                PartyLine(self._names.name_party(one, person.language), owed[one], fulfilled[one], attention[one])
                for one in sorted(owed, key=lambda one: (one != person.party_id, -owed[one]))
            ),
        )


def count_standings(standings: Iterable[Standing]) -> tuple[tuple[StandingState, int], ...]:
    """How many stand in each state, worst first, none of nought."""
    counts = Counter(standing.state for standing in standings)
    return tuple((state, counts[state]) for state in WORST_FIRST if counts[state])


def is_empty(message: Message) -> bool:
    """Nothing in it that its reader would want to know."""
    if message.items or message.more or message.summary is not None:
        return False
    digest = message.digest
    return digest is None or not (
        digest.opened or digest.closed or digest.coming or digest.waiting
        or any(line.open_follow_ups for line in digest.agreements)
    )  # fmt: skip
