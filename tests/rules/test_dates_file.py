"""A dated request goes into the reader's calendar with one click, once, and moves when its date moves."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from icalendar import Calendar

from commitments.vocabulary import MatterKind
from notifications.dates_file import DATES_LIMIT, write_dates
from notifications.languages import load_words
from notifications.messages import Message
from notifications.samples import LANGUAGES, make_items, make_messages

NOW = datetime(2026, 11, 23, 8, 0, 0, 123, tzinfo=UTC)


def write(message: Message) -> bytes | None:
    words = load_words(message.language)
    return write_dates(words, message, sender_name='Twin "Cities"', sender_address="office@leeds.example", now=NOW)


def read_events(message: Message) -> list[Any]:
    wire = write(message)
    assert wire is not None
    calendar = Calendar.from_ical(wire)
    assert calendar["METHOD"] == "PUBLISH" and calendar["VERSION"] == "2.0"
    return list(calendar.walk("VEVENT"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reminder_brings_its_date_as_a_whole_day_that_blocks_nobody(language: str) -> None:
    message = make_messages(language)["reminder"]
    (event,) = read_events(message)
    assert event["DTSTART"].dt == date(2026, 11, 30)
    assert event["DTSTART"].to_ical() == b"20261130" and event["DTSTART"].params["VALUE"] == "DATE"
    assert event["SUMMARY"] == make_items(language)["libraries"].summary
    assert event["TRANSP"] == "TRANSPARENT"
    assert b"/answer/" not in (write(message) or b""), "calendars are shared, and an answer link is a key"
    assert message.items[0].promise in event["DESCRIPTION"]
    assert event["ORGANIZER"] == "mailto:office@leeds.example"
    assert all(len(line) <= 75 for line in (write(message) or b"").split(b"\r\n"))


def test_a_date_of_an_agreement_names_the_agreement_since_a_calendar_shows_nothing_else() -> None:
    message = make_messages("en")["reminder"]
    item = replace(message.items[0], matter_kind=MatterKind.EXPIRY, matter="leeds-hangzhou")
    (event,) = read_events(replace(message, items=(item,)))
    assert event["SUMMARY"] == f"Expiry: {item.agreement_title}"


def test_a_follow_up_brings_the_day_by_which_it_wants_an_answer() -> None:
    message = make_messages("en")["follow_up"]
    (event,) = read_events(message)
    assert event["DTSTART"].dt == date(2026, 12, 4)
    assert str(event["SUMMARY"]).startswith("Answer by: ")
    assert event["URL"] == "https://tally.leeds.example/agreements/chengdu-gimcheon/commitments/exchanges"
    (unlinked,) = read_events(replace(message, base_url=None))
    assert "URL" not in unlinked


def test_a_date_of_the_agreement_itself_leads_to_the_agreement() -> None:
    message = make_messages("de")["reminder"]
    item = replace(message.items[0], matter_kind=MatterKind.EXPIRY, matter="leeds-hangzhou-2018")
    (event,) = read_events(replace(message, items=(item,)))
    assert event["URL"] == "https://tally.leeds.example/agreements/leeds-hangzhou-2018"
    (asked,) = read_events(replace(message, items=(replace(item, answer_by=date(2026, 12, 3)),)))
    assert str(asked["SUMMARY"]).startswith("Antwort erbeten: ")


def test_a_later_message_about_the_same_date_moves_the_entry_that_is_there() -> None:
    message = make_messages("en")["reminder"]
    (first,) = read_events(message)
    moved = replace(
        message,
        day=date(2026, 12, 1),
        language="tr",
        items=(replace(message.items[0], due_on=date(2027, 1, 15), summary="said anew"),),
    )
    (second,) = read_events(moved)
    assert first["UID"] == second["UID"]
    assert second["SEQUENCE"] > first["SEQUENCE"] and second["DTSTART"].dt == date(2027, 1, 15)


def test_different_requests_are_different_entries() -> None:
    events = read_events(make_messages("en")["follow_ups"])
    reminders = read_events(make_messages("en")["reminders"])
    names = [event["UID"] for event in (*events, *reminders)]
    assert len(events) == 4 + 1 and len(set(names)) == len(names) - 1  # the notice deadline is in both


def test_the_same_letter_sent_again_has_the_same_file() -> None:
    message = make_messages("en")["reminders"]
    assert write(message) == write(message)


@pytest.mark.parametrize("name", ["digest", "summary", "empty"])
def test_what_asks_for_nothing_by_a_day_brings_no_file(name: str) -> None:
    assert write(make_messages("en")[name]) is None


def test_a_day_gone_by_is_no_entry_and_many_days_are_cut() -> None:
    message = make_messages("en")["reminder"]
    past = replace(message, items=(replace(message.items[0], due_on=date(2026, 11, 22)),))
    assert write(past) is None
    many = replace(message, items=tuple(replace(message.items[0], matter=f"a/{n}") for n in range(60)))
    assert len(read_events(many)) == DATES_LIMIT


def test_text_from_the_register_starts_no_line_of_its_own() -> None:
    item = replace(
        make_items("en")["libraries"], summary="x\r\nATTENDEE:mailto:a@b.example", agreement_title="a;b,c\\n"
    )
    (event,) = read_events(replace(make_messages("en")["reminder"], items=(item,)))
    assert "ATTENDEE" not in event
    assert "a;b,c\\n" in event["DESCRIPTION"]
