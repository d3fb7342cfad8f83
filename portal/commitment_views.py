"""What the page of a commitment shows, every string ready."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from commitments.asked_steps import read_step
from commitments.assessment import count_occurrences, find_open_periods
from commitments.dates import parse_date
from commitments.facts import Agreement, Commitment, Standing
from commitments.reconcile import Rules
from commitments.recurrence import Period, Recurrence, find_previous_period
from commitments.renewing import renew_reason
from commitments.sentences import Quoted, Unlike, find_place
from commitments.urgency import find_late_steps
from commitments.vocabulary import (
    Completion,
    ConfirmationState,
    FollowUpKind,
    Owed,
    Rating,
)
from notifications.names import Names, find_words, is_foreign
from notifications.views import LinkView, check_link, clean_text
from notifications.wording import Words
from portal.agreement_facts import Details
from portal.engine_words import tell_why
from portal.labels import (
    format_size,
    name_activity,
    name_completion,
    name_confirmation,
    name_step_state,
    name_target,
)
from portal.marks import put_beside, put_under
from portal.pages import FactView, TableView
from portal.pictures import DateWriters, Held, PictureView, draw_periods, draw_way
from portal.spoken import speak_unit
from portal.telling import name_owner, tell_stored
from portal.value_words import describe_recurrence

PERIODS_SHOWN = 6
_RATING_TONES = {Rating.ON_TRACK: "green", Rating.AT_RISK: "amber", Rating.OFF_TRACK: "red"}


@dataclass(frozen=True, slots=True)
class SentenceView:
    """The sentence in one language, and where it stands."""

    language: str
    tag: str
    text: str
    source: str
    hash: str
    note: str
    """Where the sentence was read, or why it is not shown."""
    warning: str = ""
    """That it is not what stands where it is said to."""
    instead: str = ""
    """What does stand there, where the document is at hand."""


@dataclass(frozen=True, slots=True)
class EvidenceView:
    title: str
    about: str
    link: str
    hash: str
    is_kept: bool
    """Whether the link is a file of ours, to be downloaded."""
    withdraw: str


@dataclass(frozen=True, slots=True)
class ActivityView:
    day: str
    title: str
    about: str
    note: str
    link: str
    evidence: tuple[EvidenceView, ...]
    correct: str
    """Where it is put right or withdrawn; empty for who may not."""


@dataclass(frozen=True, slots=True)
class ReportView:
    """What one side reported, and what the others said to it."""

    day: str
    who: str
    rating: str
    tone: str
    note: str
    answers: tuple[str, ...]
    withdraw: str = ""
    """Where it is taken back; empty for who may not."""
    unconfirm: str = ""
    """Where the reader's side takes back that it is so; empty unless it has said so."""


@dataclass(frozen=True, slots=True)
class AskedView:
    """A follow-up that is open."""

    title: str
    whom: str
    reason: str


def list_sentences(words: Words, row: Any, sources: Sequence[Mapping[str, Any]], quoted: Quoted) -> list[SentenceView]:
    """The sentence in each language version beside where it stands; without one, where it could be read."""
    by_document = {source["document"]: source for source in sources}
    places = dict(row.quote_sources or {})
    note = "" if row.quote else words.gettext("Read from the document itself: it says there what was recorded.")
    views = [
        SentenceView(
            words.locale.languages.get(language.partition("-")[0], language),
            language,
            clean_text(text),
            *_describe_source(words, places.get(language) or row.source, by_document),
            note,
            tell_unlike(words, quoted.unlike.get(language), find_place(row, sources, language)),
            clean_text(quoted.instead.get(language, "")),
        )
        for language, text in quoted.texts.items()
    ]
    if not views and (row.source or places):
        place = row.source or next(iter(places.values()))
        source = _describe_source(words, place, by_document)
        views.append(SentenceView("", words.tag, "", *source, _explain_missing(words, quoted)))
    return views


def tell_unlike(words: Words, unlike: Unlike | None, place: Mapping[str, Any] | None) -> str:
    """That a sentence is not what stands at its place; empty if it is, or if it has none."""
    if unlike is None or place is None:
        return ""
    pattern = words.gettext(
        "This is not what stands at characters %(start)s to %(end)s of %(document)s: its fingerprint differs."
    )
    if unlike is Unlike.DOCUMENT:
        pattern = words.gettext(
            "This is not what stands at characters %(start)s to %(end)s of %(document)s, as the document at hand has "
            "it."
        )
    said = {"start": place["start"], "end": place["end"], "document": clean_text(place["document"])}
    return pattern % said


def _explain_missing(words: Words, quoted: Quoted) -> str:
    if quoted.changed:
        return words.gettext(
            "The sentence is not shown: the document that is at hand no longer says there what was recorded."
        )
    return words.gettext("The sentence is not kept here; it can be read in its source.")


def _describe_source(
    words: Words, place: Mapping[str, Any] | None, by_document: Mapping[str, Mapping[str, Any]]
) -> tuple[str, str]:
    if not place:
        return words.gettext("Its place in the document is not on record."), ""
    source = by_document.get(place["document"], {})
    title = source.get("title") or place["document"]
    named = clean_text(title)
    if source.get("date"):
        named = put_beside(words, named, words.format_partial(source["date"]))
    # Where a document has no title of its own, its name is said once.
    pattern = words.gettext("%(title)s, characters %(start)s to %(end)s of %(document)s")
    if title == place["document"]:
        pattern = words.gettext("%(title)s, characters %(start)s to %(end)s")
    said = pattern % {
        "title": named,
        "start": place["start"],
        "end": place["end"],
        "document": clean_text(place["document"]),
    }
    return said, place["sha256"]


def describe_commitment(
    words: Words, names: Names, own: Commitment, row: Any, rules: Rules, today: date, moved: str = ""
) -> list[FactView]:
    """Kind, dates and owners of each side; `moved` is where it is read how the date was moved."""
    said = [(words.gettext("Kind"), words.name_kind(own.kind)), (words.gettext("State"), words.name(own.state))]
    if row.state_on or row.state_reason:
        day = words.format_partial(row.state_on) if row.state_on else ""
        said.append(
            (
                words.gettext("Decided"),
                " · ".join(one for one in (day, tell_why(words, names, row.state_reason or "")) if one),
            )
        )
    if row.state_until:
        said.append((words.gettext("On hold until"), words.format_end(row.state_until)))
    if row.due:
        said.append((words.gettext("Due"), words.format_end(row.due)))
    if row.first_due:
        said.append((words.gettext("First promised for"), words.format_end(row.first_due)))
    if row.period_from or row.period_to:
        span = " – ".join(words.format_partial(one) for one in (row.period_from, row.period_to) if one)
        said.append((words.gettext("Period"), span))
    if row.confirm_by:
        said.append((words.gettext("To be confirmed by"), words.format_end(row.confirm_by)))
    if own.recurrence is not None:
        said.append((words.gettext("How often"), _tell_rhythm(words, own.recurrence)))
        for one in reversed(own.recurrence.former):
            label = words.gettext("How often, for what was over before %(day)s") % {"day": words.format_day(one.until)}
            said.append((label, _tell_rhythm(words, one.terms)))
    if own.target is not None:
        target = own.target
        said.append((words.gettext("Target"), name_target(words, target.comparator, target.quantity, target.unit)))
    if row.condition:
        met = row.condition.get("met_on")
        state = (
            words.gettext("met %(day_at)s") % {"day_at": words.place_partial(met)}
            if met
            else words.gettext("not met yet")
        )
        said.append((words.gettext("Condition"), put_beside(words, row.condition["text"], state)))
    for owner in own.owners:
        party = clean_text(names.name_party(owner.party_id, words.tag))
        name = name_owner(words, names, rules.people, owner.contact_id, today)
        said.append((words.gettext("Owner for %(party)s") % {"party": party}, name or words.gettext("nobody named")))
    if len(own.owners) > 1:
        each = words.gettext("each side by itself")
        said.append((words.gettext("Owed"), each if own.owed is Owed.EACH else words.gettext("by all together")))
    if row.implementers:
        said.append((words.gettext("Carried out by"), words.join(list(row.implementers))))
    if row.theme:
        said.append((words.gettext("Theme"), row.theme))
    if row.note:
        said.append((words.gettext("Note"), row.note))
    first = words.gettext("First promised for")
    way = LinkView(words.gettext("when and why it was moved"), moved, "") if moved else None
    unit = own.target.unit if own.target is not None else None
    return [
        FactView(label, speak_unit(clean_text(text), unit, words), way if label == first else None)
        for label, text in said
    ]


def _tell_rhythm(words: Words, recurrence: Recurrence) -> str:
    """How often; what is counted only in the reader's language, as the sentence has it already."""
    if is_foreign(recurrence.what, words.tag):
        recurrence = replace(recurrence, what=None)
    return describe_recurrence(words, recurrence)


def describe_milestones(
    words: Words,
    names: Names,
    promise: Any,
    rows: Sequence[Any],
    ways: Sequence[tuple[LinkView, ...]],
    standings: Sequence[Standing],
) -> TableView | None:
    """The steps of a promise, with what the viewer may do about each; None without any."""
    if not rows:
        return None
    late = find_late_steps(standings)
    said = []
    for row in rows:
        due = words.format_end(row.due) if row.due else words.gettext("no date")
        if row.first_due and row.first_due != row.due:
            due = words.gettext("%(due)s, first %(first)s") % {"due": due, "first": words.format_end(row.first_due)}
        said.append(
            (
                clean_text(find_words(row.titles, words.tag) or row.title),
                due,
                name_step_state(words, row, promise.state, late),
                words.format_partial(row.met_on) if row.met_on else "",
                clean_text(names.name_party(row.party_id, words.tag)) if row.party_id else "",
            )
        )
    heads = (
        words.gettext("Milestone"),
        words.gettext("Due"),
        words.gettext("State"),
        words.gettext("Met on"),
        words.gettext("Party"),
    )
    return TableView(words.gettext("Milestones"), heads, tuple(said), tuple(ways)).without_empty_columns()


def describe_periods(words: Words, facts: Agreement, own: Commitment, today: date, *, is_behind: bool) -> list[Held]:
    """The last periods of a recurring commitment, the newest first: how many were held of those expected.

    The one that runs is green as long as it is not behind its pace. None is shown that was over before the commitment
    began, or its agreement took effect.
    """
    recurrence = own.recurrence
    if recurrence is None:
        return []
    begin = own.period_from or facts.effective
    day = min(today, recurrence.ends) if recurrence.ends is not None else today
    current, previous = find_open_periods(facts, recurrence, day)
    period, held = current or previous, list[Held]()
    while period is not None and len(held) < PERIODS_SHOWN:
        number, expected = count_occurrences(own, recurrence, period, today, begin)
        name = words.format_period(period.label)
        said = words.gettext("%(held)s of %(expected)s in %(period)s") % {
            "held": number, "expected": expected, "period": name,
        }  # fmt: skip
        over = period.window_last < today
        tone = "green" if number >= expected else "red" if over else "amber" if is_behind else "green"
        held.append(Held(_shorten_period(words, period), number, expected, said, tone))
        known_since = min([own.registered_on, *(one.held_on.first for one in own.activities)])
        if begin is not None:
            known_since = max(known_since, begin.first)
        period = find_previous_period(recurrence, period)
        if period is not None and period.last < known_since:
            break
    return held


def _shorten_period(words: Words, period: Period) -> str:
    """A period's name that fits beside the picture."""
    if "/" not in period.label:
        return words.format_period(period.label)
    if period.first.year == period.last.year:
        return f"{period.first:%Y-%m} –"
    return f"{period.first.year}–{period.last.year}"


def draw_occurrences(words: Words, periods: Sequence[Held]) -> PictureView | None:
    said = words.gettext("; ").join(one.said for one in periods)
    return draw_periods(words.gettext("Held in each period"), said, periods)


def draw_measurements(words: Words, own: Commitment, rows: Sequence[Any], today: date) -> PictureView | None:
    if own.target is None:
        return None
    target = own.target
    measured = [(parse_date(row.measured_on).last, row.value, _say_measured(words, row, target.unit)) for row in rows]
    said = words.gettext("; ").join(one[2] for one in measured)
    aim = name_target(words, target.comparator, target.quantity, target.unit)
    return draw_way(
        words.gettext("The way to the target"),
        words.gettext("Target: %(target)s. Measured: %(values)s") % {"target": aim, "values": said},
        measured,
        target.quantity,
        words.format_number(target.quantity),
        (target.baseline_on.last if target.baseline_on else None, target.baseline),
        own.due.last if own.due else None,
        today,
        DateWriters(words.format_month, words.format_day),
    )


def _say_measured(words: Words, row: Any, unit: str | None) -> str:
    return put_under(words, words.format_partial(row.measured_on), words.format_amount(row.value, unit))


def describe_measurements(words: Words, own: Commitment, rows: Sequence[Any]) -> TableView | None:
    if not rows:
        return None
    unit = own.target.unit if own.target is not None else None
    said = tuple(
        (
            words.format_partial(row.measured_on),
            speak_unit(words.format_amount(row.value, unit), unit, words),
            clean_text(row.note or ""),
        )
        for row in reversed(rows)
    )
    heads = (words.gettext("Measured on"), words.gettext("Value"), words.gettext("Note"))
    return TableView(words.gettext("Measurements"), heads, said).without_empty_columns()


def describe_activities(
    words: Words, names: Names, details: Details, agreement: str, *, may_record: bool, may_correct: bool
) -> list[ActivityView]:
    """What happened, the newest first, with its evidence; `agreement` is the address of the agreement."""
    own_id = details.row.agreement_id
    return [
        _describe_activity(
            words,
            names,
            row,
            tuple(
                _describe_evidence(words, one, may_record=may_record)
                for one in details.evidence
                if one.activity == row.reference
            ),
            f"{agreement}/activities/{row.reference}" if may_correct and row.agreement_id == own_id else "",
        )
        for row in details.activities
    ]


def list_latest(
    words: Words, names: Names, rows: Sequence[Any], agreement: str, *, may_correct: bool
) -> list[ActivityView]:
    """The last activities of an agreement, whatever they count for."""
    return [
        _describe_activity(words, names, row, (), f"{agreement}/activities/{row.reference}" if may_correct else "")
        for row in rows
    ]


def _describe_activity(
    words: Words, names: Names, row: Any, shown: tuple[EvidenceView, ...], correct: str
) -> ActivityView:
    span = " – ".join(words.format_partial(one) for one in (row.held_on, row.until) if one)
    parties = [
        clean_text(names.name_party(names.party_ids[one], words.tag)) for one in row.parties if one in names.party_ids
    ]
    about = [name_activity(words, row.kind), row.place or "", words.join(parties)]
    if row.participants is not None:
        about.append(
            words.ngettext("%(count)s participant", "%(count)s participants", row.participants)
            % {"count": row.participants}
        )
    if row.count > 1:
        about.append(words.gettext("counts for %(count)s") % {"count": row.count})
    return ActivityView(
        span,
        clean_text(row.title),
        clean_text(" · ".join(one for one in about if one)),
        clean_text(row.note or ""),
        check_link(row.link),
        shown,
        correct,
    )


def describe_evidence(
    words: Words, rows: Sequence[Any], activities: Collection[str], *, may_record: bool
) -> list[EvidenceView]:
    """The evidence that belongs to none of the activities."""
    return [_describe_evidence(words, row, may_record=may_record) for row in rows if row.activity not in activities]


def _describe_evidence(words: Words, row: Any, *, may_record: bool) -> EvidenceView:
    is_kept = row.size is not None
    about = [
        row.file if row.file and row.file != row.title else "",
        format_size(row.size, words) if is_kept else "",
        words.format_partial(row.added_on) if row.added_on else "",
    ]
    return EvidenceView(
        clean_text(row.title),
        clean_text(" · ".join(one for one in about if one)),
        f"/evidence/{row.id}" if is_kept else check_link(row.link),
        row.sha256 or "",
        is_kept,
        f"/evidence/{row.id}/withdraw" if may_record else "",
    )


def describe_reports(
    words: Words, names: Names, details: Details, own: Mapping[int, str], confirmed: Mapping[int, str]
) -> list[ReportView]:
    """The reports of all sides, the newest first, each with what the others said to it; `own` says by their ids where
    those are taken back that the reader may take back, `confirmed` where what their side has confirmed is."""
    answers: dict[int, list[str]] = {}
    for row in details.confirmations:
        answers.setdefault(row.report_id, []).append(_describe_answer(words, names, row))
    views = []
    for row in details.reports:
        rating = Rating(row.rating)
        said = [words.name(rating)]
        if row.completion:
            said.append(name_completion(words, Completion(row.completion)))
        if row.fulfilled:
            said.append(words.gettext("reported as fulfilled"))
        person = names.contacts.get(row.contact_id or 0, (None, None))[0]
        party = names.name_party(row.party_id, words.tag)
        views.append(
            ReportView(
                words.format_day(row.reported_on),
                clean_text(put_beside(words, person, party) if person else party),
                " · ".join(said),
                _RATING_TONES[rating],
                clean_text(row.note or ""),
                tuple(answers.get(row.id, ())),
                own.get(row.id, ""),
                confirmed.get(row.id, ""),
            )
        )
    return views


def _describe_answer(words: Words, names: Names, row: Any) -> str:
    party = clean_text(names.name_party(row.party_id, words.tag))
    day = row.answered_on or row.asked_on
    said = words.gettext("%(party)s: %(answer)s (%(day)s)") % {
        "party": party,
        "answer": name_confirmation(words, ConfirmationState(row.state)),
        "day": words.format_day(day),
    }
    return f"{said} – {clean_text(row.note)}" if row.note else said


def describe_open(
    words: Words, names: Names, details: Details, standings: Sequence[Standing], today: date
) -> list[AskedView]:
    """What somebody is asked about this commitment or a milestone of it, each with why it is asked today."""
    steps = {one.reference: clean_text(find_words(one.titles, words.tag) or one.title) for one in details.milestones}
    current = {one.matter.reference: one for one in standings}
    views = []
    for row in details.open:
        person = names.contacts.get(row.assignee_id or 0, (None, None))[0]
        kind, step = words.name(FollowUpKind(row.kind)), steps.get(read_step(row.matter_kind, row.matter))
        views.append(
            AskedView(
                f"{kind} – {step}" if step else kind,
                words.gettext("asked of %(name)s, to be answered by %(day)s")
                % {"name": clean_text(person or words.gettext("nobody")), "day": words.format_day(row.due_on)},
                tell_stored(
                    words, names, renew_reason(FollowUpKind(row.kind), row.reason, current.get(row.matter), today)
                ),
            )
        )
    return views
