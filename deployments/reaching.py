"""Reaching a Prefect server: what it says of itself, and in clear words why it cannot be used.

Prefect is imported only when it is asked, so that a command can read what is here without it.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from commitments.errors import TallyError

SIGN_IN_REFUSED = (401, 403)
_LONGEST_REPLY = 120


class NoServer(TallyError):
    """No Prefect server is named, or it does not answer, or not to us."""


class SignInRefused(NoServer):
    """The server asks for a sign-in and was not given the right one."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What a server says of itself and of our deployments."""

    address: str
    version: str
    deployments: int
    unserved: int
    """Of these, whose schedules are on and which no process and no worker has asked for within a minute."""


def hide_password(address: str) -> str:
    """An address without what stands before its @."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def name_server() -> str | None:
    """The address of the server that the settings of Prefect name, as it may be shown."""
    from prefect.settings import get_current_settings

    address = get_current_settings().api.url
    return hide_password(address) if address is not None else None


def explain_fault(fault: Exception) -> NoServer:
    """Why the server cannot be used, with what to do; of whatever the client of Prefect raises."""
    from prefect.exceptions import PrefectHTTPStatusError

    where = name_server()
    if not isinstance(fault, PrefectHTTPStatusError):
        said = " ".join(str(fault).split())[:_LONGEST_REPLY] or type(fault).__name__
        return NoServer(f"the Prefect server at {where} cannot be reached: {said}")
    status = fault.response.status_code
    if status not in SIGN_IN_REFUSED:
        return NoServer(f"the Prefect server at {where} answered with {status}")
    said = _read_detail(fault)
    if "csrf" in said.lower():
        hint = "set PREFECT_CLIENT_CSRF_SUPPORT_ENABLED=true"
    else:
        hint = "set PREFECT_API_AUTH_STRING (user:password) or PREFECT_API_KEY to what it asks for"
    return SignInRefused(f"the Prefect server at {where} refuses with {status} ({said}); {hint}")


def _read_detail(fault: Exception) -> str:
    """What a refusal says; an answer in no known form says nothing."""
    try:
        told = fault.response.json()  # type: ignore[attr-defined]
    except ValueError:
        told = {}
    said = (told.get("detail") or told.get("exception_message")) if isinstance(told, dict) else None
    return str(said or "no reason given")[:_LONGEST_REPLY]


def reach_server(tag: str, patience: float, embedded: tuple[str, str | None] | None = None) -> Reached:
    """Ask a server for its version and for our deployments, by their tag; once, for at most `patience` seconds.

    It is that of the settings of Prefect, or an `embedded` one by its address and password. Raises NoServer if it
    cannot be reached, SignInRefused if it does not let us in.
    """
    import httpx
    from prefect import get_client
    from prefect import settings as known
    from prefect.exceptions import PrefectException

    chosen: dict[Any, Any] = {known.PREFECT_CLIENT_MAX_RETRIES: 0, known.PREFECT_API_REQUEST_TIMEOUT: patience}
    if embedded is not None:
        chosen |= dict(zip((known.PREFECT_API_URL, known.PREFECT_API_AUTH_STRING), embedded, strict=True))
    with known.temporary_settings(chosen):
        try:
            with get_client(sync_client=True) as client:
                version = str(client.request("GET", "/admin/version").json())
                wanted = {"deployments": {"tags": {"all_": [tag]}}, "limit": 200}
                ours = client.request("POST", "/deployments/filter", json=wanted).json()
        except (httpx.HTTPError, PrefectException, RuntimeError, ValueError) as fault:
            raise explain_fault(fault) from fault
        address = str(name_server())
    scheduled = [one for one in ours if not one.get("paused") and any(each["active"] for each in one["schedules"])]
    unserved = [one for one in scheduled if one.get("status") == "NOT_READY"]
    return Reached(address, version, len(ours), len(unserved))
