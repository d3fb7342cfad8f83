"""A person is reached by the channels on record, in their order; what fails for good goes by the next, and once."""

import email.policy
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select

from commitments.agreement_file import parse_agreement
from commitments.clock import today_in
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.settings import Settings
from commitments.tables import channel_state, choices, contact, follow_up, log_entry
from notifications.bounce_address import read_bounce_address, write_bounce_address
from notifications.bounce_reading import read_bounces
from notifications.bounces import read_bounce
from notifications.crew import Dispatched
from notifications.dispatch import dispatch_messages
from notifications.fallback import resend_message
from notifications.mime import message_id_for
from notifications.planning import plan_messages
from notifications.secret import load_mail_domain, load_secrets
from notifications.tables import attempt, bounce, notice, notification
from notifications.undelivered import Taken, review_channels, take_bounce
from tests.http_sink import HttpSink, lead_to_sink, running_sink
from tests.mail_door import open_door

FORM = """
agreement: north-south
title: {en: Memorandum}
kind: memorandum
effective: 2024-01-01
parties:
  - reference: north
    kind: city
    names: {en: North}
    country: GB
    time_zone: Europe/London
    contacts:
      - {reference: ann, name: Ann, role: owner, channels: CHANNELS}
      - {reference: cy, name: Cy, role: coordinator, channels: {mail: cy@north.example}}
      - {reference: lee, name: Lee, role: leader, channels: {mail: lee@north.example}}
commitments:
  - reference: survey
    summary: Hand over the survey.
    kind: deliverable
    due: 2026-03-06
    owners: [{party: north, contact: ann}]
"""
OFFICE = """
agreement: north-south
title: {en: Memorandum}
kind: memorandum
effective: 2024-01-01
parties:
  - reference: north
    kind: city
    names: {en: North}
    country: GB
    time_zone: Europe/London
    contacts:
      - {reference: economy-desk, name: Economy desk, role: owner, deputy: ann, channels: {slack: city-hall}}
      - {reference: ann, name: Ann, role: owner, channels: {mail: ann@north.example}}
      - {reference: bo, name: Bo, role: owner, channels: {mail: bo@north.example}}
      - {reference: cy, name: Cy, role: coordinator, channels: {mail: cy@north.example}}
commitments:
  - reference: survey
    summary: Hand over the survey.
    kind: deliverable
    due: 2026-03-06
    owners: [{party: north, contact: economy-desk}]
  - reference: fair
    summary: Hold the trade fair.
    kind: deliverable
    due: 2026-03-09
    owners: [{party: north, contact: economy-desk}]
  - reference: visit
    summary: Receive the mayor.
    kind: deliverable
    due: 2026-03-05
    owners: [{party: north, contact: ann}]
"""
MORNING = datetime(2026, 3, 11, 9, tzinfo=UTC)  # a Wednesday
SLACK = {"type": "slack", "token": "T00000000/B00000000/SECRETSECRETSECRETSECRET"}


@dataclass
class House:
    """A register with a mail server and an HTTP server at its side."""

    engine: Engine
    settings: Settings
    sink: HttpSink
    letters: list[tuple[str, str, Any]] = field(default_factory=list)
    refuse: Callable[[str], str | None] = lambda address: None
    clock: datetime = MORNING

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        refusal = self.refuse(address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 ok"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        letter = message_from_bytes(envelope.content, policy=email.policy.default)
        self.letters.append((envelope.rcpt_tos[0], envelope.mail_from, letter))
        return "250 taken"

    def change(self, **settings: Any) -> None:
        self.settings = self.settings.model_copy(update=settings)

    def register(self, channels: str, text: str = FORM) -> None:
        form = parse_agreement(text.replace("CHANNELS", channels).encode(), "form.yaml")
        with open_unit(self.engine) as unit:
            import_agreement(unit, form, Author("mei.lin", self.clock), self.clock.date())

    def sweep(self, now: datetime | None = None) -> Dispatched:
        self.clock = now or self.clock
        today = today_in("Europe/London", self.clock)
        reconcile_register(self.engine, self.clock, today)
        plan_messages(self.engine, self.clock, today, domain="tallystick.example")
        return self.send()

    def send(self, now: datetime | None = None) -> Dispatched:
        self.clock = now or self.clock
        return dispatch_messages(self.engine, self.settings, read_clock=lambda: self.clock)

    def rows(self, table: Any = notification, *where: Any) -> list[Any]:
        with open_reading(self.engine) as reading:
            return list(reading.execute(select(table).where(*where).order_by(table.c.id)))

    def anns(self) -> list[Any]:
        return self.rows(notification, notification.c.contact_id == self.find("ann"))

    def find(self, reference: str) -> int:
        with open_reading(self.engine) as reading:
            return int(reading.execute(select(contact.c.id).where(contact.c.reference == reference)).scalar_one())

    def failures(self) -> list[Any]:
        return self.rows(follow_up, follow_up.c.kind == "message_failed")

    def come_back(self, row: Any, status: str, action: str = "failed", at: datetime | None = None) -> Taken | None:
        """Let the letter of a message come back as a mail server would send it."""
        raw = (
            "From: MAILER-DAEMON@north.example\r\nTo: bounces@tally.example\r\nMIME-Version: 1.0\r\n"
            f'X-Number: {row.id} {status} {at}\r\nContent-Type: multipart/report; boundary="b"\r\n\r\n'
            f"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nAction: {action}\r\n"
            f"Status: {status}\r\nDiagnostic-Code: smtp; 550 {status} no\r\n\r\n"
            f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {row.message_id}\r\n\r\n--b--\r\n"
        )
        return self.take(raw.encode(), at)

    def take(self, raw: bytes, at: datetime | None = None) -> Taken | None:
        secrets = load_secrets(self.settings)
        found = read_bounce(raw, lambda one: read_bounce_address(one, "bounces@tally.example", secrets[0].encode()))
        assert found is not None
        moment = at or self.clock
        with open_unit(self.engine) as unit:
            return take_bounce(unit, found, moment, moment.date())


@pytest.fixture
def house(engine: Engine, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with running_sink() as sink:
        lead_to_sink(monkeypatch, sink)
        settings = Settings(
            home=tmp_path,
            channels={
                "city-hall": SLACK,
                "desk": {"type": "webhook", "url": f"{sink.url}/desk", "secret": "0123456789abcdef"},
                "house": {"type": "twilio", "account": "AC" + "a" * 32, "token": "b" * 32, "from": "+447700900000"},
            },
            webhook_hosts_inside=(f"127.0.0.1:{sink.port}",),
            bounce_address="bounces@tally.example",
        )
        there = House(engine, settings, sink)
        with open_door(there) as port:
            there.change(mail_url=SecretStr(f"smtp://127.0.0.1:{port}"))
            yield there


# By the channels on record


def test_a_person_with_a_chat_channel_first_is_told_there_and_not_by_mail(house: House) -> None:
    house.register("{slack: city-hall, mail: ann@north.example}")
    house.sweep()
    (row,) = house.anns()
    assert (row.state, row.channel, row.address) == ("sent", "slack", "city-hall")
    (request,) = house.sink.requests
    assert request.headers["Host"] == "hooks.slack.com"
    assert b"Hand over the survey" in request.body
    assert "ann@north.example" not in [to for to, _, _ in house.letters]


def test_an_offices_room_is_told_once_of_all_that_is_the_offices_and_its_members_only_of_their_own(
    house: House,
) -> None:
    house.register("", OFFICE)
    house.sweep()
    (told,) = house.sink.requests
    assert b"Hand over the survey" in told.body and b"Hold the trade fair" in told.body
    assert b"Receive the mayor" not in told.body
    (row,) = house.rows(notification, notification.c.contact_id == house.find("economy-desk"))
    assert (row.state, row.channel, row.address) == ("sent", "slack", "city-hall")
    ((to, _, letter),) = [one for one in house.letters if one[0] != "cy@north.example"]
    assert to == "ann@north.example"
    said = letter.get_body(("plain",)).get_content()
    assert "Receive the mayor" in said and "survey" not in said and "trade fair" not in said


def test_what_an_offices_room_leaves_unanswered_goes_up_the_ladder_and_not_to_every_member(house: House) -> None:
    house.register("", OFFICE)
    for days in range(0, 28, 2):
        house.sweep(MORNING + timedelta(days=days))
    raised = house.rows(notice, notice.c.kind == "escalation", notice.c.matter == "north-south/survey")
    rungs = ["economy-desk", "ann", "cy"]  # the room again, its deputy, the coordinator
    assert {one.contact_id for one in raised} == {house.find(one) for one in rungs}
    assert "bo@north.example" not in [to for to, _, _ in house.letters]


def test_a_webhook_tells_the_matter_in_the_registers_own_terms(house: House) -> None:
    house.register("{webhook: desk}")
    house.change(base_url="https://tally.example")
    house.sweep()
    (request,) = house.sink.requests
    body = json.loads(request.body)
    (matter,) = body["references"]
    (told,) = body["matters"]
    assert told["link"].startswith("https://tally.example/answer/")
    assert set(told) >= {"report", "note", "promise", "promised", "due"} and matter["parties"] == []
    assert (matter["agreement"], matter["matter"], matter["standing"]) == (
        "north-south",
        "north-south/survey",
        "overdue",
    )
    assert matter["follow_up"].startswith("overdue:north-south/survey")
    assert body["to"] == "Ann"
    assert body["message"] == house.anns()[0].message_id.strip("<>")
    assert request.headers["webhook-signature"].startswith("v1,")


def test_no_secret_of_a_channel_is_in_any_table(house: House) -> None:
    house.register("{slack: city-hall, webhook: desk, sms: house/+447700900123}")
    house.sink.status = 400
    house.sink.body = b"SECRETSECRETSECRETSECRET 0123456789abcdef " + b"b" * 32
    house.sweep()
    everything = str(
        [house.rows(table) for table in (notification, attempt, notice, log_entry, follow_up, channel_state)]
    )
    assert "SECRETSECRET" not in everything
    assert "0123456789abcdef" not in everything
    assert "b" * 32 not in everything


# What fails for good goes by the next


def test_what_one_channel_refuses_for_good_goes_by_the_next_once_and_the_reason_is_kept(house: House) -> None:
    house.register("{slack: city-hall, sms: house/+447700900123, mail: ann@north.example}")
    house.sink.status, house.sink.body = 404, b"no_service"
    done = house.sweep()
    (row,) = house.anns()
    assert (row.state, row.channel, row.address) == ("sent", "mail", "ann@north.example")
    assert [(one["channel"], one["code"], one["reply"]) for one in row.earlier["from"]] == [
        ("slack", 404, "no_service"), ("sms", 404, "no_service"),
    ]  # fmt: skip
    assert [to for to, _, _ in house.letters].count("ann@north.example") == 1
    assert done.failed == 0
    assert house.failures() == []
    assert len(house.sink.requests) == 2
    told = [one for one in house.rows(log_entry) if one.subject == "notification"]
    assert [one.changes for one in told] == [{"channel": ["slack", "sms"]}, {"channel": ["sms", "mail"]}]
    assert house.sweep().sent == 0


def test_where_no_channel_is_left_a_coordinator_is_asked(house: House) -> None:
    house.register("{slack: city-hall, mail: ann@north.example}")
    house.sink.status, house.sink.body = 404, b"no_service"
    house.refuse = lambda address: "550 5.1.1 no such user" if address.startswith("ann") else None
    house.sweep()
    (row,) = house.anns()
    assert (row.state, row.reason["code"]) == ("failed", "refused")
    (asked,) = house.failures()
    assert asked.assignee_id == house.find("cy")


def test_what_a_busy_channel_puts_off_stays_there_and_waits_as_long_as_it_is_asked_to(house: House) -> None:
    house.register("{slack: city-hall, mail: ann@north.example}")
    house.sink.status, house.sink.headers = 429, {"Retry-After": "900"}
    house.sweep()
    (row,) = house.anns()
    assert (row.state, row.channel, row.attempts) == ("queued", "slack", 1)
    assert row.next_at >= MORNING + timedelta(seconds=900)
    house.sink.status = 200
    house.send(MORNING + timedelta(minutes=20))
    assert house.anns()[0].state == "sent"


def test_a_channel_that_the_settings_do_not_name_is_passed_by(house: House) -> None:
    house.register("{slack: town-hall, mail: ann@north.example}")
    house.sweep()
    (row,) = house.anns()
    assert (row.state, row.channel) == ("sent", "mail")
    assert row.earlier["from"][0]["reply"] == "the settings name no slack channel 'town-hall'"
    assert not house.sink.requests


def test_a_mail_server_that_is_away_does_not_keep_chat_messages_back(house: House) -> None:
    house.register("{slack: city-hall}")
    house.change(mail_url=SecretStr("smtp://127.0.0.1:9"))
    done = house.sweep()
    assert done.halted
    assert house.anns()[0].state == "sent"


def test_each_channel_has_its_own_count_of_tries(house: House) -> None:
    house.register("{slack: city-hall, mail: ann@north.example}")
    house.sink.status = 500
    house.refuse = lambda address: "451 4.3.0 busy" if address.startswith("ann") else None
    moment = MORNING
    house.sweep()
    for _ in range(12):
        moment += timedelta(minutes=40)
        house.send(moment)
    assert house.anns()[0].channel == "slack"
    with open_unit(house.engine) as unit:
        unit.execute(notification.update().values(attempts=7, next_at=moment))
    house.send(moment)
    (row,) = house.anns()
    assert (row.state, row.channel, row.earlier["attempts"]) == ("queued", "mail", 8)
    house.send(moment + timedelta(minutes=2))
    assert house.anns()[0].state == "queued"
    assert house.failures() == []


def live_days(house: House, days: int) -> None:
    """From the morning on, day by day: a look before the people's hours, five times within them, and one after."""
    first = MORNING.replace(hour=0)
    for day in range(days):
        for minutes in (60, 9 * 60, 9 * 60 + 5, 10 * 60, 13 * 60, 17 * 60, 19 * 60):
            moment = first + timedelta(days=day, minutes=minutes)
            if moment >= MORNING:
                house.sweep(moment)


@pytest.mark.parametrize("status", [503, 0], ids=["busy", "gone"])
def test_a_channel_that_stays_away_is_tried_eight_times_over_the_days_and_then_mail_is_taken(
    house: House, status: int
) -> None:
    house.register("{webhook: desk, mail: ann@north.example}")
    house.sink.status = status
    if not status:
        gone = {"type": "webhook", "url": "http://127.0.0.1:9/desk", "secret": "0123456789abcdef"}
        house.change(channels={"desk": gone}, webhook_hosts_inside=("127.0.0.1:9",))
    live_days(house, 6)
    assert [to for to, _, _ in house.letters].count("ann@north.example") == 1
    assert [row.state for row in house.anns()].count("sent") == 1
    assert len(house.rows(attempt, attempt.c.outcome == "temporary")) == 8
    assert house.failures() == []


def test_what_no_channel_takes_for_days_has_failed_and_a_coordinator_is_asked(house: House) -> None:
    house.register("{webhook: desk}")
    house.sink.status = 503
    live_days(house, 6)
    (row,) = [one for one in house.anns() if one.state == "failed"]
    assert (row.reason["code"], row.reason["numbers"]["attempts"]) == ("given_up", 8)
    (asked,) = house.failures()
    assert asked.assignee_id == house.find("cy")


def test_what_mail_was_not_open_for_in_the_evening_is_not_tried_by_the_channel_before_it_for_days_again(
    house: House,
) -> None:
    house.register("{webhook: desk, mail: ann@north.example}")
    house.sink.status = 503
    open_door, closed = house.settings.mail_url, SecretStr("smtp://127.0.0.1:9")
    house.change(mail_url=closed)
    live_days(house, 6)
    assert [row.channel for row in house.anns()[-2:]] == ["mail", "webhook"]
    before = len(house.sink.requests)
    house.change(mail_url=open_door)
    house.sweep(MORNING + timedelta(days=6))
    assert [to for to, _, _ in house.letters].count("ann@north.example") == 1
    assert len(house.sink.requests) == before + 1, "the channel has one more chance"


def test_while_the_mail_server_was_away_no_try_is_used_up(house: House) -> None:
    house.register("{mail: ann@north.example}")
    open_door, closed = house.settings.mail_url, SecretStr("smtp://127.0.0.1:9")
    house.change(mail_url=closed)
    house.sweep()
    for tries in range(1, 9):
        house.send(MORNING + timedelta(minutes=40 * tries))
    assert max(row.attempts for row in house.rows()) > 8
    house.change(mail_url=open_door)
    house.refuse = lambda _address: "451 4.7.1 come again"
    house.send(MORNING + timedelta(hours=7))
    assert {row.state for row in house.rows()} == {"queued"}
    house.refuse = lambda _address: None
    house.send(MORNING + timedelta(hours=7, minutes=5))
    assert [to for to, _, _ in house.letters].count("ann@north.example") == 1
    assert house.failures() == []


# What cannot be written


@pytest.mark.parametrize("address", ["a..nn@north.example", "ann@north..example", "ann.@north.example"])
def test_an_address_to_which_no_letter_can_be_written_has_failed_at_once_and_a_coordinator_is_asked(
    house: House, address: str
) -> None:
    house.register("{mail: ann@north.example}")
    with open_unit(house.engine) as unit:  # as an earlier version took them
        unit.execute(contact.update().where(contact.c.reference == "ann").values(channels={"mail": address}))
    house.sweep()
    (row,) = house.anns()
    assert (row.state, row.reason["code"]) == ("failed", "refused")
    (asked,) = house.failures()
    assert asked.assignee_id == house.find("cy")


def test_a_letter_that_cannot_be_written_for_days_has_failed_and_a_coordinator_is_asked(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_arguments: Any) -> Any:
        raise KeyError("a template asks for what is not there")

    house.register("{mail: ann@north.example}")
    monkeypatch.setattr("notifications.desk.write_safely", stumble)
    live_days(house, 6)
    (row,) = [one for one in house.anns() if one.state == "failed"]
    assert (row.reason["code"], row.reason["numbers"]["attempts"]) == ("given_up", 8)
    assert house.failures()


@pytest.mark.parametrize("stray", ["\t", "\x0b", "\x85", "\u2028"])
def test_a_name_with_a_tab_in_it_keeps_no_letter_from_anybody(house: House, stray: str) -> None:
    house.register("{mail: ann@north.example}")
    with open_unit(house.engine) as unit:  # as an earlier version took them
        unit.execute(contact.update().where(contact.c.reference == "cy").values(name=f"Cy{stray}Hall"))
    house.sweep()
    letters = {to: letter for to, _, letter in house.letters}
    assert str(letters["ann@north.example"]["Reply-To"]) == "Cy Hall <cy@north.example>"
    assert str(letters["cy@north.example"]["To"]).startswith("Cy Hall <")


# How fast


def test_what_is_over_the_rate_waits_for_its_turn_and_that_is_no_attempt(house: House) -> None:
    house.register("{mail: ann@north.example}")
    house.change(rates={"mail:north.example": "1/minute"})
    house.sweep()
    with open_unit(house.engine) as unit:
        rows = unit.execute(select(notification)).all()
    sent = [row for row in rows if row.state == "sent"]
    waiting = [row for row in rows if row.state == "queued"]
    assert len(sent) == 1
    assert [(row.attempts, row.next_at - MORNING) for row in waiting] == [
        (0, timedelta(minutes=number + 1)) for number in range(len(waiting))
    ]
    assert waiting
    house.send(MORNING + timedelta(seconds=61))
    assert len(house.rows(notification, notification.c.state == "sent")) == 2


def queue_morning(house: House, people: int) -> None:
    """A message waits for each of so many owners behind one mail server."""
    owners = [f"owner-{number}" for number in range(people)]
    contacts = "".join(
        f"      - {{reference: {one}, name: {one}, role: owner, channels: {{mail: {one}@north.example}}}}\n"
        for one in owners
    )
    commitments = "".join(
        f"  - {{reference: of-{one}, summary: Hand over the survey., kind: deliverable, due: 2026-03-06,"
        f" owners: [{{party: north, contact: {one}}}]}}\n"
        for one in owners
    )
    house.register("", f"{FORM.partition('      - {reference: ann')[0]}{contacts}commitments:\n{commitments}")
    reconcile_register(house.engine, MORNING, MORNING.date())
    plan_messages(house.engine, MORNING, MORNING.date(), domain="tallystick.example")
    assert len(house.rows(notification)) == people


class PassingTime(threading.Event):
    """Asks nobody to stop; whoever waits on it lets the clock of the house go on."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house

    def wait(self, timeout: float | None = None) -> bool:
        self.house.clock += timedelta(seconds=timeout or 0)
        return False


def list_sending_times(house: House) -> list[timedelta]:
    return [row.sent_at - MORNING for row in house.rows(notification, notification.c.state == "sent")]


def test_a_run_waits_for_the_turns_that_come_soon_and_leaves_the_others_to_the_next(house: House) -> None:
    queue_morning(house, 5)
    house.change(rates={"mail:north.example": "1/minute"})
    dispatch_messages(
        house.engine, house.settings, read_clock=lambda: house.clock, stop=PassingTime(house),
        patience=timedelta(minutes=2, seconds=30),
    )  # fmt: skip
    assert list_sending_times(house) == [timedelta(minutes=minute) for minute in range(3)]
    house.clock = MORNING + timedelta(minutes=5)
    dispatch_messages(
        house.engine, house.settings, read_clock=lambda: house.clock, stop=PassingTime(house),
        patience=timedelta(minutes=2, seconds=30),
    )  # fmt: skip
    assert list_sending_times(house)[3:] == [timedelta(minutes=5), timedelta(minutes=6)]


def test_a_run_does_not_wait_for_what_a_rate_does_not_hold_back(house: House) -> None:
    queue_morning(house, 2)
    with open_unit(house.engine) as unit:
        unit.execute(notification.update().values(next_at=MORNING + timedelta(minutes=1)))
    dispatch_messages(
        house.engine, house.settings, read_clock=lambda: house.clock, stop=PassingTime(house),
        patience=timedelta(minutes=4),
    )  # fmt: skip
    assert (house.clock, list_sending_times(house)) == (MORNING, [])


def test_two_senders_at_the_same_moment_keep_the_rate_together(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    queue_morning(house, 40)
    house.change(rates={"mail:north.example": "6/minute"}, senders=1)
    both, met = threading.Barrier(2, timeout=120), threading.local()

    def meet_once(name: str) -> None:
        if name == "outbox.after_claim" and not hasattr(met, "once"):
            met.once = both.wait()

    monkeypatch.setattr("notifications.dispatch.BATCH", 10)
    monkeypatch.setattr("notifications.dispatch.failpoint", meet_once)
    monkeypatch.setattr("notifications.dispatch.name_worker", lambda: f"elsewhere|{threading.get_ident()}|0")
    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(house.send) for _ in range(2)]:
            one.result()
    monkeypatch.setattr("notifications.dispatch.failpoint", lambda name: None)
    assert len(list_sending_times(house)) <= 6, "none, where each saw what the other had claimed and gave way"
    for minute in range(1, 8):
        house.send(MORNING + timedelta(minutes=minute))
    assert len(list_sending_times(house)) == 40


# What comes back


def test_each_letter_has_an_address_of_its_own_to_come_back_to(house: House) -> None:
    house.register("{mail: ann@north.example}")
    house.sweep()
    (row,) = house.anns()
    (sender,) = [sender for to, sender, _ in house.letters if to == "ann@north.example"]
    secret = load_secrets(house.settings)[0].encode()
    assert read_bounce_address(sender, "bounces@tally.example", secret) == row.id


def test_a_letter_that_comes_back_was_not_sent_and_a_coordinator_is_asked_for_the_new_address(house: House) -> None:
    house.register("{mail: ann@north.example}")
    house.sweep()
    taken = house.come_back(house.anns()[0], "5.1.1")
    assert taken is not None
    assert (taken.contact, taken.did, taken.health) == ("ann", "failed", "failing")
    (row,) = house.anns()
    assert (row.state, row.reason["code"], row.sent_at) == ("failed", "bounced", None)
    (asked,) = house.failures()
    assert (asked.assignee_id, asked.reason["numbers"]["reply"]) == (house.find("cy"), "550 5.1.1 no")


REPORTS = [
    ("come back to the signed address, of its letter's address", "SIGNED", "ann@north.example", "failed"),
    ("written in capitals by a server on its way", "SIGNED", "ANN@North.Example", "failed"),
    ("with the Message-ID alone, which a stranger may have seen", "bounces@tally.example", "ann@north.example", "sent"),
    ("to an address with a made-up signature", "bounces+1-aaaaaaaaaaaaaaaa@tally.example", "ann@north.example", "sent"),
    ("to the signed address, of somebody else", "SIGNED", "whoever@evil.example", "sent"),
]


@pytest.mark.parametrize(("what", "to", "recipient", "state"), REPORTS, ids=[one[0] for one in REPORTS])
def test_only_a_report_that_came_to_its_letters_signed_address_and_names_its_reader_is_believed(
    house: House, tmp_path: Path, what: str, to: str, recipient: str, state: str
) -> None:
    house.register("{mail: ann@north.example}")
    house.sweep()
    (row,) = house.anns()
    assert row.state == "sent"
    signed = write_bounce_address("bounces@tally.example", row.id, load_secrets(house.settings)[0].encode())
    folder = tmp_path / "back"
    folder.mkdir()
    (folder / "1.eml").write_text(
        f"From: MAILER-DAEMON@mx.example\r\nTo: {to.replace('SIGNED', signed)}\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {row.message_id}\r\n\r\n--b--\r\n"
    )
    done = read_bounces(house.engine, house.settings, house.clock, house.clock.date(), place=f"folder:{folder}")
    (row,) = house.anns()
    assert row.state == state, what
    assert (done.reports, done.strange, bool(house.failures())) == (1, int(state == "sent"), state == "failed")
    assert bool(house.rows(channel_state)) == (state == "failed")


def test_a_message_keeps_its_name_whatever_secret_the_house_has_since(house: House) -> None:
    house.register("{mail: ann@north.example}")
    house.sweep()
    (row,) = house.anns()
    house.change(secret=SecretStr("n" * 40))
    assert message_id_for(row.key, load_mail_domain(house.settings)) != row.message_id
    taken = house.come_back(row, "5.1.1")
    assert taken is not None
    assert taken.did == "failed"


def test_a_letter_that_comes_back_goes_by_the_persons_next_channel(house: House) -> None:
    house.register("{mail: ann@north.example, slack: city-hall}")
    house.sweep()
    taken = house.come_back(house.anns()[0], "5.1.1")
    assert taken is not None and taken.did == "moved on"
    house.send()
    (row,) = house.anns()
    assert (row.state, row.channel) == ("sent", "slack")
    assert house.failures() == []


def test_who_cannot_be_reached_on_several_days_is_one_matter_that_tells_the_latest_reply(house: House) -> None:
    house.register("{mail: ann@north.example}")
    for days, reply in ((0, "550 5.1.1 no such user"), (1, "554 5.7.1 not wanted here")):
        house.refuse = lambda address, reply=reply: reply if address.startswith("ann") else None  # type: ignore[misc]
        house.sweep(MORNING + timedelta(days=days))
        with open_unit(house.engine) as unit:  # a new day, a new message about the same
            unit.execute(notice.update().values(key=notice.c.key + f"|{days}", follow_up_id=None))
    assert [row.state for row in house.anns()] == ["failed", "failed"]
    (asked,) = house.failures()
    assert asked.state == "open" and "not wanted here" in asked.reason["numbers"]["reply"]
    told = [one for one in house.rows(log_entry) if (one.subject, one.action) == ("follow_up", "amended")]
    assert "no such user" in str(told[-1].changes["reason"][0]), "the first stays in the log"


def test_a_report_that_is_read_twice_counts_once(house: House) -> None:
    house.register("{mail: ann@north.example}")
    house.sweep()
    row = house.anns()[0]
    house.come_back(row, "5.1.1")
    taken = house.come_back(row, "5.1.1")
    assert taken is not None and (taken.did, taken.health) == ("known", "failing")
    assert len(house.rows(bounce)) == 1
    assert len(house.failures()) == 1


def test_a_report_about_a_letter_that_is_not_ours_changes_nothing(house: House) -> None:
    house.register("{mail: ann@north.example}")
    house.sweep()
    stranger = SimpleNamespace(id=1, message_id="<other@elsewhere.example>")
    assert house.come_back(stranger, "5.1.1") is None
    assert house.anns()[0].state == "sent"


def test_a_server_that_still_tries_changes_nothing_but_is_noted(house: House) -> None:
    house.register("{mail: ann@north.example}")
    house.sweep()
    taken = house.come_back(house.anns()[0], "4.4.1", "delayed")
    assert taken is not None and (taken.did, taken.health) == ("noted", "working")
    assert house.anns()[0].state == "sent"


def test_after_two_final_returns_within_a_month_nothing_more_is_written_there(house: House) -> None:
    house.register("{mail: ann@north.example, sms: house/+447700900123}")
    for days in (0, 5):
        house.sink.status = 201
        house.sweep(MORNING + timedelta(days=days))
        with open_unit(house.engine) as unit:  # a new day, a new message about the same
            unit.execute(notice.update().values(key=notice.c.key + f"|{days}", follow_up_id=None))
        row = [one for one in house.anns() if one.channel == "mail"][-1]
        taken = house.come_back(row, "5.1.1")
        assert taken is not None
    assert taken.health == "off"
    (state,) = house.rows(channel_state)
    assert (state.channel, state.address, state.state) == ("mail", "ann@north.example", "off")
    assert any("written to no more" in one.reason["numbers"]["reply"] for one in house.failures())
    house.sweep(MORNING + timedelta(days=6))
    assert house.anns()[-1].channel == "sms"
    logged = [one for one in house.rows(log_entry) if one.subject == "channel_state"]
    assert [one.changes["state"] for one in logged] == [["working", "failing"], ["failing", "off"]]


def turn_off(house: House, reference: str) -> None:
    with open_unit(house.engine) as unit:
        unit.execute(
            channel_state.insert().values(
                contact_id=house.find(reference), channel="mail", address=f"{reference}@north.example", state="off",
                reason={}, since=MORNING,
            )
        )  # fmt: skip


def test_what_an_owner_cannot_be_told_is_told_to_the_coordinator(house: House) -> None:
    house.register("{mail: ann@north.example}")
    turn_off(house, "ann")
    house.sweep()
    assert house.anns() == []
    told = house.rows(notice, notice.c.matter == "north-south/survey", notice.c.decision == "told")
    assert {one.contact_id for one in told} == {house.find("cy")}


def test_a_person_all_of_whose_channels_are_off_is_held_with_that_reason_until_there_is_a_new_address(
    house: House,
) -> None:
    house.register("{mail: ann@north.example}")
    turn_off(house, "ann")
    turn_off(house, "cy")
    house.sweep()
    (held,) = house.rows(notice, notice.c.decision == "held", notice.c.contact_id == house.find("cy"))
    assert held.decision_reason["code"] == "channels_off"
    with open_unit(house.engine) as unit:
        new = {"mail": "cy.new@north.example"}
        unit.execute(contact.update().where(contact.c.reference == "cy").values(channels=new))
    house.sweep()
    assert "cy.new@north.example" in [to for to, _, _ in house.letters]


def test_a_channel_that_works_again_is_no_longer_failing(house: House) -> None:
    house.register("{mail: ann@north.example}")
    house.sweep()
    house.come_back(house.anns()[0], "4.2.2")
    assert house.rows(channel_state)[0].state == "failing"
    later = MORNING + timedelta(days=14)
    with open_unit(house.engine) as unit:
        row = dict(
            unit.execute(select(notification).where(notification.c.contact_id == house.find("ann"))).one()._mapping
        )
        del row["id"]
        unit.execute(
            notification.insert().values(
                **row | {"key": "scheduled|ann|later", "state": "sent", "sent_at": MORNING + timedelta(days=7)}
            )
        )
        review_channels(unit, later)
    assert house.rows(channel_state)[0].state == "working"


def test_who_complains_gets_no_more_reminders_and_digests_but_still_what_is_asked_of_them(house: House) -> None:
    house.register("{mail: ann@north.example}")
    house.sweep()
    row = house.anns()[0]
    raw = (
        "From: feedback@yahoo.example\r\nTo: abuse@tally.example\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {row.message_id}\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
    )
    taken = house.take(raw.encode())
    assert taken is not None and taken.did == "unsubscribed"
    (chosen,) = house.rows(choices)
    assert set(chosen.unsubscribed) == {"reminder", "digest", "summary"}
    (asked,) = house.failures()
    assert "complained" in asked.reason["numbers"]["reply"]
    assert any(one.why == "complained of a message as spam" for one in house.rows(log_entry))
    assert house.anns()[0].state == "sent"


# The ladder


def test_what_came_back_is_told_anew_the_next_day_and_the_ladder_counts_from_then(house: House) -> None:
    house.register("{mail: ann@north.example}")
    house.sweep()
    house.come_back(house.anns()[0], "5.1.1")
    for days in (1, 2, 6):
        house.sweep(MORNING + timedelta(days=days))
        told = house.rows(notice, notice.c.matter == "north-south/survey", notice.c.decision == "told")
        assert [one.kind for one in told] == ["follow_up"], f"after {days} days"
    assert [row.state for row in house.anns()] == ["failed", "sent"]
    house.sweep(MORNING + timedelta(days=8))
    assert [one for one in house.rows(notice, notice.c.kind == "escalation") if one.matter == "north-south/survey"]


def test_the_ladder_climbs_where_nothing_came_back(house: House) -> None:
    house.register("{mail: ann@north.example}")
    house.sweep()
    house.sweep(MORNING + timedelta(days=14))
    assert [one for one in house.rows(notice, notice.c.kind == "escalation") if one.matter == "north-south/survey"]


# Sent again


def test_a_message_that_failed_can_be_sent_again_under_its_old_name_and_starts_with_the_channels_of_today(
    house: House,
) -> None:
    house.register("{mail: ann@north.example}")
    house.sweep()
    house.come_back(house.anns()[0], "5.1.1")
    house.register("{mail: ann.new@north.example}")
    before = house.anns()[0]
    with open_unit(house.engine) as unit:
        resend_message(unit, before.key, Author("mei.lin", house.clock))
    house.send()
    (row,) = house.anns()
    assert (row.state, row.address, row.message_id) == ("sent", "ann.new@north.example", before.message_id)
    assert [to for to, _, _ in house.letters if to.startswith("ann")] == ["ann@north.example", "ann.new@north.example"]
    assert any(one.who == "mei.lin" and one.subject == "notification" for one in house.rows(log_entry))
