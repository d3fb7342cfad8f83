"""`tally watch`: the look at the engine from outside, which tells the operator when nothing is left in it to tell."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.screen import count, print_json, print_table, say, show_moment, write_examples

if TYPE_CHECKING:
    from cli.session import Register
    from notifications.watching import Watched

AMISS = 3


def add_commands(app: typer.Typer) -> None:
    app.command("watch", rich_help_panel="Run the system", epilog=write_examples("tally watch", "tally watch --json"))(
        watch
    )


def watch(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Look whether the flows run, and mail the operator if they do not: for cron or a timer, without Prefect.

    Each matter is told once, and closes by itself when a run goes well again. Ends with 3 while something is amiss or
    an alert cannot be sent, so that what started this hears of it, too.
    """
    from cli.session import open_register
    from notifications.watching import watch_engine

    with open_register() as register:
        found = watch_engine(register.engine, register.settings, register.now)
        rows = _describe_matters(register, found)
        if as_json:
            told = {"alerts_sent": found.told, "alerts_waiting": found.waiting, "refusal": found.refusal}
            print_json({"last_run": found.last_run, "open": rows, **told})
        else:
            _print_found(register, found, rows)
    if rows or found.waiting:
        raise typer.Exit(AMISS)


def _describe_matters(register: "Register", found: "Watched") -> list[dict[str, Any]]:
    from cli.speech import Speaker
    from commitments.database import open_reading

    with open_reading(register.engine) as reading:
        speaker = Speaker(reading)
        return [
            {
                "key": row.key,
                "kind": row.kind,
                "reason": speaker.tell_reason(row.reason),
                "opened_on": row.opened_on.isoformat(),
            }
            for row in found.open
        ]


def _print_found(register: "Register", found: "Watched", rows: list[dict[str, Any]]) -> None:
    if found.last_run is None:
        say("No flow ever ran here: nothing to watch yet.")
    else:
        say(f"A flow ran last at {show_moment(found.last_run, register.settings.time_zone)}.")
    if rows:
        print_table(("Since", "What is amiss"), [(one["opened_on"], one["reason"]) for one in rows])
    if found.told:
        say(f"{count(found.told, 'alert')} sent to the operator.")
    if found.waiting:
        said = f": {found.refusal}" if found.refusal else ""
        say(f"{count(found.waiting, 'alert')} could not be sent{said}")
    if not rows and not found.waiting:
        say("All is well.")
