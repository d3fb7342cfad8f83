"""Runs `prefect server start`, mended in three places: `python -m deployments.prefect_server --port 4200`.

Schedules: Prefect's scheduler inserts runs in bulk and names `state`, an attribute that is no column. SQLAlchemy 2.0
passes over it; SQLAlchemy 2.1 refuses the insert unless the attribute says what it does in one, and then no schedule
ever makes a run. A Prefect server started without this module needs `sqlalchemy<2.1` beside it.

Triggers: whoever judges an event reads first and writes then, in one transaction. SQLite refuses that at once, with
"database is locked" and a hundred lines of log, if somebody else wrote in between, and the event is judged anew. Asked
for the place to write from the beginning, it lets the second wait for the first.

Outbound calls: the newer of Prefect's two interfaces asks servers elsewhere as soon as somebody opens it, whatever the
settings say. The pages are sent with the order to speak to this machine only.
"""

import importlib
import sys
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deployments.parting import end_with_parent

HERE_ONLY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "connect-src 'self' data: http://127.0.0.1:* ws://127.0.0.1:* http://localhost:* ws://localhost:*"
)


def mend_scheduler() -> bool:
    """Let `state` do nothing in bulk inserts, as SQLAlchemy 2.0 had it; False if nothing needs to be mended."""
    from prefect.server.database.orm_models import FlowRun
    from sqlalchemy import inspect

    state: Any = inspect(FlowRun).all_orm_descriptors["state"]
    if not hasattr(state, "bulk_dml_setter") or state.bulk_dml_setter is not None:
        return False

    @state.inplace.bulk_dml  # type: ignore[untyped-decorator, unused-ignore]
    def _pass_over(_cls: type, mapping: MutableMapping[str, Any], _value: object) -> None:
        del mapping["state"]

    return True


def mend_triggers() -> None:
    """Let whoever judges an event have SQLite's one place to write from the beginning of the transaction."""
    from prefect.server.database import provide_database_interface

    triggers: Any = importlib.import_module("prefect.server.events.triggers")

    @asynccontextmanager
    async def open_session(begin_transaction: bool = False) -> AsyncIterator[Any]:
        database = provide_database_interface()
        async with database.session_context(begin_transaction, with_for_update=begin_transaction) as session:
            yield session

    triggers.automations_session = open_session


class StayHere:
    """Tells the browser to let the pages speak to this machine only."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_order(message: Message) -> None:
            if message["type"] == "http.response.start":
                order = (b"content-security-policy", HERE_ONLY.encode())
                message = {**message, "headers": [*message.get("headers", ()), order]}
            await send(message)

        await self._app(scope, receive, send_with_order)


def guard_pages() -> None:
    """Have every answer of the server carry the order to stay here."""
    from prefect.server.api import server

    create = server.create_app

    def create_guarded(*arguments: Any, **options: Any) -> Any:
        app = create(*arguments, **options)
        if not getattr(app.state, "stays_here", False):  # it hands out again what runs already
            app.add_middleware(StayHere)
            app.state.stays_here = True
        return app

    server.create_app = create_guarded


def main() -> None:
    """Mend, then do what `prefect server start` does with the same arguments."""
    end_with_parent()
    mend_scheduler()
    mend_triggers()
    guard_pages()
    from prefect.cli import app

    sys.argv = ["prefect", "server", "start", *sys.argv[1:]]
    app()


if __name__ == "__main__":
    main()
