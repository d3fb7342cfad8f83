"""`tally publish`: the log's events to a Prefect server, where no `tally up` does it."""

import signal
import threading
from typing import Annotated

import typer

from cli.screen import count, print_json, say, write_examples

UNPUBLISHED = 3


def add_commands(app: typer.Typer) -> None:
    app.command(
        "publish",
        rich_help_panel="Run the system",
        epilog=write_examples("tally publish", "tally publish --follow"),
    )(publish)


def publish(
    follow: Annotated[bool, typer.Option("--follow", help="Go on until Ctrl-C, looking twice a second.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Publish what happened in the register as events of the Prefect server of PREFECT_API_URL.

    Each event is published once, also if this is run twice or the server is killed under way. `tally up` does it by
    itself. Ends with 3 if the server does not show all of them within a minute.
    """
    from cli.session import open_register
    from deployments.publishing import publish_all, publish_forever, require_server

    require_server()
    with open_register() as register:
        if follow:
            stop = threading.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stop.set())
            publish_forever(
                register.engine, stop, told=lambda done: say(f"{count(done.emitted, 'event')} handed over.")
            )
            return
        done = publish_all(register.engine)
    if as_json:
        print_json({"published": done.published, "waiting": done.waiting})
    else:
        say(f"{count(done.published, 'event')} published" + (f", {done.waiting:,} wait." if done.waiting else "."))
    if done.waiting:
        raise typer.Exit(UNPUBLISHED)
