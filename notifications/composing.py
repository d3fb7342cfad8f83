"""Builds what each message says from what the register knows now: one view a message, set-based for a batch."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection

from commitments.choices import IN_ANY_CASE
from commitments.facts import Person
from commitments.questions import load_reports_to_confirm
from commitments.reconcile import Rules
from commitments.sentences import load_sentences
from commitments.settings import Settings
from commitments.vocabulary import Channel, NotificationKind
from notifications.current import asks_its_reader, renew_notices
from notifications.digests import Pictures
from notifications.itemising import build_items
from notifications.links import Links, name_place
from notifications.messages import ITEM_LIMIT, Digest, Message, Summary
from notifications.names import Names
from notifications.notices import Around, is_settled, load_asked_of_dates, load_counterparts, load_notices, load_shared
from notifications.parts import PERIODIC, list_rulings, load_rulings_of_parties
from notifications.signing_in import compose_sign_in
from notifications.usual import Ruling, address


class _Asked(NamedTuple):
    id: int | None
    kind: str | None


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
    notices: Mapping[int, Sequence[Any]] = load_notices(reading, [row.id for row in notifications], today)
    notices = renew_notices(reading, notifications, notices, rules, today)
    asked = load_asked_of_dates(reading, notices)
    notices = {
        one: [row for row in rows if not is_settled(row, asked) and asks_its_reader(row, row.assignee_id, rules.people)]
        for one, rows in notices.items()
    }
    told = [row for rows in notices.values() for row in rows]
    shared = load_shared(reading, {row.commitment_id for row in told})
    around = Around(
        load_counterparts(reading, {row.agreement_id for row in told}),
        load_reports_to_confirm(reading, [_Asked(row.follow_up_id, row.follow_up_kind) for row in told]),
        shared.jointly,
        _load_usual(reading, notifications, rules),
        load_sentences(reading, settings, (row for row in told if row.commitment_id is not None)) if settings else {},
        asked,
        shared.several,
        settings.house_party_references if settings else (),
        shared.owners,
        _group_people(rules, told),
    )
    pictures = Pictures(reading, rules, names)
    messages: dict[int, Message] = {}
    for row in notifications:
        own = notices.get(row.id, [])
        person = find_reader(row, own, rules, around.usual)
        bound = links.bind(name_place(row.address)) if links is not None else None
        if row.kind == NotificationKind.SIGN_IN:
            messages[row.id] = compose_sign_in(row, person, names.contacts[person.id][0], bound)
            continue
        kinds = {one.kind for one in own}
        digest = (
            pictures.digest_of(person, row.local_day, row.told_until or row.queued_at)
            if NotificationKind.DIGEST in kinds
            else None
        )
        summary = pictures.summary_of(person, row.local_day) if NotificationKind.SUMMARY in kinds else None
        messages[row.id] = compose_message(row, own, rules, names, around, bound, digest, summary)
    return messages


def _group_people(rules: Rules, told: Sequence[Any]) -> Mapping[int, Sequence[Person]]:
    """The people of the parties that are asked something."""
    found: dict[int, list[Person]] = {one: [] for row in told for one in (row.asked_party_id, row.party_id) if one}
    for person in rules.people.values():
        if person.party_id in found:
            found[person.party_id].append(person)
    return found


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
    items = build_items(notices, person, row.local_day, names, around, links)
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
