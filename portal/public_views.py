"""What everybody sees of a published agreement: what was promised and how it stands, and no person.

Names of people, addresses, notes, evidence and the titles of activities are not read for it at all.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, false, select

from commitments.chunks import Span
from commitments.deadlines import derive_state
from commitments.facts import Agreement, Commitment, Matter, Standing
from commitments.known_days import take_as_known
from commitments.queries import load_agreements
from commitments.reconcile import Rules, assess
from commitments.sentences import Shelf, find_place, find_unlike, load_shelf
from commitments.settings import Settings
from commitments.tables import commitment, milestone
from commitments.urgency import URGENCY, find_late_steps, find_step, stand_with_steps
from commitments.vocabulary import AgreementKind, CommitmentKind, MilestoneState, ReasonCode, StandingState
from notifications.names import Names, find_words, load_names, name_promise
from notifications.styles import TONES
from notifications.views import CountView, clean_text
from notifications.wording import Words
from portal.commitment_views import tell_unlike
from portal.labels import name_agreement_kind, name_step_state
from portal.telling import count_standings, load_rules_of, tell_named, tell_title

_STEP_TONES = {
    MilestoneState.MET: "green",
    MilestoneState.PARTIALLY_MET: "amber",
    MilestoneState.NOT_MET: "red",
    MilestoneState.WAIVED: "grey",
    MilestoneState.SCHEDULED: "grey",
}


@dataclass(frozen=True, slots=True)
class StepView:
    title: str
    when: str
    first: str
    state: str
    tone: str


@dataclass(frozen=True, slots=True)
class PublicPromiseView:
    """One promise: the sentence itself, by whom, how it stands."""

    title: str
    sentence: str
    unlike: str
    """That the sentence is not what stands where it is said to; empty if it is."""
    owed: str
    standing: str
    tone: str
    reason: str
    first: str
    """The date as it was first promised, where it was moved since; else empty."""
    steps: tuple[StepView, ...]
    activities: str


@dataclass(frozen=True, slots=True)
class PublicKindView:
    title: str
    promises: tuple[PublicPromiseView, ...]


@dataclass(frozen=True, slots=True)
class PublicView:
    """The whole page."""

    title: str
    parties: str
    facts: tuple[str, ...]
    counts: tuple[CountView, ...]
    kinds: tuple[PublicKindView, ...]
    day: str


@dataclass(frozen=True, slots=True)
class PublicFacts:
    """What the page is written from."""

    facts: Agreement
    rules: Rules
    names: Names
    """Of the parties; of no person."""
    promises: Mapping[int, Any]
    steps: Sequence[Any]
    shelf: Shelf
    """Where the documents lie with which the sentences are compared."""


def load_public(reading: Connection, settings: Settings, agreement_id: int) -> PublicFacts:
    """What everybody may know of one agreement: a fixed number of statements."""
    (facts,) = load_agreements(reading, Span.over([agreement_id]))
    promises = reading.execute(
        select(
            commitment.c.id, commitment.c.reference, commitment.c.summary, commitment.c.summaries, commitment.c.quote,
            commitment.c.source, commitment.c.quote_sources, commitment.c.due, commitment.c.first_due,
        ).where(commitment.c.agreement_id == agreement_id)
    )  # fmt: skip
    steps = reading.execute(
        select(
            milestone.c.commitment_id, milestone.c.reference, milestone.c.title, milestone.c.titles, milestone.c.due,
            milestone.c.first_due,
            milestone.c.met_on, milestone.c.state, commitment.c.state.label("promise_state"),
        )
        .join(commitment, commitment.c.id == milestone.c.commitment_id)
        .where(commitment.c.agreement_id == agreement_id)
        .order_by(milestone.c.id)
    ).all()  # fmt: skip
    return PublicFacts(
        facts,
        load_rules_of(reading, [agreement_id]),
        load_names(reading, false()),
        {row.id: row for row in promises},
        steps,
        load_shelf(reading, settings, [agreement_id]),
    )


def describe_public(words: Words, found: PublicFacts, head: Any, today: date) -> PublicView:
    """The page in words."""
    facts = take_as_known(found.facts, today)
    standings = assess(facts, found.rules, today)
    own = {one.matter.commitment_id: _hide_vacancy(one) for one in stand_with_steps(standings)}
    late = find_late_steps(standings)
    kinds = []
    for kind in CommitmentKind:
        mine = [one for one in facts.commitments if one.kind is kind]
        mine.sort(key=lambda one: URGENCY[own[one.id].state])
        views = tuple(_describe_promise(words, found, one, own[one.id], head.sources, late, today) for one in mine)
        if views:
            kinds.append(PublicKindView(words.name_kind(kind), views))
    names = [clean_text(found.names.name_party(place.party_id, words.tag)) for place in facts.parties]
    told = [one for one in own.values() if one.reason.code is not ReasonCode.NO_OWNER]
    vacant = len(own) - len(told)
    open_too = (CountView(f"{words.gettext('Open')} {vacant}", "grey"),) if vacant else ()
    return PublicView(
        tell_title(head.title, words),
        words.join(names),
        tuple(_list_facts(words, facts, head, today)),
        (*count_standings(words, told), *open_too),
        tuple(kinds),
        words.format_day(today),
    )


def _hide_vacancy(standing: Standing) -> Standing:
    """That nobody is named, or who is named left, is the house's business."""
    if standing.state is not StandingState.UNOWNED:
        return standing
    return Standing(standing.matter, StandingState.ON_TRACK, standing.reason, standing.deadline, standing.cause)


def _list_facts(words: Words, facts: Agreement, head: Any, today: date) -> list[str]:
    said = [name_agreement_kind(words, AgreementKind(head.kind)), words.name(derive_state(facts, today))]
    if facts.effective is not None:
        said.append(words.gettext("in force from %(day)s") % {"day": words.format_partial(str(facts.effective))})
    if facts.expires is not None:
        said.append(words.gettext("until %(day)s") % {"day": words.format_end(str(facts.expires))})
    return said


def _describe_promise(
    words: Words,
    found: PublicFacts,
    one: Commitment,
    standing: Standing,
    sources: Sequence[Mapping[str, Any]],
    late: Container[tuple[int, str]],
    today: date,
) -> PublicPromiseView:
    row = found.promises[one.id]
    title = clean_text(name_promise(row, words.tag))
    tag = next((one for one in (words.tag, words.tag.partition("-")[0], *row.quote) if one in row.quote), "")
    sentence = clean_text(row.quote.get(tag, ""))
    unlike = find_unlike(row, sources, found.shelf).get(tag)
    owing = [clean_text(found.names.name_party(owner.party_id, words.tag)) for owner in one.owners]
    vacant = standing.reason.code is ReasonCode.NO_OWNER
    held = [activity for activity in one.activities if activity.held_on.first <= today]
    activities = ""
    if held:
        count = sum(activity.count for activity in held)
        last = max(held, key=lambda activity: activity.held_on.last).held_on
        activities = words.ngettext(
            "%(count)s activity is on record, the last: %(day)s",
            "%(count)s activities are on record, the last: %(day)s",
            count,
        ) % {"count": count, "day": words.format_partial(str(last))}  # fmt: skip
    return PublicPromiseView(
        title,
        sentence if sentence != title or unlike else "",
        tell_unlike(words, unlike, find_place(row, sources, tag)),
        words.gettext("promised by %(parties)s") % {"parties": words.join(owing)} if owing else "",
        words.gettext("Open") if vacant else words.name(standing.state),
        "grey" if vacant else TONES[standing.state],
        "" if vacant else tell_named(words, found.names, standing, _name_step(words, found, standing.matter)),
        _tell_first(words, row),
        tuple(_describe_step(words, step, late) for step in found.steps if step.commitment_id == one.id),
        activities,
    )


def _name_step(words: Words, found: PublicFacts, matter: Matter) -> str | None:
    part = find_step(matter)
    rows = (row for row in found.steps if part and (row.commitment_id, row.reference) == (matter.commitment_id, part))
    return next((clean_text(find_words(row.titles, words.tag) or row.title) for row in rows), None)


def _tell_first(words: Words, row: Any) -> str:
    if not row.first_due or row.first_due == row.due:
        return ""
    return words.gettext("first promised for %(day)s") % {"day": words.format_end(row.first_due)}


def _describe_step(words: Words, step: Any, late: Container[tuple[int, str]]) -> StepView:
    when = step.met_on or step.due
    return StepView(
        clean_text(find_words(step.titles, words.tag) or step.title),
        words.format_partial(when) if when else "",
        "" if step.met_on else _tell_first(words, step),
        name_step_state(words, step, step.promise_state, late),
        "red" if (step.commitment_id, step.reference) in late else _STEP_TONES[MilestoneState(step.state)],
    )
