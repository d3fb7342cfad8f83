"""Writes what a person chose about their messages, with a log entry for each change."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from sqlalchemy import Connection, insert, select, update

from commitments.agreement_file import explain_fault
from commitments.choices import Choices
from commitments.errors import RefusedChange
from commitments.form_fields import LATEST_HOUR, DigestRhythm, Language, MonthDay, SummaryRhythm
from commitments.log import Author, Change, record_changes
from commitments.people import is_language
from commitments.person_queries import load_choices
from commitments.policy import Policy
from commitments.references import find_contact
from commitments.tables import choices
from commitments.vocabulary import Channel, NotificationKind

Weekday = Annotated[int, Field(ge=0, le=6)]
_USUAL_HOUR = Policy().send_at
_LATEST_HOUR = time.fromisoformat(LATEST_HOUR)
_ANY_DAY = date(2026, 1, 1)
_LONGEST_PAUSE = 366


class ChoicesForm(BaseModel):
    """What may be chosen; an empty field is as the house has it."""

    model_config = ConfigDict(extra="forbid")

    days: list[Weekday] | None = Field(None, min_length=1, max_length=7)
    digest_day: Weekday | None = None
    digest_rhythm: DigestRhythm | None = None
    summary_day: MonthDay | None = None
    summary_rhythm: SummaryRhythm | None = None
    hour: time | None = None
    language: Language | None = None
    channel: Channel | None = None
    quiet_from: time | None = None
    quiet_to: time | None = None
    paused_from: date | None = None
    paused_to: date | None = None
    unsubscribed: list[NotificationKind] = Field(default_factory=list)

    @field_validator("hour", "quiet_from", "quiet_to")
    @classmethod
    def _to_the_minute(cls, value: time | None) -> time | None:
        if value is not None and (value.tzinfo is not None or value.second or value.microsecond):
            raise ValueError("an hour is written 08:30")
        return value

    @field_validator("hour")
    @classmethod
    def _in_the_day(cls, value: time | None) -> time | None:
        if value is not None and value > _LATEST_HOUR:
            raise ValueError("an hour not later than 17:00, so that the message still comes on its day")
        return value

    @model_validator(mode="after")
    def _whole_spans(self) -> "ChoicesForm":
        if (self.quiet_from is None) != (self.quiet_to is None):
            raise ValueError("quiet hours have a beginning and an end")
        if (self.paused_from is None) != (self.paused_to is None):
            raise ValueError("a pause has a first and a last day")
        if self.paused_from is not None and self.paused_to is not None:
            if self.paused_to < self.paused_from:
                raise ValueError("a pause whose last day is not before its first")
            if (self.paused_to - self.paused_from).days > _LONGEST_PAUSE:
                raise ValueError("a pause of a year at most")
        if self.quiet_from is not None and self.quiet_to is not None:
            chosen = Choices(quiet_from=self.quiet_from, quiet_to=self.quiet_to)
            opening = datetime.combine(_ANY_DAY, self.hour or _USUAL_HOUR)
            ends = chosen.end_quiet(opening)
            if ends.date() != _ANY_DAY or ends.time() > _LATEST_HOUR:
                raise ValueError(f"quiet hours that end by 17:00, or leave out {opening:%H:%M}, when messages come")
        return self


def change_choices(
    unit: Connection, author: Author, contact: str, changes: Mapping[str, Any], today: date
) -> tuple[Choices, Choices]:
    """Write what a person chose; returns their choices before and after. What `changes` does not name stays.

    None, or no kind at all for `unsubscribed`, goes back to what the house has. Raises NotFound for a contact that the
    register does not know, and RefusedChange, naming every fault, for what cannot be chosen.
    """
    person = find_contact(unit, contact)
    before = load_choices(unit, [person.id]).get(person.id, Choices())
    form = _check_form({**_plain(before), **changes})
    if changes.get("channel") and form.channel not in [Channel(name) for name in person.channels]:
        known = ", ".join(person.channels) or "none: the register has no address of theirs"
        raise RefusedChange(f"channel: found {form.channel}; expected one that the register has for {contact}: {known}")
    if changes.get("language") and not is_language(str(form.language)):
        raise RefusedChange(f"language: found {form.language}; expected the code of a language, such as en or zh-Hans")
    if form.paused_to is not None and form.paused_to < today and "paused_to" in changes:
        raise RefusedChange(f"paused_to: found {form.paused_to}; expected a day that is not over")
    values = _as_row(form)
    row = unit.execute(select(choices).where(choices.c.contact_id == person.id)).one_or_none()
    stored = {name: getattr(row, name) if row is not None else None for name in values}
    changed = {
        name: (stored[name], value)
        for name, value in values.items()
        if stored[name] != value and (row is not None or value not in (None, []))
    }
    if changed:
        if row is None:
            row_id = unit.execute(
                insert(choices).values(contact_id=person.id, **values).returning(choices.c.id)
            ).scalar_one()
        else:
            row_id = row.id
            unit.execute(update(choices).where(choices.c.id == row_id).values(**values))
        action = "registered" if row is None else "amended"
        record_changes(unit, author, [Change(action, choices.name, row_id, contact, None, changed)])
    return before, load_choices(unit, [person.id]).get(person.id, Choices())


def _plain(chosen: Choices) -> dict[str, Any]:
    return {
        **{name: getattr(chosen, name) for name in ChoicesForm.model_fields},
        "days": list(chosen.days) if chosen.days is not None else None,
        "unsubscribed": sorted(chosen.unsubscribed),
    }


def _as_row(form: ChoicesForm) -> dict[str, Any]:
    def hour(value: time | None) -> str | None:
        return f"{value:%H:%M}" if value is not None else None

    return {
        "days": sorted(set(form.days)) if form.days is not None else None,
        "digest_day": form.digest_day,
        "digest_rhythm": str(form.digest_rhythm) if form.digest_rhythm else None,
        "summary_day": form.summary_day,
        "summary_rhythm": str(form.summary_rhythm) if form.summary_rhythm else None,
        "hour": hour(form.hour),
        "language": form.language,
        "channel": str(form.channel) if form.channel else None,
        "quiet_from": hour(form.quiet_from),
        "quiet_to": hour(form.quiet_to),
        "paused_from": form.paused_from,
        "paused_to": form.paused_to,
        "unsubscribed": sorted({str(kind) for kind in form.unsubscribed}),
    }


def _check_form(fields: Mapping[str, Any]) -> ChoicesForm:
    try:
        return ChoicesForm.model_validate(fields)
    except ValidationError as invalid:
        faults = [
            f"{'.'.join(map(str, path))}: found {found}; expected {expected}" if path else expected
            for path, found, expected in map(explain_fault, invalid.errors())
        ]
        raise RefusedChange("\n".join(faults)) from None
