"""Plain values as YAML: read with the line of each, without YAML's surprises, and written to be read again."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.composer import ComposerError

from commitments.agreement_faults import FieldPath

SIZE_LIMIT = 1024 * 1024
DEPTH_LIMIT = 40


@dataclass(frozen=True, slots=True)
class Plain:
    """What stands in a file, and the line of each of its fields."""

    value: Any
    lines: dict[FieldPath, int]


class Refused(Exception):
    """A file that cannot be read as plain values: the first fault of it."""

    def __init__(self, line: int, field: str, found: str, expected: str) -> None:
        super().__init__(found)
        self.line, self.field, self.found, self.expected = line, field, found, expected


class _Loader(yaml.SafeLoader):
    """YAML without its surprises: `2018-09-30` and `NO` stay as written, and 010 is not eight."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


# Where the library was built without its fast half, the slow one reads the same.
class _FastLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers


_TAG = "tag:yaml.org,2002:"
for _tag, _pattern, _first in (
    ("null", r"(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"(true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]*)$", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?$", list("-+.0123456789")),
):
    for _start in _first:
        _Loader.yaml_implicit_resolvers.setdefault(_start, []).append((_TAG + _tag, re.compile(_pattern)))
AMBIGUOUS = {
    first: [*yaml.SafeDumper.yaml_implicit_resolvers.get(first, []), *_Loader.yaml_implicit_resolvers.get(first, [])]
    for first in {*yaml.SafeDumper.yaml_implicit_resolvers, *_Loader.yaml_implicit_resolvers}
}
"""What other readers of YAML, or this one, take for something else than text, by its first letter: to be quoted."""
_TEXT = _TAG + "str"
_PLAIN_TAGS = {_TAG + name for name in ("null", "bool", "int", "float", "str")}


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    yaml_implicit_resolvers = AMBIGUOUS


def read_plain(content: bytes) -> Plain:
    """The values of one YAML document. Raises Refused with the first fault."""
    if len(content) > SIZE_LIMIT:
        raise Refused(0, "file", f"{len(content):,} bytes", f"at most {SIZE_LIMIT:,} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as undecodable:
        line = content[: undecodable.start].count(b"\n") + 1
        raise Refused(line, "file", "bytes that are not UTF-8", "a file saved as UTF-8") from None
    try:
        return _Reading(_FastLoader, text).read()
    except (yaml.YAMLError, ValueError, OverflowError):
        return _read_slowly(text)


def _read_slowly(text: str) -> Plain:
    """The slow half of the library says better what is wrong."""
    try:
        return _Reading(_Loader, text).read()
    except yaml.MarkedYAMLError as faulty:
        line = faulty.problem_mark.line + 1 if faulty.problem_mark else 1
        raise Refused(line, "file", *_tell_fault(faulty.problem or "")) from None
    except yaml.YAMLError as faulty:
        raise Refused(1, "file", *_tell_fault(str(faulty).partition("\n")[0])) from None
    except (ValueError, OverflowError):  # an escape beyond the last character there is
        raise Refused(1, "file", "an escape that is no character", "well-formed YAML") from None


_YAML_FAULTS = (
    (r".*(<stream end>|end of stream).*", "the end of the file", "each bracket and quotation mark closed"),
    (
        r"mapping values are not allowed.*",
        "a second colon, or a field at another depth",
        "one field to a line, and text with a colon in quotation marks",
    ),
    (r"expected <block end>.*", "an entry at another depth", "each entry of a block at the same depth"),
    (r".*(<block (mapping|sequence) start>).*", "an entry at another depth", "each entry of a block at the same depth"),
    (r"found character '\\t'.*", "a tab", "spaces"),
    (
        r"found character (\S+) that cannot start.*",
        r"\1 where a value begins",
        "text that begins so in quotation marks",
    ),
    (r"could not find expected ':'.*", "a line without a colon", "a field and its value"),
    (r"but found another document", "another document", "one document"),
    (r".*but (?:found|got) (\S+)", r"\1", "well-formed YAML"),
    (r"found (.+)", r"\1", "well-formed YAML"),
)
"""What the library says of a fault, what was found there in words of our own, and what is expected."""


def _tell_fault(problem: str) -> tuple[str, str]:
    for pattern, found, expected in _YAML_FAULTS:
        said = re.fullmatch(pattern, problem)
        if said is not None:
            return said.expand(found), expected
    return problem or "unreadable YAML", "well-formed YAML"


def write_plain(value: Any) -> str:
    """Plain values as YAML that is read again and by nobody else."""
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))


def name_path(path: FieldPath) -> str:
    """Where a field stands, as people write it: `commitments[2].due`."""
    text = ""
    for step in path:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text or "file"


class _Reading:
    """One reading of a document, event by event: as deep as is allowed and no deeper."""

    def __init__(self, loader: Any, text: str) -> None:
        self._loader = loader(text)
        self._events = self._list_events()
        self._lines: dict[FieldPath, int] = {}
        self._others = frozenset(loader.yaml_implicit_resolvers)

    def read(self) -> Plain:
        next(self._events)
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise Refused(1, "file", "nothing", "an agreement")
        first = next(self._events)
        value = self._construct(first, (), first.start_mark.line + 1)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            where = "expected a single document in the stream"
            raise ComposerError(where, event.start_mark, "but found another document", after.start_mark)
        return Plain(value, self._lines)

    def _list_events(self) -> Iterator[Any]:
        event: Any = None
        while not isinstance(event, yaml.StreamEndEvent):
            event = self._loader.get_event()
            if getattr(event, "anchor", None) is not None:
                raise Refused(event.start_mark.line + 1, "file", "an anchor or alias", "each value written out")
            yield event

    def _construct(self, event: Any, path: FieldPath, line: int) -> Any:
        """The value that begins with this event; `line` is that of its field."""
        self._lines[path] = line
        if len(path) > DEPTH_LIMIT:
            own = event.start_mark.line + 1
            raise Refused(own, name_path(path[:3]), "too many levels", f"at most {DEPTH_LIMIT} levels")
        if isinstance(event, yaml.ScalarEvent):
            return self._construct_scalar(event, path)
        if isinstance(event, yaml.MappingStartEvent):
            return self._construct_mapping(path)
        values: list[Any] = []
        while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
            values.append(self._construct(inner, (*path, len(values)), inner.start_mark.line + 1))
        return values

    def _construct_mapping(self, path: FieldPath) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            key = self._read_key(event)
            if key in mapping:
                raise Refused(line, name_path((*path, key)), "the field twice", "the field once")
            mapping[key] = self._construct(next(self._events), (*path, key), line)
        return mapping

    def _read_key(self, event: Any) -> str:
        if isinstance(event, yaml.ScalarEvent):
            return str(event.value)
        depth = 1
        while depth:
            inner = next(self._events)
            depth += isinstance(inner, yaml.CollectionStartEvent) - isinstance(inner, yaml.CollectionEndEvent)
        return "?"

    def _construct_scalar(self, event: Any, path: FieldPath) -> Any:
        tag, text = event.tag, event.value
        if tag is None and not (event.implicit[0] and text[:1] in self._others):
            return text  # as most are: quoted, or beginning as nothing else does
        if tag is None or tag == "!":
            tag = self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag == _TEXT:
            return text
        line = event.start_mark.line + 1
        if tag not in _PLAIN_TAGS:
            found = f"the tag {tag.replace(_TAG, '!!')}"
            raise Refused(line, name_path(path), found, "a value without a tag")
        node = yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark)
        try:
            return self._loader.construct_object(node, deep=True)
        except (ValueError, LookupError) as unreadable:
            found = shorten_value(event.value)
            raise Refused(line, name_path(path), found, "a value that its tag allows") from unreadable


def shorten_value(value: Any) -> str:
    """What was found, short enough for a line."""
    shown = "nothing" if value is None else repr(value) if isinstance(value, str) else f"{value}"
    return shown if len(shown) <= 80 else shown[:77] + "..."
