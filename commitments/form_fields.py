"""What a single field of a form may hold, whatever the form: names, words, dates, addresses, hours."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from commitments.dates import parse_date
from commitments.filling import LONGEST_LINE, LONGEST_LINK, LONGEST_TEXT
from commitments.policy import FINAL
from commitments.vocabulary import ChannelKind, MatterKind, Rhythm
from commitments.zones import list_zones


def _read_partial(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("a date such as 2018, 2018-09 or 2018-09-30")
    return str(parse_date(str(value)))


def _read_day(value: Any) -> Any:
    if not isinstance(value, str) or len(value.strip()) != len("2018-09-30"):
        raise ValueError("a day such as 2018-09-30")
    return str(parse_date(value))


def _read_zone(value: Any) -> Any:
    if not isinstance(value, str) or value not in list_zones():
        raise ValueError("a time zone such as Europe/London")
    return value


_STRAY = re.compile("[\x01-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")


def _flatten(value: Any) -> Any:
    """Tabs and the like, pasted with a name, would keep every letter that names it from being written."""
    return _STRAY.sub(" ", value) if isinstance(value, str) and not value.isprintable() else value


def _check_local_part(value: str) -> str:
    if value.index("@") > LONGEST_LOCAL_PART:
        raise ValueError(f"a mail address with at most {LONGEST_LOCAL_PART} characters before the @")
    return value


def _read_number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number")
    return value


LONGEST_LOCAL_PART = 64
Reference = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$", max_length=80)]
CommitmentReference = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9.-]*)?$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT)]
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_LINE, pattern=r"^[^\r\n\x00]*$"),
    BeforeValidator(_flatten),
]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
ActivityKind = Annotated[
    str,
    StringConstraints(
        pattern=r"^(visit|exhibition|exchange|meeting|training|performance|event|publication|signing|other)$"
    ),
]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_ATOM, _LABEL = r"[A-Za-z0-9_%+'-]+", r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
Mail = Annotated[
    str,
    StringConstraints(pattern=rf"^{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*$", max_length=254),
    AfterValidator(_check_local_part),
]
Link = Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>\"]+$", max_length=LONGEST_LINK)]
Partial = Annotated[
    str,
    BeforeValidator(_read_partial),
    Field(description="A date as precise as it is known: 2018, 2018-09 or 2018-09-30", examples=["2018-09"]),
]
Day = Annotated[str, BeforeValidator(_read_day), Field(description="A day: 2018-09-30")]
Zone = Annotated[str, BeforeValidator(_read_zone), Field(description="An IANA time zone", examples=["Asia/Shanghai"])]
HOUR_PATTERN = r"^([01]\d|2[0-3]):[0-5]\d$"
Hour = Annotated[str, StringConstraints(pattern=HOUR_PATTERN)]
LATEST_HOUR = "17:00"
"""A message that began later could not come on its day."""
MonthDay = Annotated[int, Field(ge=1, le=28)]
DIGEST_RHYTHMS = (Rhythm.WEEKLY, Rhythm.FORTNIGHTLY, Rhythm.MONTHLY)
SUMMARY_RHYTHMS = (Rhythm.MONTHLY, Rhythm.QUARTERLY)
DigestRhythm = Annotated[str, StringConstraints(pattern=rf"^({'|'.join(DIGEST_RHYTHMS)})$")]
SummaryRhythm = Annotated[str, StringConstraints(pattern=rf"^({'|'.join(SUMMARY_RHYTHMS)})$")]
AlwaysSent = Annotated[str, StringConstraints(pattern=rf"^({'|'.join([*MatterKind, FINAL])})$")]
ChannelName = Annotated[str, StringConstraints(pattern=rf"^({'|'.join(ChannelKind)})$")]
Number = Annotated[float, BeforeValidator(_read_number)]
Words = Annotated[dict[Language, Line], Field(description="The same words by language", examples=[{"en": "Leeds"}])]


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, use_enum_values=True)
