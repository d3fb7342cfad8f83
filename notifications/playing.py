"""Plays days of one agreement in memory, by the code of the daily job: nothing is copied or written.

Who is asked what, what is due to be told and in which message it goes is decided as every day. Only what that reads and
writes is held as values.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

from commitments.asked_steps import read_step
from commitments.assessment import assess_commitment, find_owner, is_ended, is_expired
from commitments.clock import today_in
from commitments.dates import add_days, as_partial
from commitments.days import Days, find_days_in, group_by_zone, list_asked
from commitments.deadlines import assess_deadlines
from commitments.facts import Agreement, Commitment, Milestone, Reason, Standing, WantedFollowUp
from commitments.followups import want_followups
from commitments.known_days import list_recorded, take_as_known
from commitments.reconcile import ENGINE, Rules, assess, choose_wanted, find_due
from commitments.settings import Settings
from commitments.settlements import describe_new, plan_settlements
from commitments.untroubled import find_first_trouble, find_lasting_trouble
from commitments.vocabulary import (
    CommitmentState,
    FollowUpKind,
    FollowUpState,
    NotificationKind,
    NotificationState,
    ReasonCode,
    StandingState,
)
from notifications.candidates import Candidate, Focus
from notifications.composing import compose_message
from notifications.counting import count_anew, count_ground_anew
from notifications.current import asks_its_reader
from notifications.held import AFTERWARDS, describe_place, is_paused, judge_held
from notifications.imagined import FollowUp, ImaginedLedger, Notice, Queued, Scene
from notifications.ladders import Ladder, read_ladders
from notifications.ledger import Row
from notifications.moments import Moment
from notifications.names import Names
from notifications.notices import Around, Dated, is_settled
from notifications.queueing import Planned, queue_due
from notifications.reasons import Decision
from notifications.reminders import DAYS_EARLIER, Prospect, find_prospects, find_reminders
from notifications.rendering import write_subject_line
from notifications.routing import find_rest, has_heard, has_told_all
from notifications.rungs import find_rungs
from notifications.sent_back import judge_returned

KINDS = frozenset(NotificationKind) - {NotificationKind.DIGEST, NotificationKind.SUMMARY, NotificationKind.ALERT}
"""What tells of one agreement, and not of the whole register at once."""
_FAILED = FollowUpKind.MESSAGE_FAILED


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A message that would be sent, if nothing else happened until then."""

    day: date
    at: datetime
    key: str
    contact: str
    name: str
    to: str
    channel: str
    kind: str
    subject: str
    reasons: tuple[Mapping[str, Any], ...]
    """One a notice: {"matter", "kind", "why": {"code", "numbers"}, "standing": {"code", "numbers"}}."""


@dataclass(frozen=True, slots=True)
class _Rung:
    """A notice with its follow-up and its message, as ladders are read from."""

    follow_up_id: int
    rung: int
    contact_id: int
    kind: str
    decision: str
    decision_reason: Mapping[str, Any]
    decided_on: date
    opened_on: date
    snoozed_until: date | None
    assignee_id: int | None
    state: str | None
    sent_at: datetime | None
    message_reason: None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A notice with what it is about, as messages are composed of."""

    id: int
    kind: str
    agreement_id: int | None
    commitment_id: int | None
    agreement_reference: str
    title: Mapping[str, str]
    summary: str | None
    summaries: Mapping[str, str] | None
    quote: Mapping[str, str] | None
    commitment_kind: str | None
    commitment_due: object
    milestone_due: object
    milestone_title: str | None
    milestone_titles: Mapping[str, str] | None
    matter: str
    matter_kind: str
    standing: str
    due_on: date | None
    reason: Mapping[str, Any]
    decision_reason: Mapping[str, Any]
    decided_on: date
    party_id: int | None
    follow_up_id: int | None
    follow_up_key: str | None
    follow_up_kind: str | None
    answer_by: date | None
    assignee_id: int | None
    asked_party_id: int | None
    milestone_party_id: int | None = None


class Play:
    """One agreement from day to day."""

    def __init__(
        self,
        settings: Settings,
        rules: Rules,
        names: Names,
        scene: Scene,
        follow_ups: Iterable[FollowUp],
        ledger: ImaginedLedger,
    ) -> None:
        self._settings, self._rules, self._names = settings, rules, names
        self.show(scene)
        self._zones = group_by_zone(rules.people.values())
        self._ladders: dict[int, Ladder] = {}
        self._rests: dict[int, date] = {}
        """The day before which the ladder of a follow-up has nothing to tell."""
        self._follow_ups: dict[str, FollowUp] = {}
        self._by_id: dict[int, FollowUp] = {}
        self._open: dict[int, FollowUp] = {}
        self._of_dates: dict[Dated, FollowUp] = {}
        self._turns = 0
        self._settled: tuple[Mapping[str, int | None], int] = {}, -1
        """Who was asked what when this was last settled, and at which turn."""
        for one in follow_ups:
            self._hold(one)
        self._ledger = ledger
        self._held = [
            one
            for one in ledger.notices.values()
            if one.kind == NotificationKind.HAND_OVER and one.decision == Decision.HELD
        ]
        self._waiting: tuple[tuple[date, int], Sequence[FollowUp]] = ((date.min, 0), ())
        self._begun: Mapping[str, date] = {}
        self._checked: tuple[date, Mapping[str, date]] = date.min, {}
        self._restless = (frozenset[int](), frozenset[int]())
        self._house_folder = settings.house_folder
        self._domain = settings.sender.rpartition("@")[2]

    def show(self, scene: Scene) -> None:
        """Go on with what is known from now on."""
        agreement, policy = scene.agreement, self._rules.policy_of(scene.agreement)
        self._scene, self._watched = scene, agreement
        self._watched_at: tuple[date, int] | None = None
        self._concerned = agreement.commitments
        self._recorded = list_recorded(agreement)
        self._stood: dict[date, dict[int | None, Sequence[Standing]]] = {}
        """How each commitment stands on a day, and by None the dates of the agreement."""
        self._judged: dict[date, Sequence[Standing]] = {}
        self._wanted: dict[date, Sequence[WantedFollowUp]] = {}
        self._looked: tuple[date, ...] = ()
        self._asked = list_asked(agreement, self._rules.coordinators)
        self._current: Mapping[str, Standing] = {}
        self._prospects: Sequence[Prospect] = ()
        self._parties = {agreement.id: [place.party_id for place in agreement.parties]}
        self._promised = {one.id: one for one in agreement.commitments}
        self._resting = [one for one in agreement.commitments if one.state is CommitmentState.ON_HOLD]
        people = self._rules.people
        self._troubled = {one.id: find_first_trouble(one, people, policy) for one in agreement.commitments}
        self._overdue = {one.id: find_lasting_trouble(agreement, one, people) for one in agreement.commitments}
        self._quiet: frozenset[int] = frozenset()
        """The commitments that are overdue for good, and of which no ladder has anything to tell for days."""
        self._settled_on: date | None = None

    def take_answers(self, asked: Iterable[Any]) -> None:
        """What people closed or put off by then, of the follow-ups that are open here."""
        for row in asked:
            closed = row.state != FollowUpState.OPEN and row.closed_by != ENGINE
            known = self._follow_ups.get(row.key)
            if known is not None and known.is_open and (closed or row.snoozed_until is not None):
                known.state, known.snoozed_until = row.state, row.snoozed_until
                known.closed_on, known.closed_by, known.closed_why = row.closed_on, row.closed_by, row.closed_why
                self._hold(known)

    def play(self, moment: Moment) -> Iterator[Foreseen]:
        """What the jobs do then, with the sending imagined: what waits counts as sent at its time, in order."""
        for message, standing, at in self._send(moment):
            told = [self._describe(one) for one in standing]
            written = compose_message(message, told, self._rules, self._names, Around(self._parties))
            yield self._foresee(message, standing, at, write_subject_line(written, self._house_folder))

    def count(self, moment: Moment) -> int:
        """How many messages go then, of which none is written."""
        return sum(1 for _ in self._send(moment))

    def _send(self, moment: Moment) -> Iterator[tuple[Queued, Sequence[Notice], datetime]]:
        """Each message that goes then, with those of its notices that still stand, and when."""
        now, today = moment.at, today_in(self._settings.time_zone, moment.at)
        self._take_up(today)
        days = find_days_in(self._zones, now, today)
        self._unread = list(self._read_ladders(self._list_waiting(days.latest)))
        self._watch(today)
        judged = self._judge(days)
        if moment.checks or self._checked != (today, days.begun):
            self._reconcile(judged, days)
        self._checked = today, days.begun
        if moment.known is not None:
            self._ledger.known = dict.fromkeys(map(str, NotificationKind), moment.known)
        self._plan(judged, days, now, today)
        for message in self._ledger.list_queued(moment.until):
            at = max(message.next_at, now)
            read_on = max(today, message.local_day)
            standing = [one for one in self._ledger.by_message[message.id] if self._stands(one, read_on)]
            if standing:
                self._ledger.mark(message, NotificationState.SENT, at)
                yield message, standing, at
            else:
                self._ledger.mark(message, NotificationState.CANCELLED)

    def _watch(self, today: date) -> None:
        """Look only at what something may be asked or told about that day."""
        if self._watched_at != (today, self._turns) or self._unread:
            self._quiet = self._find_quiet(today)
            self._watched_at = today, self._turns
        else:
            return
        asked = {one.commitment_id for one in self._open.values()}
        concerned = tuple(
            one
            for one in self._scene.agreement.commitments
            if (first := self._troubled[one.id]) is None or first <= today or one.id in asked
        )
        if concerned != self._concerned:
            self._concerned = concerned
            self._asked = list_asked(replace(self._scene.agreement, commitments=concerned), self._rules.coordinators)
        watched = tuple(one for one in concerned if one.id not in self._quiet)
        if watched != self._watched.commitments:
            self._watched = replace(self._scene.agreement, commitments=watched)
            self._judged.clear()
            self._wanted.clear()
            self._looked = ()

    def _find_quiet(self, today: date) -> frozenset[int]:
        """What was overdue for everybody when it was last settled what is asked, and of which nothing is told for days.

        Each day the same would be asked again of the same people, who have heard it.
        """
        first, last = add_days(today, -DAYS_EARLIER), add_days(today, DAYS_EARLIER)
        agreement, settled_on = self._scene.agreement, self._settled_on
        if settled_on is None or is_ended(agreement, last) or is_expired(agreement, last):
            return frozenset()
        known = add_days(settled_on, -DAYS_EARLIER)
        restless = {one.commitment_id for one in self._open.values() if not self._is_at_rest(one, last)}
        return frozenset(
            one
            for one, due in self._overdue.items()
            if due is not None and due < min(first, known) and one not in restless
        )

    def _is_at_rest(self, asked: FollowUp, day: date) -> bool:
        return asked.snoozed_until is None and asked.id in self._ladders and self._rests[asked.id] > day

    def _judge(self, days: Days) -> Mapping[date, Sequence[Standing]]:
        """How its promises stand; by each day once, as nothing happens meanwhile."""
        listed = days.list_among(self._asked)
        for day in listed:
            if day not in self._judged:
                self._judged[day] = self._assess(day)
        return {day: self._judged[day] for day in listed}

    def _assess(self, day: date) -> Sequence[Standing]:
        known, policy, stood = self._know(day), self._rules.policy_of(self._watched), self._stood.setdefault(day, {})
        for one in known.commitments:
            if one.id not in stood:
                stood[one.id] = tuple(assess_commitment(known, one, self._rules.people, policy, day))
        if None not in stood:  # what is not watched shows no sign of life, by which they stand otherwise
            stood[None] = tuple(assess_deadlines(known, policy, day))
        return [standing for one in (*(one.id for one in known.commitments), None) for standing in stood[one]]

    def _know(self, day: date) -> Agreement:
        """What is watched, as it is known that day."""
        return take_as_known(self._watched, day) if add_days(day, 1) in self._recorded else self._watched

    def _take_up(self, today: date) -> None:
        """Take up again what was on hold until a day that has passed."""
        agreement = self._scene.agreement
        if any(is_rested(one, today) for one in self._resting):
            commitments = tuple(
                replace(one, state=CommitmentState.ACTIVE, state_on=as_partial(today), state_until=None)
                if is_rested(one, today)
                else one
                for one in agreement.commitments
            )
            self.show(replace(self._scene, agreement=replace(agreement, commitments=commitments)))

    def _reconcile(self, judged: Mapping[date, Sequence[Standing]], days: Days) -> None:
        """Open and close follow-ups, as they should be that day."""
        rules = self._rules
        for day in judged:  # by each day once, as how they stand
            if day not in self._wanted:
                policy = rules.policy_of(self._watched)
                wanted_then = want_followups(
                    self._know(day), judged[day], rules.people, rules.coordinators, policy, day
                )
                self._wanted[day] = list(wanted_then)
        wanted = {one.key: one for one in choose_wanted({day: self._wanted[day] for day in judged}, days)}
        asked = {key: one.assignee_id for key, one in wanted.items()}
        self._settled_on = days.today
        if self._settled == (asked, self._turns):
            return  # the same was wanted last, and nothing has changed since: settling it again changes nothing
        standing_open = {
            one.key: one for one in self._open.values() if one.kind != _FAILED and one.commitment_id not in self._quiet
        }
        closed_before: dict[str, FollowUp] = {}
        for key, one in wanted.items():
            if key in standing_open:
                continue
            if key in self._follow_ups:
                closed_before[key] = self._follow_ups[key]
            else:
                row = describe_new(one, days, find_due(one, rules, days))
                self._hold(FollowUp(max(self._by_id, default=0) + 1, **row))
        settled = plan_settlements(
            standing_open, closed_before, wanted, days, lambda one: find_due(one, rules, days), ENGINE
        )
        for one_settled in settled:
            for name, value in one_settled.values.items():
                setattr(one_settled.row, name, value)
            self._hold(one_settled.row)
        self._settled = asked, self._turns

    def _plan(self, judged: Mapping[date, Sequence[Standing]], days: Days, now: datetime, today: date) -> None:
        """Queue what is due."""
        rules, done = self._rules, Planned()
        waiting = self._list_waiting(days.latest)
        focus = self._find_focus(judged, days, [*self._unread, *self._read_ladders(waiting)])
        due: dict[int, list[Candidate]] = defaultdict(list)
        passed: list[Row] = []
        for one in self._find_due(waiting, days, focus):
            if one.decision is Decision.TOLD:
                due[one.person.id].append(one)
            else:
                passed.append(one.as_row(now, today, None))
        for one in self._list_held(now, today):
            due[one.person.id].append(one)
        facts = {self._scene.agreement.id: self._scene.agreement}
        for one in judge_returned(self._scene.returned, facts, rules, today, self._ledger.notices):
            due[one.person.id].append(one)
        found = [one for ones in due.values() for one in ones]
        self._restless = (frozenset(due), frozenset(one.follow_up_id for one in found if one.follow_up_id is not None))
        persons = sorted({*due, *self._ledger.find_late(rules, now)})
        self._ledger.add_notices(passed)
        if persons:
            queue_due(self._ledger, persons, due, {}, rules, now, today, KINDS, self._domain, done)

    def _list_held(self, now: datetime, today: date) -> Iterable[Candidate]:
        """What was handed over at night or in a pause, and waits for the first planning after it."""
        known, people = self._ledger.notices, self._rules.people
        waits = [
            one
            for one in self._held
            if f"{one.key}{AFTERWARDS}" not in known and not is_paused(people[one.contact_id], now)
        ]
        if not waits:
            return ()
        place = describe_place(self._scene.agreement, assess(self._scene.agreement, self._rules, today))
        rows = [_join(one, self._by_id.get(one.follow_up_id or 0)) for one in waits]
        return judge_held(rows, {self._scene.agreement.id: place}, people, today).told

    def _list_waiting(self, today: date) -> Sequence[FollowUp]:
        """The follow-ups that wait for an answer that day, the last that has begun for anybody, in their order."""
        at, waiting = self._waiting
        if at != (today, self._turns):
            waiting = [
                one for _, one in sorted(self._open.items()) if one.snoozed_until is None or one.snoozed_until <= today
            ]
            self._waiting = (today, self._turns), waiting
        return waiting

    def _find_focus(
        self, judged: Mapping[date, Sequence[Standing]], days: Days, unread: Sequence[FollowUp]
    ) -> Focus | None:
        """Whose day has begun since this was last asked, and what was due then all the same, or has changed since.

        Of everybody and everything else nothing was due then, nor is now; unless the house's day has begun, what is
        known is another, or something stands otherwise by the days that it is now: then all is looked at.
        """
        before, self._begun = self._begun, days.begun
        looked, self._looked = self._looked, tuple(judged)
        if looked != self._looked:
            stood = self._current
            self._current, self._prospects = find_prospects(self._watched, judged, self._rules, days.today)
            if looked[:1] != self._looked[:1] or any(self._current.get(key) is not one for key, one in stood.items()):
                return None
        persons, follow_ups = self._restless
        zones = {zone for zone, day in days.begun.items() if before[zone] != day}
        return Focus(zones, persons, follow_ups | {one.id for one in unread})

    def _find_due(self, waiting: Sequence[FollowUp], days: Days, focus: Focus | None) -> Iterator[Candidate]:
        if focus is None or focus.zones or focus.persons:
            yield from find_reminders(self._prospects, self._ledger.notices, days, focus)
        if focus is None or focus.zones or focus.persons or focus.follow_ups:
            agreements = {self._watched.id: self._watched}
            latest = days.latest
            climbing = [one for one in waiting if self._rests[one.id] <= latest]
            yield from find_rungs(agreements, climbing, self._ladders, self._current, self._rules, days, focus)

    def _read_ladders(self, waiting: Sequence[FollowUp]) -> Sequence[FollowUp]:
        """Read anew what these have told, where something was told or sent since; returns of which it was read."""
        for row_id in self._ledger.changed:
            self._ladders.pop(row_id, None)
        self._ledger.changed.clear()
        unread = [one for one in waiting if one.id not in self._ladders]
        if unread:
            rows = [row for one in unread for row in self._list_rungs(one)]
            read = read_ladders(rows, self._rules.people)
            for one in unread:
                self._ladders[one.id] = told = read.get(one.id, Ladder())
                self._rests[one.id] = self._find_rest(one, told)
        return unread

    def _find_rest(self, asked: FollowUp, told: Ladder) -> date:
        """The day before which a ladder has nothing to tell; the first of all where who is asked may be another."""
        policy = self._rules.policy_of(self._scene.agreement)
        if has_told_all(told, policy) and has_heard(told, asked.assignee_id):
            return date.max
        person = self._rules.people.get(asked.assignee_id) if asked.assignee_id is not None else None
        if person is None or not person.ways or person.valid_from is not None or person.valid_to is not None:
            return date.min
        if find_owner(person.id, self._rules.people, asked.opened_on) is None:
            return date.min
        return find_rest(told, person, policy)

    def _list_rungs(self, one: FollowUp) -> Iterator[_Rung]:
        for told in self._ledger.by_follow_up.get(one.id, ()):
            if told.decided_on >= one.opened_on:
                message = self._ledger.messages[told.notification_id] if told.notification_id is not None else None
                yield _Rung(
                    one.id, told.rung, told.contact_id, told.kind, told.decision, told.decision_reason,
                    told.decided_on, one.opened_on, one.snoozed_until, one.assignee_id,
                    message.state if message is not None else None, message.sent_at if message is not None else None,
                )  # fmt: skip

    def _hold(self, one: FollowUp) -> None:
        """Keep one that is new or has changed."""
        self._follow_ups[one.key] = self._by_id[one.id] = one
        self._open.pop(one.id, None)
        if one.is_open:
            self._open[one.id] = one
        if one.commitment_id is None:
            self._of_dates[one.matter, one.party_id, one.period] = one
        self._ladders.pop(one.id, None)
        self._turns += 1

    def _stands(self, told: Notice, today: date) -> bool:
        """Whether a notice still stands: its follow-up open and not at rest, its commitment active."""
        if told.decision != Decision.TOLD:
            return False
        if told.follow_up_id is not None:
            asked = self._by_id[told.follow_up_id]
            if not asked.is_open or (asked.snoozed_until is not None and asked.snoozed_until > today):
                return False
            if not asks_its_reader(told, asked.assignee_id, self._rules.people):
                return False
        promised = self._promised.get(told.commitment_id) if told.commitment_id is not None else None
        if promised is None:
            return not is_settled(told, self._of_dates)
        if told.follow_up_id is None and promised.state is not CommitmentState.ACTIVE:
            return False
        step = find_step(promised, told)
        return step is None or step.met_on is None

    def _describe(self, told: Notice) -> Told:
        scene, asked = self._scene, self._by_id.get(told.follow_up_id or 0)
        promised = self._promised.get(told.commitment_id or 0)
        promise = scene.promises.get(told.commitment_id or 0)
        step = find_step(promised, told) if promised is not None else None
        title, titles = scene.steps[promised.id, step.reference] if promised and step else (None, None)
        return Told(
            told.id, told.kind, told.agreement_id, told.commitment_id, scene.agreement.reference, scene.title,
            promise.summary if promise else None, promise.summaries if promise else None,
            promise.quote if promise else None, str(promised.kind) if promised else None,
            promised.due if promised else None, step.due if step else None, title, titles,
            told.matter, told.matter_kind, told.standing, told.due_on, told.reason, told.decision_reason,
            told.decided_on, told.party_id, told.follow_up_id, asked.key if asked else None,
            asked.kind if asked else None,
            asked.due_on if asked else None, asked.assignee_id if asked else None, asked.party_id if asked else None,
        )  # fmt: skip

    def _foresee(self, message: Queued, told: Sequence[Notice], at: datetime, subject: str) -> Foreseen:
        person = self._rules.people[message.contact_id]
        reasons = tuple(give_reason(one, message.local_day) for one in told)
        return Foreseen(
            message.local_day, at, message.key, person.reference, self._names.contacts[person.id][0],
            message.address, message.channel, message.kind, subject, reasons,
        )  # fmt: skip


def give_reason(told: Any, day: date) -> Mapping[str, Any]:
    """What a foreseen message says of one of its notices to who reads it on `day`."""
    code, numbers = count_ground_anew(told.decision_reason, told.due_on, day)
    standing = None
    if told.reason:
        stored = Reason(ReasonCode(told.reason["code"]), told.reason["numbers"])
        _, reason = count_anew(StandingState(told.standing), stored, told.decided_on, day, told.due_on)
        standing = reason.as_json()
    why = {**told.decision_reason, "code": str(code), "numbers": numbers}
    return {"matter": told.matter, "kind": told.kind, "why": why, "standing": standing}


def _join(told: Notice, asked: FollowUp | None) -> SimpleNamespace:
    """A held notice with its follow-up, as it is read from the register."""
    values = {field.name: getattr(told, field.name) for field in fields(told)}
    return SimpleNamespace(
        **values,
        asked_state=asked.state if asked else None,
        asked_kind=asked.kind if asked else None,
        asked_reason=asked.reason if asked else None,
        assignee_id=asked.assignee_id if asked else None,
        snoozed_until=asked.snoozed_until if asked else None,
    )


def is_rested(promised: Commitment, today: date) -> bool:
    """Whether its hold was to last until a day that has passed."""
    until = promised.state_until
    return promised.state is CommitmentState.ON_HOLD and until is not None and until.last < today


def find_step(promised: Commitment, told: Notice) -> Milestone | None:
    """The milestone that a notice is about."""
    part = read_step(told.matter_kind, told.matter)
    return next((one for one in promised.milestones if one.reference == part), None)
