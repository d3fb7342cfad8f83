"""What a coordinator decides about a commitment: its words, its date, its steps, and whether it still holds.

Each needs a reason, which stands in the log; the first date is kept; nothing is deleted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from commitments.asked_confirmations import withdraw_asked
from commitments.dates import parse_date
from commitments.errors import RefusedChange
from commitments.filling import (
    LONGEST_TEXT,
    Flaw,
    Flaws,
    check_ahead,
    check_choice,
    check_text,
    refuse_flaws,
)
from commitments.former_terms import keep_former
from commitments.log import Author
from commitments.moved_dates import move_due
from commitments.naming import make_readable, make_unique
from commitments.readings import find_left_behind
from commitments.reconcile import reconcile_agreement
from commitments.references import hold_commitment, hold_step
from commitments.rows import amend_row, register_row
from commitments.sentences import Placed, Shelf, find_place, find_unlike
from commitments.tables import agreement, commitment, milestone
from commitments.vocabulary import CommitmentKind, CommitmentState, MilestoneState


class Turn(StrEnum):
    """What can be decided about whether a commitment holds."""

    WAIVE = "waive"
    HOLD = "hold"
    WITHDRAW = "withdraw"
    RESUME = "resume"


_BECOMES = {
    Turn.WAIVE: CommitmentState.WAIVED,
    Turn.HOLD: CommitmentState.ON_HOLD,
    Turn.WITHDRAW: CommitmentState.WITHDRAWN,
    Turn.RESUME: CommitmentState.ACTIVE,
}
_OPEN = (CommitmentState.ACTIVE, CommitmentState.ON_HOLD)
SETTLED_STEPS = (MilestoneState.PARTIALLY_MET, MilestoneState.NOT_MET, MilestoneState.WAIVED)
"""How a step can be settled that was not met in full."""


def list_turns(state: CommitmentState) -> tuple[Turn, ...]:
    """What can be decided about a commitment in this state. Pure."""
    if state is CommitmentState.ACTIVE:
        return (Turn.HOLD, Turn.WAIVE, Turn.WITHDRAW)
    if state is CommitmentState.ON_HOLD:
        return (Turn.RESUME, Turn.WAIVE, Turn.WITHDRAW)
    return (Turn.RESUME,)


def take_turn(unit: Connection, author: Author, name: str, turn: Turn, until: str | None, today: date) -> None:
    """Waive, hold (until the end of a day, if one is given), withdraw or resume `agreement/commitment`.

    Raises Flawed without a reason (`why`) or for a day that is not ahead, and RefusedChange where the commitment stands
    so that this cannot be decided.
    """
    refuse_flaws(check_turn(turn, author.why, until, today))
    row = hold_commitment(unit, name)
    if turn not in list_turns(CommitmentState(row.state)):
        raise RefusedChange(f"{name} is {row.state}; to {turn} it is not possible")
    values = {
        "state": str(_BECOMES[turn]),
        "state_on": today.isoformat(),
        "state_reason": author.why,
        "state_until": str(parse_date(until)) if until and turn is Turn.HOLD else None,
    }
    amend_row(unit, author, commitment, row, values, name, row.agreement_id)
    if turn is not Turn.HOLD:
        withdraw_asked(unit, author, name, row, today)
    reconcile_agreement(unit, row.agreement_id, author.at, today)


def check_turn(turn: Turn, why: str | None, until: str | None, today: date) -> Flaws:
    """Every flaw of a decision. Pure."""
    flaws = check_text("why", why, needed=True)
    return (*flaws, *check_ahead("until", until, today, needed=False)) if turn is Turn.HOLD else flaws


@dataclass(frozen=True, slots=True)
class Texts:
    """The words of a commitment: the summary in one sentence, by language too, and the sentence itself by language."""

    summary: str | None
    summaries: Mapping[str, str]
    quote: Mapping[str, str]
    theme: str | None
    note: str | None
    is_unplaced: bool = False
    """Whether a changed sentence that is not what stands at its place is no longer said to stand there."""
    is_same: bool = False
    """Whether the other languages, which stay as they are, still say the same."""


def check_texts(texts: Texts, why: str | None) -> Flaws:
    """Every flaw of them; what belongs to a language is named `summary-LANGUAGE` and `quote-LANGUAGE`. Pure."""
    return (
        *check_text("summary", texts.summary, needed=True),
        *(flaw for tag, text in texts.summaries.items() for flaw in check_text(f"summary-{tag}", text)),
        *(flaw for tag, text in texts.quote.items() for flaw in check_text(f"quote-{tag}", text, LONGEST_TEXT)),
        *check_text("theme", texts.theme),
        *check_text("note", texts.note, LONGEST_TEXT),
        *check_text("why", why, needed=True),
    )


def amend_texts(
    unit: Connection, author: Author, name: str, texts: Texts, today: date, shelf: Shelf | None = None
) -> None:
    """Change the words of `agreement/commitment`. Raises Flawed with every flaw, also if nothing is different.

    A changed sentence must be what stands at its place, by its SHA-256 or by the document on the `shelf`, or lose it.
    One that has a place is not taken away unless the place is. What is changed in one language alone is asked about.
    """
    flaws = check_texts(texts, author.why)
    row = hold_commitment(unit, name)
    sources = unit.execute(select(agreement.c.sources).where(agreement.c.id == row.agreement_id)).scalar_one()
    said = Placed({tag: text for tag, text in texts.quote.items() if text}, row.source, row.quote_sources)
    changed = [tag for tag in find_unlike(said, sources, shelf) if said.quote[tag] != row.quote.get(tag)]
    emptied = [tag for tag in row.quote if tag not in said.quote and find_place(row, sources, tag) is not None]
    if not texts.is_unplaced:
        flaws = (*flaws, *((f"quote-{tag}", Flaw.NOT_THERE) for tag in changed))
        flaws = (*flaws, *((f"quote-{tag}", Flaw.EMPTIED) for tag in emptied))
    if not texts.is_same:
        spoken = {"summary": row.summary, **{f"summary-{tag}": text for tag, text in row.summaries.items()}}
        now = {"summary": texts.summary or "", **{f"summary-{tag}": text for tag, text in texts.summaries.items()}}
        quoted = {f"quote-{tag}": text for tag, text in row.quote.items()}
        quotes = {f"quote-{tag}": text for tag, text in texts.quote.items()}
        left_behind = [*find_left_behind(spoken, now), *find_left_behind(quoted, quotes)]
        flaws = (*flaws, *((name, Flaw.LEFT_BEHIND) for name in left_behind))
    refuse_flaws(flaws)
    left = [find_place(said, sources, tag) for tag in changed] + [find_place(row, sources, tag) for tag in emptied]
    values = {
        "summary": texts.summary,
        "summaries": {tag: text for tag, text in texts.summaries.items() if text},
        "quote": said.quote,
        "theme": texts.theme,
        "note": texts.note,
        "quote_sources": {tag: place for tag, place in row.quote_sources.items() if tag not in {*changed, *emptied}},
        "source": None if row.source in left else row.source,
    }
    if not amend_row(unit, author, commitment, row, values, name, row.agreement_id):
        refuse_flaws([("summary", Flaw.NOTHING_CHANGED)])
    reconcile_agreement(unit, row.agreement_id, author.at, today)


def amend_terms(unit: Connection, author: Author, name: str, terms: Mapping[str, Any], today: date) -> bool:
    """Write the terms of `agreement/commitment` (see `commitments.terms`); False if nothing is different."""
    row = hold_commitment(unit, name)
    if "recurrence" in terms:
        terms = {**terms, "recurrence": keep_former(row.recurrence, terms["recurrence"], today)}
    if not amend_row(unit, author, commitment, row, terms, name, row.agreement_id):
        return False
    reconcile_agreement(unit, row.agreement_id, author.at, today)
    return True


def set_date(unit: Connection, author: Author, name: str, step: str | None, due: str | None, today: date) -> None:
    """Give `agreement/commitment`, or a milestone of it, another date, as precise as it is known; the first is kept.

    A plan has the day by which it is to be confirmed: no promise yet, so its first one is in the log alone. That of a
    promise can be over, as where it was written down wrongly: it is overdue at once. Raises Flawed without a date, for
    one of a plan or a milestone that does not end ahead, without a reason, or if it is the same, NotFound, and
    RefusedChange for what is settled.
    """
    row = hold_commitment(unit, name)
    may_be_over = step is None and row.kind != CommitmentKind.PLANNED
    dated = check_ahead("due", due, today, may_be_over=may_be_over)
    refuse_flaws([*dated, *check_text("why", author.why, needed=True)])
    table, found, column, reference = commitment, row, "due", name
    if step is not None:
        table, found, reference = milestone, hold_step(unit, row, name, step), f"{name}/{step}"
        if found.state != MilestoneState.SCHEDULED:
            raise RefusedChange(f"{name} has settled its step {step}")
    elif row.kind == CommitmentKind.PLANNED:
        column = "confirm_by"
    if row.state not in [str(one) for one in _OPEN]:
        raise RefusedChange(f"{name} is {row.state}")
    values: dict[str, Any] = {column: str(parse_date(due or ""))}
    if column == "due":
        values = move_due(found, values["due"])
    if found._mapping[column] == values[column]:
        refuse_flaws([("due", Flaw.NOTHING_CHANGED)])
    amend_row(unit, author, table, found, values, reference, row.agreement_id)
    reconcile_agreement(unit, row.agreement_id, author.at, today)


def check_step(title: str | None, due: str | None, why: str | None, today: date) -> Flaws:
    """Every flaw of a new step. Pure."""
    dated = check_ahead("due", due, today, needed=False)
    return (*check_text("title", title, needed=True), *dated, *check_text("why", why, needed=True))


def add_step(
    unit: Connection,
    author: Author,
    name: str,
    title: str | None,
    due: str | None,
    today: date,
    taking: int | None = None,
) -> str:
    """Add a milestone to `agreement/commitment`, for a party alone to take if it is named; returns its reference.

    Raises Flawed with every flaw.
    """
    refuse_flaws(check_step(title, due, author.why, today))
    row = hold_commitment(unit, name)
    taken = set(unit.execute(select(milestone.c.reference).where(milestone.c.commitment_id == row.id)).scalars())
    made = make_unique((make_readable(title or "") or "step")[:60], taken)
    values = {
        "commitment_id": row.id,
        "reference": made,
        "title": title,
        "titles": {},
        "due": str(parse_date(due)) if due else None,
        "state": str(MilestoneState.SCHEDULED),
        "registered_on": today,
        "party_id": taking,
    }
    register_row(unit, author, milestone, values, f"{name}/{made}", row.agreement_id)
    reconcile_agreement(unit, row.agreement_id, author.at, today)
    return made


@dataclass(frozen=True, slots=True)
class StepTexts:
    """The words of a milestone, by language too."""

    title: str | None
    titles: Mapping[str, str]
    is_same: bool = False
    """Whether the other languages, which stay as they are, still say the same."""


def amend_step(unit: Connection, author: Author, name: str, step: str, texts: StepTexts, today: date) -> None:
    """Give a milestone other words; what is changed in one language alone is asked about.

    Raises Flawed with every flaw (that of a language is named `title-LANGUAGE`), and NotFound.
    """
    row = hold_commitment(unit, name)
    found = hold_step(unit, row, name, step)
    typed = {"title": texts.title or "", **{f"title-{tag}": text for tag, text in texts.titles.items()}}
    flaws = [*check_text("title", texts.title, needed=True), *check_text("why", author.why, needed=True)]
    flaws += [flaw for field, text in typed.items() if field != "title" for flaw in check_text(field, text)]
    if not texts.is_same:
        spoken = {"title": found.title, **{f"title-{tag}": text for tag, text in found.titles.items()}}
        flaws += [(field, Flaw.LEFT_BEHIND) for field in find_left_behind(spoken, typed)]
    refuse_flaws(flaws)
    values = {"title": texts.title, "titles": {tag: text for tag, text in texts.titles.items() if text}}
    if not amend_row(unit, author, milestone, found, values, f"{name}/{step}", row.agreement_id):
        refuse_flaws([("title", Flaw.NOTHING_CHANGED)])
    reconcile_agreement(unit, row.agreement_id, author.at, today)


def settle_step(unit: Connection, author: Author, name: str, step: str, state: str | None, today: date) -> None:
    """Settle a milestone that was not met in full, or put it back on the schedule; that it was met counts no more.

    Raises Flawed with every flaw, and NotFound.
    """
    words = [str(one) for one in (*SETTLED_STEPS, MilestoneState.SCHEDULED)]
    refuse_flaws([*check_choice("state", state, words), *check_text("why", author.why, needed=True)])
    row = hold_commitment(unit, name)
    found = hold_step(unit, row, name, step)
    values = {"state": state, "met_on": None}
    if not amend_row(unit, author, milestone, found, values, f"{name}/{step}", row.agreement_id):
        refuse_flaws([("state", Flaw.NOTHING_CHANGED)])
    reconcile_agreement(unit, row.agreement_id, author.at, today)
