"""Many ids given to a statement as one value: a place for each takes longer to put in than its row to be found."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

IDS_A_STATEMENT = 1000
"""So many rows are named by their ids; more by the query that finds them."""


class _Listed(FunctionElement[int]):
    """The numbers of a list that is given as text."""

    name = "listed"
    type = Integer()
    inherit_cache = True


@compiles(_Listed)
def _write(listed: _Listed, compiler: Any, **said: Any) -> str:
    return "".join(("(SELECT value FROM json_each(", compiler.process(listed.clauses, **said), "))"))


@compiles(_Listed, "postgresql")
def _write_for_postgresql(listed: _Listed, compiler: Any, **said: Any) -> str:
    given = compiler.process(listed.clauses, **said)
    return "".join(("(SELECT value::integer FROM json_array_elements_text(CAST(", given, " AS json)))"))


def is_listed(column: ColumnElement[int], ids: Iterable[int]) -> ColumnElement[bool]:
    """Whether an id is among these: as `column.in_(ids)`, by the same statement however many there are."""
    within = column.op("IN", precedence=5, is_comparison=True)
    found: ColumnElement[bool] = within(_Listed(json.dumps(sorted(ids))))
    return found
