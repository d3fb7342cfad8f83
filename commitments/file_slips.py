"""What a file says that no form would take: what has not happened yet, a year that is a slip, a number that cannot be.

Pure: the days are arguments. What the register holds already is passed over by who asks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from commitments.agreement_faults import Fault, FieldPath
from commitments.agreement_form import AgreementForm, CommitmentForm
from commitments.clock import find_latest_day
from commitments.dates import parse_date
from commitments.filling import EARLIEST, FURTHEST_DAYS, Flaw, check_ahead, check_past
from commitments.vocabulary import CommitmentKind, CommitmentState

BEGUN = "a date that has begun: it can be recorded once it has happened"
_EXPECTED = {
    Flaw.AHEAD: BEGUN,
    Flaw.TOO_LONG_AGO: f"a date from {EARLIEST.year} on",
    Flaw.TOO_FAR: f"a date within {FURTHEST_DAYS // 366} years",
    Flaw.NOT_AHEAD: "a day that is not over",
}


@dataclass(frozen=True, slots=True)
class Days:
    """Which days it may be now: of the house, and where on earth it is furthest."""

    today: date
    latest: date


def find_days(now: datetime, today: date) -> Days:
    return Days(today, max(today, find_latest_day(now)))


def find_slips(form: AgreementForm, days: Days) -> Iterator[Fault]:
    """Everything in a file that a form would refuse at its field."""
    yield from _find_own_names(form)
    yield from _find_languages(form)
    for at, report in enumerate(form.network.reports if form.network else ()):
        yield from _check_begun(("network", "reports", at, "submitted"), report.submitted, days)
    for at, source in enumerate(form.sources):
        yield from _check_begun(("sources", at, "date"), source.date, days)
    for at, commitment in enumerate(form.commitments):
        yield from _find_in_promise(("commitments", at), commitment, days)
    for at, activity in enumerate(form.activities):
        path: FieldPath = ("activities", at)
        yield from _check_begun((*path, "held_on"), activity.held_on, days)
        yield from _check_begun((*path, "until"), activity.until, days)
        if activity.until and parse_date(activity.until).last < parse_date(activity.held_on).first:
            yield (*path, "until"), activity.until, f"a date not before {activity.held_on}"


def _find_in_promise(path: FieldPath, one: CommitmentForm, days: Days) -> Iterator[Fault]:
    yield from _check_planned((*path, "due"), one.due, days)
    yield from _check_planned((*path, "confirm_by"), one.confirm_by, days)
    yield from _check_begun((*path, "state_on"), one.state_on, days)
    if one.state == CommitmentState.ON_HOLD and one.state_until and parse_date(one.state_until).last < days.today:
        yield (*path, "state_until"), one.state_until, _EXPECTED[Flaw.NOT_AHEAD]
    if one.condition:
        yield from _check_begun((*path, "condition", "met_on"), one.condition.met_on, days)
    counts_below = one.target is not None and one.target.baseline < 0
    if one.target is not None and one.target.quantity < 0 and not counts_below:
        yield (*path, "target", "quantity"), f"{one.target.quantity:g}", "0 or more"
    for at, step in enumerate(one.milestones):
        yield from _check_planned((*path, "milestones", at, "due"), step.due, days)
        yield from _check_begun((*path, "milestones", at, "met_on"), step.met_on, days)
    for at, measured in enumerate(one.measurements):
        below: FieldPath = (*path, "measurements", at)
        if one.kind != CommitmentKind.TARGET:
            yield below, f"a measurement on kind {one.kind}", "kind target"
        yield from _check_begun((*below, "measured_on"), measured.measured_on, days)
        if measured.value < 0 and not counts_below:
            yield (*below, "value"), f"{measured.value:g}", "0 or more"
    for at, piece in enumerate(one.evidence):
        yield from _check_begun((*path, "evidence", at, "added_on"), piece.added_on, days)
    for at, report in enumerate(one.reports):
        below = (*path, "reports", at)
        yield from _check_begun((*below, "reported_on"), report.reported_on, days)
        for to, answer in enumerate(report.confirmations):
            for name in ("asked_on", "answered_on"):
                yield from _check_begun((*below, "confirmations", to, name), getattr(answer, name), days)


def _check_begun(path: FieldPath, text: str | None, days: Days) -> Iterator[Fault]:
    """What has happened has begun by now, somewhere on earth."""
    return _name_faults(path, text, check_past(str(path[-1]), text, days.latest, needed=False))


def _check_planned(path: FieldPath, text: str | None, days: Days) -> Iterator[Fault]:
    """What was promised may be over, but is within what anybody plans."""
    return _name_faults(path, text, check_ahead(str(path[-1]), text, days.latest, needed=False, may_be_over=True))


def _name_faults(path: FieldPath, text: str | None, flaws: Iterable[tuple[str, Flaw]]) -> Iterator[Fault]:
    for _, flaw in flaws:
        yield path, str(text), _EXPECTED[flaw]


def _find_own_names(form: AgreementForm) -> Iterator[Fault]:
    for name in ("parent", "amends", "replaces"):
        if getattr(form, name) == form.agreement:
            yield (name,), repr(form.agreement), "another agreement"


def _find_languages(form: AgreementForm) -> Iterator[Fault]:
    """Those in which messages would be written."""
    spoken: list[tuple[FieldPath, str | None]] = []
    for at, party in enumerate(form.parties):
        spoken.append((("parties", at, "language"), party.language))
        spoken += [(("parties", at, "contacts", to, "language"), one.language) for to, one in enumerate(party.contacts)]
    spoken.append((("policy", "language"), form.policy.language if form.policy else None))
    for path, language in spoken:
        if language is not None and not _is_spoken(language):
            yield path, repr(language), "a language code, such as en or zh"


@lru_cache(maxsize=256)
def _is_spoken(language: str) -> bool:
    from commitments.people import is_language  # what it asks is slow to load, and hardly any file needs it

    return is_language(language)


def find_value(form: AgreementForm, path: FieldPath, other: AgreementForm) -> Any:
    """What another form has where this one has a field: its entries are found by what they are called."""
    here: Any = form
    there: Any = other
    for step in path:
        if isinstance(step, int):
            here = here[step]
            there = next((one for one in there or () if _name(one) == _name(here)), None)
        else:
            here = getattr(here, step)
            there = getattr(there, step, None)
    return there if there == here else None


def _name(entry: Any) -> Any:
    names = ("reference", "cycle", "document", "party")
    return next((getattr(entry, name) for name in names if hasattr(entry, name)), None)
