"""What is offered while somebody types the name of another agreement."""

from sqlalchemy import Connection, select

from commitments.tables import agreement
from notifications.names import choose_words
from notifications.views import clean_text, fit_text
from notifications.wording import Words
from portal.roles import Viewer, select_visible_agreements

_OFFERED, _SHORT = 500, 60


def list_known_agreements(reading: Connection, viewer: Viewer, words: Words) -> list[tuple[str, str]]:
    """Other agreements that can be named, by their short names."""
    query = select(agreement.c.reference, agreement.c.title).where(
        agreement.c.id.in_(select_visible_agreements(viewer))
    )
    rows = reading.execute(query.order_by(agreement.c.reference).limit(_OFFERED)).all()
    return [(row.reference, fit_text(clean_text(choose_words(row.title, words.tag)), _SHORT)) for row in rows]
