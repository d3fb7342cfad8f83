"""Whether the sentences of an agreement file are those that stand where it says: by the fingerprint of each place."""

from collections.abc import Iterator, Mapping
from typing import Any

from commitments.agreement_form import AgreementForm, CommitmentForm
from commitments.sentences import Placed, find_place, find_unlike


def list_unlike(form: AgreementForm) -> Iterator[tuple[CommitmentForm, str, Mapping[str, Any]]]:
    """Each sentence that has not the SHA-256 of its place: the commitment, the language and the place. Pure."""
    sources = [{"document": one.document, "language": one.language} for one in form.sources]
    for one in form.commitments:
        placed = place_form(one)
        for language in find_unlike(placed, sources):
            place = find_place(placed, sources, language)
            if place is not None:
                yield one, language, place


def place_form(one: CommitmentForm) -> Placed:
    """The sentences of a commitment in a file and their places, as its row would have them."""
    places = {language: place.model_dump() for language, place in one.quote_sources.items()}
    return Placed(one.quote, one.source.model_dump() if one.source is not None else None, places)
