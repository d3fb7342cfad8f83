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
    app.command(
        "deploy",
        rich_help_panel=PANEL,
        epilog=write_examples(
            "tally deploy --dry-run",
            "PREFECT_API_URL=http://127.0.0.1:4200/api tally deploy --pool tallystick",
            "tally deploy --yes",
        ),
    )(deploy)
    app.command("portal", rich_help_panel=PANEL, epilog=write_examples("tally portal"))(portal)
    app.command(
        "rotate-secret",
        rich_help_panel=PANEL,
        epilog=write_examples("tally rotate-secret", "tally rotate-secret --forget"),
    )(rotate)
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


def deploy(
    pool: Annotated[
        str, typer.Option(metavar="NAME", help="The work pool whose workers run the flows; made if it is missing.")
    ] = "tallystick",
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where workers run the flows, with their tally.toml; this one, if the server is on this machine.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove what is no longer planned without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and write nothing.")] = False,
) -> None:
    """Apply schedules, triggers and automations to the Prefect server or Cloud of PREFECT_API_URL, for workers to run.

    Done already, it changes nothing. What is ours there and no longer planned is removed after asking.
    """
    from commitments.settings import read_settings
    from deployments.deploy import ask_person
    from deployments.deploy import deploy as apply_plans

    apply_plans(
        read_settings(),
        pool=pool,
        folder=folder,
        dry_run=dry_run,
        tell=say,
        confirm=(lambda _question: True) if yes else ask_person,
    )


def portal() -> None:
    """Serve the portal alone: the pages on which people answer and choose. Ctrl-C ends it."""
    from commitments.settings import read_settings
    from portal.serving import serve

    settings = read_settings()
    say(f"The portal listens on http://{settings.portal_host}:{settings.portal_port}/ for {settings.pages_url}.")
    serve(settings)


def rotate(
    forget: Annotated[
        bool, typer.Option("--forget", help="Believe the older ones no longer: every link sent so far stops working.")
    ] = False,
) -> None:
    """Make a new secret for the links in messages; those sent so far keep working unless the old one is forgotten."""
    from commitments.settings import read_settings
    from notifications.secret import rotate_secret

    number = rotate_secret(read_settings(), forget=forget)
    say("A new secret signs from now on." + (f" {number - 1} older believed still." if number > 1 else ""))


def migrate() -> None:
    """Bring the database to the version of this program; done already, it changes nothing."""
    from commitments.clock import read_clock, today_in
    from commitments.database import open_database
    from commitments.overall_filling import fill_overall
    from commitments.settings import read_settings
    from migrations import database_version, migrate_database

    settings = read_settings()
    engine = open_database(settings.register_url, synchronous=settings.synchronous)
    try:
        before = database_version(engine)
        migrate_database(engine)
        after = database_version(engine)
        fill_overall(engine, today_in(settings.time_zone, read_clock()))
    finally:
        engine.dispose()
    say(
        f"The database is at version {after}."
        if before == after
        else f"Migrated from {before or 'nothing'} to {after}."
    )
