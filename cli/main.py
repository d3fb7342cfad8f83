"""The `tally` command: what each subcommand is called, and how a fault becomes an exit code.

Exit codes: 0 all went well, 1 the request cannot be met as it is, 2 it was not understood, 3 something failed.
"""

import os
import sys
from typing import Annotated

import typer

from cli import (
    bounces,
    choices,
    day,
    doctor,
    followups,
    forecast,
    messages,
    preview,
    publish,
    register,
    reporting,
    sending,
    standing,
    system,
    watch,
)
from cli.screen import print_error
from commitments.errors import TallyError

FAILED = 3

app = typer.Typer(
    name="tally",
    help="Keeps the promises in partnership agreements: what was promised, how it stands, and who is told when.",
    epilog="Each command tells more: tally status --help. Settings come from TALLY_... variables or a tally.toml.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"Tallystick {version('tallystick')}")
        raise typer.Exit


@app.callback()
def tally(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and stop.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Keeps the promises in partnership agreements: what was promised, how it stands, and who is told when."""


for module in (
    standing,
    followups,
    reporting,
    register,
    day,
    sending,
    messages,
    bounces,
    preview,
    choices,
    forecast,
    system,
    publish,
    doctor,
    watch,
):
    module.add_commands(app)


def run() -> None:
    """The entry point: every fault ends as one message and an exit code, never as a traceback."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """Run one command line; returns its exit code."""
    try:
        app(arguments, prog_name="tally")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except Exception as fault:  # the edge: nothing is above it that could tell the person
        if os.environ.get("TALLY_DEBUG"):
            raise
        print_error(_describe_fault(fault))
        return _find_exit_code(fault)
    return 0


def _find_exit_code(fault: Exception) -> int:
    if not isinstance(fault, TallyError):
        return FAILED
    from commitments.database import DatabaseBusy

    return FAILED if isinstance(fault, DatabaseBusy) else 1


def _describe_fault(fault: Exception) -> str:
    if isinstance(fault, TallyError):
        return str(fault)
    cause = getattr(fault, "orig", None) or fault  # what the database itself said, without the statement
    words = " ".join(str(cause).split()) or type(cause).__name__
    return f"this failed: {words[:400]} (TALLY_DEBUG=1 shows where)"
