"""Reads from the event server what other systems reported."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from prefect import get_client
from prefect.client.orchestration import PrefectClient

from commitments.inbound import PREFIX, Arrived

KEPT_FOR = timedelta(days=7)
"""How far back one looks: so long a server usually keeps events."""
EVENTS_A_PAGE = 50
PAGES_AT_MOST = 1000


async def read_arrivals(find_new: Callable[[list[str]], set[str]], *, whole: bool) -> list[Arrived]:
    """The events from elsewhere that are new, the oldest first.

    Read from the newest back to the first page that holds nothing new; `whole` reads all that the server keeps, and so
    finds also what came late or bears a date of its own.
    """
    async with get_client() as client:
        now = datetime.now(UTC)
        span = {"since": (now - KEPT_FOR).isoformat(), "until": (now + timedelta(days=1)).isoformat()}
        question = {"event": {"prefix": [PREFIX]}, "occurred": span, "order": "DESC"}
        answer = await client.request("POST", "/events/filter", json={"filter": question, "limit": EVENTS_A_PAGE})
        page = answer.json()
        found: dict[str, Arrived] = {}
        for _ in range(PAGES_AT_MOST):
            arrived = [_read(event) for event in page["events"]]
            new = find_new([one.event_id for one in arrived])
            found.update((one.event_id, one) for one in arrived if one.event_id in new)
            if page["next_page"] is None or not (new or whole):
                break
            page = await _turn(client, page["next_page"])
    return sorted(found.values(), key=lambda one: (one.occurred_at, one.event_id))


async def _turn(client: PrefectClient, address: str) -> Any:
    # By our own address of the server: its own idea of where it is need not be reachable from here.
    token = parse_qs(urlsplit(address).query)["page-token"][0]
    return (await client.request("GET", "/events/filter/next", params={"page-token": token})).json()


def _read(event: Any) -> Arrived:
    return Arrived(
        event["id"],
        event["event"],
        datetime.fromisoformat(event["occurred"].replace("Z", "+00:00")),
        str(event["resource"].get("prefect.resource.id", "elsewhere")),
        event["payload"] or {},
    )
