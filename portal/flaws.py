"""What is wrong with a form, in words, each at its field."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from commitments.filling import LONGEST_LINE, LONGEST_LINK, LONGEST_TEXT, Flaw, Flaws
from notifications.wording import Words
from portal.forms import Sent
from portal.pages import FieldView

_LONGEST = {"note": LONGEST_TEXT, "link": LONGEST_LINK}


def name_flaw(words: Words, name: str, flaw: Flaw, megabytes: int = 0) -> str:
    """What to put right in a field."""
    said = {
        Flaw.MISSING: words.gettext("Please fill this in."),
        Flaw.TOO_LONG: words.gettext("Please keep it to %(count)s characters.")
        % {"count": _LONGEST.get(name, LONGEST_LINE)},
        Flaw.UNKNOWN: words.gettext("Please choose one of those offered."),
        Flaw.NOT_A_DAY: words.gettext("Please write a date: 2026-11-20, or only 2026-11 or 2026."),
        Flaw.AHEAD: words.gettext("This lies in the future; it can be recorded once it has happened."),
        Flaw.TOO_LONG_AGO: words.gettext("This is before 1900. Please check the year."),
        Flaw.NOT_AHEAD: words.gettext("Please give a day after today."),
        Flaw.TOO_FAR: words.gettext("Please give a day that is not so far ahead."),
        Flaw.BEFORE_BEGIN: words.gettext("This is before it began."),
        Flaw.BEFORE_EFFECT: words.gettext(
            "This is before the agreement took effect. Please check the date; if it is right, say so below."
        ),
        Flaw.NOT_A_NUMBER: words.gettext(
            "Please give a number. 1.000 and 1,000 can mean two things: write 1000, or 1.0."
        ),
        Flaw.BELOW_ZERO: words.gettext("This cannot be below 0."),
        Flaw.NOT_DONE: words.gettext("This contradicts that it is done: change it, or take back that it is done."),
        Flaw.NOT_WHOLE: words.gettext("Please give a whole number, such as 25."),
        Flaw.NOT_A_LINK: words.gettext("Please give the whole address of a page; it begins with https:// or http://."),
        Flaw.NO_COMMITMENT: words.gettext("Please choose at least one commitment."),
        Flaw.NOTHING_CHANGED: words.gettext("Nothing is different from what is on record."),
        Flaw.ONE_OF_TWO: words.gettext("Please give one of the two, the day or this."),
        Flaw.NOT_THERE: words.gettext(
            "This is not what stands there: its fingerprint differs. Put it as the document has it, or say below that "
            "it is no longer shown as standing there."
        ),
        Flaw.EMPTIED: words.gettext(
            "The sentence stands in a document. Leave it, or say below that it is no longer shown as standing there."
        ),
        Flaw.LEFT_BEHIND: words.gettext(
            "This stays as it was while another language is changed. Change it too, or say below that it still fits."
        ),
        Flaw.FILE_OR_LINK: words.gettext("Please give a file or a link, one of the two."),
        Flaw.FILE_EMPTY: words.gettext("The file is empty. Please choose it again."),
        Flaw.FILE_TOO_LARGE: words.gettext("The file is too large; at most %(size)s MB can be taken.")
        % {"size": megabytes},
        Flaw.FILE_TYPE: words.gettext("Files of this type are not taken. Taken are: %(types)s.")
        % {"types": name_types(words)},
        Flaw.FILE_CONTENT: words.gettext("What is in the file is not what its name says. Please save it anew."),
        Flaw.FILE_MACROS: words.gettext("The file holds macros. Please hand in a PDF of it."),
        Flaw.FILE_OTHER: words.gettext("This is another file: its hash is not that of the document on record."),
        Flaw.FILE_KNOWN: words.gettext("This document is here already: a file with the same hash was handed in."),
    }
    return said[flaw]


def name_types(words: Words) -> str:
    """The types of file that are taken, as people call them."""
    return words.gettext("PDF, pictures, Word, Excel, PowerPoint, OpenDocument, text and CSV")


def mark_fields(words: Words, fields: Iterable[FieldView], flaws: Flaws, megabytes: int = 0) -> tuple[FieldView, ...]:
    """The fields with what is wrong with each."""
    by_field = {name: name_flaw(words, name, flaw, megabytes) for name, flaw in reversed(flaws)}
    return tuple(replace(one, fault=by_field.get(one.name, "")) for one in fields)


def ask_for_file(words: Words, fields: Iterable[FieldView], sent: Sent) -> tuple[FieldView, ...]:
    """The fields of a form that comes back: no browser fills in again which file was chosen."""
    again = words.gettext("Please choose the file again.") if sent.file("file") is not None else ""
    return tuple(replace(one, fault=one.fault or again) if one.kind == "file" else one for one in fields)


def say_flaws(words: Words, fields: Sequence[FieldView]) -> list[str]:
    """The same above the form, for who does not see it whole: field by field."""
    return [
        words.gettext("%(field)s: %(fault)s") % {"field": one.label, "fault": one.fault} for one in fields if one.fault
    ]
