"""Agreement forms for the tests: one written by hand, and any that the form allows."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import Engine

from commitments.agreement_faults import LARGEST_QUANTITY
from commitments.agreement_file import ParsedFile
from commitments.agreement_form import AgreementForm
from commitments.database import open_database
from commitments.dates import parse_date
from commitments.form_fields import Text
from commitments.log import Author
from commitments.register import import_files
from commitments.vocabulary import (
    AgreementKind,
    CommitmentKind,
    CommitmentState,
    Comparator,
    Completion,
    ConfirmationState,
    ContactRole,
    Every,
    MilestoneState,
    OccurrenceState,
    Owed,
    PartyKind,
    PartyRole,
    Rating,
    RenewalRule,
)

beside_other_threads = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
"""For tests with any form: the line that Prefect keeps open for tests of flows in the same process draws a number of
its own now and then, and Hypothesis takes it for one of the strategy's."""


def twin_towns(**changes: Any) -> dict[str, Any]:
    """A small agreement of two towns; keywords replace its fields."""
    return {
        "agreement": "leeds-hangzhou",
        "title": {"en": "Memorandum of Leeds and Hangzhou"},
        "kind": "memorandum",
        "parties": [
            {
                "reference": "leeds",
                "kind": "city",
                "names": {"en": "Leeds"},
                "country": "GB",
                "contacts": [
                    {
                        "reference": "leeds-hall",
                        "name": "A. Hall",
                        "role": "owner",
                        "channels": {"mail": "a@leeds.example"},
                    }
                ],
            },
            {
                "reference": "hangzhou",
                "kind": "city",
                "names": {"en": "Hangzhou", "zh": "杭州"},
                "country": "CN",
                "contacts": [{"reference": "hangzhou-wang", "name": "王 (Wang)", "role": "owner"}],
            },
        ],
        "effective": "2018-09-30",
        "commitments": [
            {
                "reference": "library-link",
                "summary": "Link the two library services",
                "kind": "deliverable",
                "due": "2019",
                "owners": [
                    {"party": "leeds", "contact": "leeds-hall"},
                    {"party": "hangzhou", "contact": "hangzhou-wang"},
                ],
                "milestones": [{"reference": "first-visit", "title": "A first visit"}],
            },
            {
                "reference": "scholars",
                "summary": "Send scholars",
                "kind": "target",
                "owners": [{"party": "leeds"}],
                "target": {"quantity": 10, "unit": "scholars"},
            },
            {
                "reference": "each-report",
                "summary": "Report to the councils",
                "kind": "open_ended",
                "owed": "each",
                "owners": [{"party": "leeds"}, {"party": "hangzhou"}],
            },
        ],
        "activities": [
            {
                "reference": "signing",
                "title": "The signing",
                "kind": "signing",
                "held_on": "2018-09-30",
                "parties": ["leeds", "hangzhou"],
                "commitments": ["library-link"],
            }
        ],
        **changes,
    }


def as_form(**changes: Any) -> AgreementForm:
    return AgreementForm.model_validate(twin_towns(**changes))


def _enum(words: type) -> st.SearchStrategy[str]:
    return st.sampled_from([word.value for word in words])  # type: ignore[attr-defined]


REFERENCES = st.from_regex(re.compile(r"[a-z0-9][a-z0-9.-]{0,11}", re.ASCII), fullmatch=True).filter(
    lambda r: r != "house"
)
LINES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\x00"), min_size=1, max_size=30
).filter(lambda text: re.search(r"\w", text) is not None)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=80).filter(
    lambda text: re.search(r"\w", text) is not None
)
LANGUAGES = st.sampled_from(["en", "zh", "ko", "no", "pt-BR"])
WORDS = st.dictionaries(LANGUAGES, LINES, min_size=1, max_size=2)
DAYS = st.dates().map(str)
DATES = st.dates().flatmap(lambda day: st.sampled_from([str(day), str(day)[:7], str(day)[:4]]))
ZONES = st.sampled_from(["Europe/London", "Asia/Shanghai", "UTC"])
COUNTRIES = st.sampled_from(["GB", "CN", "NO", "KR"])
HASHES = st.text("0123456789abcdef", min_size=64, max_size=64)
LINKS = st.sampled_from(["https://leeds.example/a?b=c#d", "http://杭州.example/"])
NUMBERS = st.floats(-LARGEST_QUANTITY, LARGEST_QUANTITY) | st.integers(-(10**12), 10**12)
PLACES = st.builds(
    lambda start, length, sha256: {"document": "a.txt", "start": start, "end": start + length, "sha256": sha256},
    st.integers(0, 10**6),
    st.integers(1, 500),
    HASHES,
)


def _some(entries: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[list[Any]]:
    return st.lists(entries, max_size=most)


def _unique(
    fields: st.SearchStrategy[dict[str, Any]], key: str = "reference"
) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(fields, max_size=2, unique_by=lambda entry: entry[key])


def _fields(required: dict[str, Any], optional: dict[str, Any] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional or {})


def _put_in_order(entry: dict[str, Any], first: str, last: str) -> None:
    if entry.get(first) and entry.get(last) and parse_date(entry[last]).last < parse_date(entry[first]).first:
        entry[first], entry[last] = entry[last], entry[first]


_TRIMMED = TypeAdapter[str](Text)
"""A sentence as the form keeps it: what it trims is not quite what `str.strip` does."""


def _place_sentences(made: dict[str, Any]) -> None:
    """Make the places of a commitment those of its sentences; the whole of it stands in an English document."""
    quote, source = made.get("quote", {}), made.get("source")
    places = made.get("quote_sources", {})
    for language, place in [*places.items(), *([(_SOURCE["language"], source)] if source else [])]:
        if language in quote:
            sentence = _TRIMMED.validate_python(quote[language])
            end = place["start"] + len(sentence)
            place.update(end=end, sha256=sha256(sentence.encode()).hexdigest())


_CONTACTS = _fields(
    {"reference": REFERENCES, "name": LINES, "role": _enum(ContactRole)},
    {
        "office": LINES,
        "language": LANGUAGES,
        "time_zone": ZONES,
        "valid_from": DATES,
        "valid_to": DATES,
        "channels": st.just({"mail": "a.person@leeds.example"}),
    },
)
_PARTIES = _fields(
    {"reference": REFERENCES, "kind": _enum(PartyKind), "names": WORDS},
    {
        "role": _enum(PartyRole),
        "country": COUNTRIES,
        "subdivision": LINES,
        "time_zone": ZONES,
        "language": LANGUAGES,
    },
)
_RECURRENCE = _fields(
    {"every": _enum(Every)},
    {
        "interval": st.integers(1, 100),
        "count": st.integers(1, 10000),
        "starts": DATES,
        "ends": DATES,
        "months": _some(st.integers(1, 12)),
        "what": LINES,
    },
)
_TARGET = _fields(
    {"quantity": NUMBERS, "unit": LINES}, {"comparator": _enum(Comparator), "baseline": NUMBERS, "baseline_on": DATES}
)
_EVIDENCE = st.one_of(
    _fields({"reference": REFERENCES, "title": LINES, "link": LINKS}, {"sha256": HASHES, "added_on": DATES}),
    _fields({"reference": REFERENCES, "title": LINES, "file": LINES}, {"sha256": HASHES, "added_on": DATES}),
)


@st.composite
def _reports(draw: st.DrawFn, contacts: dict[str, str | None], parties: list[str]) -> list[dict[str, Any]]:
    def speak(entry: dict[str, Any]) -> dict[str, Any]:
        own = [contact for contact, party in contacts.items() if party == entry["party"]]
        return {**entry, "contact": draw(st.sampled_from(own))} if draw(st.booleans()) and own else entry

    party = st.sampled_from(parties)
    answer = _fields(
        {"party": party, "state": _enum(ConfirmationState), "asked_on": DAYS}, {"answered_on": DAYS, "note": LINES}
    )
    report = _fields(
        {"reference": REFERENCES, "party": party, "reported_on": DAYS, "rating": _enum(Rating)},
        {
            "completion": _enum(Completion),
            "note": TEXTS,
            "fulfilled": st.booleans(),
            "confirmations": _unique(answer, "party"),
        },
    )
    reports = [speak(entry) for entry in draw(_unique(report))]
    for entry in reports:
        if "confirmations" in entry:
            entry["confirmations"] = [speak(one) for one in entry["confirmations"]]
    return reports


@st.composite
def _commitments(draw: st.DrawFn, contacts: dict[str, str | None], parties: list[str]) -> dict[str, Any]:
    made = draw(
        _fields(
            {"reference": REFERENCES, "summary": LINES, "kind": _enum(CommitmentKind)},
            {
                "summaries": WORDS,
                "quote": st.dictionaries(LANGUAGES, TEXTS, max_size=2),
                "source": PLACES,
                "quote_sources": st.dictionaries(LANGUAGES, PLACES, max_size=2),
                "theme": LINES,
                "tags": _some(REFERENCES),
                "owed": _enum(Owed),
                "implementers": _some(LINES),
                "due": DATES,
                "period_from": DATES,
                "period_to": DATES,
                "confirm_by": DATES,
                "target": _TARGET,
                "condition": _fields({"text": LINES}, {"met_on": DATES}),
                "state": _enum(CommitmentState),
                "state_on": DATES,
                "state_reason": LINES,
                "note": TEXTS,
                "milestones": _unique(
                    _fields(
                        {"reference": REFERENCES, "title": LINES},
                        {
                            "titles": WORDS,
                            "due": DATES,
                            "met_on": DATES,
                            "state": _enum(MilestoneState),
                            "party": st.sampled_from(parties),
                            "source": PLACES,
                        },
                    )
                ),
                "occurrences": _unique(
                    _fields(
                        {"period": LINES},
                        {"state": _enum(OccurrenceState), "expected": st.integers(0, 99), "note": LINES},
                    ).map(lambda entry: {**entry, "period": entry["period"].strip()}),
                    "period",
                ),
                "measurements": _unique(
                    _fields({"reference": REFERENCES, "measured_on": DATES, "value": NUMBERS}, {"note": LINES})
                ),
                "evidence": _unique(_EVIDENCE),
                "reports": _reports(contacts, parties),
            },
        )
    )
    owners = draw(st.lists(st.sampled_from(parties), min_size=1, max_size=2, unique=True))
    made["owners"] = []
    for party in owners:
        own = [contact for contact, holder in contacts.items() if holder == party]
        answerable = {"contact": draw(st.sampled_from(own))} if draw(st.booleans()) and own else {}
        made["owners"].append({"party": party, **answerable})
    if any(one.get("fulfilled") for one in made.get("reports", ())):
        made.setdefault("state", draw(_enum(CommitmentState)))  # else the report decides it
    if made["kind"] == "recurring":
        made["recurrence"] = draw(_RECURRENCE)
    if made["kind"] == "target":
        made["target"] = draw(_TARGET)
    _put_in_order(made, "period_from", "period_to")
    _place_sentences(made)
    return made


@st.composite
def _parties(draw: st.DrawFn) -> tuple[list[dict[str, Any]], dict[str, str | None]]:
    parties = draw(st.lists(_PARTIES, min_size=1, max_size=3, unique_by=lambda party: party["reference"]))
    people = draw(st.lists(_CONTACTS, max_size=4, unique_by=lambda contact: contact["reference"]))
    holders: dict[str, str | None] = {}
    for contact in people:
        party = draw(st.sampled_from(parties))
        party.setdefault("contacts", []).append(contact)
        if contact["role"] != ContactRole.LEADER:  # who reads answers for nothing, and for nobody
            holders[contact["reference"]] = party["reference"]
        deputies = [
            other["reference"] for other in people if other is not contact and other["role"] != ContactRole.LEADER
        ]
        if draw(st.booleans()) and deputies:
            contact["deputy"] = draw(st.sampled_from(deputies))
        _put_in_order(contact, "valid_from", "valid_to")
    for party in parties:
        others = [other["reference"] for other in parties if other is not party]
        if draw(st.booleans()) and others:
            party["parent"] = draw(st.sampled_from(others))
    return parties, holders


_REST = {
    "relationship": _fields({"reference": REFERENCES, "title": WORDS}, {"since": DATES, "kind": _enum(AgreementKind)}),
    "effective": DATES,
    "expires": DATES,
    "open_ended": st.booleans(),
    "term": LINES,
    "renewal": _fields({"rule": _enum(RenewalRule)}, {"months": st.integers(1, 600), "renew_by": DATES}),
    "notice": st.one_of(_fields({"months": st.integers(0, 60)}), _fields({"days": st.integers(0, 900)})),
    "binding": st.booleans(),
    "languages": _some(LANGUAGES),
    "authentic": _some(LANGUAGES),
    "parent": REFERENCES,
    "amends": REFERENCES,
    "replaces": REFERENCES,
    "network": _fields(
        {"name": LINES, "designated": DATES},
        {
            "field": LINES,
            "reporting_cycle_years": st.integers(1, 50),
            "reports": _unique(_fields({"cycle": st.integers(1900, 2200), "submitted": DATES}), "cycle"),
        },
    ),
    "ended": DATES,
    "ended_reason": LINES,
    "note": TEXTS,
    "policy": _fields(
        {"lead_days": _some(st.integers(0, 1000))},
        {"silence_amber_months": st.integers(1, 600), "escalation_working_days": st.just([3, 5])},
    ),
}
_SOURCE = {
    "document": "a.txt",
    "kind": "report",
    "date": "2018",
    "language": "en",
    "title": "A text",
    "sha256": "0" * 64,
}


@st.composite
def agreement_forms(draw: st.DrawFn) -> AgreementForm:
    """Any valid form, with every field that the form has."""
    parties, holders = draw(_parties())
    names = [party["reference"] for party in parties]
    made = draw(_fields({"agreement": REFERENCES, "title": WORDS, "kind": _enum(AgreementKind)}, _REST))
    made["parties"] = parties
    made["sources"] = [_SOURCE, {"document": "b.txt", "kind": "other"}]
    made["signed"] = draw(st.dictionaries(st.sampled_from(names), DATES, max_size=2))
    signatory = _fields({"party": st.sampled_from(names), "name": LINES.map(str.strip)}, {"office": LINES})
    made["signatories"] = draw(st.lists(signatory, max_size=2, unique_by=lambda one: (one["party"], one["name"])))
    made["commitments"] = draw(_unique(_commitments(holders, names)))
    own = [commitment["reference"] for commitment in made["commitments"]]
    activity = _fields(
        {
            "reference": REFERENCES,
            "title": LINES,
            "kind": st.sampled_from(["visit", "exhibition", "other"]),
            "held_on": DATES,
        },
        {
            "until": DATES,
            "place": LINES,
            "participants": st.integers(0, 10**6),
            "count": st.integers(1, 10000),
            "parties": st.lists(st.sampled_from(names), max_size=2),
            "commitments": st.lists(st.sampled_from(own), max_size=2, unique=True) if own else st.just([]),
            "link": LINKS,
            "note": TEXTS,
            "source": PLACES,
        },
    )
    made["activities"] = draw(_unique(activity))
    for commitment in made["commitments"]:
        for entry in commitment.get("evidence", []):
            if draw(st.booleans()) and made["activities"]:
                entry["activity"] = made["activities"][0]["reference"]
    line = _fields(
        {"reference": REFERENCES, "period_from": DATES, "amount": NUMBERS, "currency": st.just("CNY")},
        {
            "period_to": DATES,
            "kind": st.sampled_from(["planned", "spent"]),
            "approximate": st.booleans(),
            "source_of_funds": LINES,
            "note": LINES,
            "source": PLACES,
            **({"commitment": st.sampled_from(own)} if own else {}),
        },
    )
    made["budget"] = draw(_unique(line))
    _put_in_order(made, "effective", "expires")
    if made.get("expires"):
        made.pop("open_ended", None)
    return AgreementForm.model_validate(made)


@contextmanager
def register_form(form: AgreementForm, template: Path, folder: Path, now: datetime) -> Iterator[Engine]:
    """A register with this agreement alone, a new one for each that is drawn."""
    path = folder / "any.db"
    for leftover in folder.glob("any.db*"):
        leftover.unlink()
    shutil.copyfile(template, path)
    engine = open_database(f"sqlite:///{path}")
    try:
        import_files(engine, [ParsedFile(Path("any.yaml"), form)], Author("test", now), now.date())
        yield engine
    finally:
        engine.dispose()
