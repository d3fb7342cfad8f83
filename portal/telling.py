"""Reasons, people and dates of the register as the reading pages say them. Who reads is not the one who was told."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from commitments.facts import Person, Reason, Standing
from commitments.person_queries import load_people
from commitments.policy import Policy
from commitments.queries import load_policies
from commitments.reconcile import Rules, load_rules
from commitments.tables import agreement, commitment, commitment_owner, contact, follow_up, policy
from commitments.urgency import URGENCY
from commitments.vocabulary import ContactRole, ReasonCode, StandingState
from notifications import phrases
from notifications.links import Ask
from notifications.messages import Ground
from notifications.names import Names, choose_words, load_names
from notifications.reasons import Why
from notifications.styles import TONES
from notifications.views import CountView, clean_text
from notifications.wording import Words
from portal.spoken import drop_stop, speak_title, speak_unit, weave

_SAID_TO_THE_READER = (Why.PAUSED, Why.UNSUBSCRIBED)
_REASONS, _GROUNDS = frozenset(ReasonCode), frozenset(Why)


def load_rules_of(reading: Connection, ids: Collection[int]) -> Rules:
    """The rules to judge some agreements by, with only the people who answer under them, and not what these chose."""
    owners = (
        select(commitment_owner.c.contact_id)
        .join(commitment, commitment.c.id == commitment_owner.c.commitment_id)
        .where(commitment.c.agreement_id.in_(ids), commitment_owner.c.contact_id.is_not(None))
    )
    named = select(agreement.c.reference).where(agreement.c.id.in_(ids))
    house, own = load_policies(reading, policy.c.scope.in_(named))
    people = load_people(reading, only=contact.c.id.in_(owners), with_choices=False)
    return Rules(house, own, people, {}, {})


def load_rules_of_questions(
    reading: Connection,
    person_id: int,
    asks: Collection[Ask],
    colleagues_a_party: int | None = None,
    judged: ColumnElement[bool] | None = None,
) -> Rules:
    """The rules for what a person is asked, with only the people who may be asked with them, and the colleagues to whom
    it can be handed over; so many of each party are enough to know whether there are any. `judged` are the commitments
    that are looked at, where it is not all of the agreements."""
    asked = follow_up.c.id.in_([one.follow_up_id for one in asks if one.follow_up_id is not None])
    named = {one.matter.partition("/")[0].partition(":")[0] for one in asks if one.matter is not None}
    around = select(agreement.c.id).where(
        or_(
            agreement.c.id.in_(select(follow_up.c.agreement_id).where(asked, follow_up.c.agreement_id.is_not(None))),
            agreement.c.reference.in_(named),
        )
    )
    turns = [one.party_id for one in asks if one.party_id is not None]
    # As ids: what asks for the people names the agreements four times over.
    around = select(agreement.c.id).where(agreement.c.id.in_(list(reading.execute(around).scalars())))
    of_party = or_(
        contact.c.party_id.in_(turns),
        contact.c.party_id.in_(select(follow_up.c.party_id).where(asked, follow_up.c.party_id.is_not(None))),
    )
    if colleagues_a_party is not None:
        serving = case((contact.c.valid_from.is_(None) & contact.c.valid_to.is_(None), 0), else_=1)
        place = func.row_number().over(partition_by=contact.c.party_id, order_by=(serving, contact.c.id))
        placed = select(contact.c.id, place.label("place")).where(
            of_party, contact.c.role != str(ContactRole.LEADER), contact.c.id != person_id
        ).subquery()  # fmt: skip
        of_party = contact.c.id.in_(select(placed.c.id).where(placed.c.place <= colleagues_a_party))
    before = contact.c.id.in_(select(follow_up.c.assignee_id).where(asked, follow_up.c.assignee_id.is_not(None)))
    return load_rules(reading, around, or_(contact.c.id == person_id, before, of_party), judged)


def load_names_of(reading: Connection, rules: Rules) -> Names:
    """The names of the people whom the rules know, and of all parties."""
    return load_names(reading, contact.c.id.in_(list(rules.people)))


def name_owner(words: Words, names: Names, people: Mapping[int, Person], contact_id: int | None, today: date) -> str:
    """Whoever is named to answer, and if they do not why; nothing where nobody is named."""
    name = clean_text(names.contacts.get(contact_id or 0, ("", None))[0])
    person = people.get(contact_id or 0)
    if not name or (person is not None and person.is_in_office(today)):
        return name
    if person is not None and person.proposed_by is not None:
        pattern = words.gettext("%(name)s, waits to be accepted")
    elif person is not None and person.valid_from is not None and person.valid_from.first > today:
        pattern = words.gettext("%(name)s, not in office yet")
    else:
        pattern = words.gettext("%(name)s, no longer in office")
    return pattern % {"name": name}


def find_policy(rules: Rules, reference: str) -> Policy:
    return rules.own.get(reference, rules.house)


def tell_reason(words: Words, names: Names, reason: Reason) -> str:
    numbers = names.name_numbers(reason.numbers, words.tag)
    return speak_unit(clean_text(words.describe_reason(Reason(reason.code, numbers))), numbers.get("unit"), words)


def tell_stored(words: Words, names: Names, stored: Mapping[str, Any] | None) -> str:
    """A reason as it was stored; nothing for none."""
    if not stored or stored.get("code") not in _REASONS:
        return ""
    return tell_reason(words, names, Reason(ReasonCode(stored["code"]), dict(stored.get("numbers") or {})))


def tell_ground(words: Words, names: Names, stored: Mapping[str, Any] | None) -> str:
    """Why something was told, or was not."""
    code, numbers = (stored or {}).get("code"), names.name_numbers((stored or {}).get("numbers") or {}, words.tag)
    if code not in _GROUNDS:
        return ""
    if code == Why.ASKED:
        return words.gettext("a confirmation was asked for")
    if code == Why.REGISTERED:
        return words.gettext("it was registered with the reader's party")
    if code == Why.PROPOSED:
        return words.gettext("somebody was named for the reader's side")
    if code in (Why.HANDED_OVER, Why.HANDED_ON):
        return words.gettext("it was handed over")
    if code == Why.ESCALATED:
        if (stored or {})["numbers"].get("asked") not in names.people:
            numbers["asked"] = None
        rung = phrases.RUNGS.get(numbers.pop("rung", 0))
        said = clean_text(words.describe_ground(Ground(Why.ESCALATED, numbers)))
        return words.gettext("%(unanswered)s; told: %(whom)s") % {
            "unanswered": said, "whom": words.gettext(rung) if rung else "",
        } if rung else said  # fmt: skip
    if code in (Why.REFUSED, Why.GIVEN_UP):
        numbers.setdefault("reply", "")
    return clean_text(words.describe_ground(Ground(Why(code), numbers)))


def find_worst(standings: Iterable[Standing]) -> Standing | None:
    return min(standings, key=lambda one: (URGENCY[one.state], one.deadline or date.max), default=None)


def tell_named(words: Words, names: Names, standing: Standing, named: str | None) -> str:
    """A standing's reason, with what it is about where that is `named`."""
    reason = tell_reason(words, names, standing.reason)
    if not named:
        return reason
    return weave(words.gettext("%(promise)s: %(reason)s"), {"promise": drop_stop(named), "reason": reason})


def count_standings(words: Words, standings: Iterable[Standing]) -> tuple[CountView, ...]:
    """How many commitments stand how, the worst first."""
    return tell_counts(words, Counter(one.state for one in standings))


def tell_counts(words: Words, counts: Mapping[StandingState, int]) -> tuple[CountView, ...]:
    """How many stand how, the worst first."""
    return tuple(
        CountView(f"{words.name(state)} {counts[state]}", TONES[state])
        for state in sorted(counts, key=lambda state: URGENCY[state])
    )


def tone_of(state: StandingState | None) -> str:
    return TONES[state] if state is not None else "grey"


def tell_title(title: Mapping[str, str], words: Words) -> str:
    """The title in the reader's language, or with the one that it is in."""
    return speak_title(title, words, clean_text(choose_words(title, words.tag)))


def tell_partial(words: Words, text: str | None) -> str:
    return words.format_partial(text) if text else ""


def tell_moment(words: Words, at: datetime | None, zone: str) -> str:
    if at is None:
        return ""
    own = at.astimezone(ZoneInfo(zone))
    if words.locale.language == "en":
        return str(format_datetime(own, "d MMM yyyy, HH:mm", locale=words.locale))
    return f"{format_date(own, 'medium', locale=words.locale)} {own:%H:%M}"


def contacts_of(parties: Sequence[int], more: Iterable[int | None] = ()) -> ColumnElement[bool]:
    """The contacts of some parties, and some others by id."""
    return or_(contact.c.party_id.in_(parties), contact.c.id.in_(sorted({one for one in more if one is not None})))
