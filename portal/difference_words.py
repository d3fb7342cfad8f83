"""A difference in the reader's language: every change that would be made, with every value, and nothing left out."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from commitments.changes import Change
from commitments.difference import Imported
from notifications.phrases import N_
from notifications.views import clean_text, fit_text
from notifications.wording import Words
from portal.labels import name_column, name_subject, name_value, say_action
from portal.step_words import list_source_kinds

_IDS = frozenset({"agreement", "commitment", "activity", "report", "position"})
"""Columns that say which row another hangs on: the reference tells it, and a rehearsal has numbers of its own."""
_LONGEST, _TITLE = 600, 120
_DAYS = frozenset(
    {
        "due", "first_due", "effective", "expires", "ended", "date", "held_on", "until", "measured_on", "met_on",
        "period_from", "period_to", "confirm_by", "renew_by", "valid_from", "valid_to", "state_on", "state_until",
        "answered_on", "asked_on", "signed", "submitted_on", "since",
    }
)  # fmt: skip
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
    "document": N_("Document"),
    "date": N_("Date"),
    "sha256": "SHA-256",
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


def describe_difference(
    words: Words, imported: Imported, called: Mapping[tuple[str, int], str]
) -> list[DifferenceView]:
    """Every change in words; `called` says how rows that are there are called, by table and id."""
    return [
        DifferenceView(
            say_action(words, one.action, _name(words, one, imported.reference, called)),
            tuple(_describe_parts(words, one.subject, one.changes)),
            one.action == "registered",
        )
        for one in imported.changes
    ]


def describe_vanished(words: Words, imported: Imported) -> list[str]:
    """What the file does not hold and the register keeps."""
    return [clean_text(_say_vanished(words, one)) for one in imported.vanished]


def _name(words: Words, change: Change, agreement: str, called: Mapping[tuple[str, int], str]) -> str:
    known = _SUBJECTS.get(change.subject)
    subject = words.gettext(known) if known else name_subject(words, change.subject)
    reference = clean_text(change.reference.removeprefix(f"{agreement}/"))
    title = called.get((change.subject, change.row_id)) if change.action != "registered" else None
    if title is None:
        return words.gettext("%(subject)s %(name)s") % {"subject": subject, "name": words.quote(reference)}
    said = {"subject": subject, "name": words.quote(fit_text(clean_text(title), _TITLE)), "reference": reference}
    return words.gettext("%(subject)s %(name)s (%(reference)s)") % said


def _describe_parts(words: Words, subject: str, changes: Mapping[str, tuple[Any, Any]]) -> Iterator[str]:
    for column, pair in changes.items():
        if column in _IDS:
            continue
        named = _name_column(words, column)
        before, after = (_tell(words, subject, column, value) for value in _leave_out_same(*pair))
        is_longer = bool(pair[0]) and isinstance(pair[0], list)
        added = (
            words.gettext("%(column)s: %(after)s was added") if is_longer else words.gettext("%(column)s: %(after)s")
        )
        if before and after:
            pattern = words.gettext("%(column)s: from %(before)s to %(after)s")
        elif after:
            pattern = added
        else:
            pattern = words.gettext("%(column)s: %(before)s was taken away")
        yield pattern % {"column": named, "before": before, "after": after}


def _leave_out_same(old: Any, new: Any) -> tuple[Any, Any]:
    """Of two lists what only one of them holds; of two that differ in their order alone, both whole."""
    if not (isinstance(old, list) and isinstance(new, list)):
        return old, new
    only = [one for one in old if one not in new], [one for one in new if one not in old]
    return only if any(only) else (old, new)


def _name_column(words: Words, column: str) -> str:
    known = _COLUMNS.get(column)
    return words.gettext(known) if known else (name_column(words, column) or column.replace("_", " "))


def _tell(words: Words, subject: str, column: str, value: Any) -> str:
    if value in (None, [], {}):
        return ""
    if isinstance(value, bool):
        return words.gettext("yes") if value else words.gettext("no")
    if isinstance(value, Mapping):
        inner = {name: _tell(words, subject, name, one) for name, one in value.items()}
        told = "; ".join(f"{_name_column(words, name)}: {one}" for name, one in inner.items() if one)
    elif isinstance(value, list):
        told = "; ".join(_tell(words, subject, column, one) for one in value)
    elif isinstance(value, int | float):
        told = words.format_number(value)
    elif column in _DAYS and re.fullmatch(r"\d{4}-\d\d(-\d\d)?", str(value)):
        told = words.format_partial(str(value))
    else:
        known = name_value(words, subject, column, str(value))
        sort = dict(list_source_kinds(words)).get(str(value)) if column == "kind" and known is None else None
        told = known or sort or str(value)
    told = clean_text(told)
    return told if len(told) <= _LONGEST else told[: _LONGEST - 1] + "…"


def _say_vanished(words: Words, text: str) -> str:
    for phrase in _VANISHED:
        pattern = re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(phrase))
        if match := re.fullmatch(pattern, text, re.DOTALL):
            return words.gettext(phrase) % match.groupdict()
    return text
