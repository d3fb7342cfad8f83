"""What a command shows: tables for people, JSON for programs, faults on stderr. Rich comes with the first table."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_STYLES = {
    "overdue": "bold red",
    "behind": "red",
    "silent": "yellow",
    "unconfirmed": "yellow",
    "unowned": "magenta",
    "due_soon": "cyan",
    "on_track": "green",
    "settled": "dim",
    "on_hold": "dim",
    "failed": "bold red",
    "sent": "green",
    "queued": "cyan",
    "broken": "bold red",
    "warning": "yellow",
    "ok": "green",
}
_CONTROLS = {code: None for code in [*range(0x20), *range(0x7F, 0xA0)] if code not in (0x09, 0x0A)}


def write_examples(*commands: str) -> str:
    """The examples at the end of a command's help, a line each."""
    return "\n".join(["Examples:", *(f"  $ {command}" for command in commands)])


def read_day(text: str) -> date:
    """A day on the command line; a usage error tells how one is written."""
    import typer

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day; write it as 2026-11-23") from None


def check_language(language: str, house: Path | None) -> None:
    """Raises BadParameter for a language in which no message is written: it would be in English without a word."""
    import typer

    from notifications.languages import list_languages, speaks_language

    if not speaks_language(language, house):
        known = ", ".join(list_languages(house))
        raise typer.BadParameter(f"no message is written in {language!r}; there are {known}", param_hint="--language")


def style_of(word: str) -> str:
    return _STYLES.get(word, "")


def say(text: str = "") -> None:
    """A plain line; nothing in it is taken for markup."""
    open_screen().print(clean(text), soft_wrap=True)


def say_block(text: str, indent: int = 0) -> None:
    """Text of any length, wrapped between words."""
    from rich.padding import Padding
    from rich.text import Text

    open_screen().print(Padding(Text(clean(text)), (0, 0, 0, indent), expand=False))


def print_json(value: Any) -> None:
    """JSON as it is, for programs; other letters are written out where the stream can carry them."""
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    sys.stdout.write(json.dumps(value, ensure_ascii=plain, indent=2, default=_write_plain) + "\n")


def _write_plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def print_error(text: str) -> None:
    sys.stderr.write(f"tally: {clean(text)}\n")


def open_screen() -> "Console":
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False)


def print_table(
    headings: Sequence[str], rows: Iterable[Sequence[Any]], *, widths: Mapping[str, int] | None = None
) -> None:
    """Rows under headings; each cell is text, or (text, style), or several of them, a line each."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
    for heading in headings:
        table.add_column(heading, overflow="fold", min_width=(widths or {}).get(heading))
    for row in rows:
        table.add_row(*map(_draw_cell, row))
    open_screen().print(table)


def _draw_cell(cell: Any) -> "Text":
    from rich.text import Text

    if isinstance(cell, Text):
        return cell
    if isinstance(cell, str):
        return Text(clean(cell))
    if isinstance(cell, tuple):
        return Text(clean(cell[0]), style=cell[1])
    drawn = [_draw_cell(part) for part in cell]
    return Text("\n").join(part for part in drawn if part)


def clean(text: str) -> str:
    """Without the control characters with which a name or a reply could steer a terminal."""
    return text.translate(_CONTROLS)


def show_moment(moment: datetime, zone: str) -> str:
    """A moment in the zone of the house, to the minute."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def name_word(word: str) -> str:
    """A word of the vocabulary as a person reads it."""
    return word.replace("_", " ")


def count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
