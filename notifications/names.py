"""Names of parties and contacts in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from commitments.tables import contact, party


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
        for field in ("contact", "asked"):
            if named.get(field) in self.people:
                named[field] = self.people[named[field]]
        return named


def load_names(reading: Connection) -> Names:
    parties = reading.execute(select(party.c.id, party.c.reference, party.c.names)).all()
    people = reading.execute(select(contact.c.id, contact.c.reference, contact.c.name, contact.c.channels)).all()
    return Names(
        {row.id: row.names or {"en": row.reference} for row in parties},
        {row.id: (row.name, row.channels.get("mail")) for row in people},
        {row.id: row.reference for row in parties},
        {row.reference: row.id for row in parties},
        {row.reference: row.name for row in people},
    )


def choose_words(by_language: Mapping[str, str], language: str) -> str:
    """The words in the reader's language, else in its base language, else in English, else in any."""
    base = language.split("-", maxsplit=1)[0]
    for wanted in (language, base, "en"):
        if wanted in by_language:
            return by_language[wanted]
    return next(iter(by_language.values()), "")
