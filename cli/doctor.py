"""`tally doctor`: what is configured, what can be reached, what is out of date, and what to do about it."""

from typing import Annotated

import typer

from cli.screen import print_json, print_table, say, style_of, write_examples

FAILED = 3


def add_commands(app: typer.Typer) -> None:
    app.command(
        "doctor", rich_help_panel="Run the system", epilog=write_examples("tally doctor", "tally doctor --json")
    )(doctor)


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Look at settings, database, mail server, Prefect, languages, sources, files handed in, and messages.

    Ends with exit code 3 if something is broken. No password is shown, and nothing is written or sent.
    """
    from cli.findings import examine

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
