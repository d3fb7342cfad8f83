"""The items of a message, as they are shown."""

import itertools
import shlex
from collections.abc import Sequence
from dataclasses import replace

from commitments.vocabulary import OPERATOR_KINDS, Answer, FollowUpKind, MatterKind, NotificationKind, StandingState
from notifications.messages import Ground, Item, Reported
from notifications.reasons import FOR_KNOWLEDGE, Why
from notifications.styles import TONES
from notifications.views import (
    ItemView,
    LinkView,
    SectionView,
    StandingView,
    check_link,
    clean_text,
    fit_text,
    name_some,
)
from notifications.wording import Words

PROMISES = frozenset({MatterKind.COMMITMENT, MatterKind.MILESTONE, MatterKind.OCCURRENCE})
QUOTE_LIMIT = 400
HINTED_ITEMS = 10
"""With more items than these, commands would only be clutter."""
DENSE_ITEMS = 20
"""With more items than these, each is kept short, or mail programs would cut the message off."""
SOON_DAYS = 92
"""What lies further ahead than a quarter is a date ahead, not due soon."""
_LEADERS = 3
"""The rung of the leaders."""
_NOT_BY_REPORT = (FollowUpKind.UNOWNED, FollowUpKind.MESSAGE_FAILED)


def describe_item(
    words: Words,
    item: Item,
    quote_limit: int,
    *,
    with_hints: bool = True,
    with_quote: bool = True,
    number: int | None = None,
) -> ItemView:
    """One item with everything that is said about it; with a `number` where many links would have one name."""
    promise = clean_text(item.promise)
    title, quote = title_item(words, item), ""
    if item.is_quote and (item.summary or item.matter_kind is MatterKind.MILESTONE):
        quote = words.quote(fit_text(promise, quote_limit))
    elif item.matter_kind is MatterKind.MILESTONE and item.part_title:
        quote = fit_text(promise, quote_limit)
    elif is_about_promise(item) and promise == title:
        title = fit_text(title, quote_limit)
        title = words.quote(title) if item.is_quote else title
    reason = _describe_reason(words, item)
    all_asked = (item, *item.also)
    grounds = [words.describe_ground(_find_ground(one), _name_asked(one)) for one in all_asked]
    grounds += [words.describe_ground(one.handed_over) for one in all_asked if one.handed_over is not None]
    return ItemView(
        title=title if number is None else f"{number}. {title}",
        quote=quote if with_quote else "",
        agreement=clean_text(item.agreement_title),
        promised=_describe_parties(words, item),
        standing=_name_standing(words, item),
        tone="grey" if is_far_ahead(item) else TONES[item.standing],
        reason=reason,
        expected=" ".join(
            dict.fromkeys(clean_text(words.describe_expected(one)) for one in all_asked if not _is_told_only(one))
        ),
        by=_describe_date(words, item, reason),
        due=_describe_due(words, item, reason),
        why=" · ".join(dict.fromkeys(map(clean_text, grounds))),
        link=check_link(item.link),
        hints=tuple(dict.fromkeys(hint for one in all_asked for hint in _hint_commands(one)))
        if with_hints and not item.answer_link and item.ground.code not in FOR_KNOWLEDGE
        else (),
        answers=_describe_answers(words, item, each=with_hints, number=number),
        page=check_link(item.answer_link),
        report=_describe_what_was_said(words, item),
        note=words.quote(fit_text(clean_text(note), quote_limit)) if (note := _find_note(item)) else "",
        also=_describe_others(words, item, reason),
    )


def _find_ground(item: Item) -> Ground:
    """Why it is told; of a message that did not go the other side's leaders are told nothing."""
    if item.follow_up_kind is FollowUpKind.MESSAGE_FAILED and item.ground.numbers.get("rung") == _LEADERS:
        return replace(item.ground, numbers={**item.ground.numbers, "rung": 0})
    return item.ground


def _is_told_only(item: Item) -> bool:
    """Whether its reader hears that nobody has answered, and cannot either: what others are to do is no order."""
    by_itself = item.matter_kind in (MatterKind.OPERATION, MatterKind.DRAFT)
    if by_itself or item.follow_up_kind in (FollowUpKind.MESSAGE_FAILED, *OPERATOR_KINDS):
        return False
    return item.kind is NotificationKind.ESCALATION and bool(item.answer_link) and not item.answers


def _describe_reason(words: Words, item: Item) -> str:
    return clean_text(words.describe_reason(item.reason))


def _describe_others(words: Words, item: Item, reason: str) -> tuple[StandingView, ...]:
    """How else the matter stands; what is asked of two for one reason says it once."""
    views = (
        StandingView(_name_standing(words, one), TONES[one.standing], _describe_reason(words, one)) for one in item.also
    )
    return tuple(one for one in dict.fromkeys(views) if one.reason != reason)


def _describe_what_was_said(words: Words, item: Item) -> str:
    """What its reader is asked to confirm, or who sent their own report back."""
    if item.report is not None:
        return describe_report(words, item.report)
    if item.ground.code is not Why.SENT_BACK:
        return ""
    party = clean_text(str(item.ground.numbers.get("party") or ""))
    return words.gettext("%(party)s sent your report back.") % {"party": party}


def _find_note(item: Item) -> str | None:
    """What was said with a report, or with sending it back."""
    if item.report is not None:
        return item.report.note
    return str(item.ground.numbers.get("note") or "") if item.ground.code is Why.SENT_BACK else None


def describe_report(words: Words, report: Reported) -> str:
    """What was reported, by whom and when, without what was said with it."""
    party = clean_text(report.party)
    if report.name:
        party = words.gettext("%(name)s (%(party)s)") % {"name": clean_text(report.name), "party": party}
    said = {"party": party, "day": words.format_day(report.on), "rating": words.name(report.rating)}
    if report.is_done:
        return words.gettext("%(party)s reported on %(day)s that it is done.") % said
    return words.gettext("%(party)s reported on %(day)s: %(rating)s.") % said


def _describe_answers(words: Words, item: Item, *, each: bool, number: int | None = None) -> tuple[LinkView, ...]:
    """A button for each answer; one for all of them where there are many items, or nothing to answer."""
    link = check_link(item.answer_link)
    if not link:
        return ()
    if not item.answers:
        return (LinkView(words.gettext("See how it stands"), link, "button"),)
    if not each:
        name = words.gettext("Answer %(number)s") % {"number": number} if number else words.gettext("Answer")
        return (LinkView(name, link, "plain"),)
    links: dict[str, str] = {}
    for one in (item, *item.also):
        for answer in one.answers:
            name = name_answer(words, answer, one.follow_up_kind)
            links.setdefault(name, f"{check_link(one.answer_link)}/{answer}")
    return tuple(
        LinkView(name, leads_to, "button" if place else "first") for place, (name, leads_to) in enumerate(links.items())
    )


def name_answer(words: Words, answer: Answer, asked: FollowUpKind | None) -> str:
    """What an answer is called on its button."""
    if answer is Answer.NOT_ME and asked is FollowUpKind.UNOWNED:
        return words.gettext("Name who answers for it")
    if answer is Answer.NOT_ME and asked is FollowUpKind.UNCONFIRMED:
        return words.gettext("Somebody else decides")
    if answer is Answer.DONE and asked is FollowUpKind.DORMANT:
        return words.gettext("Keep it as it is")
    return words.name(answer)


def is_about_promise(item: Item) -> bool:
    """Whether an item is about a promise, not about a date of the agreement or a message."""
    return item.matter_kind in PROMISES and item.follow_up_kind is not FollowUpKind.MESSAGE_FAILED


def is_far_ahead(item: Item) -> bool:
    """Whether it only reminds of a date of the agreement that nobody would call soon, as an end in twelve months."""
    days = item.reason.numbers.get("days")
    reminds = item.kind is NotificationKind.REMINDER and item.answer_by is None
    dated = item.matter_kind not in PROMISES and item.standing is StandingState.DUE_SOON
    return reminds and dated and isinstance(days, int) and days > SOON_DAYS


def title_item(words: Words, item: Item) -> str:
    """What an item is called: the milestone, the date of the agreement, else the promise in short or in full."""
    if item.matter_kind is MatterKind.MILESTONE and item.part_title:
        return clean_text(item.part_title)
    if item.follow_up_kind is FollowUpKind.MESSAGE_FAILED:
        name = words.name_follow_up(item.follow_up_kind)
        person = clean_text(str(item.reason.numbers.get("contact") or ""))
        return words.gettext("%(name)s: %(title)s") % {"name": name, "title": person} if person else name
    if item.follow_up_kind in (FollowUpKind.DRAFT_WAITING, *OPERATOR_KINDS):
        return words.name_follow_up(item.follow_up_kind)
    if not is_about_promise(item):
        return words.name(item.matter_kind)
    return clean_text(item.summary or item.promise)


def _name_standing(words: Words, item: Item) -> str:
    # While it is asked, the standing is not what the reader is asked about; once answered, it is what they see.
    if item.follow_up_kind is FollowUpKind.CONFIRMATION_ASKED and item.answer_by is not None:
        return words.name_follow_up(item.follow_up_kind)
    if item.matter_kind in (MatterKind.OPERATION, MatterKind.DRAFT):
        return words.name(item.matter_kind)
    if item.follow_up_kind is FollowUpKind.MESSAGE_FAILED:
        return words.name_follow_up(item.follow_up_kind)
    if is_far_ahead(item):
        return words.gettext("Date ahead")
    return words.name_standing(item.standing)


def _name_asked(item: Item) -> dict[str, str] | None:
    asked = item.ground.numbers.get("asked")
    return {str(asked): item.asked} if asked and item.asked else None


def _describe_parties(words: Words, item: Item) -> str:
    party = clean_text(item.party or "")
    if item.follow_up_kind is FollowUpKind.MESSAGE_FAILED:
        return party
    others = name_some(words, item.to_whom)
    # Who is asked to confirm is not who promised.
    if is_about_promise(item) and item.follow_up_kind is not FollowUpKind.CONFIRMATION_ASKED:
        if item.jointly:
            together = name_some(words, item.jointly)
            others = name_some(words, [one for one in item.to_whom if one not in item.jointly])
            if others:
                return words.gettext("Promised jointly by %(parties)s to %(others)s") % {
                    "parties": together,
                    "others": others,
                }
            return words.gettext("Promised jointly by %(parties)s") % {"parties": together}
        if party and others:
            return words.gettext("Promised by %(party)s to %(others)s") % {"party": party, "others": others}
        if others:
            return words.gettext("Promised to %(others)s") % {"others": others}
        return words.gettext("Promised by %(party)s") % {"party": party} if party else ""
    if party and others:
        return words.gettext("Between %(party)s and %(others)s") % {"party": party, "others": others}
    return words.gettext("With %(others)s") % {"others": others} if others else party


def _describe_date(words: Words, item: Item, reason: str) -> str:
    if item.answer_by is not None and (item.is_late or item.kind is NotificationKind.ESCALATION):
        return words.gettext("An answer was asked for by %(day)s.") % {"day": words.format_day(item.answer_by)}
    if item.answer_by is not None:
        return words.gettext("Please answer by %(day)s.") % {"day": words.format_day(item.answer_by)}
    if item.due_on is not None:
        day = words.format_day(item.due_on)
        return "" if clean_text(day) in reason else words.gettext("The date is %(day)s.") % {"day": day}
    return ""


def _describe_due(words: Words, item: Item, reason: str) -> str:
    """By when it was promised, where neither its reason nor its own date says so."""
    if item.due is None or item.answer_by is None or item.matter_kind is MatterKind.OCCURRENCE:
        return ""
    if clean_text(words.format_partial(item.due)) in reason:
        return ""
    return words.gettext("Due: %(day)s.") % {"day": words.format_end(item.due)}


def _hint_commands(item: Item) -> tuple[str, ...]:
    """How the same is done on the command line."""
    if item.ground.code in FOR_KNOWLEDGE:
        return ()
    matter = shlex.quote(clean_text(item.matter))
    party = shlex.quote(clean_text(item.party_reference or ""))
    if item.follow_up_kind is FollowUpKind.CONFIRMATION_ASKED:
        return (f"tally confirm {matter} --party {party if item.party_reference else 'REF'}",)
    hints = []
    if item.matter_kind is MatterKind.OCCURRENCE:
        agreement, _, commitment = item.matter.partition("/")
        under, served = shlex.quote(clean_text(agreement)), shlex.quote(clean_text(commitment))
        hints.append(f'tally add-activity {under} --commitment {served} --title "…" --kind exchange --on DATE')
    elif item.matter_kind in PROMISES and item.follow_up_kind not in _NOT_BY_REPORT:
        owing = f" --party {party}" if item.party_reference else ""
        hints.append(f'tally report-progress {matter}{owing} --rating on_track --note "…"')
    if item.follow_up:
        hints.append(f"tally follow-ups --done {shlex.quote(clean_text(item.follow_up))}")
    return tuple(hints)


def list_views(items: Sequence[Item], sections: Sequence[SectionView]) -> tuple[ItemView, ...]:
    """The views of these items in the order of the items, from the sections that were made of them."""
    places = dict.fromkeys(_place(item) for item in items)
    waiting = {place: iter(section.items) for place, section in zip(places, sections, strict=True)}
    return tuple(next(waiting[_place(item)]) for item in items)


def _place(item: Item) -> NotificationKind | Why:
    """The section of a message in which an item stands."""
    if item.ground.code is Why.CARRIED_OVER:  # a date that has passed on the way is no coming one
        return NotificationKind.FOLLOW_UP
    return item.ground.code if item.ground.code in {*FOR_KNOWLEDGE, Why.SENT_BACK} else item.kind


def describe_sections(words: Words, items: Sequence[Item]) -> tuple[SectionView, ...]:
    """The items by what is wanted of the reader, in the order in which they come: the most urgent first."""
    titles: dict[NotificationKind | Why, str] = {
        Why.HANDED_ON: words.gettext("Handed over to somebody else"),
        Why.REGISTERED: words.gettext("Registered with your party"),
        Why.PROPOSED: words.gettext("Named for your side"),
        Why.SENT_BACK: words.gettext("Sent back to you"),
        NotificationKind.ALERT: words.gettext("The engine needs you"),
        NotificationKind.CONFIRMATION: words.gettext("Waiting for your confirmation"),
        NotificationKind.HAND_OVER: words.gettext("Handed over to you"),
        NotificationKind.ESCALATION: words.gettext("Brought to you because nobody has answered"),
        NotificationKind.FOLLOW_UP: words.gettext("Needs an answer from you"),
        NotificationKind.REMINDER: words.gettext("Coming dates"),
    }
    # Sixty long sentences would make the mail so big that mail programs cut it off.
    quote_limit = max(60, min(QUOTE_LIMIT, 5000 // max(len(items), 1)))
    shown = {"with_hints": len(items) <= HINTED_ITEMS, "with_quote": len(items) <= DENSE_ITEMS}
    by_place: dict[NotificationKind | Why, list[Item]] = {}
    for item in items:
        by_place.setdefault(_place(item), []).append(item)
    numbers = itertools.count(1)
    views = {
        place: tuple(
            describe_item(words, item, quote_limit, **shown, number=None if shown["with_hints"] else next(numbers))
            for item in found
        )
        for place, found in by_place.items()
    }
    return tuple(
        SectionView(_count_under(words, titles.get(place) or words.name(place), len(found)), found)
        for place, found in views.items()
    )


def _count_under(words: Words, title: str, number: int) -> str:
    return words.gettext("%(name)s (%(party)s)") % {"name": title, "party": number}
