"""A difference in the reader's language: every change that would be made, with every value, and nothing left out."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from commitments.difference import Imported
from notifications.phrases import N_
from notifications.views import clean_text
from notifications.wording import Words
from portal.labels import name_column, name_subject, name_value, say_action

_IDS = frozenset({"agreement", "commitment", "activity", "report", "position"})
"""Columns that say which row another hangs on: the reference tells it, and a rehearsal has numbers of its own."""
_LONGEST = 600
_COLUMNS = {
    "names": N_("Names"),
    "name": N_("Name"),
    "office": N_("Office"),
    "channels": N_("How they are reached"),
    "language": N_("Language"),
    "time_zone": N_("Time zone"),
    "valid_from": N_("In office from"),
    "valid_to": N_("In office until"),
    "deputy": N_("Deputy"),
    "country": N_("Country"),
    "subdivision": N_("Part of the country"),
    "parent": N_("Belongs to"),
    "open_ended": N_("Stated to have no end"),
    "renewal_months": N_("Renewed for how many months"),
    "binding": N_("Binding"),
    "languages": N_("Languages"),
    "authentic": N_("Authentic languages"),
    "relationship": N_("Relationship"),
    "sources": N_("Documents"),
    "source": N_("Where it stands"),
    "owed": N_("Owed"),
    "implementers": N_("Who does the work"),
    "tags": N_("Tags"),
    "reference": N_("Reference"),
    "party": N_("Party"),
    "contact": N_("Person"),
    "rules": N_("Rules"),
    "since": N_("Since"),
}
_SUBJECTS = {"party": N_("Party"), "contact": N_("Contact"), "relationship": N_("Relationship")}
_VANISHED = (
    N_("exception for period %(name)s of commitment %(promise)s"),
    N_("confirmation by %(name)s of report %(report)s"),
    N_("commitment %(name)s of activity %(activity)s"),
    N_("owner %(name)s of commitment %(promise)s"),
    N_("milestone %(name)s of commitment %(promise)s"),
    N_("measurement %(name)s of commitment %(promise)s"),
    N_("evidence %(name)s of commitment %(promise)s"),
    N_("report %(name)s of commitment %(promise)s"),
    N_("party %(name)s"),
    N_("signatory %(name)s"),
    N_("submitted report %(name)s"),
    N_("the policy"),
    N_("budget line %(name)s"),
    N_("commitment %(name)s"),
    N_("activity %(name)s"),
)


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """One row that would be written: what happens to it, and each value."""

    said: str
    parts: tuple[str, ...]
    new: bool


def hash_difference(imported: Imported) -> str:
    """The same for the same difference, whatever the ids of the rows it would write."""
    changes = [
        [one.action, one.subject, one.reference, {name: pair for name, pair in one.changes.items() if name not in _IDS}]
        for one in imported.changes
    ]
    whole = [imported.reference, imported.new, changes, list(imported.vanished)]
    return sha256(json.dumps(whole, sort_keys=True, default=str).encode()).hexdigest()


def describe_difference(words: Words, imported: Imported) -> list[DifferenceView]:
    return [
        DifferenceView(
            say_action(words, one.action, _name(words, one.subject, one.reference, imported.reference)),
            tuple(_describe_parts(words, one.subject, one.changes)),
            one.action == "registered",
        )
        for one in imported.changes
    ]


def describe_vanished(words: Words, imported: Imported) -> list[str]:
    """What the file does not hold and the register keeps."""
    return [clean_text(_say_vanished(words, one)) for one in imported.vanished]


def _name(words: Words, subject: str, reference: str, agreement: str) -> str:
    known = _SUBJECTS.get(subject)
    called = words.gettext(known) if known else name_subject(words, subject)
    name = clean_text(reference.removeprefix(f"{agreement}/"))
    return words.gettext("%(subject)s %(name)s") % {"subject": called, "name": words.quote(name)}


def _describe_parts(words: Words, subject: str, changes: Mapping[str, tuple[Any, Any]]) -> Iterator[str]:
    for column, (old, new) in changes.items():
        if column in _IDS:
            continue
        known = _COLUMNS.get(column)
        named = words.gettext(known) if known else (name_column(words, column) or column.replace("_", " "))
        before, after = (_tell(words, subject, column, value) for value in (old, new))
        if before and after:
            pattern = words.gettext("%(column)s: from %(before)s to %(after)s")
        elif after:
            pattern = words.gettext("%(column)s: %(after)s")
        else:
            pattern = words.gettext("%(column)s: %(before)s was taken away")
        yield pattern % {"column": named, "before": before, "after": after}


def _tell(words: Words, subject: str, column: str, value: Any) -> str:
    if value in (None, [], {}):
        return ""
    if isinstance(value, bool):
        return words.gettext("yes") if value else words.gettext("no")
    if isinstance(value, Mapping):
        inner = {name: _tell(words, subject, name, one) for name, one in value.items()}
        told = "; ".join(f"{name.replace('_', ' ')}: {one}" for name, one in inner.items() if one)
    elif isinstance(value, list):
        told = "; ".join(_tell(words, subject, column, one) for one in value)
    elif isinstance(value, int | float):
        told = words.format_number(value)
    else:
        told = name_value(words, subject, column, str(value)) or str(value)
    told = clean_text(told)
    return told if len(told) <= _LONGEST else told[: _LONGEST - 1] + "…"


def _say_vanished(words: Words, text: str) -> str:
    for phrase in _VANISHED:
        pattern = re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(phrase))
        if match := re.fullmatch(pattern, text, re.DOTALL):
            return words.gettext(phrase) % match.groupdict()
    return text
