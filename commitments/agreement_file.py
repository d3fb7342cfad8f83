"""Reads agreement files: every fault of every file at once, with its line, or the agreements whole."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from commitments.agreement_faults import FieldPath, find_inner_faults, models_in, soften_form, suggest
from commitments.agreement_form import AgreementForm, PolicyForm
from commitments.channels import describe_entry
from commitments.errors import InvalidFiles, Problem
from commitments.form_fields import HOUR_PATTERN
from commitments.plain_values import Plain, Refused, name_path, read_plain, shorten_value
from commitments.vocabulary import Channel

_EXPECTED = {
    "missing": "this field",
    "extra_forbidden": "a field of the form",
    "string_type": "text",
    "string_too_short": "some text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number of fewer digits",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a block of fields",
    "model_type": "a block of fields",
    "list_type": "a list",
    "too_short": "at least one entry",
    "time_type": "an hour such as 08:30",
    "time_parsing": "an hour such as 08:30",
}
_BOUNDS = {
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "greater_than": "more than {gt}",
    "string_too_long": "at most {max_length} characters",
    "too_long": "at most {max_length} entries",
}
_PATTERNS = {
    "reference": "small letters, digits, dots and hyphens, such as leeds-hangzhou",
    "mail": "a mail address, such as a.person@leeds.example",
    "country": "a country code of two letters, such as GB",
    "language": "a language code, such as en or zh",
    "sha256": "64 hexadecimal digits",
    "currency": "a currency code of three letters, such as CNY",
    "link": "an http or https address",
    "hour": "an hour such as 08:30",
}
_CHOICES = re.compile(r"\^\((\w+(?:\|\w+)*)\)\$")


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """One valid agreement file; `lines` tells where each of its fields stands."""

    path: Path
    form: AgreementForm
    lines: Mapping[FieldPath, int] = field(default_factory=dict)

    def fault(self, path: FieldPath, found: str, expected: str) -> Problem:
        """A fault at one of the file's fields, for those who know more than the file."""
        return Problem(str(self.path), _line_of(self.lines, path), name_path(path), found, expected)


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
    return read_content(text.encode(), name)


def read_content(content: bytes, name: str) -> ParsedFile:
    """One agreement from the bytes of its file, with its lines; InvalidFiles carries every fault found."""
    return ParsedFile(Path(name), *_parse(content, name))


def read_values(values: Any, name: str) -> ParsedFile:
    """One agreement from the plain values of its file; InvalidFiles carries every fault found, without lines."""
    return ParsedFile(Path(name), _check(Plain(values, {}), name))


def parse_agreement(content: bytes, name: str) -> AgreementForm:
    """One agreement from the bytes of its file; InvalidFiles carries every fault found."""
    return _parse(content, name)[0]


def parse_house_policy(content: bytes, name: str) -> PolicyForm:
    """A house's rules from the bytes of their file; InvalidFiles carries every fault found."""
    if not content.strip():
        return PolicyForm()
    try:
        plain = read_plain(content)
    except Refused as refused:
        raise InvalidFiles((Problem(name, refused.line, refused.field, refused.found, refused.expected),)) from None
    try:
        return PolicyForm.model_validate(plain.value)
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
        plain = read_plain(content)
    except Refused as refused:
        raise InvalidFiles((Problem(name, refused.line, refused.field, refused.found, refused.expected),)) from None
    return _check(plain, name), plain.lines


def _check(plain: Plain, name: str) -> AgreementForm:
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
        Problem(name, _line_of(plain.lines, path), name_path(path), found, expected)
        for path, found, expected in find_inner_faults(form)
        if path not in above
    ]
    if problems:
        raise InvalidFiles(tuple(sorted(problems, key=lambda problem: problem.line)))
    return form


def _explain(error: ErrorDetails, plain: Plain, name: str) -> Problem:
    path, found, expected = explain_fault(error)
    return Problem(name, _line_of(plain.lines, path), name_path(path), found, expected)


def explain_fault(error: ErrorDetails) -> tuple[FieldPath, str, str]:
    """A fault that the form found in a value, in words: which field, what was found, what is expected."""
    path: FieldPath = tuple(error["loc"])
    if path and path[-1] == "[key]":
        path = path[:-1]
    kind, context = error["type"], error.get("ctx", {})
    found = "nothing" if kind == "missing" else shorten_value(error.get("input"))
    expected = _EXPECTED.get(kind)
    if kind == "extra_forbidden":
        found = f"the unknown field {path[-1]!r}"
        expected = suggest(str(path[-1]), _fields_at(path[:-1]), "a field of the form")
    elif kind == "enum":
        choices = [choice.strip(" '") for choice in str(context["expected"]).replace(" or ", ", ").split(",")]
        expected = suggest(str(error.get("input")), choices, "one of " + ", ".join(choices))
    elif kind == "string_pattern_mismatch":
        expected = _expected_pattern(path, str(context.get("pattern")))
    elif kind in _BOUNDS:
        expected = _BOUNDS[kind].format(**context)
    elif kind == "value_error":
        expected = str(error["msg"]).removeprefix("Value error, ")
    return path, found, expected or error["msg"]


def _expected_pattern(path: FieldPath, pattern: str) -> str:
    if choices := _CHOICES.fullmatch(pattern):
        return "one of " + ", ".join(choices[1].split("|"))
    if len(path) > 1 and path[-2] == "channels" and path[-1] in set(Channel) and path[-1] != Channel.MAIL:
        return describe_entry(Channel(str(path[-1])))
    # Keys of a block have no field of their own, so references and languages are known by their pattern.
    if pattern.startswith("^[a-z0-9][a-z0-9.-]*"):
        return _PATTERNS["reference"]
    if pattern.startswith("^[a-z]{2,3}(-"):
        return _PATTERNS["language"]
    if pattern == HOUR_PATTERN:
        return _PATTERNS["hour"]
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


def _line_of(lines: Mapping[FieldPath, int], path: FieldPath) -> int:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _find_double_agreements(parsed: Sequence[ParsedFile]) -> Iterator[Problem]:
    first: dict[str, Path] = {}
    for file in parsed:
        other = first.setdefault(file.form.agreement, file.path)
        if other != file.path:
            yield Problem(
                str(file.path), 1, "agreement", repr(file.form.agreement), f"another reference: {other} has this one"
            )
