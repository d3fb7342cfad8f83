"""Facts for the rules: small ones written by hand, and any that the register could hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st

from commitments.dates import PartialDate, parse_date
from commitments.facts import (
    Activity,
    Agreement,
    AskedConfirmation,
    Commitment,
    Condition,
    Measurement,
    Milestone,
    Occurrence,
    Owner,
    PartyPlace,
    Person,
    Report,
    Submission,
    Target,
)
from commitments.followups import group_people
from commitments.policy import Policy
from commitments.recurrence import Recurrence
from commitments.vocabulary import (
    CommitmentKind,
    CommitmentState,
    Comparator,
    ContactRole,
    Every,
    MilestoneState,
    OccurrenceState,
    Owed,
    PartyRole,
    RenewalRule,
)

LEEDS, HANGZHOU, NETWORK = 1, 2, 3
NAMES = {LEEDS: "leeds", HANGZHOU: "hangzhou", NETWORK: "network"}
_PLACES = {
    LEEDS: ("GB", "ENG", "Europe/London"),
    HANGZHOU: ("CN", None, "Asia/Shanghai"),
    NETWORK: ("FR", None, "Europe/Paris"),
}


def day(text: str) -> date:
    return date.fromisoformat(text)


def partial(text: str | None) -> PartialDate | None:
    return parse_date(text) if text is not None else None


def table(*rows: tuple[Any, ...]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """One sentence a row: the first of each row names the test, the others are its arguments."""
    sentences = [sentence for sentence, *_ in rows]
    assert len(set(sentences)) == len(sentences), "two rows say the same"

    def rows_of(test: Callable[..., None]) -> Callable[..., None]:
        names = test.__code__.co_varnames[: test.__code__.co_argcount]
        params = [pytest.param(*values, id=sentence) for sentence, *values in rows]
        return pytest.mark.parametrize(",".join(names), params)(test)

    return rows_of


def column(test: Callable[..., None], name: str) -> set[Any]:
    """What a table's rows say under one of its names."""
    (rows,) = (mark for mark in test.pytestmark if mark.name == "parametrize")
    at = rows.args[0].split(",").index(name)
    return {row.values[at] for row in rows.args[1]}


def person(contact_id: int = 1, party: int = LEEDS, role: ContactRole = ContactRole.OWNER, **facts: Any) -> Person:
    """A contact of one of the three parties; dates are written as text."""
    country, subdivision, zone = _PLACES[party]
    for name in ("valid_from", "valid_to"):
        facts[name] = partial(facts.get(name))
    plain: dict[str, Any] = {
        "reference": f"{NAMES[party]}-{role}-{contact_id}",
        "country": country,
        "subdivision": subdivision,
        "time_zone": zone,
        "language": "en",
        "mail": f"contact.{contact_id}@{NAMES[party]}.example",
        "deputy_id": None,
    }
    return Person(contact_id, party_id=party, role=role, **{**plain, **facts})


def by_id(*people: Person) -> dict[int, Person]:
    return {one.id: one for one in people}


ANN = person(1, LEEDS)
LI = person(2, HANGZHOU)
CAT = person(11, LEEDS, ContactRole.COORDINATOR)
HE = person(12, HANGZHOU, ContactRole.COORDINATOR)
STAFF = by_id(ANN, LI, CAT, HE)


def owner(party: int, contact_id: int | None) -> Owner:
    return Owner(party, NAMES[party], contact_id)


def promise(kind: CommitmentKind = CommitmentKind.DELIVERABLE, **facts: Any) -> Commitment:
    """A commitment of Leeds, owned by Ann, known since 2018; dates are written as text, activities as the day held."""
    for name in ("state_on", "state_until", "due", "period_from", "period_to", "confirm_by"):
        facts[name] = partial(facts.get(name))
    facts["registered_on"] = day(facts.get("registered_on", "2018-01-01"))
    facts["activities"] = tuple(
        Activity(parse_date(one)) if isinstance(one, str) else one for one in facts.get("activities", ())
    )
    facts["measurements"] = tuple(Measurement(parse_date(on), value) for on, value in facts.get("measurements", ()))
    facts["reports"] = tuple(Report(party, day(on), *name) for party, on, *name in facts.get("reports", ()))
    plain: dict[str, Any] = {
        "id": 100,
        "reference": "library-link",
        "summary": "Link the two library services",
        "state": CommitmentState.ACTIVE,
        "owed": Owed.JOINTLY,
        "owners": (owner(LEEDS, ANN.id),),
    }
    return Commitment(kind=kind, **{**plain, **facts})


def step(
    due: str | None,
    met_on: str | None = None,
    state: MilestoneState = MilestoneState.SCHEDULED,
    party: int | None = None,
) -> Milestone:
    return Milestone(1, "opening", "The opening", partial(due), partial(met_on), state, party)


def pact(*commitments: Commitment, **facts: Any) -> Agreement:
    """An agreement of Leeds and Hangzhou, known since 2018; dates are written as text."""
    for name in ("effective", "expires", "ended", "renew_by", "designated", "stated_on"):
        facts[name] = partial(facts.get(name))
    facts["registered_on"] = day(facts.get("registered_on", "2018-01-01"))
    facts["other_activities"] = tuple(Activity(parse_date(one)) for one in facts.get("other_activities", ()))
    facts["submitted"] = tuple(
        Submission(cycle, parse_date(on))
        for cycle, on in (one if isinstance(one, tuple) else (one, str(one)) for one in facts.get("submitted", ()))
    )
    parties = (PartyPlace(LEEDS, "leeds", PartyRole.PARTY), PartyPlace(HANGZHOU, "hangzhou", PartyRole.PARTY))
    plain: dict[str, Any] = {"id": 10, "reference": "leeds-hangzhou", "parties": parties}
    return Agreement(commitments=commitments, **{**plain, **facts})


# Any facts that the register could hold. Dates lie about the day of the assessment, some at the ends of the calendar.

DAYS = st.dates(date(1900, 1, 1), date(2200, 12, 31))
ZONES = (
    "Etc/GMT+12", "Pacific/Honolulu", "America/St_Johns", "UTC", "Europe/London", "Europe/Sofia", "Europe/Istanbul",
    "Asia/Bishkek", "Asia/Kathmandu", "Asia/Shanghai", "Asia/Seoul", "Australia/Lord_Howe", "Pacific/Chatham",
    "Pacific/Kiritimati",
)  # fmt: skip
COUNTRIES = (
    ("GB", "ENG"), ("CN", None), ("KR", None), ("TR", None), ("BG", None), ("KG", None), ("DE", "NW"),
    ("GB", "no such"), ("XX", None), (None, None),
)  # fmt: skip
PLACED = st.builds(
    lambda place, zone: replace(ANN, country=place[0], subdivision=place[1], time_zone=zone),
    st.sampled_from(COUNTRIES),
    st.sampled_from(ZONES),
)
ENDS_OF_THE_CALENDAR = tuple(map(parse_date, ("0001", "0001-01-01", "9999", "9999-12", "9999-12-31")))
SPOTS = st.integers(-3000, 3000)
"""Each stands for a day about the day of the assessment, most of them near, in one of three precisions."""


def day_at(today: date, spot: int) -> date:
    days = spot // 3 * abs(spot // 3) // 30  # up to ninety years
    return min(max(today + timedelta(days=days), date(1900, 1, 1)), date(2200, 12, 31))


def partial_at(today: date, spot: int) -> PartialDate:
    if abs(spot) % 50 == 49:
        return ENDS_OF_THE_CALENDAR[abs(spot) // 50 % len(ENDS_OF_THE_CALENDAR)]
    return parse_date(day_at(today, spot).isoformat()[: (4, 7, 10)[spot % 3]])


POLICIES = st.builds(
    Policy,
    lead_days=st.sampled_from(((30, 14, 7, 1, 0), (), (0,), (400,), (90, 3))),
    agreement_lead_days=st.sampled_from(((365, 180, 90, 30, 14, 7, 1, 0), (), (0,))),
    about_tolerance_percent=st.sampled_from((0, 10, 100)),
    silence_amber_months=st.integers(1, 60),
    silence_red_months=st.integers(1, 60),
    dormancy_months=st.integers(1, 60),
    next_step_days=st.integers(1, 400),
    confirm_within_months=st.integers(1, 600),
    expiry_lead_days=st.integers(0, 3650),
    notice_lead_days=st.integers(0, 3650),
    report_lead_days=st.integers(0, 3650),
    quiet_after_answer_days=st.integers(1, 3650),
)
NUMBERS = st.sampled_from((0.0, 1.0, 4.0, 500e6, -3.5, 1e-300, 1e300, -1e300))
PARTIES = st.sampled_from((LEEDS, HANGZHOU, NETWORK))
_MAYBE = st.none() | SPOTS
_RECURRENCES = st.tuples(
    st.sampled_from(Every),
    st.sampled_from((1, 1, 1, 2, 4, 100)),
    st.sampled_from((1, 4, 10000)),
    _MAYBE,
    _MAYBE,
    st.sampled_from(((), (), (10,), (12, 1), (9, 11))),
)
_OWING = st.dictionaries(PARTIES, st.sampled_from((None, 1, 2, 3, 99)), min_size=1)
_STEPS = st.lists(st.tuples(_MAYBE, _MAYBE, st.sampled_from(MilestoneState), st.none() | PARTIES), max_size=2)
_WAIVERS = st.none() | st.tuples(st.sampled_from(OccurrenceState), st.none() | st.integers(0, 5))
_HELD = st.lists(SPOTS, max_size=2)
_MEASURED = st.lists(st.tuples(SPOTS, NUMBERS), max_size=2)
_BY_PARTY = st.lists(st.tuples(PARTIES, SPOTS), max_size=2)
_ASKED = st.lists(st.tuples(PARTIES, SPOTS, _MAYBE), max_size=2)
_STATES = st.sampled_from((CommitmentState.ACTIVE,) * 5 + tuple(CommitmentState))


@st.composite
def commitments_at(draw: st.DrawFn, commitment_id: int, today: date) -> Commitment:
    def at(spot: int | None) -> PartialDate | None:
        return partial_at(today, spot) if spot is not None else None

    kind = draw(st.sampled_from(CommitmentKind))
    recurrence, target = None, None
    if kind is CommitmentKind.RECURRING:
        every, interval, count, starts, ends, months = draw(_RECURRENCES)
        first, last = at(starts), at(ends)
        recurrence = Recurrence(
            every, interval, count, first.first if first else None, last.last if last else None, months, "visits"
        )
    if kind is CommitmentKind.TARGET:
        target = Target(draw(NUMBERS), "CNY", draw(st.sampled_from(Comparator)), draw(NUMBERS), at(draw(_MAYBE)))
    waiver = draw(_WAIVERS)
    return Commitment(
        commitment_id,
        f"c{commitment_id}",
        "a promise",
        kind,
        draw(_STATES),
        Owed.JOINTLY,
        tuple(owner(party, contact_id) for party, contact_id in draw(_OWING).items()),
        day_at(today, draw(SPOTS)),
        *(at(draw(_MAYBE)) for _ in ("state_on", "state_until", "due", "period_from", "period_to", "confirm_by")),
        recurrence,
        target,
        Condition(at(draw(_MAYBE))) if draw(st.sampled_from((True,) + (False,) * 9)) else None,
        tuple(
            Milestone(turn, f"step-{turn}", "", at(due), at(met_on), state, party)
            for turn, (due, met_on, state, party) in enumerate(draw(_STEPS))
        ),
        (Occurrence(str(today.year), *waiver),) if waiver else (),
        tuple(Activity(partial_at(today, spot), 1 + spot % 2) for spot in draw(_HELD)),
        tuple(Measurement(partial_at(today, spot), value) for spot, value in draw(_MEASURED)),
        tuple(Report(party, day_at(today, spot)) for party, spot in draw(_BY_PARTY)),
        tuple(
            AskedConfirmation(party, f"r{turn}", day_at(today, spot), day_at(today, answered) if answered else None)
            for turn, (party, spot, answered) in enumerate(draw(_ASKED))
        ),
    )


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything the rules take in, on one day."""

    agreement: Agreement
    people: Mapping[int, Person]
    coordinators: Mapping[int, Sequence[Person]]
    policy: Policy
    today: date


_TERMS = st.tuples(
    st.none() | st.sampled_from(RenewalRule),
    st.sampled_from((None, 1, 5, 12, 40, 2**31 - 1)),
    st.sampled_from(("none", "months", "days")),
    st.sampled_from((0, 1, 6, 30, 90, 2**31 - 1)),
    st.sampled_from((None, 1, 4, 50)),
    st.booleans(),
)
_STAFF = tuple(
    person(contact_id, party, role)
    for contact_id, party, role in (
        (1, LEEDS, ContactRole.OWNER),
        (2, HANGZHOU, ContactRole.OWNER),
        (3, NETWORK, ContactRole.OWNER),
        (11, LEEDS, ContactRole.COORDINATOR),
        (12, HANGZHOU, ContactRole.COORDINATOR),
    )
)


@st.composite
def situations(draw: st.DrawFn, commitments: int = 2) -> Situation:
    today = draw(DAYS)

    def maybe() -> PartialDate | None:
        spot = draw(_MAYBE)
        return partial_at(today, spot) if spot is not None else None

    people = by_id(*(replace(one, valid_from=maybe(), valid_to=maybe()) for one in _STAFF))
    rule, renewal_months, notice, length, cycle, signatories = draw(_TERMS)
    agreement = Agreement(
        10,
        "pact",
        day_at(today, draw(SPOTS)),
        tuple(
            PartyPlace(one, NAMES[one], draw(st.sampled_from(PartyRole)), maybe())
            for one in draw(st.lists(PARTIES, min_size=1, unique=True))
        ),
        tuple(draw(commitments_at(100 + at, today)) for at in range(draw(st.integers(0, commitments)))),
        maybe(),
        maybe(),
        draw(st.none() | st.none() | st.just("ended")) and maybe(),
        rule,
        renewal_months,
        maybe(),
        length if notice == "months" else None,
        length if notice == "days" else None,
        maybe(),
        cycle,
        tuple(
            Submission(today.year + turn, partial_at(today, spot))
            for turn, spot in draw(st.lists(st.tuples(st.integers(-8, 8), SPOTS), max_size=2))
        ),
        signatories,
        maybe(),
        tuple(Activity(partial_at(today, spot)) for spot in draw(_HELD)),
    )
    return Situation(agreement, people, group_people(people.values(), ContactRole.COORDINATOR), draw(POLICIES), today)
