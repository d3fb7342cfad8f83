"""What the pages for registering call steps, kinds and mistakes."""

from functools import lru_cache
from unicodedata import combining, normalize

from babel.core import Locale, get_global

from commitments.sketch import Step
from commitments.sketch_flaws import Flaw, Lack
from commitments.vocabulary import Comparator, ContactRole, Every, PartyKind
from notifications.phrases import N_
from notifications.wording import Words

LANGUAGES = (
    *("en", "zh", "de", "fr", "es", "tr", "ko", "bg", "ar", "cs", "da", "el", "fa", "fi", "he", "hi", "hu", "id", "it"),
    *("ja", "ka", "kk", "ky", "mn", "ms", "nl", "no", "pl", "pt", "ro", "ru", "sr", "sv", "th", "uk", "ur", "uz", "vi"),
)
_STEPS: dict[Step, str] = {
    Step.PARTIES: N_("Parties"),
    Step.DATES: N_("Dates and term"),
    Step.COMMITMENTS: N_("Commitments"),
    Step.OWNERS: N_("Owners"),
    Step.MORE: N_("More, if needed"),
    Step.CHECK: N_("Check"),
}
_PARTY_KINDS: dict[PartyKind, str] = {
    PartyKind.CITY: N_("city"),
    PartyKind.REGION: N_("region"),
    PartyKind.DISTRICT: N_("district"),
    PartyKind.UNIVERSITY: N_("university"),
    PartyKind.INSTITUTE: N_("institute"),
    PartyKind.MINISTRY: N_("ministry"),
    PartyKind.COMPANY: N_("company"),
    PartyKind.ASSOCIATION: N_("association"),
    PartyKind.ENTERPRISE_PARTNERSHIP: N_("enterprise partnership"),
    PartyKind.NETWORK: N_("network"),
    PartyKind.GOVERNMENT: N_("government"),
    PartyKind.OTHER: N_("other"),
}
_CONTACT_ROLES: dict[ContactRole, str] = {
    ContactRole.OWNER: N_("owner: answers for commitments"),
    ContactRole.COORDINATOR: N_("coordinator: keeps the agreements"),
    ContactRole.LEADER: N_("leader: gets the picture"),
    ContactRole.OPERATOR: N_("operator: watches the engine"),
}
_EVERY: dict[Every, str] = {
    Every.YEAR: N_("every year"),
    Every.QUARTER: N_("every quarter"),
    Every.MONTH: N_("every month"),
}
_COMPARATORS: dict[Comparator, str] = {
    Comparator.AT_LEAST: N_("at least"),
    Comparator.AT_MOST: N_("at most"),
    Comparator.ABOUT: N_("about"),
}
_SOURCE_KINDS: dict[str, str] = {
    "signed_text": N_("the signed text"),
    "press_release": N_("a press release"),
    "news": N_("a news report"),
    "report": N_("a report"),
    "minutes": N_("minutes"),
    "speech": N_("a speech"),
    "other": N_("something else"),
}
_UNKNOWN = "ZZ"
_DATED = (Lack.NOT_BEFORE, Lack.ENDS_BEFORE)
"""What says of a day that another must not be before it."""
_LACKS: dict[Lack, str] = {
    Lack.MISSING: N_("This is missing."),
    Lack.END_NOT_SAID: N_(
        "You gave a date of its end: choose here that it expires on a date, or leave that date empty."
    ),
    Lack.TOO_LONG: N_("This is too long: at most %(detail)s characters."),
    Lack.NO_DATE: N_("This is no date, or can mean two. Write a day, a month or a year: 2026-11-20, 2026-11 or 2026."),
    Lack.NOT_BEFORE: N_("This must not be before %(detail)s, when it takes effect."),
    Lack.NO_NUMBER: N_("This is no number, or can mean two: for 1.000 or 1,000 write 1000, or 1.0."),
    Lack.BELOW_ZERO: N_("This cannot be below 0."),
    Lack.NO_WHOLE_NUMBER: N_("A whole number is needed here: %(detail)s."),
    Lack.UNKNOWN_ZONE: N_("There is no such time zone. Write it like Europe/London or Asia/Shanghai."),
    Lack.NO_MAIL: N_("This is no mail address. Write it like a.person@leeds.example."),
    Lack.UNKNOWN_PARTY: N_(
        "The register does not know it. Correct the name, or say what and where it is: then it is new."
    ),
    Lack.COUNTRY_MISSING: N_("Say in which country it is: its holidays are kept."),
    Lack.PARTY_TWICE: N_("This party stands here already."),
    Lack.TOO_FEW_PARTIES: N_("An agreement has at least two parties."),
    Lack.OWN_PARTY_MISSING: N_("Your own party, %(detail)s, must be one of them: otherwise you would not see it."),
    Lack.PERSON_TWICE: N_("This person stands here already, or in the register."),
    Lack.ADDRESS_OF_OTHERS: N_("This is the mail address of %(detail)s, of another party: each side has its own."),
    Lack.OWNERS_ONLY: N_("To a party that is not yours you can only add people who answer for commitments."),
    Lack.LEADER_READS: N_("%(detail)s is a leader, who reads and is asked nothing. Choose somebody else."),
    Lack.LANGUAGE_MISSING: N_("Say in which language this is."),
    Lack.LANGUAGE_TWICE: N_("This is the same language as above."),
    Lack.PLAN_REPEATS: N_("What is only planned is confirmed first, and repeats then. Choose no here."),
    Lack.NOTHING_CHOSEN: N_("Choose one."),
    Lack.ENDS_BEFORE: N_("This must not be before %(detail)s, when it begins."),
    Lack.NO_MONTHS: N_("Write the months by their numbers, 1 to 12: 4, 10."),
    Lack.NO_CURRENCY: N_("This is no currency. Write its code of three letters, such as EUR or CNY."),
    Lack.NO_REFERENCE: N_("A short name has only small letters of the Latin alphabet, digits, dots and hyphens."),
    Lack.REFERENCE_TAKEN: N_("This short name is taken. Choose another, or leave it empty."),
    Lack.OTHER_FINGERPRINT: N_(
        "This is not the fingerprint of the sentence on record. Leave it empty, and it follows from the sentence."
    ),
    Lack.NO_FINGERPRINT: N_("A fingerprint of this kind has 64 digits and letters from a to f."),
    Lack.PARENT_UNKNOWN: N_("The register does not know it. Leave it empty, or write its name as the register has it."),
    Lack.UNKNOWN_AGREEMENT: N_("There is no such agreement among those that you see. Choose one of those offered."),
    Lack.NO_RULE: N_("This cannot be read. Whole numbers are expected, with commas between them if there are several."),
    Lack.TWICE: N_("This stands here already."),
    Lack.NOTHING_CHANGED: N_("Nothing is different from what is on record."),
    Lack.POINTED_AT: N_("Sentences are shown to stand in “%(detail)s”: it keeps its name and stays."),
    Lack.STAYS: N_("“%(detail)s” is on record and stays; put it right in its place."),
    Lack.LEFT_BEHIND: N_(
        "This stays as it was while another language is changed. Change it too, or say below that it still fits."
    ),
    Lack.ANSWERED_NO: N_(
        "This is filled in, but the question above it is answered so that it does not count. Change that answer, or "
        "empty this field."
    ),
    Lack.STILL_OWES: N_("It still owes something here (%(detail)s): settle, waive or withdraw that first."),
}
_DID_YOU_MEAN = N_("Did you mean “%(detail)s”?")


def name_step(words: Words, step: Step) -> str:
    return words.gettext(_STEPS[step])


def list_party_kinds(words: Words) -> list[tuple[str, str]]:
    return [(str(kind), words.gettext(name)) for kind, name in _PARTY_KINDS.items()]


def list_contact_roles(words: Words) -> list[tuple[str, str]]:
    return [(str(role), words.gettext(name)) for role, name in _CONTACT_ROLES.items()]


def list_every(words: Words) -> list[tuple[str, str]]:
    return [(str(every), words.gettext(name)) for every, name in _EVERY.items()]


def list_comparators(words: Words) -> list[tuple[str, str]]:
    return [(str(one), words.gettext(name)) for one, name in _COMPARATORS.items()]


def list_source_kinds(words: Words) -> list[tuple[str, str]]:
    return [(kind, words.gettext(name)) for kind, name in _SOURCE_KINDS.items()]


def tell_flaw(words: Words, flaw: Flaw) -> str:
    """What is wrong with a field, and what is expected."""
    detail = words.format_partial(flaw.detail) if flaw.lack in _DATED and flaw.detail else flaw.detail
    said = words.gettext(_LACKS[flaw.lack]) % {"detail": detail}
    if flaw.lack in (Lack.UNKNOWN_PARTY, Lack.PARENT_UNKNOWN) and flaw.detail:
        said = " ".join([said, words.gettext(_DID_YOU_MEAN) % {"detail": flaw.detail}])
    return said


@lru_cache(maxsize=8)
def list_languages(locale: str) -> tuple[tuple[str, str], ...]:
    """Languages by code, with their names in the reader's; the messages' own come first."""
    names = Locale.parse(locale).languages
    return tuple((code, str(names.get(code, code))) for code in LANGUAGES)


@lru_cache(maxsize=8)
def list_countries(locale: str) -> tuple[tuple[str, str], ...]:
    """Countries by code, in the order of their names in the reader's language, letters with marks beside those
    without."""
    names = Locale.parse(locale).territories
    known = [code for code in get_global("territory_zones") if len(code) == 2 and code in names and code != _UNKNOWN]

    def rank(one: tuple[str, str]) -> tuple[str, str]:
        return "".join(letter for letter in normalize("NFKD", one[1]) if not combining(letter)).casefold(), one[1]

    return tuple(sorted(((code, str(names[code])) for code in known), key=rank))
