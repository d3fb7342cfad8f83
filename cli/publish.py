"""`tally publish`: the log's events to a Prefect server, where no `tally up` does it."""

import signal
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from cli.screen import count, print_json, print_table, say, write_examples

if TYPE_CHECKING:
    from cli.session import Register

UNPUBLISHED = 3


def add_commands(app: typer.Typer) -> None:
    app.command(
        "publish",
        rich_help_panel="Run the system",
        epilog=write_examples("tally publish", "tally publish --follow", "tally publish --dry-run"),
    )(publish)


def publish(
    follow: Annotated[bool, typer.Option("--follow", help="Go on until Ctrl-C, looking twice a second.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what waits to be published; ask no server, and write nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Publish what happened in the register as events of the Prefect server of PREFECT_API_URL.

    Each event is published once, also if this is run twice or the server is killed under way. `tally up` does it by
    itself. Ends with 3 if the server does not show all of them within a minute.
    """
    from cli.session import open_register

    if dry_run:
        with open_register() as register:
            _tell_waiting(register, as_json)
        return
    from deployments.publishing import publish_all, publish_forever, require_server

    require_server()
    with open_register() as register:
        if follow:
            stop = threading.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stop.set())
            publish_forever(
                register.engine,
                register.settings,
                stop,
                told=lambda done: say(f"{count(done.emitted, 'event')} handed over."),
            )
            return
        done = publish_all(register.engine)
    if as_json:
        print_json({"published": done.published, "waiting": done.waiting})
    else:
        say(f"{count(done.published, 'event')} published" + (f", {done.waiting:,} wait." if done.waiting else "."))
    if done.waiting:
        raise typer.Exit(UNPUBLISHED)


def _tell_waiting(register: "Register", as_json: bool) -> None:
    from commitments.database import open_reading
    from commitments.publication import count_unpublished

    with open_reading(register.engine) as reading:
        waiting = count_unpublished(reading)
    total = sum(waiting.values())
    if as_json:
        print_json({"published": 0, "waiting": total, "events": waiting})
        return
    if waiting:
        print_table(("Event", "Waiting"), [(name, f"{number:,}") for name, number in waiting.items()])
    say(f"{count(total, 'event')} would be published; this was a dry run.")
