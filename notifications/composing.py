"""Builds what each message says from what the register knows now: one view a message, set-based for a batch."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import quote

from sqlalchemy import Connection, or_, select

from commitments.choices import IN_ANY_CASE
from commitments.facts import Person, Reason
from commitments.questions import list_answers, load_reports_to_confirm
from commitments.reconcile import Rules
from commitments.sentences import load_sentences
from commitments.settings import Settings
from commitments.tables import (
    agreement,
    agreement_party,
    commitment,
    commitment_owner,
    follow_up,
    milestone,
)
from commitments.vocabulary import (
    Answer,
    Channel,
    CommitmentKind,
    CommitmentState,
    ContactRole,
    FollowUpKind,
    FollowUpState,
    MatterKind,
    NotificationKind,
    Owed,
    ReasonCode,
    StandingState,
)
from notifications.counting import count_anew, count_ground_anew
from notifications.current import asks_its_reader, renew_notices
from notifications.digests import URGENCY, Pictures
from notifications.items import is_about_promise, is_far_ahead
from notifications.links import Ask, Links
from notifications.messages import ITEM_LIMIT, Digest, Ground, Item, Message, Summary
from notifications.names import Names, choose_promise, choose_words, find_words, tell_report
from notifications.parts import PERIODIC, list_rulings, load_rulings_of_parties
from notifications.reasons import FOR_KNOWLEDGE, Decision, Why
from notifications.routing import AT_ONCE
from notifications.signing_in import compose_sign_in
from notifications.tables import notice, notification
from notifications.usual import Ruling, address

NEAR_DAYS = 7
"""A date so near is more urgent than whatever has stood badly for longer, but for what is overdue."""


class _Asked(NamedTuple):
    id: int | None
    kind: str | None


Dated = tuple[str, int | None, str]
"""A date of an agreement: its matter, the party that is to act, and which date it is."""


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the notices of a batch, read once for all of them."""

    parties: Mapping[int, Sequence[int]]
    """Of each agreement."""
    reports: Mapping[int, Any] = field(default_factory=dict)
    """What is to be confirmed, by follow-up."""
    jointly: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """The parties, by commitment, of what several owe."""
    usual: Mapping[int, Sequence[Ruling]] = field(default_factory=dict)
    """The policies of all agreements of a party."""
    sentences: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    """By commitment what a document says in each language where the register has no sentence."""
    asked: Mapping[Dated, Any] = field(default_factory=dict)
    """The open follow-up about a date of an agreement."""


def compose_messages(
    reading: Connection,
    notifications: Sequence[Any],
    rules: Rules,
    names: Names,
    today: date,
    *,
    links: Links | None = None,
    settings: Settings | None = None,
) -> dict[int, Message]:
    """The view of each notification, by its id; one whose matters are all answered meanwhile has no items.

    `today` is the house's day; what rests comes back by it or by the day of the letter, of which its reader is told.
    With the `settings` that say where documents lie, also the sentences that the register does not keep and a
    document does.
    """
    notices: Mapping[int, Sequence[Any]] = _load_notices(reading, [row.id for row in notifications], today)
    notices = renew_notices(reading, notifications, notices, rules, today)
    asked = _load_asked_of_dates(reading, notices)
    notices = {
        one: [row for row in rows if not is_settled(row, asked) and asks_its_reader(row, row.assignee_id, rules.people)]
        for one, rows in notices.items()
    }
    told = [row for rows in notices.values() for row in rows]
    around = Around(
        _load_counterparts(reading, {row.agreement_id for row in told}),
        load_reports_to_confirm(reading, [_Asked(row.follow_up_id, row.follow_up_kind) for row in told]),
        _load_jointly(reading, {row.commitment_id for row in told}),
        _load_usual(reading, notifications, rules),
        load_sentences(reading, settings, (row for row in told if row.commitment_id is not None)) if settings else {},
        asked,
    )
    pictures = Pictures(reading, rules, names)
    messages: dict[int, Message] = {}
    for row in notifications:
        own = notices.get(row.id, [])
        person = find_reader(row, own, rules, around.usual)
        if row.kind == NotificationKind.SIGN_IN:
            messages[row.id] = compose_sign_in(row, person, names.contacts[person.id][0], links)
            continue
        kinds = {one.kind for one in own}
        digest = (
            pictures.digest_of(person, row.local_day, row.told_until or row.queued_at)
            if NotificationKind.DIGEST in kinds
            else None
        )
        summary = pictures.summary_of(person, row.local_day) if NotificationKind.SUMMARY in kinds else None
        messages[row.id] = compose_message(row, own, rules, names, around, links, digest, summary)
    return messages


def _load_usual(reading: Connection, notifications: Sequence[Any], rules: Rules) -> Mapping[int, Sequence[Ruling]]:
    """The policies of all agreements, by party, of those readers for whom nobody states a language."""
    people = {row.contact_id: rules.people[row.contact_id] for row in notifications}
    parties = {one.party_id for one in people.values() if not one.states_language}
    return load_rulings_of_parties(reading, rules, parties) if parties else {}


def find_reader(row: Any, notices: Sequence[Any], rules: Rules, usual: Mapping[int, Sequence[Ruling]]) -> Person:
    """The person as this message addresses them: where nobody states their language, in that of what it tells.

    Digest, summary and a link to sign in are in that of most agreements of their party; `usual` has these.
    """
    person = rules.people[row.contact_id]
    if person.states_language:
        return person
    scopes = {one.agreement_reference for one in notices if one.agreement_id is not None}
    whole = row.kind == NotificationKind.SIGN_IN or any(one.kind in PERIODIC for one in notices)
    rulings = usual.get(person.party_id, ()) if whole else ()
    return address(person, rulings or list_rulings(scopes, rules))


def compose_message(
    row: Any,
    notices: Sequence[Any],
    rules: Rules,
    names: Names,
    around: Around,
    links: Links | None = None,
    digest: Digest | None = None,
    summary: Summary | None = None,
) -> Message:
    """The view of one notification with these notices that still stand."""
    person = find_reader(row, notices, rules, around.usual)
    items = _build_items(notices, person, row.local_day, names, around, links)
    agreements = {one.agreement_id for one in notices if one.agreement_id is not None}
    others = [party for one in sorted(agreements) for party in around.parties.get(one, ())]
    name, mail = find_reply(person, rules, names, row.local_day, others)
    always = row.kind in IN_ANY_CASE
    return Message(
        NotificationKind(row.kind),
        row.local_day,
        names.contacts[person.id][0],
        person.language,
        tuple(items[:ITEM_LIMIT]),
        max(len(items) - ITEM_LIMIT, 0),
        digest,
        summary,
        name,
        mail,
        base_url=links.base_url if links is not None else None,
        choices_link=links.write_choices(person.id) if links is not None else None,
        short_choices_link=links.write_short_choices(person.id) if links is not None else None,
        unsubscribe_link=links.write_unsubscribe(person.id, row.kind) if links is not None and not always else None,
        notices=tuple(one.id for one in notices),
    )


def find_reply(
    person: Person, rules: Rules, names: Names, day: date, parties: Sequence[int] = ()
) -> tuple[str | None, str | None]:
    """To whom an answer by mail goes: another coordinator in office on that day whose mail works, of the reader's own
    party. Of the other `parties` to what the letter tells only where the reader's has no coordinator at all.
    """
    own = rules.coordinators.get(person.party_id, ())
    served = any(one.is_in_office(day) for one in own)
    others = () if served else (one for party in parties for one in rules.coordinators.get(party, ()))
    for coordinator in (*own, *others):
        works = (Channel.MAIL, coordinator.mail) in coordinator.ways
        if coordinator.id != person.id and works and coordinator.is_in_office(day) and coordinator.id in names.contacts:
            return names.contacts[coordinator.id]
    return None, None


def _load_notices(reading: Connection, ids: Sequence[int], today: date) -> dict[int, list[Any]]:
    """The notices of these messages that still stand: follow-ups open and not at rest, commitments active."""
    rows = reading.execute(
        select(
            notice,
            agreement.c.reference.label("agreement_reference"),
            agreement.c.title,
            commitment.c.summary,
            commitment.c.summaries,
            commitment.c.quote,
            commitment.c.source,
            commitment.c.quote_sources,
            commitment.c.kind.label("commitment_kind"),
            commitment.c.due.label("commitment_due"),
            milestone.c.due.label("milestone_due"),
            follow_up.c.key.label("follow_up_key"),
            follow_up.c.kind.label("follow_up_kind"),
            follow_up.c.due_on.label("answer_by"),
            follow_up.c.assignee_id,
            follow_up.c.party_id.label("asked_party_id"),
            milestone.c.title.label("milestone_title"),
            milestone.c.titles.label("milestone_titles"),
        )
        .join(notification, notification.c.id == notice.c.notification_id)
        .outerjoin(agreement, agreement.c.id == notice.c.agreement_id)
        .outerjoin(commitment, commitment.c.id == notice.c.commitment_id)
        .outerjoin(follow_up, follow_up.c.id == notice.c.follow_up_id)
        .outerjoin(
            milestone,
            (notice.c.matter_kind == str(MatterKind.MILESTONE))
            & (milestone.c.commitment_id == notice.c.commitment_id)
            & or_(
                notice.c.matter.endswith("#" + milestone.c.reference),
                notice.c.matter.endswith("#milestone:" + milestone.c.reference),
            ),
        )
        .where(
            notice.c.notification_id.in_(ids),
            notice.c.decision == str(Decision.TOLD),
            or_(notice.c.follow_up_id.is_(None), follow_up.c.state == str(FollowUpState.OPEN)),
            or_(
                notice.c.follow_up_id.is_not(None),
                notice.c.commitment_id.is_(None),
                commitment.c.state == str(CommitmentState.ACTIVE),
            ),
            or_(
                follow_up.c.snoozed_until.is_(None),
                follow_up.c.snoozed_until <= today,
                follow_up.c.snoozed_until <= notification.c.local_day,
            ),
            or_(milestone.c.id.is_(None), milestone.c.met_on.is_(None)),
        )
        .order_by(notice.c.id)
    )
    notices: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        notices[row.notification_id].append(row)
    return notices


def _load_asked_of_dates(reading: Connection, notices: Mapping[int, Sequence[Any]]) -> dict[Dated, Any]:
    """The follow-up that is open about each date of an agreement of which these remind, or that somebody answered."""
    dated = [row for rows in notices.values() for row in rows if _is_of_date(row)]
    if not dated:
        return {}
    rows = reading.execute(
        select(follow_up)
        .where(
            follow_up.c.agreement_id.in_({row.agreement_id for row in dated}),
            follow_up.c.matter.in_({row.matter for row in dated}),
            follow_up.c.kind != str(FollowUpKind.MESSAGE_FAILED),
            follow_up.c.state.in_((str(FollowUpState.OPEN), str(FollowUpState.DONE))),
        )
        .order_by(follow_up.c.id)
    )
    return {(row.matter, row.party_id, row.period): row for row in rows}


def is_settled(row: Any, asked: Mapping[Dated, Any]) -> bool:
    """Whether a notice reminds of a date of an agreement about which its party has said that the matter is closed."""
    found = asked.get(_name_date(row)) if _is_of_date(row) else None
    return found is not None and found.state == FollowUpState.DONE


def _is_of_date(row: Any) -> bool:
    by_itself = row.kind == NotificationKind.REMINDER and row.follow_up_id is None
    return by_itself and row.commitment_id is None and row.agreement_id is not None


def _name_date(row: Any) -> Dated:
    numbers = row.reason["numbers"]
    return row.matter, row.party_id, str(next((numbers[one] for one in ("by", "on", "cycle") if one in numbers), ""))


def _put_question(row: Any, asked: Mapping[Dated, Any]) -> Any:
    """A reminder of a date about which a follow-up is open, with that; the date says by when."""
    found = asked.get(_name_date(row)) if asked and _is_of_date(row) else None
    if found is None:
        return row
    question = {
        "follow_up_id": found.id,
        "follow_up_key": found.key,
        "follow_up_kind": found.kind,
        "assignee_id": found.assignee_id,
        "asked_party_id": found.party_id,
    }
    values = row._asdict() if hasattr(row, "_asdict") else vars(row)
    return SimpleNamespace(**{**values, **question})


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


Place = tuple[str, int | None, str | None]
"""A matter, a party, and what is asked of it, if anything is."""


def choose_said(rows: Iterable[Any]) -> dict[Place, Any]:
    """Of the notices of one message those that its letter says: the latest of each place, and no reminder of what is
    asked about beside it."""
    latest: dict[Place, Any] = {}
    for row in rows:
        if row.agreement_id is not None or row.follow_up_id is not None:
            place = row.matter, row.party_id, row.follow_up_kind
            said = latest.get(place)
            if said is None or said.kind not in AT_ONCE or row.kind in AT_ONCE:
                latest[place] = row  # a reminder says no more than what was just handed over, or sent back, does
    asked = {(matter, party_id) for matter, party_id, kind in latest if kind is not None}
    return {
        place: row
        for place, row in latest.items()
        if place[2] is not None or row.kind != NotificationKind.REMINDER or place[:2] not in asked
    }


def _load_jointly(reading: Connection, commitment_ids: Iterable[int | None]) -> dict[int, list[int]]:
    """The parties that owe a commitment, of those that several owe together."""
    wanted = [one for one in commitment_ids if one is not None]
    owing: dict[int, list[int]] = defaultdict(list)
    for row in reading.execute(
        select(commitment_owner.c.commitment_id, commitment_owner.c.party_id)
        .join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
        .where(commitment_owner.c.commitment_id.in_(wanted), commitment.c.owed == str(Owed.JOINTLY))
        .order_by(commitment_owner.c.commitment_id, commitment_owner.c.position)
    ):
        owing[row.commitment_id].append(row.party_id)
    return {one: parties for one, parties in owing.items() if len(parties) > 1}


def _build_items(
    rows: Sequence[Any],
    person: Person,
    day: date,
    names: Names,
    around: Around,
    links: Links | None,
) -> list[Item]:
    """One item a matter and party, the latest notice of each, most urgent first.

    What is asked about a matter says its date too, so that no reminder of it stands beside, and from whom it was handed
    over; and several things that are asked about one are one item.
    """
    items: dict[Place, Item] = {}
    for place, row in choose_said(rows).items():
        item = _build_item(_put_question(row, around.asked), person, day, names, around, links)
        if owing := around.jointly.get(row.commitment_id):
            item = replace(item, jointly=tuple(names.name_party(one, person.language) for one in owing))
        if row.follow_up_id in around.reports:
            item = replace(item, report=tell_report(around.reports[row.follow_up_id], names, person.language))
        items[place] = item
    _join_hand_overs(items)
    found = sorted(
        items.items(),
        key=lambda one: (
            one[1].kind not in AT_ONCE,
            _rank_urgency(one[1], day),
            one[1].due_on or one[1].answer_by or date.max,
            one[1].agreement_title,
        ),
    )
    joined: dict[Hashable, list[Item]] = {}
    for (matter, party_id, kind), item in found:
        joined.setdefault(_name_matter(item, matter, party_id, kind), []).append(item)
    return [replace(first, also=tuple(others)) for first, *others in joined.values()]


def _join_hand_overs(latest: dict[Place, Item]) -> None:
    """Let what was handed over and is asked about by now be told by the question alone."""
    for place, item in [*latest.items()]:
        if place[2] is not None or item.ground.code is not Why.HANDED_OVER:
            continue
        asked = [
            other
            for other, one in latest.items()
            if other[:2] == place[:2] and other[2] is not None and one.kind is not NotificationKind.CONFIRMATION
        ]
        for other in asked:
            latest[other] = replace(latest[other], handed_over=item.ground)
        if asked:
            del latest[place]


def _name_matter(item: Item, matter: str, party_id: int | None, asked: str | None) -> Hashable:
    """What is one item to its reader: a promise of one party, a date of the agreement whoever is asked about it."""
    if item.kind in (NotificationKind.CONFIRMATION, NotificationKind.ALERT):
        return matter, party_id, asked
    told_only = item.ground.code if item.ground.code in FOR_KNOWLEDGE else None
    return item.kind, told_only, matter, party_id if is_about_promise(item) else None


def _rank_urgency(item: Item, day: date) -> tuple[int, int]:
    """By how it stands, the worst first; what falls due within a week comes before all that can wait longer."""
    if is_far_ahead(item):
        return URGENCY[StandingState.ON_TRACK], 0
    near = item.standing is StandingState.DUE_SOON and item.due_on is not None and (item.due_on - day).days <= NEAR_DAYS
    return (URGENCY[StandingState.OVERDUE], 1) if near else (URGENCY[item.standing], 0)


def _build_item(
    row: Any,
    person: Person,
    day: date,
    names: Names,
    around: Around,
    links: Links | None,
) -> Item:
    language = person.language
    if row.agreement_id is None:
        return _build_alert(row, names, language)
    promise, summary, is_quote = choose_promise(row, language, around.sentences.get(row.commitment_id))
    reason = Reason(ReasonCode(row.reason["code"]), names.name_numbers(row.reason["numbers"], language))
    page = None
    if row.follow_up_kind == FollowUpKind.MESSAGE_FAILED and person.party_id == row.party_id:
        reason, page = _tell_address(reason, str(row.reason["numbers"].get("contact")), names, links)
    standing, reason = count_anew(StandingState(row.standing), reason, row.decided_on, day, row.due_on)
    asked_id = row.assignee_id if row.kind == NotificationKind.ESCALATION else None
    part = row.matter.partition("#")[2]
    turn = row.asked_party_id or row.party_id
    others = [other for other in around.parties.get(row.agreement_id, ()) if other != turn]
    return Item(
        NotificationKind(row.kind),
        row.agreement_reference,
        choose_words(row.title, language),
        row.matter.partition("#")[0].partition(":")[0],
        MatterKind(row.matter_kind),
        promise or choose_words(row.title, language),
        is_quote,
        find_words(row.milestone_titles, language) or row.milestone_title or part or None,
        tuple(names.name_party(other, language) for other in others),
        standing,
        reason,
        _find_ground(row, day, names, language),
        FollowUpKind(row.follow_up_kind) if row.follow_up_kind else None,
        row.follow_up_key,
        row.due_on,
        row.answer_by,
        names.contacts[asked_id][0] if asked_id is not None else None,
        names.name_party(turn, language) if turn is not None else None,
        page,
        summary,
        names.references.get(turn) if turn is not None else None,
        part or None,
        links.write_answer(_ask(row, person, turn)) if links is not None else None,
        _list_answers(row, person, turn),
        due=row.milestone_due if row.matter_kind == MatterKind.MILESTONE else row.commitment_due,
    )


def _tell_address(reason: Reason, reference: str, names: Names, links: Links | None) -> tuple[Reason, str | None]:
    """Which address is on record of whom a message did not reach, and the page on which another is entered."""
    address = names.addresses.get(reference)
    told = reason if address is None else reason._replace(numbers={**reason.numbers, "address": address})
    return told, f"{links.base_url}/people/{quote(reference)}" if links is not None else None


def _find_ground(row: Any, day: date, names: Names, language: str) -> Ground:
    """Why it is told, with the days that are left on the day of the letter."""
    code, numbers = count_ground_anew(row.decision_reason, row.due_on, day)
    return Ground(code, names.name_numbers(numbers, language))


def _ask(row: Any, person: Person, turn: int | None) -> Ask:
    if row.follow_up_id is not None:
        return Ask(person.id, follow_up_id=row.follow_up_id)
    return Ask(person.id, matter=row.matter, party_id=turn)


def _list_answers(row: Any, person: Person, turn: int | None) -> tuple[Answer, ...]:
    """What the reader of an item can answer: leaders, and those of another party, only look."""
    if row.decision_reason["code"] in FOR_KNOWLEDGE:
        return ()
    if person.id != row.assignee_id and (person.role is ContactRole.LEADER or person.party_id != turn):
        return ()
    matter = MatterKind(row.matter_kind)
    return list_answers(
        FollowUpKind(row.follow_up_kind) if row.follow_up_kind else None,
        matter,
        CommitmentKind(row.commitment_kind) if row.commitment_kind else None,
        dated=(row.milestone_due if matter is MatterKind.MILESTONE else row.commitment_due) is not None,
        decides=person.role is ContactRole.COORDINATOR,
    )


def _build_alert(row: Any, names: Names, language: str) -> Item:
    """What the operator is told: nobody's promise, and under no agreement."""
    asked_id = row.assignee_id if row.kind == NotificationKind.ESCALATION else None
    return Item(
        NotificationKind(row.kind),
        "",
        "",
        row.matter,
        MatterKind(row.matter_kind),
        "",
        False,
        None,
        (),
        StandingState(row.standing),
        Reason(ReasonCode(row.reason["code"]), names.name_numbers(row.reason["numbers"], language)),
        Ground(Why(row.decision_reason["code"]), names.name_numbers(row.decision_reason["numbers"], language)),
        FollowUpKind(row.follow_up_kind),
        row.follow_up_key,
        None,
        row.answer_by,
        names.contacts[asked_id][0] if asked_id is not None else None,
    )


def is_empty(message: Message) -> bool:
    """Nothing in it that its reader would want to know."""
    if message.items or message.more or message.sign_in is not None:
        return False
    if message.summary is not None and message.summary.agreements:
        return False
    digest = message.digest
    return digest is None or not (
        digest.opened or digest.closed or digest.coming or digest.waiting or digest.news or digest.stuck
        or any(line.open_follow_ups for line in digest.agreements)
    )  # fmt: skip
