"""A date that is moved: the one first promised stays on record, whoever moves it and however."""

from collections.abc import Mapping
from typing import Any


def move_due(row: Any, due: str | None) -> dict[str, Any]:
    """The columns of a commitment or milestone to which people give another date."""
    return {"due": due, "first_due": row.first_due or row.due, "filed_due": row.filed_due or row.due}


def bring_due(brought: Mapping[str, Any], row: Any, *, is_dated: bool = False) -> dict[str, Any]:
    """The columns of one that is on record as `row`, if any, by what a file brings.

    A file that still says the date from before people moved it does not take that back. One that says another date
    moves it: the first stays on record, unless the file names that itself or goes back to it. Of a file that is dated
    it is known whether it is older, so that its date is what is wanted.
    """
    filed = row.filed_due if row is not None else None
    values = {**brought, "filed_due": filed}
    if row is None or row.due is None or brought["first_due"]:
        return values
    if brought["due"] is not None and brought["due"] == filed and not is_dated:
        return {**values, "due": row.due, "first_due": row.first_due}
    if brought["due"] == row.due:
        return {**values, "first_due": row.first_due}
    first = row.first_due or row.due
    return {**values, "first_due": first if brought["due"] != first else None, "filed_due": None}
