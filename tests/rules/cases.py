"""Facts for the rules: small ones written by hand, and any that the register could hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st

from commitments.dates import PartialDate, parse_date
from commitments.facts import (
    Activity,
    Agreement,
    AskedConfirmation,
    Commitment,
    Measurement,
    Milestone,
    Occurrence,
    Owner,
    PartyPlace,
    Person,
    Report,
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
    for name in ("state_on", "due", "period_from", "period_to", "confirm_by"):
        facts[name] = partial(facts.get(name))
    facts["registered_on"] = day(facts.get("registered_on", "2018-01-01"))
    facts["activities"] = tuple(
        Activity(parse_date(one)) if isinstance(one, str) else one for one in facts.get("activities", ())
    )
    facts["measurements"] = tuple(Measurement(parse_date(on), value) for on, value in facts.get("measurements", ()))
    facts["reports"] = tuple(Report(party, day(on)) for party, on in facts.get("reports", ()))
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
    ("GB", "ENG"), ("CN", None), ("KR", None), ("TR", None), ("BG", None), ("KG", None), ("DE", "NW"), ("GB", "no such"),
    ("XX", None), (None, None),
)  # fmt: skip
ENDS_OF_THE_CALENDAR = ("0001", "0001-01-01", "9999", "9999-12", "9999-12-31")


def days_about(today: date) -> st.SearchStrategy[date]:
    spans = st.one_of(st.integers(-40, 40), st.integers(-1500, 1500), st.integers(-30000, 30000))
    return spans.map(lambda days: min(max(today + timedelta(days=days), date(1900, 1, 1)), date(2200, 12, 31)))


def partials_about(today: date) -> st.SearchStrategy[PartialDate]:
    lengths = st.sampled_from((4, 7, 10))
    near = st.builds(lambda on, length: parse_date(on.isoformat()[:length]), days_about(today), lengths)
    return st.integers(0, 30).flatmap(
        lambda turn: near if turn else st.sampled_from(ENDS_OF_THE_CALENDAR).map(parse_date)
    )


POLICIES = st.builds(
    Policy,
    lead_days=st.lists(st.integers(0, 400), max_size=5, unique=True).map(
        lambda some: tuple(sorted(some, reverse=True))
    ),
    silence_amber_months=st.integers(1, 60),
    silence_red_months=st.integers(1, 60),
    dormancy_months=st.integers(1, 60),
    next_step_days=st.integers(1, 400),
    confirm_within_months=st.integers(1, 600),
    expiry_lead_days=st.integers(0, 3650),
    notice_lead_days=st.integers(0, 3650),
    report_lead_days=st.integers(0, 3650),
    answer_working_days=st.integers(0, 250),
    escalation_working_days=st.lists(st.integers(0, 60), min_size=1, max_size=4).map(lambda some: tuple(sorted(some))),
    quiet_after_answer_days=st.integers(1, 3650),
    send_at=st.times(time(0), time(17, 59)).map(lambda at: at.replace(second=0, microsecond=0)),
)


@st.composite
def people_at(draw: st.DrawFn, contact_id: int, party: int, role: ContactRole, today: date) -> Person:
    country, subdivision = draw(st.sampled_from(COUNTRIES))
    in_office = draw(st.none() | partials_about(today))
    return replace(
        person(contact_id, party, role),
        country=country,
        subdivision=subdivision,
        time_zone=draw(st.sampled_from(ZONES)),
        valid_from=draw(st.none() | partials_about(today)),
        valid_to=in_office,
        deputy_id=draw(st.sampled_from((None, 1, 2, 11))),
    )


NUMBERS = st.sampled_from((0.0, 1.0, 4.0, 500e6, -3.5, 1e-300, 1e300)) | st.floats(-1e9, 1e9)


@st.composite
def commitments_at(draw: st.DrawFn, commitment_id: int, today: date) -> Commitment:
    when, maybe = partials_about(today), st.none() | partials_about(today)
    a_day = days_about(today)
    parties = st.sampled_from((LEEDS, HANGZHOU, NETWORK))
    kind = draw(st.sampled_from(CommitmentKind))
    recurrence, target = None, None
    if kind is CommitmentKind.RECURRING:
        recurrence = Recurrence(
            draw(st.sampled_from(Every)),
            draw(st.integers(1, 5) | st.integers(1, 100)),
            draw(st.integers(1, 5) | st.integers(1, 10000)),
            draw(st.none() | when.map(lambda one: one.first)),
            draw(st.none() | when.map(lambda one: one.last)),
            tuple(draw(st.lists(st.integers(1, 12), max_size=3))),
            "visits",
        )
    if kind is CommitmentKind.TARGET:
        target = Target(draw(NUMBERS), "CNY", draw(st.sampled_from(Comparator)), draw(NUMBERS), draw(maybe))
    owners = draw(
        st.lists(
            st.tuples(parties, st.sampled_from((None, 1, 2, 3, 99))),
            min_size=1,
            max_size=3,
            unique_by=lambda one: one[0],
        )
    )
    milestones = draw(
        st.lists(
            st.builds(
                Milestone,
                st.just(1),
                st.just(""),
                st.just("step"),
                maybe,
                maybe,
                st.sampled_from(MilestoneState),
                st.none() | parties,
            ),
            max_size=2,
        )
    )
    return Commitment(
        commitment_id,
        f"c{commitment_id}",
        "a promise",
        kind,
        draw(st.sampled_from((CommitmentState.ACTIVE,) * 5 + tuple(CommitmentState))),
        draw(st.sampled_from(Owed)),
        tuple(owner(party, contact_id) for party, contact_id in owners),
        draw(a_day),
        draw(maybe),
        draw(maybe),
        draw(maybe),
        draw(maybe),
        draw(maybe),
        recurrence,
        target,
        draw(st.integers(0, 9)) == 0,
        tuple(replace(one, reference=f"step-{at}") for at, one in enumerate(milestones)),
        tuple(
            draw(
                st.lists(
                    st.builds(
                        Occurrence,
                        st.just(str(today.year)),
                        st.sampled_from(OccurrenceState),
                        st.none() | st.integers(0, 5),
                    ),
                    max_size=1,
                )
            )
        ),
        tuple(draw(st.lists(st.builds(Activity, when, st.integers(1, 3)), max_size=3))),
        tuple(draw(st.lists(st.builds(Measurement, when, NUMBERS), max_size=2))),
        tuple(draw(st.lists(st.builds(Report, parties, a_day), max_size=2))),
        tuple(
            AskedConfirmation(party, f"r{at}", on)
            for at, (party, on) in enumerate(draw(st.lists(st.tuples(parties, a_day), max_size=2)))
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


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    today = draw(DAYS)
    maybe = st.none() | partials_about(today)
    people = by_id(
        *(
            draw(people_at(at, party, ContactRole.OWNER, today))
            for at, party in ((1, LEEDS), (2, HANGZHOU), (3, NETWORK))
        ),
        *(draw(people_at(at, party, ContactRole.COORDINATOR, today)) for at, party in ((11, LEEDS), (12, HANGZHOU))),
    )
    parties = draw(st.lists(st.sampled_from((LEEDS, HANGZHOU, NETWORK)), min_size=1, unique=True))
    notice = draw(st.sampled_from(("none", "months", "days")))
    length = draw(st.integers(0, 40) | st.integers(0, 2**31 - 1))
    agreement = Agreement(
        10,
        "pact",
        draw(days_about(today)),
        tuple(PartyPlace(one, NAMES[one], draw(st.sampled_from(PartyRole)), draw(maybe)) for one in parties),
        tuple(draw(commitments_at(100 + at, today)) for at in range(draw(st.integers(0, 2)))),
        draw(maybe),
        draw(maybe),
        draw(st.none() | maybe),
        draw(st.none() | st.sampled_from(RenewalRule)),
        draw(st.none() | st.integers(1, 40) | st.integers(1, 2**31 - 1)),
        draw(maybe),
        length if notice == "months" else None,
        length if notice == "days" else None,
        draw(maybe),
        draw(st.none() | st.integers(1, 50)),
        tuple(draw(st.lists(st.integers(1900, 2200), max_size=2))),
        draw(st.booleans()),
        draw(maybe),
        tuple(draw(st.lists(st.builds(Activity, partials_about(today)), max_size=2))),
    )
    return Situation(agreement, people, group_people(people.values(), ContactRole.COORDINATOR), draw(POLICIES), today)
