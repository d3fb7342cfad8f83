"""Decides what is told to whom today, and queues one message a person for it.

Level-triggered: whatever is due and not yet told is found, whenever this runs; run twice, nothing is added.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, Engine

from commitments.chunks import Span, split_register
from commitments.database import open_reading, open_unit
from commitments.failpoints import failpoint
from commitments.known import CHECK, load_known, note_known
from commitments.reconcile import Rules, load_rules
from commitments.vocabulary import NotificationKind
from notifications.candidates import Candidate
from notifications.due import find_candidates
from notifications.held import drop_held, find_held
from notifications.ledger import StoredLedger
from notifications.lost import find_lost, free
from notifications.mime import MailDomain
from notifications.parts import PERIODIC
from notifications.periodicals import find_picture_readers
from notifications.queueing import Planned, list_keys, queue_due
from notifications.reasons import Decision
from notifications.routing import AT_ONCE
from notifications.rungs import find_alerts
from notifications.sent_back import find_sent_back

ALL_KINDS = frozenset(NotificationKind)
PERSONS_A_UNIT = 500


def plan_messages(
    engine: Engine,
    now: datetime,
    today: date,
    *,
    kinds: Collection[NotificationKind] = ALL_KINDS,
    domain: MailDomain | str,
) -> Planned:
    """Queue the messages that are due. `kinds` says what may cause a message; whatever else is due then joins it."""
    _find_again(engine, now)
    with open_reading(engine) as reading:
        checked = load_known(reading).get(CHECK)
        rules = load_rules(reading)
        found = [one for span in split_register(reading) for one in _find_due(reading, span, rules, now, today)]
        found += find_alerts(reading, rules, today)
        candidates, passed = _part_told(found)
        held = find_held(reading, rules, now, today)
        for one in held.told:
            candidates[one.person.id].append(one)
        periodic = find_picture_readers(reading, rules, today)
        late = StoredLedger(reading).find_late(rules, now)
    done = Planned()
    _pass_over(engine, passed, now, today, done)
    if held.gone:
        with open_unit(engine) as unit:
            done.passed_over += drop_held(unit, held.gone)
    begin_with = periodic if PERIODIC & set(kinds) else ()
    persons = sorted({*candidates, *late, *begin_with})
    for start in range(0, len(persons), PERSONS_A_UNIT):
        part = persons[start : start + PERSONS_A_UNIT]
        with open_unit(engine) as unit:
            queue_due(StoredLedger(unit), part, candidates, periodic, rules, now, today, kinds, domain, done)
            failpoint("planning.before_commit")
        failpoint("planning.after_commit")
    if checked is not None:
        with open_unit(engine) as unit:
            note_known(unit, min(checked, now), map(str, kinds))
    return done


def _find_again(engine: Engine, now: datetime) -> None:
    """Free what messages held that failed for good, where its reader may be reached by now."""
    with open_reading(engine) as reading:
        lost = find_lost(reading, now)
    if lost:
        with open_unit(engine) as unit:
            free(unit, lost)


def _find_due(reading: Connection, span: Span, rules: Rules, now: datetime, today: date) -> Iterator[Candidate]:
    yield from find_candidates(reading, span, rules, now, today)
    yield from find_sent_back(reading, span, rules, today)


def _part_told(found: Iterable[Candidate]) -> tuple[dict[int, list[Candidate]], list[Candidate]]:
    """What is to be told, by person, and what is passed over."""
    told: dict[int, list[Candidate]] = defaultdict(list)
    passed: list[Candidate] = []
    for one in found:
        if one.decision is Decision.TOLD:
            told[one.person.id].append(one)
        else:
            passed.append(one)
    return told, passed


def plan_changes(
    engine: Engine,
    now: datetime,
    today: date,
    spans: Sequence[Span],
    *,
    kinds: Collection[NotificationKind],
    domain: MailDomain | str,
) -> Planned:
    """Queue what is due because of the agreements of these spans, without reading the rest where that cannot matter.

    What goes at once is planned from a part. A scheduled message takes its reader's day: whatever else is due for them,
    under any agreement, has to be in it, so that as soon as one is called for the whole register is planned.
    """
    with open_reading(engine) as reading:
        rules = load_rules(reading)
        found = [one for span in spans for one in _find_due(reading, span, rules, now, today)]
        found += find_alerts(reading, rules, today)
        due, _ = _part_told(one for one in found if one.kind in kinds)
        known = StoredLedger(reading).find_known(list_keys(due))
        late = StoredLedger(reading).find_late(rules, now)
    fresh = {
        contact_id: [one for one in ones if one.key not in known]
        for contact_id, ones in due.items()
        if any(one.key not in known for one in ones)
    }
    if late.keys() & fresh.keys() or any(one.kind not in AT_ONCE for ones in fresh.values() for one in ones):
        return plan_messages(engine, now, today, kinds=kinds, domain=domain)
    done = Planned()
    if fresh:
        with open_unit(engine) as unit:
            queue_due(StoredLedger(unit), sorted(fresh), fresh, {}, rules, now, today, kinds, domain, done)
    return done


def plan_alerts(engine: Engine, now: datetime, today: date, *, domain: MailDomain | str) -> Planned:
    """Queue what the operator is to be told at once, and nothing else."""
    with open_reading(engine) as reading:
        rules = load_rules(reading)
        candidates, passed = _part_told(find_alerts(reading, rules, today))
    done = Planned()
    _pass_over(engine, passed, now, today, done)
    if candidates:
        with open_unit(engine) as unit:
            kinds = frozenset({NotificationKind.ALERT, NotificationKind.ESCALATION})
            queue_due(StoredLedger(unit), sorted(candidates), candidates, {}, rules, now, today, kinds, domain, done)
    return done


def _pass_over(engine: Engine, passed: Sequence[Candidate], now: datetime, today: date, done: Planned) -> None:
    if passed:
        # Before the messages: once the rung that is right is told, nobody finds the missed ones again.
        with open_unit(engine) as unit:
            done.passed_over += StoredLedger(unit).add_notices([one.as_row(now, today, None) for one in passed])
            failpoint("planning.before_passing_over")
