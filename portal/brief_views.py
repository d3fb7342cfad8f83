"""The brief: everything open with one party or within one agreement, on one page, for a visit or a call."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from commitments.facts import Agreement, Standing
from commitments.urgency import find_step
from commitments.vocabulary import AgreementKind, ConfirmationState, ContactRole, MatterKind, StandingState
from notifications.names import find_words, name_promise
from notifications.styles import TONES
from notifications.views import clean_text, fit_text, shorten_title
from notifications.wording import Words
from portal.brief_facts import (
    CONFIRMATIONS_SHOWN,
    FURTHER_NAMED,
    OWED_SHOWN,
    OWED_TOLD,
    Briefed,
    Open,
    Side,
    SideKind,
    share_out,
)
from portal.labels import name_activity, name_agreement_kind, name_confirmation, name_contact_role
from portal.marks import name_with_office, put_beside
from portal.spoken import drop_stop, find_tag_of, speak, speak_promise, speak_step, string, weave
from portal.telling import name_owner, tell_named, tell_reason, tell_title

AGREEMENTS_NAMED = 4
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
class NamedView:
    """One promise for which there is no more room than a line."""

    title: str
    link: str
    standing: str
    tone: str


@dataclass(frozen=True, slots=True)
class SideView:
    """What one side owes, the most urgent first."""

    title: str
    owed: tuple[OwedView, ...]
    more: str
    link: str = ""
    """Where the rest is."""
    named: tuple[NamedView, ...] = ()
    """What is told of in a line."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many promises of all sides are told of in full, and how many further ones by a line."""

    full: int
    named: int


USUAL = Room(OWED_SHOWN, OWED_TOLD - OWED_SHOWN)
BARE = Room(OWED_SHOWN, 0)
ON_PAPER = (
    *(Room(full, OWED_TOLD - full) for full in (20, 16, 14, 12, 10, 8)),
    *(Room(OWED_SHOWN, named) for named in (20, 16, 12, 8, 4)),
)
"""Of these a sheet of paper takes the first that fits on it: that everything is named goes before that it is told."""


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
    link: str = ""
    """Where the rest is, if there is a page of it."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Where the rest of a brief is."""

    promises: str
    dates: str
    silent: str
    people: str
    is_list: bool
    """Whether what nothing was heard of is in the list of agreements, and not on the page of one."""


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
    more: str = ""
    """How many agreements are looked at and not named."""
    link: str = ""
    """Where the agreements are."""


def describe_brief(
    words: Words,
    found: Briefed,
    title: str,
    own_party: int,
    today: date,
    left_out: int,
    rest: Rest,
    room: Room = USUAL,
) -> BriefView:
    """The brief in words, for who is of `own_party`; so many further agreements are `left_out`, and `rest` says where
    they are."""
    several = len(found.facts) > 1
    number = len(found.facts)
    figures = [
        words.gettext("the %(count)s most urgent of %(total)s agreements")
        % {"count": number, "total": number + left_out}
        if left_out > 0
        else words.ngettext("%(count)s agreement", "%(count)s agreements", number) % {"count": number},
        words.ngettext("%(count)s open commitment", "%(count)s open commitments", found.open) % {"count": found.open},
        words.ngettext("%(count)s of them needs attention", "%(count)s of them need attention", found.attention)
        % {"count": found.attention},
    ]
    named = found.facts[:AGREEMENTS_NAMED] if several else ()
    return BriefView(
        title,
        words.format_weekday(today),
        words.gettext(" · ").join(figures),
        tuple(_name_agreement(words, found, one) for one in named),
        (
            *_list_waiting(words, found, own_party, rest.promises, several=several),
            *_describe_sides(words, found, rest.promises, room, several=several),
        ),
        (
            _list_dates(words, found, rest.dates, several=several),
            _list_silent(words, found, rest, several=several),
            _list_activities(words, found, several=several),
            _list_people(words, found, rest.people),
        ),
        words.ngettext(
            "The most urgent come first: %(count)s further agreement is left out, and no number here counts it.",
            "The most urgent come first: %(count)s further agreements are left out, and no number here counts them.",
            left_out,
        )
        % {"count": left_out}
        if left_out > 0
        else "",
        _count_more(words, len(found.facts) - len(named)) if several else "",
        rest.promises,
    )


def _name_agreement(words: Words, found: Briefed, one: Agreement) -> str:
    head = found.titles[one.id]
    until = words.gettext("until %(day)s") % {"day": words.format_end(str(one.expires))} if one.expires else ""
    kind = name_agreement_kind(words, AgreementKind(head.kind))
    return string(words, (tell_title(head.title, words), kind, until))


def _list_waiting(words: Words, found: Briefed, own_party: int, rest: str, *, several: bool) -> Iterator[SideView]:
    """What waits for a confirmation, by us and by others, and what was sent back: the first thing to settle."""
    asked = [one for one in found.confirmations if one.state == ConfirmationState.ASKED]
    groups = (
        (words.gettext("Waiting for our confirmation"), [one for one in asked if one.party_id == own_party]),
        (words.gettext("Waiting for the confirmation of others"), [one for one in asked if one.party_id != own_party]),
        (
            words.gettext("Sent back, and not reported again"),
            [one for one in found.confirmations if one.state == ConfirmationState.RETURNED],
        ),
    )
    for title, waiting in groups:
        if waiting:
            told = waiting[: CONFIRMATIONS_SHOWN + FURTHER_NAMED]
            views = [_describe_waiting(words, found, one, several=several) for one in told]
            named = tuple(
                NamedView(_shorten(one.title), one.link, one.standing, one.tone) for one in views[CONFIRMATIONS_SHOWN:]
            )
            more = _count_more(words, len(waiting) - len(told))
            yield SideView(
                put_beside(words, title, len(waiting)), tuple(views[:CONFIRMATIONS_SHOWN]), more, rest, named
            )


def _describe_waiting(words: Words, found: Briefed, one: Any, *, several: bool) -> OwedView:
    by = clean_text(found.names.name_party(one.party_id, words.tag))
    since = words.gettext("asked of %(party)s since %(day)s") % {"party": by, "day": words.format_day(one.asked_on)}
    said = one.said
    if one.state == ConfirmationState.RETURNED:
        day = words.format_day(one.answered_on or one.asked_on)
        since = words.gettext("sent back by %(party)s on %(day)s") % {"party": by, "day": day}
        said = one.note
    name = found.names.contacts.get(one.reporter or 0, (None, None))[0]
    party = clean_text(found.names.name_party(one.reporting, words.tag))
    reported = words.gettext("reported as done by %(who)s on %(day)s") % {
        "who": name_with_office(words, clean_text(name), party) if name else party,
        "day": words.format_day(one.reported_on),
    }
    about = [since, *([fit_text(clean_text(said), _TITLE_LIMIT)] if said else [])]
    if several:
        about.append(tell_title(found.titles[one.agreement_id].title, words))
    reference = found.titles[one.agreement_id].reference
    return OwedView(
        _title(words, found.promises[one.commitment_id]),
        f"/agreements/{reference}/commitments/{one.reference}",
        name_confirmation(words, ConfirmationState(one.state)),
        "red" if one.state == ConfirmationState.RETURNED else "amber",
        reported,
        string(words, about),
    )


def _describe_sides(words: Words, found: Briefed, rest: str, room: Room, *, several: bool) -> Iterator[SideView]:
    full, told = (share_out(found.sides, most) for most in (room.full, room.full + room.named))
    for side, first, last in zip(found.sides, full, told, strict=True):
        yield SideView(
            put_beside(words, _name_side(words, found, side), side.total),
            tuple(_describe_owed(words, found, one, several=several) for one in side.told[:first]),
            _count_untold(words, side.states[last:]),
            rest,
            tuple(_describe_named(words, found, one) for one in side.told[first:last]),
        )


def _describe_named(words: Words, found: Briefed, one: Open) -> NamedView:
    return NamedView(
        _shorten(_title(words, found.promises[one.promise.id])),
        f"/agreements/{one.agreement.reference}/commitments/{one.promise.reference}",
        words.name(one.standing.state),
        TONES[one.standing.state],
    )


def _count_untold(words: Words, states: Sequence[StandingState]) -> str:
    """How many there are besides, and how they stand."""
    if not states:
        return ""
    counted = (f"{words.name(state)} {number}" for state, number in Counter(states).items())
    return words.gettext("%(column)s: %(after)s") % {
        "column": _count_more(words, len(states)),
        "after": words.gettext(" · ").join(counted),
    }


def _name_side(words: Words, found: Briefed, side: Side) -> str:
    if side.kind is SideKind.PARTY and side.party_id is not None:
        name = clean_text(found.names.name_party(side.party_id, words.tag))
        return words.gettext("What %(party)s owes") % {"party": name}
    return {
        SideKind.OURS: words.gettext("What we owe"),
        SideKind.JOINT: words.gettext("What we owe together"),
        SideKind.OTHERS: words.gettext("What others owe"),
    }.get(side.kind, words.gettext("What they owe"))


def _describe_owed(words: Words, found: Briefed, one: Open, *, several: bool) -> OwedView:
    people = [
        named
        for owner in one.promise.owners
        if (named := name_owner(words, found.names, found.owners, owner.contact_id, found.today))
    ]
    step = _name_matter(words, found, one.standing) if one.standing.matter.kind is MatterKind.MILESTONE else None
    about = [words.join(people) if people else words.gettext("nobody named")]
    if several:
        about.append(tell_title(found.titles[one.agreement.id].title, words))
    return OwedView(
        _title(words, found.promises[one.promise.id]),
        f"/agreements/{one.agreement.reference}/commitments/{one.promise.reference}",
        words.name(one.standing.state),
        TONES[one.standing.state],
        tell_named(words, found.names, one.standing, step),
        string(words, about),
    )


def _list_dates(words: Words, found: Briefed, rest: str, *, several: bool) -> ListView:
    lines = tuple(
        LineView(
            words.format_day(standing.deadline),
            _name_matter(words, found, standing),
            tell_title(found.titles[one.id].title, words) if several else "",
        )
        for one, standing in found.dates.shown
        if standing.deadline is not None
    )
    named = [
        weave(
            "%(day)s %(what)s",
            {
                "day": words.format_day(standing.deadline),
                "what": _name_short(words, found, one, standing, several=several),
            },
        )
        for one, standing in found.dates.named
        if standing.deadline is not None
    ]
    none = words.gettext("No date lies ahead within a year.")
    where = words.gettext("all of them are in the portal's calendar")
    more = _tell_rest(words, found.dates.total - len(lines), named, where)
    return ListView(words.gettext("Dates ahead"), lines, none, more, rest)


def _list_silent(words: Words, found: Briefed, rest: Rest, *, several: bool) -> ListView:
    lines = tuple(
        LineView(
            "",
            tell_title(found.titles[one.id].title, words)
            if standing.matter.kind is MatterKind.DORMANCY
            else _name_matter(words, found, standing),
            tell_reason(words, found.names, standing.reason),
        )
        for one, standing in found.silent.shown
    )
    none = words.gettext("Something was heard lately of everything that is watched.")
    named = [_name_short(words, found, one, standing, several=several) for one, standing in found.silent.named]
    where = (
        words.gettext("all of them are in the portal's list of agreements")
        if rest.is_list
        else words.gettext("all of them are on the agreement's page in the portal")
    )
    more = _tell_rest(words, found.silent.total - len(lines), named, where)
    return ListView(words.gettext("Nothing heard for long"), lines, none, more, rest.silent)


def _list_activities(words: Words, found: Briefed, *, several: bool) -> ListView:
    lines = tuple(
        LineView(
            words.format_partial(row.held_on),
            fit_text(clean_text(row.title), _TITLE_LIMIT),
            string(
                words,
                (
                    name_activity(words, row.kind),
                    clean_text(row.place or ""),
                    tell_title(found.titles[row.agreement_id].title, words) if several else "",
                ),
            ),
        )
        for row in found.activities
    )
    return ListView(words.gettext("What happened last"), lines, words.gettext("No activity is on record."), "")


def _list_people(words: Words, found: Briefed, rest: str) -> ListView:
    lines = tuple(
        LineView(
            clean_text(found.names.name_party(row.party_id, words.tag)),
            clean_text(row.name),
            words.gettext(" · ").join(
                part for part in (clean_text(row.office or ""), name_contact_role(words, ContactRole(row.role))) if part
            ),
        )
        for row in found.people
    )
    none = words.gettext("Nobody in office is on record.")
    named = [clean_text(row.name) for row in found.unshown[:FURTHER_NAMED]]
    where = words.gettext("all of them are on this brief's page in the portal")
    more = _tell_rest(words, len(found.unshown), named if len(named) == len(found.unshown) else [], where)
    return ListView(words.gettext("People"), lines, none, more, rest)


def _tell_rest(words: Words, number: int, named: Sequence[str], where: str) -> str:
    """How many there are besides, as many of them as are named, and where they all are if those are not all: on paper
    nothing leads there."""
    more = _count_more(words, number)
    if named:
        more = weave(words.gettext("%(column)s: %(after)s"), {"column": more, "after": string(words, named)})
    if number > len(named):
        more = weave(f"%(more)s{words.gettext('; ')}%(where)s", {"more": more, "where": where})
    return more


def _name_short(words: Words, found: Briefed, one: Agreement, standing: Standing, *, several: bool) -> str:
    """A matter in a few words; with its agreement if it is a date of that."""
    what = _name_matter(words, found, standing)
    if standing.matter.commitment_id is not None:
        return drop_stop(_shorten(what))
    title = _shorten(tell_title(found.titles[one.id].title, words))
    if standing.matter.kind is MatterKind.DORMANCY:
        return title
    return weave(words.gettext("%(step)s (%(promise)s)"), {"step": what, "promise": title}) if several else what


def _name_matter(words: Words, found: Briefed, standing: Standing) -> str:
    matter = standing.matter
    if matter.commitment_id is None:
        return words.name(matter.kind)
    title = _title(words, found.promises[matter.commitment_id])
    if step := find_step(matter):
        for row in found.steps:
            if row.commitment_id == matter.commitment_id and row.reference == step:
                said = fit_text(clean_text(find_words(row.titles, words.tag) or row.title), _TITLE_LIMIT)
                return speak_step(row.titles, words, said)
    if matter.kind is MatterKind.OCCURRENCE and matter.part:
        return put_beside(words, title, words.format_period(matter.part))
    return title


def _title(words: Words, row: Any) -> str:
    return speak_promise(row, words, fit_text(clean_text(name_promise(row, words.tag)), _TITLE_LIMIT))


def _shorten(title: str) -> str:
    return speak(shorten_title(title), find_tag_of(title))


def _count_more(words: Words, rest: int) -> str:
    return words.ngettext("and %(count)s more", "and %(count)s more", rest) % {"count": rest} if rest > 0 else ""
