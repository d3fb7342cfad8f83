"""An agreement in time: its dates, what was done and reported, and its silences, as a picture and as a table."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from commitments.assessment import find_start
from commitments.dates import PartialDate, add_days, parse_date
from commitments.facts import Agreement, Matter, Standing
from commitments.policy import Policy
from commitments.urgency import find_late_steps
from commitments.vocabulary import CommitmentKind, MatterKind, MilestoneState, Rating
from notifications.digests import needs_attention
from notifications.names import Names, find_words, name_promise
from notifications.views import clean_text, fit_text, shorten_title
from notifications.wording import Words
from portal.agreement_facts import Parts
from portal.agreement_views import name_matter
from portal.labels import is_awaited, name_step_state
from portal.marks import put_under
from portal.pages import TableView
from portal.pictures import DateWriters, Lane, Moment, PictureView, draw_timeline, find_silences
from portal.spoken import drop_stop

MOMENTS_SHOWN = 200
_DAYS_BEFORE = 366
"""So long before the agreement's own first date its timeline may begin."""
_TITLE_LIMIT = 160
_MILESTONE_TONES = {
    MilestoneState.MET: "green",
    MilestoneState.PARTIALLY_MET: "amber",
    MilestoneState.NOT_MET: "red",
    MilestoneState.WAIVED: "grey",
}
_RATING_TONES = {Rating.ON_TRACK: "green", Rating.AT_RISK: "amber", Rating.OFF_TRACK: "red"}


@dataclass(frozen=True, slots=True)
class _Dated:
    """What a date of the timeline is about; a matter is named once that is shown."""

    text: str
    name: str = ""
    matter: Matter | None = None


def draw_agreement(
    words: Words,
    names: Names,
    facts: Agreement,
    parts: Parts,
    standings: Sequence[Standing],
    policy: Policy,
    today: date,
) -> tuple[PictureView | None, TableView]:
    """The agreement in time, and the same as a table."""
    activities = [Moment(parse_date(row.held_on).first, (row.held_on, row.title), "green") for row in parts.activities]
    reports = [Moment(row.reported_on, row, _RATING_TONES[Rating(row.rating)]) for row in parts.reports]
    dates = _list_dates(words, facts, parts, standings, today)
    signs = [one.day for one in activities] + [row.reported_on for row in parts.reports if not row.sent_back]
    signs += [parse_date(row.met_on).last for row in parts.milestones if row.met_on]
    signs += [one.measured_on.last for commitment in facts.commitments for one in commitment.measurements]
    start = find_start(facts)
    silent = [
        Moment(
            first,
            words.gettext("Nothing heard from %(first)s to %(last)s")
            % {"first": words.format_day(first), "last": words.format_day(last)},
            "violet",
            last,
        )
        for first, last in find_silences(signs, _end(start), today, policy.silence_amber_months)
    ]
    lanes = [
        Lane(
            words.gettext("Dates"),
            dates,
            lambda about: _say(words, about.text, _name_date(words, parts, about)),
            lambda about: fit_text(_name_date(words, parts, about), _TITLE_LIMIT),
        ),
        Lane(
            words.gettext("Activities"),
            activities,
            lambda about: _say(words, about[0], clean_text(about[1])),
            lambda about: fit_text(clean_text(about[1]), _TITLE_LIMIT),
        ),
        Lane(
            words.gettext("Reports"),
            reports,
            lambda row: _say(words, row.reported_on.isoformat(), _say_report(words, names, parts, row)),
            lambda row: fit_text(_say_report(words, names, parts, row), _TITLE_LIMIT),
        ),
        Lane(words.gettext("Silence of all"), silent),
    ]
    table = TableView(
        words.gettext("The same in words"),
        (words.gettext("When"), words.gettext("What"), words.gettext("Sort")),
        tuple(
            (_name_day(words, one), (lane.name_moment or lane.tell)(one.about), lane.name)
            for lane, one in sorted(
                ((lane, one) for lane in lanes for one in lane.moments), key=lambda pair: pair[1].day, reverse=True
            )[:MOMENTS_SHOWN]
        ),
    )
    alternative = words.gettext(
        "Timeline: %(dates)s dates, %(activities)s activities, %(reports)s reports, %(silences)s long silences of the "
        "whole agreement. "
        "The table below says the same."
    ) % {"dates": len(dates), "activities": len(activities), "reports": len(reports), "silences": len(silent)}
    own = [one.day for one in dates] + ([start.first] if start is not None else [])
    since = add_days(min(own), -_DAYS_BEFORE) if start is not None else None
    write = DateWriters(words.format_month, words.format_day)
    picture = draw_timeline(words.gettext("Timeline"), alternative, lanes, today, words.gettext("today"), write, since)
    return picture, table


def _end(day: PartialDate | None) -> date | None:
    return day.last if day is not None else None


def _say(words: Words, day: str, what: str) -> str:
    return put_under(words, words.format_partial(day), fit_text(what, _TITLE_LIMIT))


def _name_date(words: Words, parts: Parts, dated: _Dated) -> str:
    return dated.name if dated.matter is None else name_matter(words, parts, dated.matter)


def _say_report(words: Words, names: Names, parts: Parts, row: Any) -> str:
    party, rating = clean_text(names.name_party(row.party_id, words.tag)), words.name(Rating(row.rating))
    promise = shorten_title(clean_text(name_promise(parts.commitments[row.commitment_id], words.tag)))
    said = {"party": party, "rating": rating, "promise": drop_stop(promise)}
    return words.gettext("%(party)s reported: %(rating)s, of “%(promise)s”") % said


def _name_day(words: Words, one: Moment) -> str:
    """The day as it is known: of what is known by its month or year only that."""
    known = one.about.text if isinstance(one.about, _Dated) else one.about[0] if isinstance(one.about, tuple) else ""
    return words.format_partial(known) if known else words.format_day(one.day)


def _list_dates(
    words: Words, facts: Agreement, parts: Parts, standings: Sequence[Standing], today: date
) -> list[Moment]:
    """Milestones, due dates and the dates of the agreement itself; of what recurs each period once."""
    late = find_late_steps(standings)
    recurring = {one.id for one in facts.commitments if one.kind is CommitmentKind.RECURRING}
    moments = [
        Moment(
            parse_date(row.met_on or row.due).last,
            _Dated(
                row.met_on or row.due,
                " – ".join(
                    (
                        clean_text(find_words(row.titles, words.tag) or row.title),
                        name_step_state(words, row, parts.commitments[row.commitment_id].state, late),
                    )
                ),
            ),
            _tone_step(row, parts.commitments[row.commitment_id].state, late),
        )
        for row in parts.milestones
        if row.met_on or row.due
    ]
    if facts.effective is not None:
        began = _Dated(str(facts.effective), words.gettext("In force from"))
        moments.append(Moment(facts.effective.first, began, "blue"))
    for one in standings:
        if one.deadline is None or one.matter.kind is MatterKind.MILESTONE:
            continue
        if one.matter.kind is MatterKind.COMMITMENT and one.matter.commitment_id in recurring:
            continue  # its periods stand there by themselves
        tone = "red" if one.deadline < today and needs_attention(one) else "blue"
        moments.append(Moment(one.deadline, _Dated(one.deadline.isoformat(), matter=one.matter), tone))
    return sorted(dict.fromkeys(moments), key=lambda one: one.day)


def _tone_step(row: Any, promise_state: str, late: Container[tuple[int, str]]) -> str:
    if row.state == MilestoneState.SCHEDULED and not is_awaited(row, promise_state):
        return _MILESTONE_TONES[MilestoneState.WAIVED]
    is_late = (row.commitment_id, row.reference) in late
    return _MILESTONE_TONES.get(MilestoneState(row.state), "red" if is_late else "blue")
