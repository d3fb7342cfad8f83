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
from portal.difference_names import PARTY_COLUMNS, PERSON_COLUMNS, Called
from portal.labels import name_activity, name_column, name_subject, name_value, say_action
from portal.marks import put_under
from portal.step_words import list_party_kinds, list_source_kinds
from portal.value_words import name_language, tell_parts

_IDS = frozenset({"agreement", "commitment", "activity", "report", "position", "filed_role", "filed_due"})
"""Columns that say which row another hangs on: the reference tells it, and a rehearsal has numbers of its own; and
those that only keep what a file says."""
_LONGEST, _TITLE = 600, 120
_DAYS = frozenset(
    {
        "due", "first_due", "effective", "expires", "ended", "date", "held_on", "until", "measured_on", "met_on",
        "period_from", "period_to", "confirm_by", "renew_by", "valid_from", "valid_to", "state_on", "state_until",
        "answered_on", "asked_on", "signed", "submitted_on", "submitted", "since", "reported_on", "added_on",
        "designated", "baseline_on", "starts", "ends",
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
    "lead_days": N_("Days before a promised date"),
    "agreement_lead_days": N_("Days before a date of the agreement"),
    "expiry_lead_days": N_("Days before the expiry shows as coming"),
    "notice_lead_days": N_("Days before the last day for notice, or a renewal, is asked about"),
    "report_lead_days": N_("Days before a report due is asked about"),
    "silence_amber_months": N_("Months after which an open-ended commitment counts as silent"),
    "silence_red_months": N_("Months after which its silence is grave"),
    "dormancy_months": N_("Months after which the agreement counts as dormant"),
    "next_step_days": N_("Days after which a next step is asked for"),
    "confirm_within_months": N_("Months within which a plan is to be confirmed"),
    "answer_working_days": N_("Working days to answer"),
    "escalation_working_days": N_("Working days until owner, deputy, coordinator and leaders are told"),
    "escalation_near_days": N_("Days before a date ahead at which leaders are told at the earliest"),
    "quiet_after_answer_days": N_("Days of quiet after a report"),
    "about_tolerance_percent": N_("Percent by which a target of about a number may fall short"),
    "confirmed_by": N_("Who is asked to confirm it"),
    "send_days": N_("Days on which its matters are told"),
    "always_sent": N_("Told also to who is paused or has unsubscribed"),
    "send_at": N_("Hour of the day's message"),
    "digest_rhythm": N_("How often the digest comes"),
    "digest_weekday": N_("Day of the digest"),
    "summary_rhythm": N_("How often the summary comes"),
    "summary_day": N_("Day of the month from which the summary comes"),
    "quiet_from": N_("Quiet from"),
    "quiet_to": N_("Quiet until"),
    "quiet_rest_days": N_("On its reader's days of rest"),
    "approximate": N_("About"),
    "asked_on": N_("Asked"),
    "reported_on": N_("Reported on"),
    "fulfilled": N_("Reported as done"),
    "period": N_("Period"),
    "cycle": N_("Year of the report"),
    "submitted": N_("Submitted"),
    "submitted_on": N_("Submitted"),
    "file": N_("File"),
    "added_on": N_("Added"),
    "size": N_("Size"),
    "awaited": N_("Answers for it once accepted"),
    "scope": N_("Agreement"),
    "parties": N_("Parties"),
}
_WORDED = frozenset({"owed", "state", "role", "confirmed_by", "every", "comparator", "rating", "completion"})
_WORDS = {
    "jointly": N_("they owe it together"),
    "each": N_("each owes its own"),
    "expected": N_("expected as usual"),
    "waived": N_("not expected in this period"),
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
    words: Words, imported: Imported, called: Mapping[tuple[str, int], str], references: Called
) -> list[DifferenceView]:
    """Every change in words; `called` says how rows that are there are called, by table and id, and `references` how
    parties and people are. That rows only made room for others is not told; where nothing but the order changes, that
    is."""
    told = [one for one in imported.changes if one.action == "registered" or one.changes.keys() - _IDS]
    views = [
        DifferenceView(
            say_action(words, one.action, _name(words, one, imported.reference, called)),
            tuple(_describe_parts(words, one.subject, one.changes, references)),
            one.action == "registered",
        )
        for one in told
    ]
    fresh = {one.subject for one in told if one.action == "registered"}
    moved = {one.subject for one in imported.changes if one.action == "amended" and "position" in one.changes}
    if moved - fresh:
        views.append(DifferenceView(words.gettext("The order becomes that of the file."), (), new=False))
    return views


def describe_vanished(words: Words, imported: Imported) -> list[str]:
    """What the file does not hold and the register keeps."""
    return [clean_text(_say_vanished(words, one)) for one in imported.vanished]


def describe_kept(
    words: Words, imported: Imported, called: Mapping[tuple[str, int], str], references: Called
) -> list[DifferenceView]:
    """What was recorded since the file was written and stands in place of what the file says."""
    return [
        DifferenceView(
            _name(words, one, imported.reference, called),
            tuple(_tell_kept(words, one.subject, one.changes, references)),
            new=False,
        )
        for one in imported.kept
    ]


def _tell_kept(words: Words, subject: str, changes: Mapping[str, tuple[Any, Any]], references: Called) -> Iterator[str]:
    """Each column with what stands there; of a person its name alone, as not everybody may read the rest."""
    for column, (_, stands) in changes.items():
        if column in _IDS:
            continue
        named = name_column_of(words, column)
        told = _tell(words, subject, column, _call(column, stands, references)) or words.gettext("nothing")
        yield named if subject == "contact" else words.gettext("%(column)s: %(after)s") % {
            "column": named, "after": told,
        }  # fmt: skip


def _name(words: Words, change: Change, agreement: str, called: Mapping[tuple[str, int], str]) -> str:
    known = _SUBJECTS.get(change.subject)
    subject = words.gettext(known) if known else name_subject(words, change.subject)
    reference = clean_text(change.reference.removeprefix(f"{agreement}/"))
    title = called.get((change.subject, change.row_id)) if change.action != "registered" else None
    if title is None:
        return words.gettext("%(subject)s %(name)s") % {"subject": subject, "name": words.quote(reference)}
    said = {"subject": subject, "name": words.quote(fit_text(clean_text(title), _TITLE)), "reference": reference}
    return words.gettext("%(subject)s %(name)s (%(reference)s)") % said


def _call(column: str, value: Any, references: Called) -> Any:
    """A value with parties and people by their names."""
    if column not in PARTY_COLUMNS | PERSON_COLUMNS:
        return value
    table = "party" if column in PARTY_COLUMNS else "contact"
    if isinstance(value, list):
        return [references.get((table, one), one) for one in value]
    return references.get((table, value), value) if isinstance(value, str) else value


def _describe_parts(
    words: Words, subject: str, changes: Mapping[str, tuple[Any, Any]], references: Called
) -> Iterator[str]:
    for column, pair in changes.items():
        if column in _IDS:
            continue
        named = name_column_of(words, column)
        before, after = (
            _tell(words, subject, column, _call(column, value, references)) for value in leave_out_same(*pair)
        )
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


def leave_out_same(old: Any, new: Any) -> tuple[Any, Any]:
    """Of two lists what only one of them holds; of two that differ in their order alone, both whole."""
    if not (isinstance(old, list) and isinstance(new, list)):
        return old, new
    only = [one for one in old if one not in new], [one for one in new if one not in old]
    return only if any(only) else (old, new)


def name_column_of(words: Words, column: str) -> str:
    """What a column or a field of a file is called; its own name where there is no word for it."""
    known = _COLUMNS.get(column)
    return words.gettext(known) if known else (name_column(words, column) or column.replace("_", " "))


def _tell(words: Words, subject: str, column: str, value: Any) -> str:
    told = tell_value(words, subject, column, value)
    return told if len(told) <= _LONGEST else told[: _LONGEST - 1] + "…"


def tell_value(words: Words, subject: str, column: str, value: Any) -> str:
    """A value of a row in words, whole; empty for none."""
    if value in (None, [], {}):
        return ""
    if isinstance(value, bool):
        return words.gettext("yes") if value else words.gettext("no")
    if isinstance(value, Mapping):
        known_parts = tell_parts(words, column, value)
        inner = {name: tell_value(words, subject, name, one) for name, one in value.items()}
        named = [put_under(words, name_column_of(words, name), one) for name, one in inner.items() if one]
        told = words.gettext("; ").join(named) if known_parts is None else known_parts
    elif isinstance(value, list):
        told = words.gettext("; ").join(tell_value(words, subject, column, one) for one in value)
    elif isinstance(value, int | float):
        told = words.format_number(value)
    elif column in _DAYS and re.fullmatch(r"\d{4}-\d\d(-\d\d)?", str(value)):
        told = words.format_partial(str(value))
    else:
        known = name_value(words, subject, column, str(value))
        told = known or _name_word(words, subject, column, str(value)) or str(value)
    return clean_text(told)


def _name_word(words: Words, subject: str, column: str, value: str) -> str | None:
    """A word of the vocabulary that only files have."""
    if column in ("language", "languages", "authentic"):
        return name_language(words, value)
    if (subject, column) == ("activity", "kind"):
        return name_activity(words, value)
    if column == "kind":
        kinds = list_party_kinds(words) if subject == "party" else list_source_kinds(words)
        return dict(kinds).get(value)
    return words.gettext(_WORDS[value]) if column in _WORDED and value in _WORDS else None


def _say_vanished(words: Words, text: str) -> str:
    for phrase in _VANISHED:
        pattern = re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(phrase))
        if match := re.fullmatch(pattern, text, re.DOTALL):
            return words.gettext(phrase) % match.groupdict()
    return text
