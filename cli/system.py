"""The system itself: `tally up` starts everything on one machine, `tally migrate` brings a database up to date."""

from pathlib import Path
from typing import Annotated

import typer

from cli.screen import say, write_examples

PANEL = "Run the system"


def add_commands(app: typer.Typer) -> None:
    app.command(
        "up", rich_help_panel=PANEL, epilog=write_examples("tally up --examples examples", "tally up --no-first-run")
    )(up)
    app.command("migrate", rich_help_panel=PANEL, epilog=write_examples("tally migrate"))(migrate)


def up(
    examples: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Take in the agreement files of this folder at the start.")
    ] = None,
    first_run: Annotated[bool, typer.Option(help="Do the day's job once at the start.")] = True,
) -> None:
    """Start everything on this machine: the Prefect server, the flows, the pages and a local mailbox.

    All state lies in TALLY_HOME. Ctrl-C ends it.
    """
    from commitments.settings import read_settings
    from deployments.up import run_up

    raise typer.Exit(run_up(read_settings(), examples=examples, first_run=first_run))


def migrate() -> None:
    """Bring the database to the version of this program; done already, it changes nothing."""
    from commitments.database import open_database
    from commitments.settings import read_settings
    from migrations import database_version, migrate_database

    settings = read_settings()
    engine = open_database(settings.register_url, synchronous=settings.synchronous)
    try:
        before = database_version(engine)
        migrate_database(engine)
        after = database_version(engine)
    finally:
        engine.dispose()
    say(
        f"The database is at version {after}."
        if before == after
        else f"Migrated from {before or 'nothing'} to {after}."
    )
