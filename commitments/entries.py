"""What a person fills in: a few fields with titles and help, and every mistake told at once with its correction.

Where an agreement file holds all there is to say, these forms ask for what one person knows.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from commitments.agreement_faults import soften, suggest
from commitments.agreement_file import explain_fault
from commitments.dates import parse_date
from commitments.errors import InvalidFiles, NotFound, RefusedChange, TallyError
from commitments.form_fields import Form
from commitments.vocabulary import AgreementKind, CommitmentKind, Completion, Every, PartyKind, Rating

Filled = TypeVar("Filled", bound=Form)
Result = TypeVar("Result")
NOT_SAID = "not said"
ACTIVITY_KINDS = (
    *("visit", "exhibition", "exchange", "meeting", "training"),
    *("performance", "event", "publication", "signing", "other"),
)


@dataclass(frozen=True, slots=True)
class Correction:
    """One thing to put right: where, what was found (if a value was), and what is expected."""

    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        told = f"found {self.found}; expected {self.expected}" if self.found else self.expected
        return f"{self.field}: {told}" if self.field else told


class Mistakes(TallyError):
    """What was filled in cannot be taken; carries every correction to make."""

    def __init__(self, corrections: Iterable[Correction]) -> None:
        self.corrections = tuple(dict.fromkeys(corrections))
        super().__init__("\n".join(map(str, self.corrections)))


def speak(word: str) -> str:
    """A word of the vocabulary as people write it: on track."""
    return str(word).replace("_", " ")


def _spoken(words: type[StrEnum] | Sequence[str], *, or_not: bool = False) -> tuple[BeforeValidator, WithJsonSchema]:
    """Marks a field that offers words of the vocabulary as people write them, and takes them either way."""
    choices = [*([NOT_SAID] if or_not else []), *map(speak, words)]

    def hear(value: Any) -> Any:
        heard = " ".join(str(value or "").lower().replace("_", " ").replace("-", " ").split())
        if or_not and heard in ("", NOT_SAID, "none"):
            return None
        if heard in choices:
            return heard.replace(" ", "_")
        raise ValueError(suggest(heard, choices, "one of " + ", ".join(choices)))

    return BeforeValidator(hear), WithJsonSchema({"type": "string", "enum": choices})


def _not_said(value: Any) -> Any:
    return None if value in ("", None) else value


def _read_date(value: Any) -> str:
    written = value.isoformat() if isinstance(value, date) else str(value or "").strip()
    if not written:
        raise ValueError("a date: 2026-11-20, 2026-11 or 2026")
    return str(parse_date(written))


def _read_date_if_any(value: Any) -> str:
    return _read_date(value) if value else ""


_A_DAY = {"type": "string", "format": "date", "title": "a day"}
_ROUGHLY = {"type": "string", "title": "a month or year, written"}
Number = Annotated[float | None, BeforeValidator(_not_said), WithJsonSchema({"type": "number"})]
Whole = Annotated[int | None, BeforeValidator(_not_said), WithJsonSchema({"type": "integer"})]
Dated = Annotated[str, BeforeValidator(_read_date), WithJsonSchema({"anyOf": [_A_DAY, _ROUGHLY]})]
MaybeDated = Annotated[str, BeforeValidator(_read_date_if_any), WithJsonSchema({"anyOf": [_A_DAY, _ROUGHLY]})]
SpokenRating = Annotated[Rating, *_spoken(Rating)]
SpokenCompletion = Annotated[Completion | None, *_spoken(Completion, or_not=True)]
SpokenAgreementKind = Annotated[AgreementKind, *_spoken(AgreementKind)]
SpokenPartyKind = Annotated[PartyKind | None, *_spoken(PartyKind, or_not=True)]
SpokenCommitmentKind = Annotated[CommitmentKind, *_spoken(CommitmentKind)]
SpokenEvery = Annotated[Every | None, *_spoken(Every, or_not=True)]
SpokenActivityKind = Annotated[str, *_spoken(ACTIVITY_KINDS)]
Needed = Annotated[str, Field(min_length=1)]


class Entry(Form):
    """A form for people. Optional texts are empty rather than missing, so that a page shows them as plain fields."""


class ProgressEntry(Entry):
    """How a commitment goes, as its owner says."""

    commitment: Needed = Field(
        title="Commitment",
        description="Agreement and commitment by their references, as every mail about it shows them. "
        "For example `leeds-hangzhou-2018/library-link`.",
        examples=["leeds-hangzhou-2018/library-link"],
    )
    rating: SpokenRating = Field(title="How it goes", description="Your own judgement, as of today.")
    note: str = Field(
        "",
        title="What was done, or what stands in the way",
        description="One or two sentences. The other party reads them too.",
        examples=["The librarians have met; the catalogue opens in spring."],
        max_length=4000,
    )
    party: str = Field(
        "",
        title="For which party",
        description="Its reference, for example `leeds`. Leave it empty if one party alone owes the commitment, or if "
        "you say below who reports.",
        examples=["leeds"],
    )
    contact: str = Field(
        "",
        title="Who reports",
        description="The contact by reference, for example `leeds-libraries`. Stands in the log as who said it.",
        examples=["leeds-libraries"],
    )
    fulfilled: bool = Field(
        False,
        title="It is done",
        description="Settles the commitment as from today. The other parties are asked to confirm.",
    )
    completion: SpokenCompletion = Field(
        None,
        title="How far it is",
        description="As a reviewer would put it, if you can say.",
        json_schema_extra={"default": NOT_SAID},
    )
    value: Number = Field(
        None,
        title="Value measured",
        description="Only for a target: the number reached so far, in the target's own unit.",
        examples=[120],
    )


class ActivityEntry(Entry):
    """Something that happened under an agreement."""

    agreement: Needed = Field(
        title="Agreement",
        description="Its reference, for example `gimcheon-chengdu`.",
        examples=["gimcheon-chengdu"],
    )
    title: Annotated[str, Field(min_length=1, max_length=300)] = Field(
        title="What happened",
        description="For example: Visit of the ceramic artists.",
        examples=["Visit of the ceramic artists"],
    )
    kind: SpokenActivityKind = Field("visit", title="Kind of activity")
    held_on: Dated = Field(
        title="When",
        description="As precisely as you know: `2026-11-20`, `2026-11` or `2026`. Not in the future.",
        examples=["2026-11-20"],
    )
    commitments: list[str] = Field(
        [],
        title="Commitments it counts for",
        description="Each by its reference in this agreement (`exchange-activities`), or as agreement/commitment for "
        "another one's. None: it still shows that the agreement is alive.",
        examples=[["exchange-activities"]],
    )
    place: str = Field("", title="Where", examples=["Chengdu"], max_length=300)
    participants: Whole = Field(None, title="How many took part", ge=0)
    count: int = Field(
        1, title="Counts for how many", ge=1, le=10000, description="More than one if you record several together."
    )
    link: str = Field("", title="A page about it", description="An http or https address.", max_length=2000)
    note: str = Field("", title="More about it", max_length=4000)


class PromiseEntry(Entry):
    """One commitment in the fields that a person knows."""

    summary: Annotated[str, Field(min_length=1, max_length=300)] = Field(
        title="What was promised",
        description="In one sentence. For example: Hold at least four exchange activities every year.",
        examples=["Hold at least four exchange activities every year"],
    )
    kind: SpokenCommitmentKind = Field(
        title="Kind of commitment",
        description="**deliverable**: done once, by a date · **recurring**: so many each year, quarter or month · "
        "**target**: a number to reach · **open ended**: no end is stated · **planned**: an intention to be confirmed",
    )
    owed_by: list[str] = Field(
        [],
        title="Owed by",
        description="The parties that promised it, by reference or name. Empty: all parties of the agreement.",
        examples=[["leeds"]],
    )
    owners: list[str] = Field(
        [],
        title="Owners",
        description="Who answers for it, by the references of their contacts, at most one for each party. Empty: "
        "nobody yet, and the coordinator will be asked to name someone.",
        examples=[["leeds-libraries"]],
    )
    due: MaybeDated = Field(
        "",
        title="Due by (or to be confirmed by)",
        description="`2027-06-30`, `2027-06` or `2027`; a month or year means its last day. For a plan: the day by "
        "which it is to be confirmed. Empty if none is stated.",
        examples=["2027-06"],
    )
    every: SpokenEvery = Field(
        None,
        title="Recurring: every",
        description="Only for the kind recurring.",
        json_schema_extra={"default": NOT_SAID},
    )
    times: int = Field(1, title="Recurring: how many each time", ge=1, le=10000)
    counted: str = Field(
        "",
        title="Recurring: what is counted",
        description="In the plural, for example: exchange activities.",
        examples=["exchange activities"],
        max_length=300,
    )
    quantity: Number = Field(
        None, title="Target: the number", description="Only for the kind target.", examples=[500000000]
    )
    unit: str = Field(
        "",
        title="Target: its unit",
        description="A currency code such as CNY, or a plain word such as scholarships.",
        examples=["scholarships"],
        max_length=300,
    )
    quote: str = Field(
        "",
        title="The sentence itself",
        description="As it stands in the agreement, in the language of the agreement. It is shown to whoever is asked.",
        max_length=4000,
    )


class PartyEntry(Entry):
    """A party of a new agreement: one that the register knows, or a new one."""

    name: Annotated[str, Field(min_length=1, max_length=300)] = Field(
        title="Name",
        description="Its reference or name in the register (`leeds`, Leeds City Council), or the name of a new party.",
        examples=["Leeds City Council"],
    )
    kind: SpokenPartyKind = Field(
        None,
        title="New party: what it is",
        description="Leave “not said” for a party that the register knows.",
        json_schema_extra={"default": NOT_SAID},
    )
    country: str = Field(
        "",
        title="New party: country",
        description="Its code of two letters, for example GB. Its holidays are kept.",
        examples=["GB"],
    )
    time_zone: str = Field(
        "",
        title="New party: time zone",
        description="For example Asia/Shanghai. Empty: that of the country, where it has one alone.",
        examples=["Europe/London"],
    )


class AgreementEntry(Entry):
    """A new agreement in the few fields that a coordinator knows by heart."""

    model_config = ConfigDict(title="typed in")

    title: Annotated[str, Field(min_length=1, max_length=300)] = Field(
        title="Title",
        description="For example: Memorandum of understanding between Leeds and Hangzhou.",
        examples=["Memorandum of understanding between Leeds and Hangzhou"],
    )
    kind: SpokenAgreementKind = Field(title="Kind of agreement")
    parties: list[PartyEntry] = Field(
        title="Parties", description="All of them, your own first.", min_length=2, max_length=200
    )
    coordinator: Needed = Field(
        title="Coordinator",
        description="Who keeps this agreement at your party: a contact of the register by reference (`leeds-hall`), or "
        "a new one as name and address: `Mei Lin <mei.lin@leeds.example>`.",
        examples=["Mei Lin <mei.lin@leeds.example>"],
    )
    signed: MaybeDated = Field(
        "", title="Signed on", description="`2026-11-20`, `2026-11` or `2026`; empty if not yet.", examples=["2026-11"]
    )
    effective: MaybeDated = Field(
        "", title="In force from", description="If that is another day.", examples=["2027-01-01"]
    )
    expires: MaybeDated = Field("", title="Expires", description="Empty if no end is stated.", examples=["2029-12-31"])
    notice_months: Whole = Field(
        None, title="Notice in months", description="How long before its expiry it can be ended.", ge=0, le=600
    )
    commitments: list[PromiseEntry] = Field(
        [],
        title="Commitments",
        description="What was promised, one by one. More can be added later with the form *add-commitment*.",
        max_length=500,
    )
    note: str = Field("", title="More about it", max_length=4000)


class AgreementFileEntry(Entry):
    """A whole agreement file, pasted."""

    model_config = ConfigDict(title="a whole file, pasted")

    file: Annotated[str, Field(min_length=1)] = Field(
        title="The file",
        description="The text of an agreement file (YAML), as `tally export` writes it.",
    )


class KeptDraftEntry(Entry):
    """A draft that was kept because nobody approved it in time, or because it was rejected."""

    model_config = ConfigDict(title="a kept draft")

    draft: Needed = Field(
        title="The draft",
        description="Its reference, as the follow-up names it.",
        examples=["leeds-hangzhou-memorandum"],
    )


class ForecastEntry(Entry):
    """How far to look ahead, and for whom."""

    days: int = Field(14, title="Days ahead", description="How many days to play, from 1 to 400.", ge=1, le=400)
    to: str = Field(
        "",
        title="Only to",
        description="A contact's reference or mail address, or a part of one. Empty: to everybody.",
        examples=["leeds"],
    )


class ReceiverEntry(Entry):
    """Who gets a test message."""

    to: Needed = Field(
        title="To",
        description="A contact's reference (`leeds-hall`) or any one mail address.",
        examples=["mei.lin@leeds.example"],
    )
    note: str = Field("", title="A word of your own", description="Put into the message, if you like.", max_length=500)


def read_entry(form: type[Filled], filled: Any) -> tuple[Filled, list[Correction]]:
    """What was filled in, with every correction to make, by the titles that the form shows.

    A field that cannot be taken stands empty, so that all the others can be checked as well.
    """
    plain = filled.model_dump() if isinstance(filled, BaseModel) else filled
    try:
        return form.model_validate(plain), []
    except ValidationError as invalid:
        errors = invalid.errors()
        softened = soften(form, plain, {tuple(error["loc"]) for error in errors})
        return softened, [_explain(form, error) for error in errors]


def _explain(form: type[BaseModel], error: Any) -> Correction:
    path, found, expected = explain_fault(error)
    context = error.get("ctx", {})
    if error["type"] == "extra_forbidden":
        expected = suggest(str(path[-1]), list(form.model_fields), "a field of the form")
    elif error["type"] in ("missing", "string_too_short"):
        found, expected = "nothing", "this field to be filled in"
    elif error["type"] == "too_short":
        found, expected = f"{context['actual_length']}", f"at least {context['min_length']}"
    elif error["type"] == "string_too_long":
        expected = f"at most {context['max_length']:,} characters"
    elif error["type"] in ("greater_than_equal", "less_than_equal"):
        bound = context.get("ge", context.get("le"))
        expected = f"a number {'from' if 'ge' in context else 'up to'} {bound:,}"
    return Correction(name_field(form, path), found, expected)


def name_field(form: type[BaseModel], path: Sequence[str | int]) -> str:
    """A field's place by the titles that the form shows: Commitments 2 › Due by."""
    told: list[str] = []
    model: Any = form
    for step in path:
        if isinstance(step, int):
            told[-1:] = [f"{told[-1]} {step + 1}" if told else str(step + 1)]
            continue
        info = model.model_fields.get(step) if model is not None else None
        told.append((info.title if info else None) or step)
        model = next(_find_models(info.annotation), None) if info else None
    return " › ".join(told)


def _find_models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _find_models(argument)


def list_corrections(refused: TallyError) -> tuple[Correction, ...]:
    """The corrections that a refusal asks for."""
    if isinstance(refused, Mistakes):
        return refused.corrections
    if isinstance(refused, InvalidFiles):
        return tuple(
            Correction(f"{one.field} (line {one.line})" if one.line else one.field, one.found, one.expected)
            for one in refused.problems
        )
    return tuple(Correction("", "", line) for line in str(refused).splitlines())


def try_all(
    *checks: tuple[str, Callable[[], object]], last: Callable[[], Result], faults: Iterable[Correction] = ()
) -> Result:
    """Run every check, each under its field's title, then what is to be written; Mistakes tells all faults at once.

    With `faults` known already nothing is written, but the checks still tell theirs.
    """
    found = list(faults)
    unreadable = bool(found)
    for title, check in checks:
        try:
            check()
        except NotFound as unknown:
            found += [Correction(title, "", line) for line in str(unknown).splitlines()]
    if unreadable:
        raise Mistakes(found)
    told = {one.expected for one in found}
    try:
        made = last()
    except (NotFound, RefusedChange, Mistakes) as refused:
        raise Mistakes([*found, *(one for one in list_corrections(refused) if one.expected not in told)]) from None
    if found:
        raise Mistakes(found)
    return made
