"""Agreements on record that one being registered looks like: the same title between the same parties."""

from sqlalchemy import Connection, Select, func, select

from commitments.sketch_flaws import Drawing
from commitments.tables import agreement, agreement_party, party

_MOST = 3


def find_twins(reading: Connection, drawing: Drawing, visible: Select[int]) -> tuple[str, ...]:
    """The references of those among the `visible`, whatever the language and the capitals of the title."""
    titles = {text.casefold().strip() for text in drawing.plain.get("title", {}).values()}
    parties = [one["reference"] for one in drawing.plain.get("parties", ()) if "reference" in one]
    if not titles or not parties:
        return ()
    shared = (
        select(agreement_party.c.agreement_id)
        .join(party, party.c.id == agreement_party.c.party_id)
        .where(party.c.reference.in_(parties))
        .group_by(agreement_party.c.agreement_id)
        .having(func.count() == len(set(parties)))
    )
    rows = reading.execute(
        select(agreement.c.reference, agreement.c.title)
        .where(agreement.c.id.in_(shared), agreement.c.id.in_(visible))
        .order_by(agreement.c.id)
    )
    found = [row.reference for row in rows if titles & {text.casefold().strip() for text in row.title.values()}]
    return tuple(found[:_MOST])
