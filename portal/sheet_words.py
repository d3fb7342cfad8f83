"""What the sheets, headings and words of a spreadsheet are called; all are understood in each language of the pages."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from commitments.sheet_columns import SHEETS, Column, SheetName
from commitments.sheet_rows import Headings
from notifications.phrases import N_
from notifications.wording import Words
from portal.page_words import load_page_words

_SHEETS: Mapping[SheetName, str] = {
    SheetName.AGREEMENT: N_("Agreement"),
    SheetName.PARTIES: N_("Parties"),
    SheetName.SIGNATORIES: N_("Signatories"),
    SheetName.CONTACTS: N_("Contacts"),
    SheetName.COMMITMENTS: N_("Commitments"),
    SheetName.MILESTONES: N_("Milestones"),
}
REMARKS = N_("Remarks")
"""A sheet for who reads it: nothing is taken from it when it is brought again."""
_HEADS = {
    one: one
    for one in (
        *(N_("agreement"), N_("title"), N_("kind"), N_("effective"), N_("expires"), N_("open ended"), N_("term")),
        *(N_("renewal"), N_("renewal months"), N_("renew by"), N_("notice months"), N_("notice days"), N_("ended")),
        *(N_("ended reason"), N_("note"), N_("reference"), N_("name"), N_("country"), N_("subdivision")),
        *(N_("time zone"), N_("language"), N_("role"), N_("signed"), N_("party"), N_("office"), N_("mail")),
        *(N_("valid from"), N_("valid to"), N_("deputy"), N_("summary"), N_("owners"), N_("owed"), N_("due")),
        *(N_("confirm by"), N_("period from"), N_("period to"), N_("every"), N_("interval"), N_("times")),
        *(N_("counted"), N_("starts"), N_("quantity"), N_("unit"), N_("comparator"), N_("baseline"), N_("theme")),
        *(N_("implementers"), N_("quote"), N_("condition"), N_("commitment"), N_("state"), N_("met on")),
        *(N_("as of"),),
    )
}
_WORDS = {
    one: one
    for one in (
        *(N_("memorandum"), N_("sister city"), N_("friendship"), N_("economic partnership"), N_("cooperation")),
        *(N_("implementing"), N_("network membership"), N_("letter of intent"), N_("intergovernmental")),
        *(N_("declared plans"), N_("contract"), N_("other"), N_("none"), N_("automatic"), N_("by agreement")),
        *(N_("by vote"), N_("city"), N_("region"), N_("district"), N_("university"), N_("institute"), N_("ministry")),
        *(N_("company"), N_("association"), N_("enterprise partnership"), N_("network"), N_("government")),
        *(N_("member"), N_("secretariat"), N_("witness"), N_("coordinator"), N_("owner"), N_("leader")),
        *(N_("operator"), N_("deliverable"), N_("recurring"), N_("target"), N_("open ended"), N_("planned")),
        *(N_("jointly"), N_("each"), N_("month"), N_("quarter"), N_("year"), N_("at least"), N_("at most")),
        *(N_("about"), N_("scheduled"), N_("met"), N_("partially met"), N_("not met"), N_("waived")),
    )
}


def name_sheet(words: Words) -> Callable[[SheetName], str]:
    return lambda sheet: words.gettext(_SHEETS[sheet])


def name_head(words: Words) -> Callable[[str], str]:
    return lambda head: words.gettext(_HEADS[head])


def name_word(words: Words) -> Callable[[Column, str], str]:
    return lambda _column, word: words.gettext(_WORDS.get(word.replace("_", " "), word.replace("_", " ")))


def name_choice(words: Words) -> Callable[[str], str]:
    """A word of the vocabulary, a heading or a sheet by the name that the reader's own spreadsheet has for it."""
    named = {**{str(sheet): text for sheet, text in _SHEETS.items()}, **_HEADS, **_WORDS}
    return lambda word: words.gettext(named.get(word.replace("_", " "), word))


@lru_cache(maxsize=1)
def list_headings() -> Headings:
    """Everything that may stand in a spreadsheet, in any language of the pages."""
    heads: dict[str, str] = {}
    sheets: dict[str, str] = {}
    spoken: dict[str, str] = {}
    for words in (load_page_words("zh"), load_page_words("en")):
        heads |= {words.gettext(name).casefold(): head for head, name in _HEADS.items()}
        sheets |= {words.gettext(name).casefold(): str(sheet).casefold() for sheet, name in _SHEETS.items()}
        say = name_word(words)
        for columns in SHEETS.values():
            for column in columns:
                for word in column.words or ():
                    spoken[f"{column.head}:{say(column, str(word)).casefold()}"] = str(word)
    remarks = frozenset(load_page_words(tag).gettext(REMARKS).casefold() for tag in ("zh", "en"))
    return Headings(heads, sheets, spoken, remarks)
