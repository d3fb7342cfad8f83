"""The faults of a file in the reader's language: the readers of files say them in English."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from commitments.agreement_faults import suggest
from commitments.errors import Problem
from notifications.phrases import N_
from notifications.views import clean_text
from notifications.wording import Words
from portal.oversteps import Limit, Overstep
from portal.sheet_words import name_choice
from portal.step_fields import FaultRow, FaultView

_FOUND = (
    N_("nothing"),
    N_("the unknown field %(name)s"),
    N_("the unknown column %(name)s"),
    N_("the column twice"),
    N_("the field twice"),
    N_("an anchor or alias"),
    N_("bytes that are not UTF-8"),
    N_("a NUL character"),
    N_("%(count)s bytes"),
    N_("a formula"),
    N_("a fault of the spreadsheet: %(name)s"),
    N_("%(count)s rows"),
    N_("a recurrence on kind %(kind)s"),
    N_("a measurement on kind %(kind)s"),
    N_("a report on what was waived"),
    N_("a report on what was withdrawn"),
    N_("unreadable YAML"),
    N_("the end of the file"),
    N_("a second colon, or a field at another depth"),
    N_("an entry at another depth"),
    N_("a tab"),
    N_("%(character)s where a value begins"),
    N_("a line without a colon"),
    N_("another document"),
    N_("something else"),
    N_("a sentence whose SHA-256 is %(digest)s"),
)
_EXPECTED = (
    N_("this field"),
    N_("this column"),
    N_("a field of the form"),
    N_("a column of the sheet"),
    N_("a sheet of the spreadsheet"),
    N_("the column once"),
    N_("text"),
    N_("some text"),
    N_("a whole number"),
    N_("a number"),
    N_("true or false"),
    N_("yes or no"),
    N_("a block of fields"),
    N_("a list"),
    N_("at least one entry"),
    N_("small letters, digits, dots and hyphens, such as leeds-hangzhou"),
    N_("a mail address, such as a.person@leeds.example"),
    N_("a mail address with at most %(count)s characters before the @"),
    N_("an hour such as 08:30"),
    N_("a country code of two letters, such as GB"),
    N_("the code of a country, such as GB"),
    N_("a language code, such as en or zh"),
    N_("64 hexadecimal digits"),
    N_("a currency code of three letters, such as CNY"),
    N_("an http or https address"),
    N_("the name of a channel in the settings and the person's own end of it, such as %(example)s"),
    N_("the name of a channel in the settings, such as %(example)s"),
    N_("one of %(choices)s"),
    N_("a file saved as UTF-8"),
    N_("a file saved as CSV UTF-8"),
    N_("at most %(count)s bytes"),
    N_("at most %(count)s rows"),
    N_("at most %(count)s levels"),
    N_("at most %(count)s characters"),
    N_("an agreement"),
    N_("well-formed YAML"),
    N_("each bracket and quotation mark closed"),
    N_("one field to a line, and text with a colon in quotation marks"),
    N_("each entry of a block at the same depth"),
    N_("spaces"),
    N_("text that begins so in quotation marks"),
    N_("a field and its value"),
    N_("one document"),
    N_("each value written out"),
    N_("the field once"),
    N_("a value without a tag"),
    N_("a value that its tag allows"),
    N_("the value itself"),
    N_("an agreement file (.yaml), a spreadsheet (.xlsx) or a table (.csv)"),
    N_("a spreadsheet saved as .xlsx, in the new form"),
    N_("a spreadsheet that can be opened"),
    N_("a table with a heading for each column"),
    N_("the reference of an agreement of the register"),
    N_("the same agreement as in the rows above: one file is one agreement"),
    N_("one agreement: one row below the headings"),
    N_("another reference: %(file)s has this one"),
    N_("another reference: this one stands for the policy of the house"),
    N_("another reference: this one is taken by an agreement that you do not see"),
    N_("a date such as 2018, 2018-09 or 2018-09-30"),
    N_("a day such as 2018-09-30"),
    N_("a time zone such as Europe/London"),
    N_("a year from 0001 on"),
    N_("a month from 01 to 12"),
    N_("a day from 01 to %(last)s in %(month)s"),
    N_("an end after the start"),
    N_("a notice period in months or in days, one of the two"),
    N_("a link or a file, one of the two"),
    N_("text without it"),
    N_("a whole number up to %(count)s"),
    N_("a finite number"),
    N_("a commitment of this agreement"),
    N_("a reference of its own"),
    N_("each once"),
    N_("the party's name in at least one language"),
    N_("the party's kind: a party is written out with kind and names, or named by its reference alone"),
    N_("another party"),
    N_("another person"),
    N_("a date not before %(day)s, when it takes effect"),
    N_("a date not before %(day)s"),
    N_("one of the parties"),
    N_("each person once"),
    N_("each party once"),
    N_("each commitment once"),
    N_("false or nothing: the agreement expires %(day)s"),
    N_("a contact of this file or of the register"),
    N_("a contact of this file"),
    N_("somebody who answers: a leader reads, and is asked nothing"),
    N_("another reference: this one is a contact of %(party)s"),
    N_("a contact of %(party)s, not of %(other)s"),
    N_("a contact of %(party)s"),
    N_("how often it recurs: a recurring commitment needs it"),
    N_("the quantity and its unit: a target needs them"),
    N_("kind recurring"),
    N_("kind target"),
    N_("a date that has begun: it can be recorded once it has happened"),
    N_("a date from %(year)s on"),
    N_("a date within %(count)s years"),
    N_("a day that is not over"),
    N_("nothing yet: it still owes something here (%(detail)s); settle, waive or withdraw that first"),
    N_("none on a commitment that was given up: set its state to active before reporting on it"),
    N_("another agreement"),
    N_("a name that no period of the commitment can have, such as %(name)s"),
    N_("an activity of this agreement"),
    N_("one of the sources"),
    N_("a party of the register, or the party written out with its kind and names"),
    N_("a commitment of the register or of another file"),
    N_("%(least)s or more"),
    N_("%(most)s or less"),
    N_("more than %(least)s"),
    N_("at most %(count)s entries"),
    N_("a whole number of fewer digits"),
    N_("a number, as 1000 or 1.5 (1.000 and 1,000 can mean two things)"),
    N_("what stands at characters %(start)s to %(end)s of %(document)s, whose SHA-256 is %(digest)s"),
)
_OF_AN_ACTIVITY = 4
"""Agreement, activity, and the agreement and the commitment for which it counts."""
_DID_YOU_MEAN = N_("%(expected)s (did you mean “%(near)s”?)")
_CHOICES = re.compile("one of (?!the )(?P<choices>.+)")
_NEAR = re.compile(r"(?P<expected>.*) \(did you mean '(?P<near>[^']*)'\?\)", re.DOTALL)
_LIMITS: dict[Limit, str] = {
    Limit.AGREEMENT_OF_OTHERS: N_("The agreement %(reference)s is one of others."),
    Limit.OWN_PARTY_MISSING: N_("Your own party, %(reference)s, must be one of the parties."),
    Limit.PARTY_OF_OTHERS: N_(
        "The party %(reference)s is not yours: what the register holds of it stays as it is. To name it, its reference "
        "alone is enough."
    ),
    Limit.PERSON_OF_OTHERS: N_("The contact %(reference)s is of another party: only its own side changes it."),
    Limit.OWNERS_ONLY: N_("The contact %(reference)s is new at a party that is not yours: it can only be an owner."),
    Limit.TIE_OF_OTHERS: N_("The relationship %(reference)s holds agreements of others: it stays as it is."),
    Limit.SAID_BY_OTHERS: N_("%(reference)s is a report or confirmation of another side: it is given by that side."),
    Limit.OWED_BY_OTHERS: N_(
        "%(reference)s: your party does not owe this commitment. Who owes it reports and measures how it goes."
    ),
    Limit.CONFIRMED_BY_FILE: N_(
        "%(reference)s is a confirmation: it is given on the page of the commitment, by the side that is asked."
    ),
    Limit.KEPT_BY_FILE: N_(
        "%(reference)s: that it is fulfilled is reported by a party that owes it, and the other side is asked to "
        "confirm it. In a file this is a report with “fulfilled”."
    ),
    Limit.MEASURED_BY_OTHERS: N_("%(reference)s is a number that another side recorded: only that side takes it back."),
    Limit.STEP_SAID_BY_OTHERS: N_(
        "%(reference)s: how this milestone went is said by who is to take it. Another side gives it other words or "
        "another date, or waives it."
    ),
    Limit.STEP_OF_OTHERS: N_(
        "%(reference)s: who is to take this milestone is not one side's to decide. An administrator sets it once both "
        "sides want it."
    ),
    Limit.WHO_OWES: N_(
        "%(reference)s: who owes a commitment that stands is not one side's to decide. An administrator sets it once "
        "both sides want it."
    ),
    Limit.OWNER_OF_OTHERS: N_(
        "%(reference)s: who answers for this commitment at another party is named by a coordinator of that party."
    ),
    Limit.PLACE_OF_OTHERS: N_(
        "%(reference)s: a party that has a coordinator is made a witness, or leaves, by a coordinator of its own or an "
        "administrator."
    ),
    Limit.ADMINISTRATORS_ADDRESS: N_(
        "The contact %(reference)s: only an administrator gives or takes away an administrator's mail address."
    ),
    Limit.ADDRESS_OF_ANOTHER_SIDE: N_(
        "The contact %(reference)s has the mail address of a person of another party: each side has its own."
    ),
    Limit.DEPUTY_OF_ANOTHER_SIDE: N_(
        "The contact %(reference)s has a deputy of another party: a deputy answers for their own side."
    ),
    Limit.WORD_OF_ANOTHER_SIDE: N_(
        "%(reference)s: that fewer are asked to confirm what is reported is not one side's to decide. The other side "
        "is asked on the agreement's page “Rules for reminders”."
    ),
    Limit.LAST_COORDINATOR: N_(
        "%(reference)s alone coordinates this side, and stays so until somebody else does: first make another its "
        "coordinator."
    ),
    Limit.OPERATORS_ROLE: N_("The contact %(reference)s: only an administrator names an operator."),
}


def tell_expected(words: Words, text: str, found: str = "", name: Callable[[str], str] | None = None) -> str:
    """What is expected, in the reader's language; as it is said in English where there are no words for it.

    `name` names a word of the vocabulary as the reader may write it, where they need not write it as it is; what is
    nearest to what was `found` is then looked for among those names too.
    """
    if name is not None:
        text = _name_choices(words, text, found, name)
    near = _NEAR.fullmatch(text)
    if near is not None:
        parts = {"expected": _say(words, near["expected"], _EXPECTED), "near": near["near"]}
        return clean_text(words.gettext(_DID_YOU_MEAN) % parts)
    return clean_text(_say(words, text, _EXPECTED))


def _name_choices(words: Words, text: str, found: str, name: Callable[[str], str]) -> str:
    near = _NEAR.fullmatch(text)
    choices = _CHOICES.fullmatch(near["expected"] if near else text)
    if choices is None:
        return f"{near['expected']} (did you mean {name(near['near'])!r}?)" if near else text
    named = [name(one) for one in choices["choices"].split(", ")]
    said = f"one of {words.join(named)}"
    return f"{said} (did you mean {name(near['near'])!r}?)" if near else suggest(found.strip("'"), named, said)


def tell_found(words: Words, text: str) -> str:
    """What was found: a value as it is, or words about it in the reader's language."""
    return clean_text(_say(words, text, _FOUND))


def describe_problems(words: Words, problems: Iterable[Problem]) -> list[FaultView]:
    """The faults of a drawn agreement, which has no file and no lines."""
    said = words.gettext("found %(found)s; expected is %(expected)s")
    return [
        FaultView(
            clean_text(one.field),
            said % {"found": tell_found(words, one.found), "expected": tell_expected(words, one.expected)},
            "",
        )
        for one in problems
    ]


def list_fault_rows(words: Words, problems: Iterable[Problem], *, of_sheet: bool = False) -> list[FaultRow]:
    """The faults of a file, each with its place. A spreadsheet takes the words of the pages, so they are offered."""
    name = name_choice(words) if of_sheet else None
    return [
        FaultRow(
            clean_text(one.file),
            str(one.line) if one.line else "",
            clean_text(one.field),
            tell_found(words, one.found),
            tell_expected(words, one.expected, one.found, name),
        )
        for one in problems
    ]


def describe_oversteps(words: Words, oversteps: Iterable[Overstep]) -> list[FaultView]:
    """What is not theirs to change, but for what stands at a place of its own in a file."""
    return [FaultView("", _tell_overstep(words, one), "") for one in oversteps if one.place is None]


def list_overstep_rows(words: Words, oversteps: Iterable[Overstep]) -> list[FaultRow]:
    """What is not theirs to change, and who may, each with its place in the file."""
    return [
        FaultRow(
            clean_text(one.place.file),
            str(one.place.line) if one.place.line else "",
            clean_text(one.place.field),
            clean_text(one.place.found),
            _tell_overstep(words, one),
        )
        for one in oversteps
        if one.place is not None
    ]


def _tell_overstep(words: Words, one: Overstep) -> str:
    parts = one.reference.split("/")
    if one.limit is Limit.AGREEMENT_OF_OTHERS and len(parts) == _OF_AN_ACTIVITY:
        said = {"activity": words.quote(clean_text(parts[1])), "commitment": clean_text("/".join(parts[2:]))}
        return (
            words.gettext("The activity %(activity)s counts for %(commitment)s, under an agreement of others.") % said
        )
    return words.gettext(_LIMITS[one.limit]) % {"reference": clean_text(one.reference)}


def has_words(text: str) -> bool:
    """Whether there are words for what a reader of files expects."""
    near = _NEAR.fullmatch(text)
    return _find(near["expected"] if near else text, _EXPECTED) is not None


def _say(words: Words, text: str, phrases: tuple[str, ...]) -> str:
    found = _find(text, phrases)
    return words.gettext(found[0]) % found[1] if found is not None else text


def _find(text: str, phrases: tuple[str, ...]) -> tuple[str, dict[str, str]] | None:
    for phrase, pattern in _compile(phrases):
        if match := pattern.fullmatch(text):
            return phrase, match.groupdict()
    return None


@lru_cache(maxsize=2)
def _compile(phrases: tuple[str, ...]) -> list[tuple[str, re.Pattern[str]]]:
    # What says one thing alone goes before what has room for anything: "one of the parties" is no list of choices.
    ordered = sorted(phrases, key=lambda one: "%(" in one)
    return [(one, re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(one)), re.DOTALL)) for one in ordered]
