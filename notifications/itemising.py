"""Makes items of the notices of one message: what is one matter to its reader is told once, the most urgent first."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import quote

from commitments.facts import Person, Reason
from commitments.questions import list_answers
from commitments.urgency import URGENCY
from commitments.vocabulary import (
    Answer,
    CommitmentKind,
    ContactRole,
    FollowUpKind,
    MatterKind,
    NotificationKind,
    ReasonCode,
    StandingState,
)
from notifications.counting import count_anew, count_ground_anew
from notifications.items import is_about_promise, is_far_ahead
from notifications.links import Ask, Links
from notifications.messages import Ground, Item
from notifications.names import Names, choose_promise, choose_words, find_words, tell_report
from notifications.notices import Around, put_question
from notifications.reasons import FOR_KNOWLEDGE, Why
from notifications.routing import AT_ONCE

NEAR_DAYS = 7
"""A date so near is more urgent than whatever has stood badly for longer, but for what is overdue."""

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


def build_items(
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
        item = _build_item(put_question(row, around.asked), person, day, names, around, links)
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
        _list_answers(row, person, day, turn, around, names),
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


def _list_answers(
    row: Any, person: Person, day: date, turn: int | None, around: Around, names: Names
) -> tuple[Answer, ...]:
    """What the reader of an item can answer: leaders, and those of another party, only look; nobody hands over to
    nobody."""
    if row.decision_reason["code"] in FOR_KNOWLEDGE:
        return ()
    if person.id != row.assignee_id and (person.role is ContactRole.LEADER or person.party_id != turn):
        return ()
    matter = MatterKind(row.matter_kind)
    answers = list_answers(
        FollowUpKind(row.follow_up_kind) if row.follow_up_kind else None,
        matter,
        CommitmentKind(row.commitment_kind) if row.commitment_kind else None,
        dated=(row.milestone_due if matter is MatterKind.MILESTONE else row.commitment_due) is not None,
        decides=person.role is ContactRole.COORDINATOR and around.keeps(names.references.get(person.party_id, "")),
        shared=row.commitment_id in around.shared if row.milestone_party_id is None else row.milestone_party_id != turn,
    )
    if Answer.NOT_ME in answers and not around.has_colleague(row, person, turn, day):
        return tuple(one for one in answers if one is not Answer.NOT_ME)
    return answers


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
