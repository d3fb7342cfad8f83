"""Reads agreement files: every fault of every file at once, with its line, or the agreements whole."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from rapidfuzz import process

from commitments.agreement_form import AgreementForm, CommitmentForm
from commitments.dates import parse_date
from commitments.errors import InvalidFiles, Problem
from commitments.vocabulary import CommitmentKind

SIZE_LIMIT = 1024 * 1024
DEPTH_LIMIT = 40

Path_ = tuple[str | int, ...]

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
    """One valid agreement file."""

    path: Path
    form: AgreementForm


@dataclass(frozen=True, slots=True)
class _Plain:
    value: Any
    lines: dict[Path_, int]


class _Refused(Exception):
    def __init__(self, line: int, field: str, found: str, expected: str) -> None:
        super().__init__(found)
        self.line, self.field, self.found, self.expected = line, field, found, expected


class _Loader(yaml.SafeLoader):
    """YAML without dates: `2018-09-30` stays as written, so that precision is kept."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_files(paths: Sequence[Path]) -> tuple[ParsedFile, ...]:
    """Parse and validate agreement files; InvalidFiles lists every fault of all of them."""
    parsed, problems = [], []
    for path in paths:
        try:
            parsed.append(ParsedFile(path, parse_agreement(path.read_bytes(), str(path))))
        except OSError as unreadable:
            problems.append(Problem(str(path), 0, "file", unreadable.strerror or "an error", "a file that can be read"))
        except InvalidFiles as invalid:
            problems.extend(invalid.problems)
    problems.extend(_find_double_agreements(parsed))
    if problems:
        raise InvalidFiles(tuple(problems))
    return tuple(parsed)


def parse_agreement(content: bytes, name: str) -> AgreementForm:
    """One agreement from the bytes of its file; InvalidFiles carries every fault found."""
    try:
        plain = _read_plain(content)
    except _Refused as refused:
        raise InvalidFiles((Problem(name, refused.line, refused.field, refused.found, refused.expected),)) from None
    try:
        form = AgreementForm.model_validate(plain.value)
    except ValidationError as invalid:
        raise InvalidFiles(tuple(_explain(error, plain, name) for error in invalid.errors())) from None
    problems = tuple(
        Problem(name, _line_of(plain, path), _dotted(path), found, expected)
        for path, found, expected in _find_inner_faults(form)
    )
    if problems:
        raise InvalidFiles(problems)
    return form


def agreement_schema() -> dict[str, Any]:
    """The JSON Schema of the form, for editors."""
    schema = AgreementForm.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Tallystick agreement", **schema}


def write_schema(path: Path) -> None:
    path.write_text(json.dumps(agreement_schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _read_plain(content: bytes) -> _Plain:
    if len(content) > SIZE_LIMIT:
        raise _Refused(0, "file", f"{len(content):,} bytes", f"at most {SIZE_LIMIT:,} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as undecodable:
        line = content[: undecodable.start].count(b"\n") + 1
        raise _Refused(line, "file", "bytes that are not UTF-8", "a file saved as UTF-8") from None
    lines: dict[Path_, int] = {}
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
    except RecursionError:
        raise _Refused(1, "file", "blocks within blocks without end", f"at most {DEPTH_LIMIT} levels") from None


def _refuse_aliases(text: str) -> None:
    for token in yaml.scan(text, Loader=_Loader):
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
            raise _Refused(token.start_mark.line + 1, "file", "an anchor or alias", "each value written out")


def _construct(loader: _Loader, node: yaml.Node, path: Path_, lines: dict[Path_, int]) -> Any:
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
    return loader.construct_object(node, deep=True)  # type: ignore[no-untyped-call]


def _explain(error: ErrorDetails, plain: _Plain, name: str) -> Problem:
    path = tuple(error["loc"])
    if path and path[-1] == "[key]":
        path = path[:-1]
    kind, context = error["type"], error.get("ctx", {})
    found = "nothing" if kind == "missing" else _shorten(error.get("input"))
    expected = _EXPECTED.get(kind)
    if kind == "extra_forbidden":
        found = f"the unknown field {path[-1]!r}"
        expected = _suggest(str(path[-1]), _fields_at(path[:-1]), "a field of the form")
    elif kind == "enum":
        choices = [choice.strip(" '") for choice in str(context["expected"]).replace(" or ", ", ").split(",")]
        expected = _suggest(str(error.get("input")), choices, "one of " + ", ".join(choices))
    elif kind == "string_pattern_mismatch":
        expected = _expected_pattern(path, str(context.get("pattern")))
    elif kind == "value_error":
        expected = str(error["msg"]).removeprefix("Value error, ")
    return Problem(name, _line_of(plain, path), _dotted(path), found, expected or error["msg"])


def _expected_pattern(path: Path_, pattern: str) -> str:
    choices = pattern.removeprefix("^(").removesuffix(")$").split("|") if pattern.startswith("^(") else []
    if choices:
        return "one of " + ", ".join(choices)
    field = str(path[-1])
    if field in ("reference", "party", "contact", "agreement", "deputy", "parent", "amends", "replaces", "commitment"):
        field = "reference"
    return _PATTERNS.get(field, f"text of the form {pattern}")


def _suggest(found: str, choices: Sequence[str], otherwise: str) -> str:
    near = process.extractOne(found, choices, score_cutoff=60)
    return f"{otherwise} (did you mean {near[0]!r}?)" if near else otherwise


def _fields_at(path: Path_) -> list[str]:
    model: Any = AgreementForm
    for step in path:
        if isinstance(step, int) or not (isinstance(model, type) and issubclass(model, BaseModel)):
            continue
        field = model.model_fields.get(step)
        model = next(_models_in(field.annotation), None) if field else None
    return list(model.model_fields) if model else []


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_in(argument)


def _shorten(value: Any) -> str:
    shown = "nothing" if value is None else repr(value) if isinstance(value, str) else f"{value}"
    return shown if len(shown) <= 80 else shown[:77] + "..."


def _line_of(plain: _Plain, path: Path_) -> int:
    while path and path not in plain.lines:
        path = path[:-1]
    return plain.lines.get(path, 1)


def _dotted(path: Path_) -> str:
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


Fault = tuple[Path_, str, str]


def _find_inner_faults(form: AgreementForm) -> Iterator[Fault]:
    """What no single field can tell: names that must meet, dates in order, fields that a kind needs."""
    parties = [party.reference for party in form.parties]
    contacts = {contact.reference: party.reference for party in form.parties for contact in party.contacts}
    yield from _find_doubles(("parties",), parties)
    yield from _find_party_faults(form, parties, contacts)
    if form.effective and form.expires and parse_date(form.expires).last < parse_date(form.effective).first:
        yield ("expires",), form.expires, f"a date not before {form.effective}, when it takes effect"
    if form.expires and form.open_ended:
        yield ("open_ended",), "true", f"false or nothing: the agreement expires {form.expires}"
    if form.notice and form.open_ended is None and not form.expires and not form.renewal:
        pass  # a notice period without a known end stays as stated: the end may yet become known
    yield from _find_doubles(("commitments",), [commitment.reference for commitment in form.commitments])
    yield from _find_doubles(("activities",), [activity.reference for activity in form.activities])
    yield from _find_doubles(("budget",), [line.reference for line in form.budget])
    own = [commitment.reference for commitment in form.commitments]
    for at, commitment in enumerate(form.commitments):
        yield from _find_commitment_faults(("commitments", at), commitment, parties, contacts, form)
    for at, activity in enumerate(form.activities):
        for to, reference in enumerate(activity.commitments):
            bare = reference.removeprefix(form.agreement + "/")
            if "/" not in bare and bare not in own:
                yield (
                    ("activities", at, "commitments", to),
                    repr(reference),
                    _suggest(reference, own, "a commitment of this agreement"),
                )
        for to, reference in enumerate(activity.parties):
            if reference not in parties:
                yield (
                    ("activities", at, "parties", to),
                    repr(reference),
                    _suggest(reference, parties, "one of the parties"),
                )


def _find_doubles(path: Path_, references: Sequence[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for at, reference in enumerate(references):
        if reference in seen:
            yield (*path, at, "reference"), repr(reference), "a reference of its own"
        seen.add(reference)


def _find_party_faults(form: AgreementForm, parties: list[str], contacts: dict[str, str]) -> Iterator[Fault]:
    double: set[str] = set()
    for at, party in enumerate(form.parties):
        if party.kind is not None and not party.names:
            yield ("parties", at, "names"), "nothing", "the party's name in at least one language"
        for to, contact in enumerate(party.contacts):
            path: Path_ = ("parties", at, "contacts", to)
            if contact.reference in double:
                yield (*path, "reference"), repr(contact.reference), "a reference of its own"
            double.add(contact.reference)
            if contact.deputy == contact.reference:
                yield (*path, "deputy"), repr(contact.deputy), "another person"
            elif contact.deputy and contact.deputy not in contacts:
                yield (
                    (*path, "deputy"),
                    repr(contact.deputy),
                    _suggest(contact.deputy, list(contacts), "a contact of this file"),
                )
    for at, signatory in enumerate(form.signatories):
        if signatory.party not in parties:
            yield (
                ("signatories", at, "party"),
                repr(signatory.party),
                _suggest(signatory.party, parties, "one of the parties"),
            )
    for reference in form.signed:
        if reference not in parties:
            yield ("signed", reference), repr(reference), _suggest(reference, parties, "one of the parties")


def _find_commitment_faults(
    path: Path_, commitment: CommitmentForm, parties: list[str], contacts: dict[str, str], form: AgreementForm
) -> Iterator[Fault]:
    documents = [source.document for source in form.sources]
    yield from _find_owner_faults(path, commitment, parties, contacts)
    if commitment.kind == CommitmentKind.RECURRING and commitment.recurrence is None:
        yield (*path, "recurrence"), "nothing", "how often it recurs: a recurring commitment needs it"
    if commitment.kind == CommitmentKind.TARGET and commitment.target is None:
        yield (*path, "target"), "nothing", "the quantity and its unit: a target needs them"
    if commitment.kind != CommitmentKind.RECURRING and commitment.recurrence is not None:
        yield (*path, "recurrence"), f"a recurrence on kind {commitment.kind}", "kind recurring"
    if (
        commitment.period_from
        and commitment.period_to
        and parse_date(commitment.period_to).last < parse_date(commitment.period_from).first
    ):
        yield (*path, "period_to"), commitment.period_to, f"a date not before {commitment.period_from}"
    for name in ("milestones", "measurements", "evidence", "reports"):
        yield from _find_doubles((*path, name), [entry.reference for entry in getattr(commitment, name)])
    for at, report in enumerate(commitment.reports):
        if report.party not in parties:
            yield (
                (*path, "reports", at, "party"),
                repr(report.party),
                _suggest(report.party, parties, "one of the parties"),
            )
    places = [((*path, "source"), commitment.source)] if commitment.source else []
    places += [((*path, "quote_sources", language), place) for language, place in commitment.quote_sources.items()]
    for place_path, place in places:
        if place.document not in documents:
            yield (
                (*place_path, "document"),
                repr(place.document),
                _suggest(place.document, documents, "one of the sources"),
            )


def _find_owner_faults(
    path: Path_, commitment: CommitmentForm, parties: list[str], contacts: dict[str, str]
) -> Iterator[Fault]:
    owing = [owner.party for owner in commitment.owners]
    for at, owner in enumerate(commitment.owners):
        if owner.party not in parties:
            yield (
                (*path, "owners", at, "party"),
                repr(owner.party),
                _suggest(owner.party, parties, "one of the parties"),
            )
        elif owner.party in owing[:at]:
            yield (*path, "owners", at, "party"), repr(owner.party), "each party once"
        if owner.contact and owner.contact not in contacts:
            expected = _suggest(owner.contact, list(contacts), "a contact of this file")
            yield (*path, "owners", at, "contact"), repr(owner.contact), expected
        elif owner.contact and owner.party in parties and contacts[owner.contact] != owner.party:
            yield (*path, "owners", at, "contact"), repr(owner.contact), f"a contact of {owner.party}"


def refuse(path: str, field: str, found: str, expected: str) -> NoReturn:
    """Raise a single fault that only the register can know."""
    raise InvalidFiles((Problem(path, 0, field, found, expected),))
