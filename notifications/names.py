"""Names, titles and promises in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from commitments.tables import contact, party
from commitments.vocabulary import Rating
from notifications.messages import Reported

NAMED_PEOPLE = ("contact", "asked", "for", "stand_in", "former", "waiting")
"""The numbers of a reason that name a person, by their reference."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of parties and contacts, loaded once a run."""

    parties: Mapping[int, Mapping[str, str]]
    contacts: Mapping[int, tuple[str, str | None]]
    references: Mapping[int, str]
    """Each party's reference."""
    party_ids: Mapping[str, int]
    people: Mapping[str, str]
    """Each contact's name by its reference."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Each contact's mail address by its reference: for those of the same party alone."""

    def name_party(self, party_id: int, language: str) -> str:
        return choose_words(self.parties.get(party_id, {}), language)

    def name_numbers(self, numbers: Mapping[str, Any], language: str) -> dict[str, Any]:
        """The numbers of a reason with names in place of the references of parties and people."""
        named = dict(numbers)
        if "parties" in named:
            named["parties"] = [
                self.name_party(self.party_ids[one], language) if one in self.party_ids else one
                for one in named["parties"]
            ]
        if named.get("party") in self.party_ids:
            named["party"] = self.name_party(self.party_ids[named["party"]], language)
        if is_foreign(named.get("what"), language):
            named["what"] = None  # what is counted stands in one language only; the title says it in the reader's
        for number in NAMED_PEOPLE:
            if named.get(number) in self.people:
                named[number] = self.people[named[number]]
        return named


def load_names(
    reading: Connection, only: ColumnElement[bool] | None = None, parties: ColumnElement[bool] | None = None
) -> Names:
    """The names of all parties or of some `parties`, and of all contacts or of `only` some."""
    places = select(party.c.id, party.c.reference, party.c.names)
    found = reading.execute(places if parties is None else places.where(parties)).all()
    query = select(contact.c.id, contact.c.reference, contact.c.name, contact.c.channels)
    people = reading.execute(query if only is None else query.where(only)).all()
    return Names(
        {row.id: row.names or {"en": row.reference} for row in found},
        {row.id: (row.name, row.channels.get("mail")) for row in people},
        {row.id: row.reference for row in found},
        {row.reference: row.id for row in found},
        {row.reference: row.name for row in people},
        {row.reference: row.channels["mail"] for row in people if row.channels.get("mail")},
    )


def find_words(by_language: Mapping[str, str] | None, language: str) -> str | None:
    """The words in the reader's language, or in its base language; None if there are none in either."""
    if not by_language:
        return None
    if language in by_language:
        return by_language[language]
    return by_language.get(language.partition("-")[0])


def choose_words(by_language: Mapping[str, str], language: str) -> str:
    """The words in the reader's language, else in its base language, else in English, else in any."""
    found = find_words(by_language, language) or by_language.get("en")
    return found or next(iter(by_language.values()), "")


def is_english(language: str) -> bool:
    """Whether a reader of this language reads what the register says in English only."""
    return language.split("-", maxsplit=1)[0] == "en"


def is_foreign(text: str | None, language: str) -> bool:
    """Whether words that stand in one language only, as what is counted or a unit, are in another than the reader's."""
    return bool(text) and not is_english(language) and str(text).isascii()


def choose_promise(row: Any, language: str, quote: Mapping[str, str] | None = None) -> tuple[str, str | None, bool]:
    """What a commitment promises, in a few words as well, and whether the first is the sentence itself.

    The reader's language comes first: the sentence in it, else the summary in it. English stands in for what the
    reader's language lacks; but where it has the sentence, no English is put beside it. A sentence in a third language
    helps nobody. `quote`, where it is given, is the sentence by language instead of the row's own: there may be none
    that stands where it is said to.
    """
    quote = row.quote if quote is None else quote
    sentence = find_words(quote, language)
    short = find_words(row.summaries, language)
    if sentence is not None:
        return sentence, short or (row.summary if is_english(language) else None), True
    if short is not None:
        return short, short, False
    english = find_words(quote, "en")
    return english or row.summary, row.summary, english is not None


def name_promise(row: Any, language: str) -> str:
    """A commitment in a few words; the sentence itself if that is all there is in the reader's language."""
    sentence, short, _ = choose_promise(row, language)
    return short or sentence


def tell_report(row: Any, names: Names, language: str) -> Reported:
    """A progress report as it is told to whom it is to be confirmed by; the row has its `reporter`'s name."""
    return Reported(
        names.name_party(row.party_id, language),
        row.reporter,
        row.reported_on,
        Rating(row.rating),
        row.fulfilled,
        row.note,
    )
