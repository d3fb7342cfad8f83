"""Reads agreement files: every fault of every file at once, with its line, or the agreements whole."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from commitments.agreement_faults import FieldPath, find_inner_faults, models_in, soften_form, suggest
from commitments.agreement_form import AgreementForm, HousePolicyForm
from commitments.channels import describe_entry
from commitments.errors import InvalidFiles, Problem
from commitments.vocabulary import Channel

SIZE_LIMIT = 1024 * 1024
DEPTH_LIMIT = 40

_EXPECTED = {
    "missing": "this field",
    "extra_forbidden": "a field of the form",
    "string_type": "text",
    "string_too_short": "some text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a block of fields",
    "model_type": "a block of fields",
    "list_type": "a list",
    "too_short": "at least one entry",
}
_PATTERNS = {
    "reference": "small letters, digits, dots and hyphens, such as leeds-hangzhou",
    "mail": "a mail address, such as a.person@leeds.example",
    "country": "a country code of two letters, such as GB",
    "language": "a language code, such as en or zh",
    "sha256": "64 hexadecimal digits",
    "currency": "a currency code of three letters, such as CNY",
    "link": "an http or https address",
}


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """One valid agreement file; `lines` tells where each of its fields stands."""

    path: Path
    form: AgreementForm
    lines: Mapping[FieldPath, int] = field(default_factory=dict)

    def fault(self, path: FieldPath, found: str, expected: str) -> Problem:
        """A fault at one of the file's fields, for those who know more than the file."""
        return Problem(str(self.path), _line_of(self.lines, path), _dotted(path), found, expected)


@dataclass(frozen=True, slots=True)
class _Plain:
    value: Any
    lines: dict[FieldPath, int]


class _Refused(Exception):
    def __init__(self, line: int, field: str, found: str, expected: str) -> None:
        super().__init__(found)
        self.line, self.field, self.found, self.expected = line, field, found, expected


class _Loader(yaml.SafeLoader):
    """YAML without its surprises: `2018-09-30` and `NO` stay as written, and 010 is not eight."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


_TAG = "tag:yaml.org,2002:"
for _tag, _pattern, _first in (
    ("null", r"(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"(true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]*)$", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?$", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(_TAG + _tag, re.compile(_pattern), _first)
_PLAIN_TAGS = {_TAG + name for name in ("null", "bool", "int", "float", "str")}


def read_files(paths: Sequence[Path]) -> tuple[ParsedFile, ...]:
    """Parse and validate agreement files; InvalidFiles lists every fault of all of them."""
    parsed, problems = [], []
    for path in paths:
        try:
            parsed.append(ParsedFile(path, *_parse(path.read_bytes(), str(path))))
        except OSError as unreadable:
            problems.append(Problem(str(path), 0, "file", unreadable.strerror or "an error", "a file that can be read"))
        except InvalidFiles as invalid:
            problems.extend(invalid.problems)
    problems.extend(_find_double_agreements(parsed))
    if problems:
        raise InvalidFiles(tuple(problems))
    return tuple(parsed)


def read_text(text: str, name: str) -> ParsedFile:
    """One agreement from the text of its file; InvalidFiles carries every fault found."""
    return ParsedFile(Path(name), *_parse(text.encode(), name))


def parse_agreement(content: bytes, name: str) -> AgreementForm:
    """One agreement from the bytes of its file; InvalidFiles carries every fault found."""
    return _parse(content, name)[0]


def parse_house_policy(content: bytes, name: str) -> HousePolicyForm:
    """A house's rules from the bytes of their file; InvalidFiles carries every fault found."""
    if not content.strip():
        return HousePolicyForm()
    try:
        plain = _read_plain(content)
    except _Refused as refused:
        raise InvalidFiles((Problem(name, refused.line, refused.field, refused.found, refused.expected),)) from None
    try:
        return HousePolicyForm.model_validate(plain.value)
    except ValidationError as invalid:
        problems = [_explain(error, plain, name) for error in invalid.errors(include_url=False)]
        raise InvalidFiles(tuple(sorted(problems, key=lambda problem: problem.line))) from None


def agreement_schema() -> dict[str, Any]:
    """The JSON Schema of the form, for editors."""
    schema = AgreementForm.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Tallystick agreement", **schema}


def write_schema(path: Path) -> None:
    path.write_text(json.dumps(agreement_schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _parse(content: bytes, name: str) -> tuple[AgreementForm, Mapping[FieldPath, int]]:
    try:
        plain = _read_plain(content)
    except _Refused as refused:
        raise InvalidFiles((Problem(name, refused.line, refused.field, refused.found, refused.expected),)) from None
    problems: list[Problem] = []
    broken: set[FieldPath] = set()
    try:
        form = AgreementForm.model_validate(plain.value)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
        problems = [_explain(error, plain, name) for error in errors]
        broken = {tuple(error["loc"]) for error in errors}
        form = soften_form(plain.value, broken)
    above = {path[:length] for path in broken for length in range(len(path) + 1)}
    problems += [
        Problem(name, _line_of(plain.lines, path), _dotted(path), found, expected)
        for path, found, expected in find_inner_faults(form)
        if path not in above
    ]
    if problems:
        raise InvalidFiles(tuple(sorted(problems, key=lambda problem: problem.line)))
    return form, plain.lines


def _read_plain(content: bytes) -> _Plain:
    if len(content) > SIZE_LIMIT:
        raise _Refused(0, "file", f"{len(content):,} bytes", f"at most {SIZE_LIMIT:,} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as undecodable:
        line = content[: undecodable.start].count(b"\n") + 1
        raise _Refused(line, "file", "bytes that are not UTF-8", "a file saved as UTF-8") from None
    lines: dict[FieldPath, int] = {}
    try:
        loader = _Loader(text)
        _refuse_aliases(text)
        node = loader.get_single_node()
        if node is None:
            raise _Refused(1, "file", "nothing", "an agreement")
        return _Plain(_construct(loader, node, (), lines), lines)
    except yaml.MarkedYAMLError as faulty:
        line = faulty.problem_mark.line + 1 if faulty.problem_mark else 1
        raise _Refused(line, "file", faulty.problem or "unreadable YAML", "well-formed YAML") from None
    except yaml.YAMLError as faulty:
        raise _Refused(1, "file", str(faulty).splitlines()[0], "well-formed YAML") from None
    except (ValueError, OverflowError):  # an escape beyond the last character there is
        raise _Refused(1, "file", "an escape that is no character", "well-formed YAML") from None
    except RecursionError:
        raise _Refused(1, "file", "blocks within blocks without end", f"at most {DEPTH_LIMIT} levels") from None


def _refuse_aliases(text: str) -> None:
    for token in yaml.scan(text, Loader=_Loader):
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
            raise _Refused(token.start_mark.line + 1, "file", "an anchor or alias", "each value written out")


def _construct(loader: _Loader, node: yaml.Node, path: FieldPath, lines: dict[FieldPath, int]) -> Any:
    lines[path] = node.start_mark.line + 1
    if len(path) > DEPTH_LIMIT:
        raise _Refused(lines[path], _dotted(path[:3]), "too many levels", f"at most {DEPTH_LIMIT} levels")
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            if key in mapping:
                raise _Refused(key_node.start_mark.line + 1, _dotted((*path, key)), "the field twice", "the field once")
            mapping[key] = _construct(loader, value_node, (*path, key), lines)
            lines[(*path, key)] = key_node.start_mark.line + 1
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_construct(loader, child, (*path, at), lines) for at, child in enumerate(node.value)]
    if node.tag not in _PLAIN_TAGS:
        raise _Refused(lines[path], _dotted(path), f"the tag {node.tag.replace(_TAG, '!!')}", "a value without a tag")
    try:
        return loader.construct_object(node, deep=True)
    except (ValueError, LookupError) as unreadable:
        raise _Refused(lines[path], _dotted(path), _shorten(node.value), "a value that its tag allows") from unreadable


def _explain(error: ErrorDetails, plain: _Plain, name: str) -> Problem:
    path, found, expected = explain_fault(error)
    return Problem(name, _line_of(plain.lines, path), _dotted(path), found, expected)


def explain_fault(error: ErrorDetails) -> tuple[FieldPath, str, str]:
    """A fault that the form found in a value, in words: which field, what was found, what is expected."""
    path: FieldPath = tuple(error["loc"])
    if path and path[-1] == "[key]":
        path = path[:-1]
    kind, context = error["type"], error.get("ctx", {})
    found = "nothing" if kind == "missing" else _shorten(error.get("input"))
    expected = _EXPECTED.get(kind)
    if kind == "extra_forbidden":
        found = f"the unknown field {path[-1]!r}"
        expected = suggest(str(path[-1]), _fields_at(path[:-1]), "a field of the form")
    elif kind == "enum":
        choices = [choice.strip(" '") for choice in str(context["expected"]).replace(" or ", ", ").split(",")]
        expected = suggest(str(error.get("input")), choices, "one of " + ", ".join(choices))
    elif kind == "string_pattern_mismatch":
        expected = _expected_pattern(path, str(context.get("pattern")))
    elif kind == "value_error":
        expected = str(error["msg"]).removeprefix("Value error, ")
    return path, found, expected or error["msg"]


def _expected_pattern(path: FieldPath, pattern: str) -> str:
    choices = pattern.removeprefix("^(").removesuffix(")$").split("|") if pattern.startswith("^(") else []
    if choices:
        return "one of " + ", ".join(choices)
    if len(path) > 1 and path[-2] == "channels" and path[-1] in set(Channel) and path[-1] != Channel.MAIL:
        return describe_entry(Channel(str(path[-1])))
    # Keys of a block have no field of their own, so references and languages are known by their pattern.
    if pattern.startswith("^[a-z0-9][a-z0-9.-]*"):
        return _PATTERNS["reference"]
    if pattern.startswith("^[a-z]{2,3}(-"):
        return _PATTERNS["language"]
    return _PATTERNS.get(str(path[-1]), f"text of the form {pattern}")


def _fields_at(path: FieldPath) -> list[str]:
    model: Any = AgreementForm
    for step in path:
        if isinstance(step, int) or not (isinstance(model, type) and issubclass(model, BaseModel)):
            continue
        field = model.model_fields.get(step)
        model = next(models_in(field.annotation), None) if field else None
    if path and path[-1] == "channels":
        return [str(kind) for kind in Channel]
    return list(model.model_fields) if model else []


def _shorten(value: Any) -> str:
    shown = "nothing" if value is None else repr(value) if isinstance(value, str) else f"{value}"
    return shown if len(shown) <= 80 else shown[:77] + "..."


def _line_of(lines: Mapping[FieldPath, int], path: FieldPath) -> int:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _dotted(path: FieldPath) -> str:
    text = ""
    for step in path:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text or "file"


def _find_double_agreements(parsed: Sequence[ParsedFile]) -> Iterator[Problem]:
    first: dict[str, Path] = {}
    for file in parsed:
        other = first.setdefault(file.form.agreement, file.path)
        if other != file.path:
            yield Problem(
                str(file.path), 1, "agreement", repr(file.form.agreement), f"another reference: {other} has this one"
            )
