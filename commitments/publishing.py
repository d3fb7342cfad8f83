"""Shows an agreement to everybody, or no longer: a decision of its coordinator, logged."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from commitments.database import insert_new
from commitments.errors import RefusedChange
from commitments.log import Author, Change, record_changes
from commitments.references import find_agreement
from commitments.tables import agreement, public_page


def publish_agreement(unit: Connection, author: Author, reference: str, *, is_found_by_search: bool) -> bool:
    """Show an agreement to everybody; tells whether that is new, or search engines are told otherwise than before.

    Raises NotFound for an agreement that is not known.
    """
    head = find_agreement(unit, reference)
    insert_new(unit, public_page, [{"agreement_id": head.id, "is_found_by_search": False}])
    row = _hold(unit, head.id)
    shown = row.published_at or author.at
    changes: dict[str, tuple[Any, Any]] = {}
    if row.published_at is None:
        changes["published_at"] = (None, shown)
    if row.is_found_by_search != is_found_by_search:
        changes["is_found_by_search"] = (row.is_found_by_search, is_found_by_search)
    if not changes:
        return False
    values = {"published_at": shown, "is_found_by_search": is_found_by_search}
    unit.execute(update(public_page).where(public_page.c.id == row.id).values(**values))
    action = "published" if row.published_at is None else "amended"
    record_changes(unit, author, [Change(action, public_page.name, row.id, reference, head.id, changes)])
    return True


def withdraw_page(unit: Connection, author: Author, reference: str) -> None:
    """Show an agreement to nobody but its own people any more.

    Raises NotFound for an agreement that is not known, RefusedChange for one that is not shown.
    """
    head = find_agreement(unit, reference)
    row = _hold(unit, head.id)
    if row is None or row.published_at is None:
        raise RefusedChange(f"{reference} is not published")
    unit.execute(update(public_page).where(public_page.c.id == row.id).values(published_at=None))
    changes = {"published_at": (row.published_at, None)}
    record_changes(unit, author, [Change("withdrawn", public_page.name, row.id, reference, head.id, changes)])


def find_published(reading: Connection, reference: str) -> Row[Any] | None:
    """The row of an agreement that everybody may see, with when it was published; None for any other."""
    return reading.execute(
        select(agreement, public_page.c.published_at, public_page.c.is_found_by_search)
        .join(public_page, public_page.c.agreement_id == agreement.c.id)
        .where(agreement.c.reference == reference, public_page.c.published_at.is_not(None))
    ).one_or_none()


def find_page(reading: Connection, agreement_id: int) -> tuple[datetime | None, bool]:
    """Since when an agreement is shown to everybody (None: it is not), and whether search engines may list it."""
    columns = (public_page.c.published_at, public_page.c.is_found_by_search)
    row = reading.execute(select(*columns).where(public_page.c.agreement_id == agreement_id)).one_or_none()
    return (row.published_at, row.is_found_by_search) if row is not None else (None, False)


def _hold(unit: Connection, agreement_id: int) -> Any:
    query = select(public_page).where(public_page.c.agreement_id == agreement_id)
    return unit.execute(query.with_for_update()).one_or_none()
