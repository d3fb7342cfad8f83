"""How fast messages go: a burst at once, then evenly; what is over the rate waits for its turn."""

from collections import deque
from datetime import UTC, datetime, timedelta

import pytest

from commitments.errors import SettingsError
from notifications.pace import Pace, Rate, find_turn, read_rates

NOW = datetime(2026, 3, 11, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def take(pace: Pace, count: int, address: str = "a@city.example", kind: str = "mail") -> list[float]:
    return [(pace.take_turn(kind, address, NOW) - NOW).total_seconds() for _ in range(count)]


def test_so_many_go_at_once_and_the_others_one_after_another() -> None:
    assert take(Pace({"mail:*": Rate(3, 60)}), 6) == [0, 0, 0, 20, 40, 60]


def test_each_receiving_domain_has_a_pace_of_its_own_whatever_the_case() -> None:
    pace = Pace({"mail:*": Rate(1, 60)})
    assert take(pace, 2) == [0, 60]
    assert take(pace, 1, "b@other.example") == [0]
    assert take(pace, 1, "b@CITY.example") == [120]


def test_a_domain_named_in_the_settings_has_its_own_rate() -> None:
    pace = Pace({"mail:*": Rate(100, 60), "mail:city.example": Rate(1, 60)})
    assert take(pace, 2) == [0, 60]
    assert take(pace, 2, "b@other.example") == [0, 0]


def test_all_mail_together_can_be_bounded_as_well_and_the_slower_decides() -> None:
    pace = Pace({"mail": Rate(1, 10), "mail:*": Rate(1, 60)})
    assert take(pace, 1) == [0]
    assert take(pace, 1, "b@other.example") == [10]
    assert take(pace, 1) == [60]


def test_two_chat_channels_of_one_kind_do_not_wait_for_each_other() -> None:
    pace = Pace({"slack": Rate(1, 60)})
    assert take(pace, 2, "city-hall", "slack") == [0, 60]
    assert take(pace, 1, "port", "slack") == [0]


def test_two_people_behind_one_named_channel_share_its_rate() -> None:
    pace = Pace({"sms": Rate(1, 60)})
    assert take(pace, 1, "house/+447700900123", "sms") == [0]
    assert take(pace, 1, "house/+447700900124", "sms") == [60]


def test_what_went_a_moment_ago_in_another_run_counts() -> None:
    pace = Pace({"mail:*": Rate(2, 60)})
    pace.remember([("mail", "a@city.example", NOW - 2 * SECOND), ("mail", "a@city.example", NOW - SECOND)])
    assert take(pace, 1) == [28]


def test_what_went_long_ago_does_not() -> None:
    pace = Pace({"mail:*": Rate(2, 60)})
    pace.remember([("mail", "a@city.example", NOW - timedelta(hours=1))] * 2)
    assert take(pace, 3) == [0, 0, 30]


def send_all(pace: Pace, count: int, pause: float, minutes: int) -> list[float]:
    """Ask for each message at the moment that it was given, in a run that looks every so many seconds."""
    asked = deque((NOW, number) for number in range(count))
    gone, now = [], NOW
    while asked and now < NOW + timedelta(minutes=minutes):
        waiting = []
        for at, number in sorted(asked):
            turn = pace.take_turn("mail", f"{number}@city.example", now) if at <= now else at
            if turn <= now:
                gone.append((now - NOW).total_seconds())
            else:
                waiting.append((turn, number))
        asked = deque(waiting)
        now += pause * SECOND
    return gone


@pytest.mark.parametrize("pause", [0.3, 1, 10, 50])
def test_a_long_morning_goes_as_fast_as_the_rate_allows_and_no_faster(pause: float) -> None:
    gone = send_all(Pace({"mail:*": Rate(60, 60)}), 900, pause, 10)
    assert len(gone) >= 60 + 60 * 10 - pause - 1
    for number, at in enumerate(gone):
        assert number < 60 + at


def test_one_that_comes_for_its_turn_keeps_its_place_before_those_that_come_new() -> None:
    pace = Pace({"mail:*": Rate(1, 60)})
    assert take(pace, 2) == [0, 60]
    later = NOW + 60 * SECOND
    assert pace.take_turn("mail", "a@city.example", later) == later
    assert pace.take_turn("mail", "new@city.example", later) == later + 60 * SECOND


def test_turns_that_were_missed_do_not_all_go_at_once() -> None:
    pace = Pace({"mail:*": Rate(3, 60)})
    assert take(pace, 9) == [0, 0, 0, 20, 40, 60, 80, 100, 120]
    late = NOW + timedelta(minutes=10)
    assert [(pace.take_turn("mail", "a@city.example", late) - late).total_seconds() for _ in range(6)] == [
        0, 0, 0, 20, 40, 60,
    ]  # fmt: skip


def test_those_that_wait_for_a_slow_domain_hold_up_nobody_else() -> None:
    pace = Pace({"mail": Rate(10, 10), "mail:slow.example": Rate(1, 3600)})
    assert take(pace, 3, "a@slow.example") == [0, 3600, 7200]
    assert take(pace, 10, "b@city.example") == [0] * 9 + [1]


def test_what_another_sender_holds_is_counted_until_it_gives_it_back() -> None:
    pace = Pace({"mail:*": Rate(2, 60)})
    pace.hold([("mail", "a@city.example"), ("mail", "b@city.example")])
    assert take(pace, 1) == [30]
    assert take(pace, 1, "c@other.example") == [0]
    pace.hold([])
    assert take(pace, 2) == [0, 0]


def test_a_turn_never_lies_in_the_past() -> None:
    turn, free_at = find_turn(Rate(10, 60), NOW - timedelta(days=1), NOW)
    assert turn == NOW
    assert free_at == NOW + 6 * SECOND


def test_the_usual_rates_can_be_changed_and_switched_off() -> None:
    rates = read_rates({"mail:*": "off", "Slack": "1 per second", "mail:gmail.com": "20/minute"})
    assert "mail:*" not in rates
    assert rates["slack"] == Rate(1, 1)
    assert rates["mail:gmail.com"] == Rate(20, 60)
    assert rates["sms"] == Rate(60, 60)


def test_every_rate_that_cannot_be_read_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as told:
        read_rates({"fax": "1/minute", "slack:x": "1/minute", "mail": "fast", "sms": "0/minute"})
    assert sorted(str(told.value).splitlines()) == [
        "TALLY_RATES: 'fax' is neither a channel nor mail:DOMAIN",
        "TALLY_RATES: 'slack:x' is neither a channel nor mail:DOMAIN",
        "TALLY_RATES: mail: found 'fast', expected a rate such as 300/minute, or off",
        "TALLY_RATES: sms: found '0/minute', expected a rate such as 300/minute, or off",
    ]
