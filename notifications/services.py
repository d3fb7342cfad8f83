"""The services that a channel can stand on, each declared as data: what the operator sets, and what may be reached.

Nothing here comes from a user. A plugin of Apprise is made from named values, each of which fits its pattern; no
address of Apprise's is ever read, so no value can become a host, a schema or an option.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import SecretStr

from commitments.channels import NAME_PATTERN
from commitments.errors import SettingsError
from commitments.vocabulary import Channel

Values = Mapping[str, str]
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}(?::\d{2,5})?"
_PHONE = r"\+[1-9]\d{6,14}"


class Markup(StrEnum):
    """How a service writes emphasis, and so what must be escaped in the words of others."""

    PLAIN = "plain"
    MARKDOWN = "markdown"
    HTML = "html"
    ANGLED = "angled"  # plain, but words in angle brackets are orders, such as <!channel>, which calls everyone


class Unit(StrEnum):
    CHARACTERS = "characters"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Setting:
    """One value that the operator gives."""

    name: str
    pattern: str
    example: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Service:
    """One kind of service."""

    name: str
    kind: Channel
    title: str
    plugin: str  # module:class of Apprise; nothing for what is sent without it
    settings: tuple[Setting, ...]
    hosts: tuple[str, ...]  # reached, and no other; `{host}` stands for the operator's own
    markup: Markup
    limit: int
    unit: Unit = Unit.CHARACTERS
    build: Callable[[Values, str | None], dict[str, Any]] = lambda values, end: dict(values)
    agrees: Callable[[Any], bool] = lambda answer: True  # whether the body of a 200 says that it was taken
    passing: frozenset[str] = frozenset()  # what such a body says when it is to be tried again later
    titled: bool = False  # whether the subject travels apart from the text

    def allows(self, host: str, values: Values) -> bool:
        """Whether a request may go to this host."""
        own = values.get("host", "").partition(":")[0].lower()
        wanted = host.lower()
        return any(wanted == (own if one == "{host}" else one) for one in self.hosts)


def _code_is(name: str, value: Any) -> Callable[[Any], bool]:
    return lambda answer: isinstance(answer, dict) and answer.get(name) == value


def _lark_agrees(answer: Any) -> bool:
    return isinstance(answer, dict) and answer.get("code", answer.get("StatusCode")) == 0


def _build_slack(values: Values, _end: str | None) -> dict[str, Any]:
    first, second, third = values["token"].split("/")
    return {
        "token_a": first, "token_b": second, "token_c": third, "include_image": False, "include_footer": False,
        "use_blocks": False,
    }  # fmt: skip


def _build_teams(values: Values, _end: str | None) -> dict[str, Any]:
    host, _, port = values["host"].partition(":")
    return {
        "host": host, "port": int(port) if port else None, "workflow": values["workflow"],
        "signature": values["signature"], "include_image": False,
    }  # fmt: skip


def _build_ntfy(values: Values, end: str | None) -> dict[str, Any]:
    host, _, port = values["host"].partition(":")
    token = values.get("token")
    return {
        "host": host, "port": int(port) if port else None, "secure": True, "mode": "private", "targets": [end],
        "include_image": False, **({"token": token, "auth": "token"} if token else {}),
    }  # fmt: skip


def _build_matrix(values: Values, end: str | None) -> dict[str, Any]:
    host, _, port = values["host"].partition(":")
    return {
        "host": host, "port": int(port) if port else None, "secure": True, "password": values["token"],
        "targets": [end], "include_image": False, "discovery": False, "e2ee": False,
    }  # fmt: skip


def _read_vonage(answer: Any) -> bool:
    messages = answer.get("messages") if isinstance(answer, dict) else None
    return isinstance(messages, list) and all(_code_is("status", "0")(one) for one in messages)


SERVICES: Mapping[str, Service] = {
    service.name: service
    for service in (
        Service(
            "slack", Channel.SLACK, "Slack", "apprise.plugins.slack:NotifySlack",
            (Setting("token", r"[A-Z0-9]{5,20}/[A-Z0-9]{5,20}/[A-Za-z0-9]{20,40}",
                     "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"),),
            ("hooks.slack.com",), Markup.ANGLED, 4000, build=_build_slack,
        ),
        Service(
            "teams", Channel.TEAMS, "Microsoft Teams", "apprise.plugins.workflows:NotifyWorkflows",
            (Setting("host", r"[a-z0-9.-]+\.(?:logic\.azure\.com|api\.powerplatform\.com)(?::443)?",
                     "prod-01.westeurope.logic.azure.com"),
             Setting("workflow", r"[A-Za-z0-9_-]{8,64}", "0123456789abcdef0123456789abcdef"),
             Setting("signature", r"[A-Za-z0-9_-]{8,128}", "abcdefghijklmnopqrstuvwxyz0123456789")),
            ("{host}",), Markup.MARKDOWN, 20_000, Unit.BYTES, build=_build_teams,
        ),
        Service(
            "telegram", Channel.TELEGRAM, "Telegram", "apprise.plugins.telegram:NotifyTelegram",
            (Setting("token", r"\d{6,12}:[A-Za-z0-9_-]{30,50}", "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),),
            ("api.telegram.org",), Markup.HTML, 4000, agrees=_code_is("ok", True),
            build=lambda values, end: {"bot_token": values["token"], "targets": [end], "detect_owner": False},
        ),
        Service(
            "ntfy", Channel.NTFY, "ntfy", "apprise.plugins.ntfy:NotifyNtfy",
            (Setting("host", _HOST, "ntfy.sh"), Setting("token", r"tk_[A-Za-z0-9]{20,60}", "tk_...", False)),
            ("{host}",), Markup.PLAIN, 4000, Unit.BYTES, build=_build_ntfy, titled=True,
        ),
        Service(
            "matrix", Channel.MATRIX, "Matrix", "apprise.plugins.matrix:NotifyMatrix",
            (Setting("host", _HOST, "matrix.org"), Setting("token", r"[A-Za-z0-9_.=-]{16,400}", "syt_...")),
            ("{host}",), Markup.PLAIN, 30_000, Unit.BYTES, build=_build_matrix,
        ),
        Service(
            "wecom", Channel.WECOM, "WeCom", "apprise.plugins.wecombot:NotifyWeComBot",
            (Setting("key", r"[0-9a-f-]{32,36}", "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"),),
            ("qyapi.weixin.qq.com",), Markup.PLAIN, 2048, Unit.BYTES,
            agrees=_code_is("errcode", 0), passing=frozenset({"-1", "45009", "45033"}),
        ),
        Service(
            "dingtalk", Channel.DINGTALK, "DingTalk", "apprise.plugins.dingtalk:NotifyDingTalk",
            (Setting("token", r"[0-9a-f]{64}", "64 hexadecimal digits"),
             Setting("secret", r"SEC[0-9a-f]{16,80}", "SEC...", False)),
            ("oapi.dingtalk.com",), Markup.PLAIN, 19_000, Unit.BYTES,
            agrees=_code_is("errcode", 0), passing=frozenset({"-1", "130101", "130102", "410100"}),
        ),
        Service(
            "feishu", Channel.FEISHU, "Feishu", "apprise.plugins.feishu:NotifyFeishu",
            (Setting("token", r"[A-Za-z0-9-]{30,50}", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"),),
            ("open.feishu.cn",), Markup.ANGLED, 18_000, Unit.BYTES,
            agrees=_lark_agrees, passing=frozenset({"9499", "11232", "99991400"}),
        ),
        Service(
            "lark", Channel.LARK, "Lark", "apprise.plugins.lark:NotifyLark",
            (Setting("token", r"[A-Za-z0-9-]{30,50}", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"),),
            ("open.larksuite.com",), Markup.ANGLED, 18_000, Unit.BYTES,
            agrees=_lark_agrees, passing=frozenset({"9499", "11232", "99991400"}),
        ),
        Service(
            "twilio", Channel.SMS, "Twilio", "apprise.plugins.twilio:NotifyTwilio",
            (Setting("account", r"AC[0-9a-f]{32}", "AC and 32 hexadecimal digits"),
             Setting("token", r"[0-9a-f]{32}", "32 hexadecimal digits"), Setting("from", _PHONE, "+447700900000")),
            ("api.twilio.com",), Markup.PLAIN, 320,
            build=lambda values, end: {
                "account_sid": values["account"], "auth_token": values["token"], "source": values["from"],
                "targets": [end],
            },
        ),
        Service(
            "vonage", Channel.SMS, "Vonage", "apprise.plugins.vonage:NotifyVonage",
            (Setting("key", r"[0-9a-f]{8}", "8 hexadecimal digits"),
             Setting("secret", r"[A-Za-z0-9]{16}", "16 letters and digits"), Setting("from", _PHONE, "+447700900000")),
            ("rest.nexmo.com",), Markup.PLAIN, 320, agrees=_read_vonage, passing=frozenset({"1", "5", "10"}),
            build=lambda values, end: {
                "apikey": values["key"], "secret": values["secret"], "source": values["from"], "targets": [end],
            },
        ),
        Service(
            "webhook", Channel.WEBHOOK, "webhook", "",
            (Setting("url", r"https?://[^\s@#]{4,500}", "https://desk.city.example/tallystick"),
             Setting("secret", r"[!-~]{16,200}", "at least 16 characters that only both sides know")),
            (), Markup.PLAIN, 60_000,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NamedChannel:
    """One channel of the operator's: its service and the values. Neither `repr` nor `str` shows a value."""

    name: str
    service: Service
    values: Values

    def __repr__(self) -> str:
        return f"NamedChannel({self.name!r}, {self.service.name!r})"

    def hide(self, words: str) -> str:
        """Words without any of the values, which a service might echo."""
        parts = [part for value in self.values.values() for part in (value, *value.split("/"), *value.split(":"))]
        for part in sorted({part for part in parts if len(part) >= 6}, key=len, reverse=True):
            words = words.replace(part, "***")
        return words


def read_channels(entries: Mapping[str, Mapping[str, SecretStr | str]]) -> dict[str, NamedChannel]:
    """The operator's channels by name. SettingsError names every fault; no value is repeated in it."""
    channels, faults = {}, []
    for name, entry in entries.items():
        plain = {
            key: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            for key, value in entry.items()
        }
        found = list(_find_faults(name, plain))
        faults += [f"TALLY_CHANNELS: {name}: {fault}" for fault in found]
        if not found:
            service = SERVICES[plain.pop("type")]
            channels[name] = NamedChannel(name, service, plain)
    if faults:
        raise SettingsError("\n".join(faults))
    return channels


def _find_faults(name: str, plain: Mapping[str, str]) -> list[str]:
    if not re.fullmatch(NAME_PATTERN, name):
        return ["a name is made of small letters, digits and hyphens, such as city-hall"]
    service = SERVICES.get(plain.get("type", ""))
    if service is None:
        return [f"its type is missing or unknown; there are {', '.join(SERVICES)}"]
    known = {setting.name for setting in service.settings}
    faults = [f"{key} is no value of {service.title}" for key in plain if key not in {*known, "type"}]
    for setting in service.settings:
        value = plain.get(setting.name)
        if value is None and setting.required:
            faults.append(f"{setting.name} is missing, such as {setting.example}")
        elif value is not None and not re.fullmatch(setting.pattern, value):
            faults.append(f"{setting.name} cannot be used as it is; one looks like {setting.example}")
    return faults
