"""Channels besides mail: chosen by type and token, held to the hosts of their service, silent about their secrets."""

import json
import logging
from collections.abc import Iterator

import pytest

from commitments.channels import ENDS
from commitments.errors import SettingsError
from commitments.vocabulary import Channel, Outcome
from notifications import chat
from notifications.chat import send_chat
from notifications.services import SERVICES, NamedChannel, Service, read_channels
from tests.http_sink import HttpSink, lead_to_sink, running_sink

VALUES = {
    "slack": {"token": "T00000000/B00000000/SECRETSECRETSECRETSECRET"},
    "teams": {"host": "prod-01.westeurope.logic.azure.com", "workflow": "0123456789abcdef0123456789abcdef",
              "signature": "SECRETSECRETSECRETSECRETSECRETSECRETSECRETS"},
    "telegram": {"token": "123456789:SECRETSECRETSECRETSECRETSECRETSECRE"},
    "ntfy": {"host": "ntfy.city.example:8443", "token": "tk_SECRETSECRETSECRETSECRETSECRE"},
    "matrix": {"host": "matrix.city.example", "token": "syt_SECRETSECRETSECRET"},
    "wecom": {"key": "693a91f6-7aaa-4bc4-97a0-0ec2abcdeaaa"},
    "dingtalk": {"token": "a" * 64, "secret": "SEC" + "b" * 64},
    "feishu": {"token": "abcdefgh-abcd-abcd-abcd-abcdefghijkl"},
    "lark": {"token": "abcdefgh-abcd-abcd-abcd-abcdefghijkl"},
    "twilio": {"account": "AC" + "a" * 32, "token": "b" * 32, "from": "+447700900000"},
    "vonage": {"key": "a" * 8, "secret": "SECRETsecret1234", "from": "+447700900000"},
}  # fmt: skip
AGREED = {
    "slack": b"ok", "telegram": b'{"ok": true, "result": {}}', "wecom": b'{"errcode": 0}',
    "dingtalk": b'{"errcode": 0}', "feishu": b'{"code": 0}', "lark": b'{"StatusCode": 0}',
    "vonage": b'{"messages": [{"status": "0"}]}', "matrix": b'{"user_id": "@u:m", "room_id": "!r:m"}',
}  # fmt: skip
REFUSED = {
    "telegram": b'{"ok": false}', "wecom": b'{"errcode": 93000}', "dingtalk": b'{"errcode": 310000}',
    "feishu": b'{"code": 19001}', "lark": b'{"code": 19001}', "vonage": b'{"messages": [{"status": "3"}]}',
    "slack": b"invalid_payload",
}  # fmt: skip
BUSY = {
    "wecom": b'{"errcode": 45009}', "dingtalk": b'{"errcode": 130101}', "feishu": b'{"code": 11232}',
    "lark": b'{"code": 9499}', "vonage": b'{"messages": [{"status": "1"}]}',
}  # fmt: skip


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpSink]:
    with running_sink() as running:
        lead_to_sink(monkeypatch, running)
        yield running


def name_channel(name: str) -> NamedChannel:
    return read_channels({"city-hall": {"type": name, **VALUES[name]}})["city-hall"]


def find_end(service: Service) -> str | None:
    return ENDS[service.kind][1] if service.kind in ENDS else None


@pytest.mark.parametrize("name", VALUES)
def test_a_message_arrives_at_the_host_of_its_service_without_marks_of_others(name: str, sink: HttpSink) -> None:
    channel = name_channel(name)
    sink.body = AGREED.get(name, b"{}")
    delivery = send_chat(channel, find_end(channel.service), "The subject", "The text")
    assert (delivery.outcome, delivery.code) == (Outcome.ACCEPTED, 200)
    last = sink.requests[-1]
    assert channel.service.allows(last.headers["Host"], channel.values)
    assert b"The text" in last.body or b"The+text" in last.body
    assert b"pprise" not in last.body
    assert "pprise" not in str(last.headers)


@pytest.mark.parametrize("name", VALUES)
def test_no_redirect_is_followed_and_none_counts_as_sent(name: str, sink: HttpSink) -> None:
    channel = name_channel(name)
    sink.status, sink.headers = 302, {"Location": "https://elsewhere.example/"}
    delivery = send_chat(channel, find_end(channel.service), "s", "t")
    assert delivery.outcome is Outcome.PERMANENT
    assert all(one.headers["Host"] != "elsewhere.example" for one in sink.requests)
    assert sink.requests[-1].method != "GET" or name == "matrix"


@pytest.mark.parametrize("name", REFUSED)
def test_a_200_that_says_no_in_its_body_is_a_refusal(name: str, sink: HttpSink) -> None:
    channel = name_channel(name)
    sink.body = REFUSED[name]
    assert send_chat(channel, find_end(channel.service), "s", "t").outcome is Outcome.PERMANENT


@pytest.mark.parametrize("name", BUSY)
def test_a_200_that_says_too_fast_in_its_body_is_tried_again(name: str, sink: HttpSink) -> None:
    channel = name_channel(name)
    sink.body = BUSY[name]
    assert send_chat(channel, find_end(channel.service), "s", "t").outcome is Outcome.TEMPORARY


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, "permanent"), (401, "permanent"), (403, "permanent"), (404, "permanent"), (408, "temporary"),
     (410, "permanent"), (425, "temporary"), (429, "temporary"), (500, "temporary"), (502, "temporary"),
     (503, "temporary"), (None, "uncertain")],
)  # fmt: skip
def test_the_code_tells_what_passes_from_what_is_final(status: int | None, outcome: str, sink: HttpSink) -> None:
    sink.status = status
    assert send_chat(name_channel("slack"), None, "s", "t").outcome == outcome


def test_a_service_that_asks_to_wait_is_heard(sink: HttpSink) -> None:
    sink.status, sink.headers = 429, {"Retry-After": "90"}
    assert send_chat(name_channel("slack"), None, "s", "t").retry_after == 90
    sink.headers, sink.body = {}, b'{"ok": false, "parameters": {"retry_after": 35}}'
    assert send_chat(name_channel("telegram"), "-100", "s", "t").retry_after == 35


@pytest.mark.parametrize("name", VALUES)
def test_secrets_are_in_no_log_no_reply_and_no_repr(
    name: str, sink: HttpSink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("apprise").setLevel(logging.DEBUG)
    channel = name_channel(name)
    sink.status, sink.body = 400, json.dumps(VALUES[name]).encode()
    delivery = send_chat(channel, find_end(channel.service), "s", "t")
    hidden = [part for value in VALUES[name].values() for part in value.split("/") if "." not in value]
    own = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("apprise"))
    for secret in hidden:
        assert secret not in f"{delivery!r} {channel!r} {own}"


def test_a_plugin_that_would_reach_another_host_is_kept_from_it(
    sink: HttpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = name_channel("wecom")
    plugin, _ = chat._load_plugin(channel.service.plugin)
    monkeypatch.setattr(plugin, "notify_url", "https://169.254.169.254/latest?key={key}")
    delivery = send_chat(channel, None, "s", "t")
    assert delivery.outcome is Outcome.PERMANENT
    assert "may not be reached at 169.254.169.254" in delivery.reply
    assert not sink.requests


def test_a_plugin_is_kept_from_speaking_without_encryption(sink: HttpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = name_channel("wecom")
    plugin, _ = chat._load_plugin(channel.service.plugin)
    monkeypatch.setattr(plugin, "notify_url", "http://qyapi.weixin.qq.com/?key={key}")
    assert send_chat(channel, None, "s", "t").outcome is Outcome.PERMANENT
    assert not sink.requests


# What the operator sets


def test_every_kind_besides_mail_has_a_service() -> None:
    assert {service.kind for service in SERVICES.values()} == set(Channel) - {Channel.MAIL}


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({}, "its type is missing or unknown; there are slack, teams"),
        ({"type": "json"}, "its type is missing or unknown"),
        ({"type": "slack"}, "token is missing, such as T00000000/B00000000/"),
        ({"type": "slack", "token": "https://hooks.slack.com/services/T/B/SECRET"}, "token cannot be used as it is"),
        ({"type": "slack", **VALUES["slack"], "verify": "no"}, "verify is no value of Slack"),
        ({"type": "slack", **VALUES["slack"], "host": "127.0.0.1"}, "host is no value of Slack"),
        ({"type": "teams", **VALUES["teams"], "host": "127.0.0.1"}, "host cannot be used as it is"),
        ({"type": "teams", **VALUES["teams"], "host": "logic.azure.com.evil.example"}, "host cannot be used as it is"),
        ({"type": "ntfy", "host": "ntfy.sh/x?y=z"}, "host cannot be used as it is"),
        ({"type": "ntfy", "host": "user@ntfy.sh"}, "host cannot be used as it is"),
        ({"type": "webhook", "url": "ftp://a.example/", "secret": "x" * 20}, "url cannot be used as it is"),
        ({"type": "webhook", "url": "https://u:p@a.example/", "secret": "x" * 20}, "url cannot be used as it is"),
        ({"type": "webhook", "url": "https://a.example/", "secret": "short"}, "secret cannot be used as it is"),
    ],
)
def test_a_channel_that_cannot_be_used_is_refused_without_repeating_its_values(
    entry: dict[str, str], fault: str
) -> None:
    with pytest.raises(SettingsError) as told:
        read_channels({"city-hall": entry})
    assert f"TALLY_CHANNELS: city-hall: {fault}" in str(told.value)
    assert not any(value in str(told.value) for key, value in entry.items() if key not in ("type",) and len(value) > 12)


def test_every_faulty_channel_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as told:
        read_channels({"A B": {"type": "slack"}, "b": {"type": "fax"}, "c": {"type": "sms"}})
    assert len(str(told.value).splitlines()) == 3
