"""Agreement files into the register and out of it: `tally import`, `tally export`, `tally schema`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.importing import import_files
from cli.screen import say, write_examples

PANEL = "Keep the register"


SCHEMA = "agreement.schema.json"
"""The file that an exported agreement names as its schema."""


def add_commands(app: typer.Typer) -> None:
    app.command(
        "import",
        rich_help_panel=PANEL,
        epilog=write_examples(
            "tally import examples/*.yaml --dry-run",
            "tally import examples",
            "tally import examples/leeds-hangzhou-2018.yaml --why 'The annex of May'",
        ),
    )(import_files)
    app.command(
        "export",
        rich_help_panel=PANEL,
        epilog=write_examples(
            "tally export leeds-hangzhou-2018",
            "tally export leeds-hangzhou-2018 --to leeds.yaml",
        ),
    )(export_agreement)
    app.command(
        "schema",
        rich_help_panel=PANEL,
        epilog=write_examples("tally schema", "tally schema --to agreement.schema.json"),
    )(show_schema)


def export_agreement(
    reference: Annotated[str, typer.Argument(metavar="REF", help="The agreement.")],
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there; otherwise it is printed.")] = None,
) -> None:
    """Write an agreement out as the file it can be imported from; importing that changes nothing."""
    from cli.session import open_register
    from commitments.database import open_reading
    from commitments.export import export_agreement as export

    with open_register() as register, open_reading(register.engine) as reading:
        written = export(reading, reference)
    _hand_out(written, to)
    schema = to.parent / SCHEMA if to is not None else None
    if schema is not None and not schema.exists():
        say(f"It names {SCHEMA} beside it, with which an editor checks it: tally schema --to {schema}")


def show_schema(
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there; otherwise it is printed.")] = None,
) -> None:
    """Print the JSON Schema of agreement files, with which an editor can check and complete them."""
    import json

    from commitments.agreement_file import agreement_schema

    _hand_out(json.dumps(agreement_schema(), indent=1, ensure_ascii=False) + "\n", to)


def _hand_out(text: str, to: Path | None) -> None:
    from commitments.errors import TallyError

    if to is None:
        typer.echo(text, nl=False)
        return
    try:
        to.write_text(text, encoding="utf-8")
    except OSError as refused:
        raise TallyError(f"{to} cannot be written: {refused.strerror}; name another file") from None
    say(f"Written to {to}.")
