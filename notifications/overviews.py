"""The week's digest and the month's summary, as they are shown."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from urllib.parse import quote

from commitments.vocabulary import FollowUpKind, StandingState
from notifications import phrases
from notifications.items import PROMISES
from notifications.messages import AgreementLine, Digest, Message, News, Reach, Stuck, Summary, Waiting
from notifications.reasons import ChangeKind
from notifications.styles import TONES
from notifications.views import (
    AgreementView,
    BarView,
    CountView,
    DatedView,
    OverviewView,
    PictureView,
    StuckView,
    WaitingView,
    check_link,
    clean_text,
    fit_text,
    name_some,
    needs_attention,
    shorten_title,
)
from notifications.wording import Words

AGREEMENT_LIMIT = 12
QUIET_LIMIT = 8
NEWS_LIMIT = 12
STUCK_LIMIT = 8
COMING_LIMIT = 30
WAITING_LIMIT = 20
"""People who have not answered, so many of each side."""
PROMISE_LIMIT = 300
NOTE_LIMIT = 200


def describe_digest(
    words: Words, digest: Digest, portal: str | None = None, calendar: str | None = None
) -> OverviewView:
    """The week over all agreements: what needs attention, what comes, who has not answered; with links to the pages of
    the `portal` at that address, if there is one. Of very many dates the rest is in its `calendar`, at that address
    too."""
    figures = [*count_agreements(words, digest.agreements)]
    if digest.opened or digest.closed:
        figures.append(
            words.ngettext("%(count)s follow-up opened", "%(count)s follow-ups opened", digest.opened)
            % {"count": digest.opened}
        )
        figures.append(words.ngettext("%(count)s closed", "%(count)s closed", digest.closed) % {"count": digest.closed})
    agreements, quiet = _describe_agreements(words, digest.agreements, portal)
    coming = tuple(
        DatedView(
            words.format_day(one.day),
            fit_text(clean_text(one.promise), PROMISE_LIMIT)
            if one.matter_kind in PROMISES
            else words.name(one.matter_kind),
            clean_text(one.agreement_title),
            _link_page(portal, one.page),
        )
        for one in digest.coming[:COMING_LIMIT]
    )
    rest = digest.coming[COMING_LIMIT:]
    waiting = {
        side: tuple(
            WaitingView(_describe_waiting(words, one), _link_page(portal, one.page))
            for one in digest.waiting
            if one.own_side is side
        )[:WAITING_LIMIT]
        for side in (True, False)
    }
    stuck = tuple(_describe_stuck(words, one, portal) for one in digest.stuck[:STUCK_LIMIT])
    title = (
        words.gettext("Your overview, since %(day)s") if digest.is_long else words.gettext("Your week, since %(day)s")
    )
    title = title % {"day": words.format_day(digest.since)}
    return OverviewView(
        title,
        tuple(figures),
        agreements,
        quiet,
        news=tuple(describe_news(words, one) for one in digest.news[:NEWS_LIMIT]),
        more_news=count_more(words, len(digest.news) - NEWS_LIMIT),
        stuck=stuck,
        more_stuck=count_more(words, len(digest.stuck) - STUCK_LIMIT),
        stuck_page=_link_most_urgent(portal) if len(digest.stuck) > STUCK_LIMIT else "",
        coming=coming,
        more_coming=count_more(words, len(rest)),
        coming_page=_link_calendar(calendar, rest[0].day) if rest else "",
        waiting_own=waiting[True],
        waiting_others=waiting[False],
        more_waiting=count_more(words, len(digest.waiting) - sum(map(len, waiting.values()))),
    )


def _link_calendar(portal: str | None, day: date) -> str:
    """The portal's calendar in the month of a day."""
    return check_link(f"{portal.rstrip('/')}/calendar?month={day:%Y-%m}") if portal else ""


def _link_most_urgent(portal: str | None) -> str:
    """The portal's list of agreements, the most urgent first."""
    return check_link(f"{portal.rstrip('/')}/agreements?sort=urgent") if portal else ""


def _link_page(portal: str | None, page: str) -> str:
    """A page of the portal, or nothing where there is no portal or no such page."""
    return check_link(f"{portal.rstrip('/')}/{quote(page)}") if portal and page else ""


def _describe_waiting(words: Words, one: Waiting) -> str:
    numbers = {"name": clean_text(one.name), "party": clean_text(one.party), "count": one.follow_ups}
    numbers["day"] = words.format_day(one.oldest) if one.oldest is not None else ""
    return _choose_waiting(words, one) % numbers


def _choose_waiting(words: Words, one: Waiting) -> str:
    match one.reach:
        case Reach.ASKED:
            return words.ngettext(
                "%(name)s (%(party)s): %(count)s open follow-up, asked on %(day)s",
                "%(name)s (%(party)s): %(count)s open follow-ups, the oldest asked on %(day)s",
                one.follow_ups,
            )
        case Reach.NO_WAY:
            return words.ngettext(
                "%(name)s (%(party)s): %(count)s open follow-up; cannot be reached: no address on record that works",
                "%(name)s (%(party)s): %(count)s open follow-ups; cannot be reached: no address on record that works",
                one.follow_ups,
            )
        case Reach.LOST:
            return words.ngettext(
                "%(name)s (%(party)s): %(count)s open follow-up; could not be reached: what was sent did not arrive",
                "%(name)s (%(party)s): %(count)s open follow-ups; could not be reached: what was sent did not arrive",
                one.follow_ups,
            )
        case Reach.AWAY:
            return words.ngettext(
                "%(name)s (%(party)s): %(count)s open follow-up; away until %(day)s, and not asked yet",
                "%(name)s (%(party)s): %(count)s open follow-ups; away until %(day)s, and not asked yet",
                one.follow_ups,
            )
        case Reach.NOTHING:
            return words.ngettext(
                "%(name)s (%(party)s): %(count)s open follow-up; nothing was sent to them yet",
                "%(name)s (%(party)s): %(count)s open follow-ups; nothing was sent to them yet",
                one.follow_ups,
            )


def describe_news(words: Words, one: News) -> DatedView:
    """One change in words."""
    numbers = {
        "party": clean_text(one.party or ""),
        "rating": words.name(one.rating) if one.rating is not None else "",
        "state": words.name(one.state) if one.state is not None else "",
        "value": clean_text(words.format_amount(one.value, one.unit)) if one.value is not None else "",
    }
    numbers |= {
        "before": words.format_end(one.before) if one.before else words.gettext("without a date"),
        "after": words.format_end(one.after) if one.after else words.gettext("without a date"),
        "name": clean_text(one.name or ""),
        "count": str(one.number),
    }
    said = words.gettext(phrases.NEWS[one.kind]) % numbers
    if one.number > 1:
        said = (
            words.ngettext(
                "%(name)s (%(party)s) answers for %(count)s commitment now",
                "%(name)s (%(party)s) answers for %(count)s commitments now",
                one.number,
            )
            % numbers
        )
    if one.kind is ChangeKind.MOVED and one.name:
        said = words.gettext("%(name)s (%(party)s)") % {"name": said, "party": clean_text(one.name)}
    if one.note:
        said = f"{said} – {fit_text(clean_text(one.note), NOTE_LIMIT)}"
    title, agreement = clean_text(one.title), clean_text(one.agreement_title)
    detail = said if title == agreement else f"{said} · {agreement}"
    return DatedView(words.format_day(one.on), shorten_title(title), detail)


def _describe_stuck(words: Words, one: Stuck, portal: str | None) -> StuckView:
    asked = _name_asked(words, one)
    detail = words.gettext("an answer was due by %(day)s") % {"day": words.format_day(one.answer_by)}
    parts = (clean_text(one.agreement_title), asked, detail)
    return StuckView(
        _name_stuck(words, one),
        clean_text(words.describe_reason(one.reason)),
        " · ".join(part for part in parts if part),
        _link_page(portal, one.page),
    )


def _name_asked(words: Words, one: Stuck) -> str:
    """Who was asked, with their party; of a joint promise each."""
    if not one.others:
        return " – ".join(clean_text(name) for name in (one.name, one.party) if name)
    asked = [
        words.gettext("%(name)s (%(party)s)") % {"name": clean_text(name), "party": clean_text(party)}
        if name and party
        else clean_text(name or party or "")
        for name, party in ((one.name, one.party), *one.others)
    ]
    return words.join([name for name in asked if name])


def _name_stuck(words: Words, one: Stuck) -> str:
    if one.kind is FollowUpKind.MESSAGE_FAILED:
        return words.name_follow_up(one.kind)
    if one.matter_kind not in PROMISES:
        return words.name(one.matter_kind)
    return fit_text(clean_text(one.promise), PROMISE_LIMIT)


_ROOM_FOR_COUNTS = 3
"""Where fewer lines of each part fit, the counts by kind and by silence give way to what is named."""


def shorten_overview(words: Words, whole: OverviewView, message: Message, most: int) -> OverviewView:
    """So many lines of each part, and how many more there are; without any line, the title and the figures alone."""
    if not most:
        return OverviewView(whole.title, whole.figures, (), "")
    digest = message.digest if whole.news or whole.stuck else None
    told = message.digest
    coming = len(told.coming) if whole.coming and told is not None else 0
    waiting = len(told.waiting) if (whole.waiting_own or whole.waiting_others) and told is not None else 0
    own = whole.waiting_own[:most]
    others = whole.waiting_others[: max(most - len(whole.waiting_own), 0)]
    return replace(
        whole,
        quiet="",
        bars=whole.bars if most >= _ROOM_FOR_COUNTS else (),
        silence=whole.silence if most >= _ROOM_FOR_COUNTS else (),
        agreements=whole.agreements[:most],
        more_agreements=count_more(words, len(whole.agreements) - most),
        news=whole.news[:most],
        more_news=count_more(words, len(digest.news) - len(whole.news[:most])) if digest is not None else "",
        stuck=whole.stuck[:most],
        more_stuck=count_more(words, len(digest.stuck) - len(whole.stuck[:most])) if digest is not None else "",
        coming=whole.coming[:most],
        more_coming=count_more(words, coming - len(whole.coming[:most])),
        waiting_own=own,
        waiting_others=others,
        more_waiting=count_more(words, waiting - len(own) - len(others)),
    )


def count_more(words: Words, rest: int) -> str:
    if rest <= 0:
        return ""
    return words.ngettext("and %(count)s more in the register", "and %(count)s more in the register", rest) % {
        "count": rest
    }


def describe_summary(
    words: Words,
    summary: Summary,
    *,
    with_agreements: bool,
    with_picture: bool = False,
    portal: str | None = None,
) -> OverviewView:
    """The month's picture: by kind of commitment, by party, by age of silence, and by agreement unless a digest shows
    them already."""
    agreements, quiet = _describe_agreements(words, summary.agreements, portal) if with_agreements else ((), "")
    bars = tuple(
        BarView(
            words.gettext("%(kind)s: %(count)s")
            % {"kind": words.name_kind(line.kind), "count": sum(number for _, number in line.counts)},
            _describe_counts(words, line.counts),
        )
        for line in summary.kinds
    )
    parties = tuple(
        words.ngettext(
            "%(party)s: %(count)s commitment, %(fulfilled)s fulfilled, %(attention)s in need of attention",
            "%(party)s: %(count)s commitments, %(fulfilled)s fulfilled, %(attention)s in need of attention",
            line.owed,
        )
        % {
            "party": clean_text(line.party),
            "count": line.owed,
            "fulfilled": line.fulfilled,
            "attention": line.needing_attention,
        }
        for line in summary.parties
    )
    title = words.gettext("The picture in %(month)s") % {"month": words.format_month(summary.month)}
    figures = count_agreements(words, summary.agreements)
    silence = tuple(
        words.gettext("%(age)s: %(count)s") % {"age": words.gettext(phrases.AGES[age]), "count": count}
        for age, count in summary.silence
    )
    picture = None
    if with_picture:
        alternative = words.gettext(
            "Charts: progress by agreement and by kind, who owes what, how long nothing has been heard. %(figures)s. "
            "The numbers stand below."
        )
        picture = PictureView(
            f"cid:{name_picture(summary)}",
            alternative % {"figures": " · ".join(figures)},
            words.gettext("The same on one page is attached as PDF."),
        )
    return OverviewView(title, figures, agreements, quiet, bars=bars, parties=parties, silence=silence, picture=picture)


def name_picture(summary: Summary) -> str:
    """The name under which the HTML shows the month's picture."""
    return f"summary-{summary.month:%Y-%m}@tallystick"


def count_agreements(words: Words, lines: Sequence[AgreementLine]) -> tuple[str, str]:
    """How many there are, and how many of them need attention."""
    attention = count_stirring(lines)
    return (
        words.ngettext("%(count)s agreement", "%(count)s agreements", len(lines)) % {"count": len(lines)},
        words.ngettext("%(count)s needs attention", "%(count)s need attention", attention) % {"count": attention},
    )


def count_stirring(lines: Iterable[AgreementLine]) -> int:
    """How many need attention."""
    return sum(map(_is_stirring, lines))


def _is_stirring(line: AgreementLine) -> bool:
    """Whether an agreement needs attention: something stands badly, was called so, or waits for an answer."""
    return bool(needs_attention(line.counts) or line.open_follow_ups or line.troubled)


def _describe_agreements(
    words: Words, lines: Sequence[AgreementLine], portal: str | None
) -> tuple[tuple[AgreementView, ...], str]:
    """Those that need attention or an answer, each with its worst promise; the quiet ones in one line."""
    stirring = [line for line in lines if _is_stirring(line)]
    shown = stirring[:AGREEMENT_LIMIT]
    quiet = [line for line in lines if not _is_stirring(line)]
    titles = [clean_text(line.title) for line in quiet[:QUIET_LIMIT]]
    text = ""
    if titles:
        text = words.gettext("Nothing to do: %(titles)s") % {"titles": words.gettext("; ").join(titles)}
    more = count_more(words, len(lines) - len(shown) - len(titles))
    if more:
        text = words.gettext("; ").join(filter(None, (text, more)))
    return tuple(_describe_agreement(words, line, portal) for line in shown), text


def _describe_agreement(words: Words, line: AgreementLine, portal: str | None) -> AgreementView:
    worst, trouble = "", _describe_trouble(words, line)
    if line.worst is not None and needs_attention(line.counts[:1]):
        reason = clean_text(words.describe_reason(line.worst))
        promise = shorten_title(clean_text(line.worst_promise or "")).rstrip(".。")
        worst = words.gettext("%(promise)s: %(reason)s") % {"promise": promise, "reason": reason} if promise else reason
    return AgreementView(
        clean_text(line.title),
        name_some(words, line.partners),
        words.name_state(line.state),
        _describe_counts(words, line.counts),
        words.ngettext("%(count)s open follow-up", "%(count)s open follow-ups", line.open_follow_ups)
        % {"count": line.open_follow_ups}
        if line.open_follow_ups
        else "",
        worst or trouble,
        _describe_sides(words, line),
        _link_page(portal, f"agreements/{line.reference}"),
        trouble if worst else "",
    )


def _describe_trouble(words: Words, line: AgreementLine) -> str:
    """What a party last said of a promise that does not go well."""
    said = line.troubled
    if said is None:
        return ""
    reported = words.gettext("%(party)s reported on %(day)s: %(rating)s.") % {
        "party": clean_text(said.party), "day": words.format_day(said.on), "rating": words.name(said.rating),
    }  # fmt: skip
    promise = shorten_title(clean_text(said.promise)).rstrip(".。")
    return words.gettext("%(promise)s: %(reason)s") % {"promise": promise, "reason": reported}


def _describe_sides(words: Words, line: AgreementLine) -> tuple[str, ...]:
    """How each side stands, where both owe something of their own."""
    if not (line.own and line.others):
        return ()
    own, others = (
        words.join([f"{words.name_standing(state)} {number}" for state, number in counts])
        for counts in (line.own, line.others)
    )
    return (
        words.gettext("Your side: %(counts)s") % {"counts": own},
        words.gettext("The other side: %(counts)s") % {"counts": others},
    )


def _describe_counts(words: Words, counts: Sequence[tuple[StandingState, int]]) -> tuple[CountView, ...]:
    total = sum(number for _, number in counts) or 1
    return tuple(
        CountView(f"{words.name_standing(state)} {number}", TONES[state], max(2, number * 100 // total))
        for state, number in counts
    )
