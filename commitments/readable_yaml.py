"""Plain values as YAML for people: in block style, each value written out, days and months unquoted.

What is simple, nearly all of a file, is written at once; the rest by the library, which writes all of it the same,
but takes five times as long.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from commitments.plain_values import AMBIGUOUS

WIDTH = 120
_STEP = "  "
_UNUSUAL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_SIMPLE = re.compile(r"[^\W_][\w.,;@/+()'-]*(?: [\w.,;@/+()'-]+)*")
"""Text that is written without quotes, unless another reader takes it for something else."""
_LONGEST_NAME = 60
_NEXT = "~next~"


class ReadableDumper(yaml.SafeDumper):
    """How the library is told to write it."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def represent_text(self, text: str) -> yaml.ScalarNode:
        # A line break of another kind would come back as a plain one, so it is escaped.
        style = '"' if _UNUSUAL.search(text) else "|" if "\n" in text else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


ReadableDumper.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in AMBIGUOUS.items()
}
ReadableDumper.add_representer(str, ReadableDumper.represent_text)


def write_readable(value: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """The lines of a mapping so deep within others, a field or an entry at a time."""
    indent = _STEP * depth
    for name, inner in value.items():
        if not _is_simple(name, _LONGEST_NAME):
            yield _write_slowly({name: inner}, depth)
        elif isinstance(inner, dict) and inner:
            yield f"{indent}{name}:\n"
            yield from write_readable(inner, depth + 1)
        elif isinstance(inner, list) and inner:
            yield f"{indent}{name}:\n"
            for entry in inner:
                yield from _write_entry(name, entry, depth + 1)
        else:
            said = _say(inner, WIDTH - len(indent) - len(name) - 2)
            yield f"{indent}{name}: {said}\n" if said is not None else _write_slowly({name: inner}, depth)


def _write_entry(name: str, entry: Any, depth: int) -> Iterator[str]:
    indent = _STEP * depth
    if isinstance(entry, dict) and entry:
        lines = write_readable(entry, depth + 1)
        yield f"{indent}- {next(lines)[len(indent) + 2 :]}"
        yield from lines
        return
    said = _say(entry, WIDTH - len(indent) - 2) if not isinstance(entry, list) else None
    if said is not None:
        yield f"{indent}- {said}\n"
    else:
        yield _write_slowly({name: [entry]}, depth - 1).partition("\n")[2]


def _say(value: Any, room: int) -> str | None:
    """A simple value as it is written; None for one that is not, or that is too long for the line."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return value if isinstance(value, str) and _is_simple(value, room) else None


def _is_simple(text: Any, room: int) -> bool:
    if not isinstance(text, str) or len(text) > room or not _SIMPLE.fullmatch(text):
        return False
    return not any(pattern.match(text) for _, pattern in ReadableDumper.yaml_implicit_resolvers.get(text[0], ()))


def _write_slowly(value: dict[str, Any], depth: int) -> str:
    """As the library writes it at this depth, where the room of a line is less, and before something else."""
    within: dict[str, Any] = {**value, _NEXT: None}
    for _ in range(depth):
        within = {"in": within}
    written = str(yaml.dump(within, Dumper=ReadableDumper, sort_keys=False, allow_unicode=True, width=WIDTH))
    for _ in range(depth):
        written = written.partition("\n")[2]
    return written[: written.rindex(f"{_STEP * depth}{_NEXT}: null\n")]
