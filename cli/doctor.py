"""`tally doctor`: what is configured, what can be reached, what is out of date, and what to do about it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from cli.screen import print_json, print_table, say, style_of, write_examples

if TYPE_CHECKING:
    from cli.findings import Finding

FAILED = 3


def add_commands(app: typer.Typer) -> None:
    app.command(
        "doctor", rich_help_panel="Run the system", epilog=write_examples("tally doctor", "tally doctor --json")
    )(doctor)


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Look at settings, database, mail server, Prefect, languages, sources, files handed in, and messages.

    Ends with exit code 3 if something is broken. No password is shown, and nothing is written or sent.
    """
    findings = list(examine())
    broken = sum(one.state == "broken" for one in findings)
    if as_json:
        print_json({"broken": broken, "checks": [one.as_json() for one in findings]})
    else:
        print_table(
            ("", "What", "Found"),
            [((one.state, style_of(one.state)), one.subject, [one.found, (one.advice, "italic")]) for one in findings],
        )
        warnings = sum(one.state == "warning" for one in findings)
        say(f"\n{broken} broken, {warnings} to look at, {len(findings) - broken - warnings} in order.")
    if broken:
        raise typer.Exit(FAILED)


def examine() -> "Iterator[Finding]":
    """Every finding; what cannot be looked at because something before it is broken is left out."""
    from cli import findings as around
    from cli.register_findings import examine_register, open_engine
    from commitments.errors import TallyError
    from commitments.settings import read_settings

    try:
        settings = read_settings()
    except TallyError as fault:
        yield around.Finding(around.BROKEN, "settings", str(fault), "Correct it in the environment or in tally.toml.")
        return
    yield from around.examine_settings(settings)
    yield around.examine_mail(settings)
    yield around.examine_channels(settings)
    yield around.examine_return(settings)
    yield from around.examine_accounts(settings)
    yield from around.examine_prefect(settings)
    yield around.examine_catalogues()
    yield from around.examine_house(settings)
    engine = None
    try:
        engine, finding = open_engine(settings)
        yield finding
        if engine is not None:
            yield from examine_register(engine, settings)
    finally:
        if engine is not None:
            engine.dispose()
