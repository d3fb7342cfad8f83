"""Draws the weekly digest and the monthly summary from how everything stands now."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, case, func, select

from commitments.chunks import Span
from commitments.days import find_own_day
from commitments.deadlines import derive_state
from commitments.facts import Agreement, Commitment, Person, Reason, Standing
from commitments.queries import load_agreements
from commitments.reconcile import Rules, assess
from commitments.renewing import renew_reason
from commitments.tables import agreement, agreement_party, commitment, follow_up, milestone
from commitments.urgency import URGENCY, WORST_FIRST, stand_with_steps
from commitments.vocabulary import (
    CommitmentKind,
    CommitmentState,
    FollowUpKind,
    FollowUpState,
    MatterKind,
    NotificationKind,
    NotificationState,
    ReasonCode,
    StandingState,
)
from notifications.binding import binds
from notifications.changes import Noted, count_follow_ups, load_changes
from notifications.messages import (
    Age,
    AgreementLine,
    ComingDate,
    Digest,
    KindLine,
    News,
    PartyLine,
    Reach,
    Stuck,
    Summary,
    Troubled,
    Waiting,
)
from notifications.moves import load_moves
from notifications.names import Names, choose_words, find_words, name_promise
from notifications.ratings import Said, load_troubled
from notifications.reasons import ChangeKind, Decision
from notifications.stuck import order_stuck
from notifications.tables import notice, notification

COMING_DAYS = 30
LONG_DAYS = 10
"""A digest of more days, as every two weeks or after a pause, is not called a week's."""
FURTHEST_BACK = timedelta(days=70)
"""The longest rhythm is a month; a pause may come before it."""
STILL_WRITING = timedelta(minutes=10)
"""What is written carries the moment at which the writing began; by so much later it can be read."""
NEEDING_ATTENTION = frozenset(WORST_FIRST[:5])


def needs_attention(standing: Standing) -> bool:
    """Whether somebody has to see to it; what only waits for the other side's yes is that side's to answer."""
    return standing.state in NEEDING_ATTENTION and not standing.is_at_rest


def is_fulfilled(promise: Commitment, standing: Standing) -> bool:
    """Whether it is done, and nobody is still asked whether that is so."""
    return promise.state is CommitmentState.FULFILLED and standing.reason.code is not ReasonCode.REPORTED_DONE


def _place_line(line: AgreementLine) -> int:
    """The worst first; what was called at risk or off track comes before what is only due soon."""
    place = URGENCY[line.counts[0][0]] if line.counts else len(URGENCY)
    return min(place, URGENCY[StandingState.UNOWNED]) if line.troubled is not None else place


class Pictures:
    """Digests and summaries of one batch, each as of its reader's day; what several of them need is assessed once."""

    def __init__(self, reading: Connection, rules: Rules, names: Names) -> None:
        self._reading, self._rules, self._names = reading, rules, names
        self._agreements: dict[int, Agreement] = {}
        self._assessed: dict[tuple[int, date], list[Standing]] = {}
        self._titles: dict[int, Mapping[str, str]] = {}
        self._promises: dict[int, Any] = {}
        self._steps: dict[tuple[int, str], Any] = {}

    def _load(self, party_id: int, day: date, since: date) -> list[tuple[Agreement, list[Standing]]]:
        """The agreements that have bound the party at any time `since`, and how all in them stands on a day."""
        held = self._reading.execute(
            select(agreement_party.c.agreement_id)
            .join(agreement, agreement.c.id == agreement_party.c.agreement_id)
            .where(agreement_party.c.party_id == party_id, binds(since))
            .order_by(agreement_party.c.agreement_id)
        ).scalars()
        ids = list(held)
        unread = [one for one in ids if one not in self._agreements]
        if unread:
            self._load_words(unread)
        for agreement_id in unread:
            (self._agreements[agreement_id],) = load_agreements(self._reading, Span(agreement_id, agreement_id))
        return [(self._agreements[one], self._assess(one, day)) for one in ids]

    def _assess(self, agreement_id: int, day: date) -> list[Standing]:
        if (agreement_id, day) not in self._assessed:
            self._assessed[agreement_id, day] = assess(self._agreements[agreement_id], self._rules, day)
        return self._assessed[agreement_id, day]

    def _load_words(self, agreement_ids: Sequence[int]) -> None:
        """What these agreements and their commitments are called, in every language."""
        titles = select(agreement.c.id, agreement.c.title).where(agreement.c.id.in_(agreement_ids))
        self._titles |= {row.id: row.title for row in self._reading.execute(titles)}
        promises = select(
            commitment.c.id, commitment.c.reference, commitment.c.summary, commitment.c.summaries, commitment.c.quote
        )
        mine = promises.where(commitment.c.agreement_id.in_(agreement_ids))
        self._promises |= {row.id: row for row in self._reading.execute(mine)}
        steps = (
            select(milestone.c.commitment_id, milestone.c.reference, milestone.c.title, milestone.c.titles)
            .join(commitment, commitment.c.id == milestone.c.commitment_id)
            .where(commitment.c.agreement_id.in_(agreement_ids))
        )
        self._steps |= {(row.commitment_id, row.reference): row for row in self._reading.execute(steps)}

    def _promise(self, commitment_id: int | None, language: str) -> str | None:
        return name_promise(self._promises[commitment_id], language) if commitment_id is not None else None

    def _matter(self, commitment_id: int | None, matter: str, language: str) -> str | None:
        """What a date is called: a milestone by its own title, with its promise, which has another date."""
        promise = self._promise(commitment_id, language)
        part = matter.partition("#")[2].removeprefix("milestone:")
        step = self._steps.get((commitment_id or 0, part))
        return f"{find_words(step.titles, language) or step.title} ({promise})" if step is not None else promise

    def _page(self, agreement_id: int, commitment_id: int | None) -> str:
        """Where the portal shows a commitment, or else the agreement."""
        page = f"agreements/{self._agreements[agreement_id].reference}"
        return f"{page}/commitments/{self._promises[commitment_id].reference}" if commitment_id is not None else page

    def _title(self, agreement_id: int, language: str) -> str:
        return choose_words(self._titles[agreement_id], language)

    def _lines(
        self, person: Person, day: date, held: Sequence[tuple[Agreement, list[Standing]]]
    ) -> tuple[AgreementLine, ...]:
        troubled = load_troubled(self._reading, [one.id for one, _ in held], day)
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
        lines = [
            self._line(person, day, one, standings, open_counts.get(one.id, 0), troubled.get(one.id, ()))
            for one, standings in held
        ]
        return tuple(sorted(lines, key=_place_line))

    def _line(
        self,
        person: Person,
        day: date,
        one: Agreement,
        standings: Sequence[Standing],
        open_follow_ups: int,
        troubled: Sequence[Said],
    ) -> AgreementLine:
        promised = stand_with_steps(standings)
        ours = {
            promise.id
            for promise in one.commitments
            if not promise.owners or any(owner.party_id == person.party_id for owner in promise.owners)
        }
        own = [standing for standing in promised if standing.matter.commitment_id in ours]
        others = [standing for standing in promised if standing.matter.commitment_id not in ours]
        worst = min(
            promised,
            key=lambda standing: (URGENCY[standing.state], standing.matter.commitment_id not in ours),
            default=None,
        )
        return AgreementLine(
            one.reference,
            self._title(one.id, person.language),
            derive_state(one, day),
            count_standings(promised),
            open_follow_ups,
            self._say_numbers(worst.reason, person.language) if worst is not None else None,
            self._matter(worst.matter.commitment_id, worst.matter.reference, person.language)
            if worst is not None
            else None,
            tuple(
                self._names.name_party(place.party_id, person.language)
                for place in one.parties
                if place.party_id != person.party_id
            ),
            count_standings(own),
            count_standings(others),
            self._tell_trouble(person, one, promised, troubled),
        )

    def _tell_trouble(
        self, person: Person, one: Agreement, promised: Sequence[Standing], troubled: Sequence[Said]
    ) -> Troubled | None:
        """The worst that was said of a promise of which something is left to be done, by who still owes it."""
        open_ids = {standing.matter.commitment_id for standing in promised if not standing.is_at_rest}
        owing = {(promise.id, owner.party_id) for promise in one.commitments for owner in promise.owners}
        for said in troubled:
            if said.commitment_id in open_ids and (said.commitment_id, said.party_id) in owing:
                promise = self._promise(said.commitment_id, person.language) or ""
                return Troubled(promise, self._names.name_party(said.party_id, person.language), said.on, said.rating)
        return None

    def digest_of(self, person: Person, day: date, taken_up: datetime | None = None) -> Digest:
        """What one person's digest says on a day of theirs.

        With `taken_up` it tells of what happened before it was first taken up to be sent. The next one goes on from
        there, not from when this one was sent: so what happens while it is on its way, or tried again, is told in one
        of the two, and in one alone.
        """
        since = self._find_last_digest(person, day)
        since_day = find_own_day(person, since)
        until = taken_up - STILL_WRITING if taken_up is not None else None
        held = self._load(person.party_id, day, since_day)
        ids = [one.id for one, _ in held]
        opened, closed = count_follow_ups(self._reading, ids, since, until)
        return Digest(
            since_day,
            self._lines(person, day, held),
            opened,
            closed,
            self._coming(person, day, held),
            self._waiting(person, day, ids),
            self._news(person, ids, since, until),
            self._stuck(person, day, ids, held),
            (day - since_day).days > LONG_DAYS,
        )

    def _find_last_digest(self, person: Person, day: date) -> datetime:
        """Up to when the person's last digest told; a week ago if none went, and never more than ten weeks ago."""
        last = self._reading.execute(
            select(func.max(func.coalesce(notification.c.told_until, notification.c.queued_at)))
            .join(notice, notice.c.notification_id == notification.c.id)
            .where(
                notification.c.contact_id == person.id,
                notification.c.sent_at.is_not(None),
                notice.c.kind == str(NotificationKind.DIGEST),
                notice.c.decision == str(Decision.TOLD),
            )
        ).scalar_one()
        midnight = datetime.combine(day, time(0), ZoneInfo(person.time_zone)).astimezone(UTC)
        told = last - STILL_WRITING if last is not None else midnight - timedelta(days=7)
        return max(told, midnight - FURTHEST_BACK)

    def _news(
        self, person: Person, agreement_ids: Sequence[int], since: datetime, until: datetime | None
    ) -> tuple[News, ...]:
        language = person.language
        told = load_changes(self._reading, agreement_ids, since, until=until, zone=person.time_zone)
        returned = {one.commitment_id for one in told if one.kind is ChangeKind.RETURNED}
        moved = [
            one
            for one in load_moves(self._reading, agreement_ids, since, until, person.time_zone)
            if one.kind is not ChangeKind.RESUMED or one.commitment_id not in returned
        ]
        return tuple(
            News(
                one.kind,
                one.on,
                self._name_news(one, language),
                self._title(one.agreement_id, language),
                self._names.name_party(one.party_id, language) if one.party_id is not None else None,
                one.rating,
                one.state,
                one.value,
                one.unit,
                one.before,
                one.after,
                one.name or self._names.people.get(one.who or ""),
                one.number,
                one.note,
            )
            for one in sorted((*told, *moved), key=lambda one: one.on, reverse=True)
        )

    def _name_news(self, one: Noted, language: str) -> str:
        if one.kind in (ChangeKind.MILESTONE, ChangeKind.MOVED, ChangeKind.RESUMED) and one.row is not None:
            return find_words(one.row.titles, language) or one.row.title
        if one.kind is ChangeKind.HELD and one.row is not None:
            return str(one.row.title)
        return self._promise(one.commitment_id, language) or self._title(one.agreement_id, language)

    def _stuck(
        self, person: Person, day: date, agreement_ids: Sequence[int], held: Sequence[tuple[Agreement, list[Standing]]]
    ) -> tuple[Stuck, ...]:
        """What should have been answered by now, the worst first."""
        rows = self._reading.execute(
            select(
                follow_up.c.agreement_id, follow_up.c.commitment_id, follow_up.c.party_id, follow_up.c.assignee_id,
                follow_up.c.due_on, follow_up.c.reason, follow_up.c.kind, follow_up.c.matter, follow_up.c.matter_kind,
            )
            .where(
                follow_up.c.agreement_id.in_(agreement_ids),
                follow_up.c.state == str(FollowUpState.OPEN),
                follow_up.c.due_on < day,
            )
            .order_by(follow_up.c.due_on, follow_up.c.id)
        )  # fmt: skip
        language = person.language
        current = {one.matter.reference: one for _, standings in held for one in standings}
        return order_stuck(
            Stuck(
                self._matter(row.commitment_id, row.matter, language) or self._title(row.agreement_id, language),
                self._title(row.agreement_id, language),
                self._renew(row, current.get(row.matter), day, language),
                row.due_on,
                self._names.contacts[row.assignee_id][0] if row.assignee_id is not None else None,
                self._names.name_party(row.party_id, language) if row.party_id is not None else None,
                f"people/{row.matter}"
                if row.kind == FollowUpKind.MESSAGE_FAILED and row.party_id == person.party_id
                else self._page(row.agreement_id, row.commitment_id),
                MatterKind(row.matter_kind),
                FollowUpKind(row.kind),
            )
            for row in rows
        )

    def _renew(self, row: Any, standing: Standing | None, day: date, language: str) -> Reason:
        reason = renew_reason(FollowUpKind(row.kind), row.reason, standing, day)
        return self._say_numbers(Reason(ReasonCode(reason["code"]), reason["numbers"]), language)

    def _say_numbers(self, reason: Reason, language: str) -> Reason:
        return Reason(reason.code, self._names.name_numbers(reason.numbers, language))

    def _coming(
        self, person: Person, day: date, held: Sequence[tuple[Agreement, list[Standing]]]
    ) -> tuple[ComingDate, ...]:
        horizon = day + timedelta(days=COMING_DAYS)
        coming = []
        for one, standings in held:
            recurring = {promise.id for promise in one.commitments if promise.recurrence is not None}
            for standing in standings:
                matter = standing.matter
                twice = matter.kind is MatterKind.COMMITMENT and matter.commitment_id in recurring
                if (
                    standing.deadline is not None
                    and day <= standing.deadline <= horizon
                    and standing.state in (StandingState.DUE_SOON, StandingState.BEHIND, StandingState.UNOWNED)
                    and not twice
                ):
                    title = self._title(one.id, person.language)
                    promise = self._matter(matter.commitment_id, matter.reference, person.language) or title
                    page = self._page(one.id, matter.commitment_id)
                    coming.append(ComingDate(standing.deadline, title, promise, matter.kind, page))
        return tuple(sorted(coming, key=lambda one: (one.day, one.agreement_title)))

    def _waiting(self, person: Person, day: date, agreement_ids: Sequence[int]) -> tuple[Waiting, ...]:
        """Who was to be asked before that day and has not answered, longest first."""
        to_them = (notice.c.follow_up_id == follow_up.c.id) & (notice.c.contact_id == follow_up.c.assignee_id)
        told = (notice.c.decision == str(Decision.TOLD)) & (notification.c.state == str(NotificationState.SENT))
        failed = notification.c.state == str(NotificationState.FAILED)
        rows = self._reading.execute(
            select(
                follow_up.c.assignee_id,
                func.min(case((told, notification.c.sent_at))).label("sent_at"),
                func.max(case((failed, 1), else_=0)).label("failed"),
            )
            .outerjoin(notice, to_them)
            .outerjoin(notification, notification.c.id == notice.c.notification_id)
            .where(
                follow_up.c.agreement_id.in_(agreement_ids),
                follow_up.c.state == str(FollowUpState.OPEN),
                follow_up.c.assignee_id.is_not(None),
                follow_up.c.assignee_id != person.id,
                follow_up.c.opened_on < day,
            )
            .group_by(follow_up.c.id, follow_up.c.assignee_id)
        )
        open_by_person: dict[int, list[Any]] = defaultdict(list)
        for row in rows:
            open_by_person[row.assignee_id].append(row)
        waiting = [self._tell_waiting(person, self._rules.people[one], day, own) for one, own in open_by_person.items()]
        return tuple(sorted(waiting, key=lambda one: (not one.own_side, one.oldest or date.min, one.name)))

    def _tell_waiting(self, reader: Person, asked: Person, day: date, rows: Sequence[Any]) -> Waiting:
        sent = [row.sent_at for row in rows if row.sent_at is not None]
        since = find_own_day(asked, min(sent)) if sent else None
        if not asked.ways:
            reach = Reach.NO_WAY
        elif since is not None:
            reach = Reach.ASKED
        elif any(row.failed for row in rows):
            reach = Reach.LOST
        elif asked.choices.is_paused(day):
            reach, since = Reach.AWAY, asked.choices.paused_to
        else:
            reach = Reach.NOTHING
        own_side = asked.party_id == reader.party_id
        return Waiting(
            self._names.contacts[asked.id][0],
            self._names.name_party(asked.party_id, reader.language),
            len(rows),
            since,
            own_side,
            f"people/{asked.reference}" if own_side else "",
            reach,
        )

    def summary_of(self, person: Person, day: date) -> Summary:
        held = self._load(person.party_id, day, (day.replace(day=1) - timedelta(days=1)).replace(day=1))
        by_kind: dict[CommitmentKind, list[Standing]] = defaultdict(list)
        owed: Counter[int] = Counter()
        fulfilled: Counter[int] = Counter()
        attention: Counter[int] = Counter()
        silence: Counter[Age] = Counter()
        for one, standings in held:
            promises = {promise.id: promise for promise in one.commitments}
            for standing in stand_with_steps(standings):
                promise = promises[standing.matter.commitment_id or 0]
                by_kind[promise.kind].append(standing)
                age = find_age(standing)
                if age is not None:
                    silence[age] += 1
                for owner in promise.owners:
                    owed[owner.party_id] += 1
                    fulfilled[owner.party_id] += is_fulfilled(promise, standing)
                    attention[owner.party_id] += needs_attention(standing)
        return Summary(
            day.replace(day=1),
            self._lines(person, day, held),
            tuple(KindLine(kind, count_standings(by_kind[kind])) for kind in CommitmentKind if by_kind[kind]),
            tuple(
                PartyLine(self._names.name_party(one, person.language), owed[one], fulfilled[one], attention[one])
                for one in sorted(owed, key=lambda one: (one != person.party_id, -owed[one]))
            ),
            tuple((age, silence[age]) for age in Age if silence[age]),
        )


def find_age(standing: Standing) -> Age | None:
    """How long nothing has been heard under an open commitment that is watched for silence; None for any other."""
    code, numbers = standing.reason.code, standing.reason.numbers
    if code is ReasonCode.NOTHING_KNOWN:
        return Age.UNKNOWN
    if code not in (ReasonCode.SILENT_SINCE, ReasonCode.NO_DATE_ACTIVE) or "months" not in numbers:
        return None
    months = int(numbers["months"])
    if months < 6:
        return Age.HALF_YEAR
    if months < 12:
        return Age.YEAR
    return Age.TWO_YEARS if months < 24 else Age.LONGER


def count_standings(standings: Iterable[Standing]) -> tuple[tuple[StandingState, int], ...]:
    """How many stand in each state, worst first, none of nought."""
    counts = Counter(standing.state for standing in standings)
    return tuple((state, counts[state]) for state in WORST_FIRST if counts[state])
