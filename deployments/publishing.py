"""Publishes the log as events of Prefect: handed over, looked for, and handed over again until the server shows them.

The server takes events into its memory first, so that its word is not enough: one that is killed at that moment has
lost them. An event is published when the server can be asked for it by its id.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import PrefectException
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from commitments.clock import read_clock
from commitments.database import DatabaseBusy, open_reading, open_unit
from commitments.facts import Reason
from commitments.failpoints import failpoint
from commitments.operations import Trouble, appoint_operator, close_operator_follow_ups, open_trouble
from commitments.publication import (
    Happening,
    Waiting,
    claim_emission,
    describe_happenings,
    give_back,
    list_unpublished,
    mark_published,
)
from commitments.settings import Settings
from commitments.vocabulary import FollowUpKind, ReasonCode
from deployments.reaching import SIGN_IN_REFUSED, NoServer, SignInRefused, explain_fault, name_server
from notifications.watching import tell_alerts

LOOK_EVERY = 0.5
"""Seconds between two looks for what is new."""
ASK_EVERY = 2.0
"""Seconds between two questions whether the server shows what it took: it writes its events down every few seconds."""
PATIENCE = timedelta(seconds=30)
"""After this an event that the server does not show is handed over again. Not sooner: on SQLite a server that gets one
id twice at the same moment puts aside everything it has got beside them."""
IN_FLIGHT = 500
"""Events handed over and not shown yet; what is beyond waits, so that a large import does not drown the server."""
EVENTS_A_CALL = 100
IDS_A_QUESTION = 50
LONGEST_PAUSE = 10.0
RELATED_AT_MOST = 90
EVENTS = "events"
"""What the operator's follow-up is about while the server takes none."""

log = logging.getLogger("tallystick.publishing")


@dataclass(slots=True)
class Published:
    """What one round did, in counts."""

    emitted: int = 0
    published: int = 0
    waiting: int = 0
    """Not known to be published, of those looked at."""

    @property
    def is_idle(self) -> bool:
        return not (self.emitted or self.published or self.waiting)


def form_event(happening: Happening, occurred: datetime) -> dict[str, Any]:
    """The event as Prefect takes it.

    It occurs when it is handed over; when the change was made stands in the payload. Prefect's triggers pass over an
    event that seems older than the last run they started, and what was changed during an outage would start none.
    """
    if happening.agreement is not None:
        resource = {"prefect.resource.id": f"tallystick.agreement.{happening.agreement}"}
        if happening.title:
            resource["prefect.resource.name"] = happening.title
    else:
        resource = {"prefect.resource.id": "tallystick.register", "prefect.resource.name": "the register"}
    related = [("commitment", reference) for reference in happening.commitments]
    related += [("party", reference) for reference in happening.parties]
    related += [("follow-up", happening.follow_up)] if happening.follow_up is not None else []
    return {
        "id": happening.event_id,
        "event": happening.name,
        "occurred": occurred.isoformat(),
        "resource": resource,
        "related": [
            {
                "prefect.resource.id": f"tallystick.{role}.{reference}",
                "prefect.resource.role": role,
                "prefect.resource.name": reference,
            }
            for role, reference in related[:RELATED_AT_MOST]
        ],
        "payload": dict(happening.payload),
    }


def publish_round(engine: Engine, client: SyncPrefectClient, *, ask: bool = True) -> Published:
    """Hand over what is new, look for what was handed over before, hand over again what was lost.

    Raises httpx.HTTPError if the server is away: then nothing is marked that it may not have got.
    """
    with open_reading(engine) as reading:
        waiting = list_unpublished(reading, IN_FLIGHT)
    done = Published(waiting=len(waiting))
    if not waiting:
        return done
    now = datetime.now(UTC)
    stale = now - PATIENCE
    shown: set[int] = set()
    if ask:
        shown = _find_shown(client, [one for one in waiting if one.emitted_at is not None])
        if shown:
            with open_unit(engine) as unit:
                mark_published(unit, sorted(shown), now)
        done.published = len(shown)
    due = [
        one.log_entry_id
        for one in waiting
        if one.log_entry_id not in shown and (one.emitted_at is None or (ask and one.emitted_at < stale))
    ]
    for start in range(0, len(due), EVENTS_A_CALL):
        done.emitted += _emit(engine, client, due[start : start + EVENTS_A_CALL], now, stale)
    done.waiting -= done.published
    return done


def _find_shown(client: SyncPrefectClient, waiting: Sequence[Waiting]) -> set[int]:
    """Which of these the server has written down."""
    by_event = {one.event_id: one.log_entry_id for one in waiting}
    ids = list(by_event)
    now = datetime.now(UTC)
    span = {"since": (now - timedelta(days=30)).isoformat(), "until": (now + timedelta(days=1)).isoformat()}
    shown: set[int] = set()
    for start in range(0, len(ids), IDS_A_QUESTION):
        part = ids[start : start + IDS_A_QUESTION]
        question = {"filter": {"occurred": span, "id": {"id": part}}, "limit": IDS_A_QUESTION}
        answer = client.request("POST", "/events/filter", json=question).json()
        shown.update(by_event[event["id"]] for event in answer["events"] if event["id"] in by_event)
    return shown


def _emit(engine: Engine, client: SyncPrefectClient, ids: Sequence[int], now: datetime, stale: datetime) -> int:
    # Noted before the call: a publisher that dies under way must not hand them over again at once.
    with open_unit(engine) as unit:
        claimed = claim_emission(unit, ids, now, stale)
        happenings = describe_happenings(unit, claimed)
    failpoint("publishing.after_claim")
    events = [form_event(one, now) for one in happenings]
    try:
        _hand_over(client, events)
    except (httpx.ConnectError, httpx.HTTPStatusError) as refused:
        if isinstance(refused, httpx.ConnectError) or refused.response.status_code in SIGN_IN_REFUSED:
            with open_unit(engine) as unit:
                give_back(unit, claimed)
        raise
    failpoint("publishing.after_emission")
    return len(events)


def _hand_over(client: SyncPrefectClient, events: Sequence[dict[str, Any]]) -> None:
    if not events:
        return
    try:
        client.request("POST", "/events", json=list(events))
    except httpx.HTTPStatusError as refused:
        if refused.response.status_code != httpx.codes.UNPROCESSABLE_ENTITY:
            raise
        if len(events) == 1:
            log.error("the server refuses the event %s: %s", events[0]["id"], refused.response.text[:500])
            return
        for event in events:
            _hand_over(client, [event])


@contextmanager
def open_client() -> Iterator[SyncPrefectClient]:
    """A client that gives up soon: the publisher has its own pauses, which end when it is told to stop."""
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 1}), get_client(sync_client=True) as client:
        yield client


def publish_forever(
    engine: Engine,
    settings: Settings,
    stop: threading.Event,
    *,
    told: Callable[[Published], None] = lambda _done: None,
) -> None:
    """Publish until `stop` is set. A server that is away is asked again after ever longer pauses; nothing is lost.

    One that refuses our sign-in is made the operator's matter, until it takes events. `told` hears of every round that
    handed something over.
    """
    pause = LOOK_EVERY
    settled = False
    while not stop.is_set():
        try:
            with open_client() as client:
                asked = 0.0
                while not stop.wait(LOOK_EVERY):
                    ask = time.monotonic() - asked >= ASK_EVERY
                    done = publish_round(engine, client, ask=ask)
                    asked = time.monotonic() if ask else asked
                    pause = LOOK_EVERY
                    if done.emitted or done.published:
                        settled = settled or settle_refusal(engine, read_clock())
                    if done.emitted:
                        told(done)
        except (httpx.HTTPError, PrefectException, RuntimeError) as away:
            fault = explain_fault(away)
            log.warning("events wait: %s", fault)
            if isinstance(fault, SignInRefused):
                settled = False
                _tell_refusal(engine, settings, fault)
        except (DatabaseBusy, OperationalError) as busy:
            log.warning("events wait: the register does not answer (%s)", type(busy).__name__)
        pause = min(pause * 2, LONGEST_PAUSE)
        stop.wait(pause)


def _tell_refusal(engine: Engine, settings: Settings, fault: SignInRefused) -> None:
    """Tell the operator, once, that the server does not let us in."""
    now = read_clock()
    reason = Reason(ReasonCode.EVENTS_REFUSED, {"fault": str(fault)[:300]})
    try:
        with open_unit(engine) as unit:
            appoint_operator(unit, settings.operator, settings.operator_language, settings.time_zone, now)
            opened = open_trouble(unit, Trouble(FollowUpKind.EVENTS_REFUSED, EVENTS, reason), now)
        if opened:
            tell_alerts(engine, settings, now)
    except (DatabaseBusy, OperationalError) as busy:
        log.warning("the operator is not told yet: the register does not answer (%s)", type(busy).__name__)


def settle_refusal(engine: Engine, now: datetime) -> bool:
    """Close what was open because the server did not let us in; always True."""
    with open_unit(engine) as unit:
        close_operator_follow_ups(unit, [FollowUpKind.EVENTS_REFUSED], EVENTS, "the server takes events", now)
    return True


def require_server() -> None:
    """NoServer, with what to do, unless a Prefect server is named."""
    if name_server() is None:
        raise NoServer(
            "no Prefect server is named: set PREFECT_API_URL, as in http://127.0.0.1:4200/api, with PREFECT_API_KEY or "
            "PREFECT_API_AUTH_STRING if it asks for one; `tally up` publishes by itself"
        )


def publish_all(engine: Engine, *, patience: float = 60.0) -> Published:
    """Publish what waits and return when the server shows all of it, or after `patience` seconds.

    Raises NoServer if the server does not answer or does not let us in; then everything that it has not shown still
    waits.
    """
    try:
        done = _publish_all(engine, patience)
    except (httpx.HTTPError, PrefectException, RuntimeError) as away:
        fault = explain_fault(away)
        raise type(fault)(f"{fault}; the events wait in the register") from away
    settle_refusal(engine, read_clock())
    return done


def _publish_all(engine: Engine, patience: float) -> Published:
    total = Published()
    until = time.monotonic() + patience
    with open_client() as client:
        while True:
            done = publish_round(engine, client)
            total.emitted += done.emitted
            total.published += done.published
            total.waiting = done.waiting
            if not done.waiting or time.monotonic() > until:
                return total
            time.sleep(LOOK_EVERY)
