"""Ids given as one value find what ids given one by one find, on both databases."""

import pytest
from sqlalchemy import Engine, insert, select

from commitments.database import open_reading, open_unit
from commitments.listed import is_listed
from commitments.tables import party


@pytest.mark.parametrize("ids", [(), (3,), (7, 2, 2, 99)])
def test_ids_in_a_list_find_their_rows(engine: Engine, ids: tuple[int, ...]) -> None:
    rows = [{"id": one, "reference": f"p-{one}", "kind": "city", "names": {}} for one in range(1, 10)]
    with open_unit(engine) as unit:
        unit.execute(insert(party), rows)
    with open_reading(engine) as reading:
        found = reading.execute(select(party.c.id).where(is_listed(party.c.id, ids)).order_by(party.c.id)).scalars()
        rest = reading.execute(select(party.c.id).where(~is_listed(party.c.id, ids), party.c.id < 3)).scalars()
        assert found.all() == sorted({one for one in ids if one < 10})
        assert rest.all() == [one for one in (1, 2) if one not in ids]


def test_lists_of_any_length_are_one_statement_to_the_cache() -> None:
    one, many = (select(party.c.id).where(is_listed(party.c.id, range(length))) for length in (1, 500))
    assert one._generate_cache_key() == many._generate_cache_key()
