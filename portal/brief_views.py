"""The brief: everything open with one party or within one agreement, on one page, for a visit or a call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, select

from commitments.facts import Agreement, Commitment, Standing
from commitments.queries import Span, load_agreements
from commitments.reconcile import Rules, assess
from commitments.tables import activity, agreement, commitment, contact, milestone
from commitments.vocabulary import AgreementKind, CommitmentState, ContactRole, MatterKind, StandingState
from notifications.digests import NEEDING_ATTENTION, URGENCY
from notifications.names import Names, find_words, load_names, name_promise
from notifications.styles import TONES
from notifications.views import clean_text, fit_text
from notifications.wording import Words
from portal.agreement_views import name_activity
from portal.labels import name_agreement_kind, name_contact_role
from portal.people_queries import is_over
from portal.telling import contacts_of, load_rules_of, tell_reason, tell_title

OWED_SHOWN = 14
DATES_SHOWN = 10
SILENT_SHOWN = 8
ACTIVITIES_SHOWN = 6
PEOPLE_SHOWN = 14
DAYS_AHEAD = 366
_TITLE_LIMIT = 120


@dataclass(frozen=True, slots=True)
class OwedView:
    """One promise that is open."""

    title: str
    link: str
    standing: str
    tone: str
    reason: str
    about: str


@dataclass(frozen=True, slots=True)
class SideView:
    """What one side owes, the most urgent first."""

    title: str
    owed: tuple[OwedView, ...]
    more: str


@dataclass(frozen=True, slots=True)
class LineView:
    """A line of the brief: a date or a name, what it is, and a detail."""

    first: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class ListView:
    title: str
    lines: tuple[LineView, ...]
    none: str
    """What is said where there is no line."""
    more: str


@dataclass(frozen=True, slots=True)
class BriefView:
    """The whole page; the PDF is written from the same."""

    title: str
    day: str
    figures: str
    agreements: tuple[str, ...]
    sides: tuple[SideView, ...]
    lists: tuple[ListView, ...]
    left_out: str


@dataclass(frozen=True, slots=True)
class Briefed:
    """What a brief is written from."""

    facts: Sequence[Agreement]
    rules: Rules
    names: Names
    titles: Mapping[int, Any]
    promises: Mapping[int, Any]
    steps: Sequence[Any]
    activities: Sequence[Any]
    people: Sequence[Any]


def load_brief(reading: Connection, ids: Sequence[int], today: date) -> Briefed:
    """All that a brief of these agreements, at least one, is written from: a fixed number of statements."""
    facts = load_agreements(reading, Span.over(ids))
    own = commitment.c.agreement_id.in_(ids)
    rules = load_rules_of(reading, ids)
    parties = sorted({place.party_id for one in facts for place in one.parties})
    named = {owner.contact_id for one in facts for promise in one.commitments for owner in promise.owners}
    spoken = contacts_of(parties, named)
    titles = reading.execute(
        select(agreement.c.id, agreement.c.reference, agreement.c.title, agreement.c.kind).where(
            agreement.c.id.in_(ids)
        )
    )
    promises = reading.execute(
        select(
            commitment.c.id, commitment.c.reference, commitment.c.summary, commitment.c.summaries, commitment.c.quote
        ).where(own)
    )
    steps = reading.execute(
        select(milestone).join(commitment, commitment.c.id == milestone.c.commitment_id).where(own)
    ).all()
    held = reading.execute(
        select(activity)
        .where(
            activity.c.agreement_id.in_(ids),
            activity.c.held_on <= today.isoformat(),
            activity.c.withdrawn_on.is_(None),
        )
        .order_by(activity.c.held_on.desc(), activity.c.id.desc())
        .limit(ACTIVITIES_SHOWN)
    ).all()
    people = reading.execute(select(contact).where(spoken).order_by(contact.c.party_id, contact.c.role, contact.c.name))
    serving = [
        row
        for row in people
        if not is_over(row, today) and (row.id in named or row.role in (ContactRole.COORDINATOR, ContactRole.LEADER))
    ]
    return Briefed(
        facts,
        rules,
        load_names(reading, spoken),
        {row.id: row for row in titles},
        {row.id: row for row in promises},
        steps,
        held,
        serving,
    )


def describe_brief(
    words: Words, found: Briefed, title: str, own_party: int, theirs: int | None, today: date, left_out: int
) -> BriefView:
    """The brief in words. `theirs` is the party it is about; without one, all parties of the agreement are."""
    standings = {one.id: assess(one, found.rules, today) for one in found.facts}
    own = {
        standing.matter.commitment_id: standing
        for judged in standings.values()
        for standing in judged
        if standing.matter.kind is MatterKind.COMMITMENT
    }
    open_ones = [
        (one, promise)
        for one in found.facts
        for promise in one.commitments
        if promise.state in (CommitmentState.ACTIVE, CommitmentState.ON_HOLD)
        and own[promise.id].state is not StandingState.SETTLED
    ]
    open_ones.sort(key=lambda pair: (URGENCY[own[pair[1].id].state], own[pair[1].id].deadline or date.max))
    several = len(found.facts) > 1
    attention = sum(own[promise.id].state in NEEDING_ATTENTION for _, promise in open_ones)
    figures = [
        words.ngettext("%(count)s agreement", "%(count)s agreements", len(found.facts)) % {"count": len(found.facts)},
        words.ngettext("%(count)s open commitment", "%(count)s open commitments", len(open_ones))
        % {"count": len(open_ones)},
        words.ngettext("%(count)s of them needs attention", "%(count)s of them need attention", attention)
        % {"count": attention},
    ]
    return BriefView(
        title,
        words.format_weekday(today),
        words.gettext(" · ").join(figures),
        tuple(_name_agreement(words, found, one) for one in found.facts) if several else (),
        tuple(_list_sides(words, found, open_ones, own, own_party, theirs, several=several)),
        (
            _list_dates(words, found, standings, today, several=several),
            _list_silent(words, found, standings),
            _list_activities(words, found, several=several),
            _list_people(words, found),
        ),
        words.ngettext(
            "%(count)s further agreement is left out: the most urgent come first.",
            "%(count)s further agreements are left out: the most urgent come first.",
            left_out,
        )
        % {"count": left_out}
        if left_out > 0
        else "",
    )


def _name_agreement(words: Words, found: Briefed, one: Agreement) -> str:
    head = found.titles[one.id]
    until = words.gettext("until %(day)s") % {"day": words.format_end(str(one.expires))} if one.expires else ""
    kind = name_agreement_kind(words, AgreementKind(head.kind))
    return words.gettext(" · ").join(part for part in (tell_title(head.title, words), kind, until) if part)


def _list_sides(
    words: Words,
    found: Briefed,
    open_ones: Sequence[tuple[Agreement, Commitment]],
    own: Mapping[int | None, Standing],
    own_party: int,
    theirs: int | None,
    *,
    several: bool,
) -> list[SideView]:
    """What we owe, what they owe, and what both do; for who is of neither side, each side by its name."""
    ours, joint = [], []
    others: dict[int, list[tuple[Agreement, Commitment]]] = {}
    for one, promise in open_ones:
        owing = [owner.party_id for owner in promise.owners]
        if own_party in owing and len(owing) > 1:
            joint.append((one, promise))
        elif own_party in owing:
            ours.append((one, promise))
        elif theirs is not None and theirs in owing:
            others.setdefault(theirs, []).append((one, promise))
        elif owing:
            others.setdefault(owing[0], []).append((one, promise))

    def side(title: str, owed: Sequence[tuple[Agreement, Commitment]]) -> SideView:
        rest = len(owed) - OWED_SHOWN
        views = tuple(
            _describe_owed(words, found, one, promise, own[promise.id], several=several)
            for one, promise in owed[:OWED_SHOWN]
        )
        return SideView(f"{title} ({len(owed)})", views, _count_more(words, rest))

    is_ours = any(place.party_id == own_party for one in found.facts for place in one.parties)
    sides = [side(words.gettext("What we owe"), ours)] if is_ours else []
    if joint:
        sides.append(side(words.gettext("What we owe together"), joint))
    order = sorted(others, key=lambda party: (party != theirs, -len(others[party])))
    for party in order:
        name = clean_text(found.names.name_party(party, words.tag))
        sides.append(side(words.gettext("What %(party)s owes") % {"party": name}, others[party]))
    if is_ours and not others:
        sides.append(side(words.gettext("What they owe"), []))
    return sides


def _describe_owed(
    words: Words, found: Briefed, one: Agreement, promise: Commitment, standing: Standing, *, several: bool
) -> OwedView:
    people = [
        clean_text(found.names.contacts[owner.contact_id][0])
        for owner in promise.owners
        if owner.contact_id is not None and owner.contact_id in found.names.contacts
    ]
    about = [words.join(people) if people else words.gettext("nobody named")]
    if several:
        about.append(tell_title(found.titles[one.id].title, words))
    return OwedView(
        _title(words, found.promises[promise.id]),
        f"/agreements/{one.reference}/commitments/{promise.reference}",
        words.name(standing.state),
        TONES[standing.state],
        tell_reason(words, found.names, standing.reason),
        words.gettext(" · ").join(about),
    )


def _list_dates(
    words: Words, found: Briefed, standings: Mapping[int, Sequence[Standing]], today: date, *, several: bool
) -> ListView:
    horizon = today + timedelta(days=DAYS_AHEAD)
    ahead = [
        (standing.deadline, one, standing)
        for one in found.facts
        for standing in standings[one.id]
        if standing.deadline is not None
        and today <= standing.deadline <= horizon
        and standing.state is not StandingState.SETTLED
        and not _stands_for_its_periods(one, standing)
    ]
    ahead.sort(key=lambda pair: (pair[0], pair[2].matter.reference))
    lines = tuple(
        LineView(
            words.format_day(day),
            _name_matter(words, found, standing),
            tell_title(found.titles[one.id].title, words) if several else "",
        )
        for day, one, standing in ahead[:DATES_SHOWN]
    )
    none = words.gettext("No date lies ahead within a year.")
    return ListView(words.gettext("Dates ahead"), lines, none, _count_more(words, len(ahead) - DATES_SHOWN))


def _stands_for_its_periods(one: Agreement, standing: Standing) -> bool:
    """The current period of a recurring commitment stands there by itself."""
    return standing.matter.kind is MatterKind.COMMITMENT and any(
        promise.id == standing.matter.commitment_id and promise.recurrence is not None for promise in one.commitments
    )


def _list_silent(words: Words, found: Briefed, standings: Mapping[int, Sequence[Standing]]) -> ListView:
    silent = [
        (one, standing)
        for one in found.facts
        for standing in standings[one.id]
        if standing.state is StandingState.SILENT
    ]
    silent.sort(key=lambda pair: pair[1].cause)
    lines = tuple(
        LineView(
            "",
            tell_title(found.titles[one.id].title, words)
            if standing.matter.kind is MatterKind.DORMANCY
            else _name_matter(words, found, standing),
            tell_reason(words, found.names, standing.reason),
        )
        for one, standing in silent[:SILENT_SHOWN]
    )
    none = words.gettext("Something was heard of everything lately.")
    more = _count_more(words, len(silent) - SILENT_SHOWN)
    return ListView(words.gettext("Nothing heard for long"), lines, none, more)


def _list_activities(words: Words, found: Briefed, *, several: bool) -> ListView:
    lines = tuple(
        LineView(
            words.format_partial(row.held_on),
            fit_text(clean_text(row.title), _TITLE_LIMIT),
            words.gettext(" · ").join(
                part
                for part in (
                    name_activity(words, row.kind),
                    clean_text(row.place or ""),
                    tell_title(found.titles[row.agreement_id].title, words) if several else "",
                )
                if part
            ),
        )
        for row in found.activities
    )
    return ListView(words.gettext("What happened last"), lines, words.gettext("No activity is on record."), "")


def _list_people(words: Words, found: Briefed) -> ListView:
    lines = tuple(
        LineView(
            clean_text(found.names.name_party(row.party_id, words.tag)),
            clean_text(row.name),
            words.gettext(" · ").join(
                part for part in (clean_text(row.office or ""), name_contact_role(words, ContactRole(row.role))) if part
            ),
        )
        for row in found.people[:PEOPLE_SHOWN]
    )
    none = words.gettext("Nobody in office is on record.")
    return ListView(words.gettext("People"), lines, none, _count_more(words, len(found.people) - PEOPLE_SHOWN))


def _name_matter(words: Words, found: Briefed, standing: Standing) -> str:
    matter = standing.matter
    if matter.commitment_id is None:
        return words.name(matter.kind)
    title = _title(words, found.promises[matter.commitment_id])
    if matter.kind is MatterKind.MILESTONE:
        part = (matter.part or "").removeprefix("milestone:")
        for row in found.steps:
            if row.commitment_id == matter.commitment_id and row.reference == part:
                return fit_text(clean_text(find_words(row.titles, words.tag) or row.title), _TITLE_LIMIT)
    if matter.kind is MatterKind.OCCURRENCE and matter.part:
        return f"{title.rstrip('.。')} ({words.format_period(matter.part)})"
    return title


def _title(words: Words, row: Any) -> str:
    return fit_text(clean_text(name_promise(row, words.tag)), _TITLE_LIMIT)


def _count_more(words: Words, rest: int) -> str:
    return words.ngettext("and %(count)s more", "and %(count)s more", rest) % {"count": rest} if rest > 0 else ""
