"""Messages to chat services and telephones, through the plugins of Apprise.

Apprise is kept on a short lead. A plugin is made from named values, never from an address of Apprise's; its requests go
through `_Requests`, which lets them reach the hosts that the service declares, by https, without redirects, and no
other; and what counts is the answer of the service, not what the plugin makes of it: some take any 200 for a success,
also one that says in its body that the message was refused.
"""

import importlib
import json
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from commitments.vocabulary import Outcome
from notifications.http_answers import clean_reply, judge_status, read_retry_after
from notifications.services import NamedChannel, Service
from notifications.smtp_line import Delivery

_SECONDS = (5.0, 15.0)
_ANSWER_BYTES = 65_536


@dataclass(slots=True)
class _Watch:
    """One message on its way through a plugin, and what the service answered."""

    channel: NamedChannel
    status: int | None = None
    answer: bytes = b""
    retry_after: str | None = None
    forbidden: str | None = None
    unreached: bool = False
    fault: str = ""
    requests: int = field(default=0)


_under_way = threading.local()


class _Requests:
    """Stands in a plugin's module for `requests`."""

    def __init__(self, requests: ModuleType) -> None:
        self._requests = requests

    def __getattr__(self, name: str) -> Any:
        return getattr(self._requests, name)

    def get(self, url: str, **options: Any) -> Any:
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> Any:
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> Any:
        return self.request("PUT", url, **options)

    def request(self, method: str, url: str, **options: Any) -> Any:
        """One request, if it goes where the service of the message under way may go; RequestException otherwise."""
        watch: _Watch | None = getattr(_under_way, "watch", None)
        if watch is None:  # a notification of Prefect's own, which is not ours to bound
            return self._requests.request(method, url, **options)
        parts = urlsplit(url)
        allowed = watch.channel.service.allows(parts.hostname or "", watch.channel.values)
        if parts.scheme != "https" or parts.username or not allowed:
            watch.forbidden = parts.hostname or "?"
            raise self._requests.RequestException("a host that is not the service's")
        watch.requests += 1
        exceptions = self._requests.exceptions
        try:
            answer = self._requests.request(
                method, url, **options | {"allow_redirects": False, "verify": True, "timeout": _SECONDS, "stream": True}
            )
            answer._content = answer.raw.read(_ANSWER_BYTES, decode_content=True)
        except (exceptions.ConnectTimeout, exceptions.SSLError, exceptions.ProxyError) as fault:
            watch.unreached, watch.fault = True, type(fault).__name__
            raise
        except Exception as fault:
            watch.unreached = "NewConnectionError" in repr(fault) or "NameResolutionError" in repr(fault)
            watch.fault = type(fault).__name__
            raise self._requests.RequestException("the connection failed") from None
        finally:
            watch.status, watch.answer, watch.retry_after = None, b"", None
        answer.close()
        watch.status, watch.answer = answer.status_code, answer.content
        watch.retry_after = answer.headers.get("Retry-After")
        return answer


class _Silence(logging.Filter):
    """Apprise writes addresses with their tokens to its log; while a message of ours is under way it writes nothing."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(_under_way, "watch", None) is None


@cache
def _load_plugin(path: str) -> tuple[Callable[..., Any], Any]:
    """Import one plugin, and put `_Requests` in its way; the other 150 stay unloaded."""
    # Apprise's registry first: a plugin that is imported by itself would import it halfway.
    import apprise.plugins  # noqa: F401
    from apprise import AppriseAsset

    name, _, member = path.partition(":")
    plugin = getattr(importlib.import_module(name), member)
    module = importlib.import_module(plugin.__module__)
    if not isinstance(module.requests, _Requests):
        module.requests = _Requests(module.requests)  # type: ignore[attr-defined]
    for logger in (logging.getLogger("apprise"), getattr(plugin, "logger", None)):
        if logger is not None and not any(isinstance(one, _Silence) for one in logger.filters):
            logger.addFilter(_Silence())
    options: dict[str, Any] = {
        "app_id": "Tallystick", "app_desc": "Tallystick", "app_url": "", "image_url_mask": "", "image_url_logo": "",
        "async_mode": False, "pgp_autogen": False, "pem_autogen": False,
    }  # fmt: skip
    if hasattr(AppriseAsset, "_service_timeout"):
        options["service_timeout"] = 0
    if hasattr(AppriseAsset, "http_redirects"):
        options["http_redirects"] = False
    return plugin, AppriseAsset(**options)


def send_chat(channel: NamedChannel, end: str | None, title: str, text: str) -> Delivery:
    """Hand one message to a service and say what came of it; no fault of network or service is raised."""
    service = channel.service
    plugin_class, asset = _load_plugin(service.plugin)
    watch = _Watch(channel)
    _under_way.watch = watch
    try:
        plugin = plugin_class(asset=asset, **service.build(channel.values, end))
        # What Apprise would do for us, the outbox does: wait between messages, try again, cut.
        plugin.request_rate_per_sec = 0
        plugin.redirects = False
        for name in ("default_retries", "overflow_max_display_count"):
            if hasattr(plugin, name):
                setattr(plugin, name, 0)
        agreed = bool(plugin.send(body=text, title=title if service.titled else "", notify_type=_info()))
    except Exception as fault:  # a plugin is not ours: whatever it raises is the outcome of this attempt
        return Delivery(Outcome.TEMPORARY, 0, channel.hide(clean_reply(f"{service.title}: {type(fault).__name__}")))
    finally:
        _under_way.watch = None
    return _judge(watch, agreed)


@cache
def _info() -> Any:
    from apprise import NotifyType

    return NotifyType.INFO


def _judge(watch: _Watch, agreed: bool) -> Delivery:
    channel, service = watch.channel, watch.channel.service
    if watch.forbidden is not None:
        return Delivery(Outcome.PERMANENT, 0, f"{service.title} may not be reached at {watch.forbidden}"[:300])
    if watch.status is None:
        if not watch.requests:
            return Delivery(Outcome.PERMANENT, 0, f"{service.title} cannot be reached with these settings")
        outcome = Outcome.TEMPORARY if watch.unreached else Outcome.UNCERTAIN
        return Delivery(outcome, 0, f"{service.title} did not answer: {watch.fault}")
    outcome = judge_status(watch.status)
    answer = _read_json(watch.answer)
    words = channel.hide(clean_reply(watch.answer.decode("utf-8", "replace")))
    if outcome is Outcome.ACCEPTED:
        if agreed and service.agrees(answer):
            return Delivery(Outcome.ACCEPTED, watch.status, words)
        outcome = Outcome.TEMPORARY if _passes(service, answer) else Outcome.PERMANENT
    wait = max(read_retry_after(watch.retry_after, datetime.now(UTC)), _asked_wait(answer))
    return Delivery(outcome, watch.status, words or f"{service.title} said {watch.status}", retry_after=wait)


def _passes(service: Service, answer: Any) -> bool:
    said = [answer] if isinstance(answer, Mapping) else []
    if said and isinstance(answer.get("messages"), list):
        said += [one for one in answer["messages"] if isinstance(one, Mapping)]
    names = ("errcode", "code", "StatusCode", "status", "error")
    return any(str(one.get(name)) in service.passing for one in said for name in names if name in one)


def _asked_wait(answer: Any) -> float:
    """The wait that Telegram and Matrix ask for in the body."""
    if not isinstance(answer, Mapping):
        return 0.0
    inner = answer.get("parameters")
    with suppress(TypeError, ValueError, OverflowError):
        if isinstance(inner, Mapping) and "retry_after" in inner:
            return min(float(inner["retry_after"]), 86400.0)
        if "retry_after_ms" in answer:
            return min(float(answer["retry_after_ms"]) / 1000, 86400.0)
    return 0.0


def _read_json(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return None
