"""What a file says that a form would refuse at its field: held against the days that it may be now."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from commitments.file_slips import find_days, find_slips
from portal.fault_words import has_words, tell_found
from portal.page_words import load_page_words
from tests.forms import as_form, twin_towns
from tests.rules.cases import table

TODAY = date(2026, 3, 2)
DAYS = find_days(datetime(2026, 3, 2, 11, tzinfo=UTC), TODAY)
"""Noon has passed in Kiritimati, where it is the next day."""
TARGET = 1


def promise(at: int = 0, **changes: Any) -> dict[str, Any]:
    commitments = twin_towns()["commitments"]
    commitments[at] |= changes
    return {"commitments": commitments}


def measured(on: str, value: float = 1, at: int = TARGET, **changes: Any) -> dict[str, Any]:
    return promise(at, measurements=[{"reference": "m", "measured_on": on, "value": value}], **changes)


def met(on: str) -> dict[str, Any]:
    return promise(milestones=[{"reference": "a", "title": "A", "state": "met", "met_on": on}])


def held(on: str, **more: Any) -> dict[str, Any]:
    return {"activities": [{"reference": "a", "title": "A visit", "kind": "visit", "held_on": on, **more}]}


def reported(on: str, **more: Any) -> dict[str, Any]:
    report = {"reference": "r", "party": "leeds", "reported_on": on, "rating": "on_track", **more}
    return promise(reports=[report])


def asked(on: str, answered: str | None = None) -> dict[str, Any]:
    answer = {"party": "hangzhou", "state": "confirmed", "asked_on": on, "answered_on": answered}
    return reported("2026-03-01", confirmations=[answer])


def spoken(language: str) -> dict[str, Any]:
    parties = twin_towns()["parties"]
    parties[0] |= {"language": language}
    return {"parties": parties}


HELD, MEASURED, MET = "activities[0].held_on", "commitments[1].measurements[0].measured_on", "milestones[0].met_on"


@table(
    ("what was held yesterday is taken", held("2026-03-01"), None),
    ("what is held today is taken", held("2026-03-02"), None),
    ("what is held tomorrow here is taken, as it is tomorrow already somewhere", held("2026-03-03"), None),
    ("what is held the day after is not", held("2026-03-04"), HELD),
    ("what is held in this month is taken", held("2026-03"), None),
    ("what is held in this year is taken", held("2026"), None),
    ("what is held in ten years is a slip of the year", held("2036-01-01"), HELD),
    ("so is what was held in 1026", held("1026-03-01"), HELD),
    ("what goes on until another year has not happened", held("2026-03-01", until="2027"), "activities[0].until"),
    ("what was over before it began", held("2026-03-01", until="2026-02"), "activities[0].until"),
    ("a number was not read in three years", measured("2029-01-01"), MEASURED),
    ("a number read today is taken", measured("2026-03-02"), None),
    ("a number belongs to a target", measured("2026-01-01", at=0), "commitments[0].measurements[0]"),
    ("a number below nought", measured("2026-01-01", -1), "commitments[1].measurements[0].value"),
    (
        "is taken where the target counts from below nought",
        measured("2026-01-01", -1, target={"quantity": 0, "unit": "degrees", "baseline": -5}),
        None,
    ),
    (
        "a target below nought",
        promise(TARGET, target={"quantity": -5, "unit": "EUR"}),
        "commitments[1].target.quantity",
    ),
    ("a step that is met in four years", met("2030-01-01"), f"commitments[0].{MET}"),
    ("a report of ten years ahead", reported("2036-03-01"), "commitments[0].reports[0].reported_on"),
    ("a word asked for in a year", asked("2027-03-01"), "commitments[0].reports[0].confirmations[0].asked_on"),
    (
        "a word given in a year",
        asked("2026-03-01", "2027-03-01"),
        "commitments[0].reports[0].confirmations[0].answered_on",
    ),
    ("what was waived in a year", promise(state="waived", state_on="2027"), "commitments[0].state_on"),
    (
        "a hold until a day that is over",
        promise(state="on_hold", state_until="2020-01-01"),
        "commitments[0].state_until",
    ),
    ("a hold until today is taken", promise(state="on_hold", state_until="2026-03-02"), None),
    ("a hold that was ended is not asked about", promise(state="active", state_until="2020-01-01"), None),
    ("what was promised for a day that is over is taken", promise(due="2019-01-01"), None),
    ("what was promised for the next century is a slip", promise(due="2126"), "commitments[0].due"),
    ("and for the one before the last", promise(due="1026-03-01"), "commitments[0].due"),
    ("a step of the next century", promise(milestones=[{"reference": "a", "title": "A", "due": "2126"}]),
     "commitments[0].milestones[0].due"),
    ("a condition met in a year", promise(condition={"text": "If", "met_on": "2027"}),
     "commitments[0].condition.met_on"),
    ("evidence of the next year",
     promise(evidence=[{"reference": "e", "title": "E", "file": "e.pdf", "added_on": "2027"}]),
     "commitments[0].evidence[0].added_on"),
    ("a document of the next year", {"sources": [{"document": "D", "kind": "other", "date": "2027"}]},
     "sources[0].date"),
    (
        "a report that was handed in next year",
        {"network": {"name": "N", "designated": "2014", "reports": [{"cycle": 2026, "submitted": "2027"}]}},
        "network.reports[0].submitted",
    ),
    ("an agreement that carries itself out", {"parent": "leeds-hangzhou"}, "parent"),
    ("that amends itself", {"amends": "leeds-hangzhou"}, "amends"),
    ("that replaces itself", {"replaces": "leeds-hangzhou"}, "replaces"),
    ("one under another is taken", {"parent": "sister-cities"}, None),
    ("a language that nobody writes", spoken("qq"), "parties[0].language"),
    ("a language with its script is taken", spoken("zh-Hant"), None),
    ("rules in a language that nobody writes", {"policy": {"language": "qq"}}, "policy.language"),
    ("the end of an agreement lies ahead", {"expires": "2036"}, None),
    ("so may its signature", {"signed": {"leeds": "2026-09-01"}}, None),
)  # fmt: skip
def test_a_file_says_what_a_form_would_take(said, field):
    slips = list(find_slips(as_form(**said), DAYS))
    named = ["".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in path)[1:] for path, *_ in slips]
    assert named == ([field] if field else [])
    assert all(has_words(expected) for *_, expected in slips)


@pytest.mark.parametrize(("hour", "latest"), [(9, 2), (10, 3), (23, 3)])
def test_the_latest_day_is_that_of_kiritimati(hour: int, latest: int) -> None:
    assert find_days(datetime(2026, 3, 2, hour, tzinfo=UTC), TODAY).latest == date(2026, 3, latest)


def test_what_is_found_is_said_in_chinese() -> None:
    assert tell_found(load_page_words("zh"), "a measurement on kind deliverable").isascii() is False
