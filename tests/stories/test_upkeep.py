"""What keeping the database in order leaves behind."""

from sqlalchemy import Engine

from commitments.database import open_reading, open_unit
from commitments.tables import party
from flows.upkeep import tidy_database


def test_the_database_knows_afterwards_how_much_there_is_of_what_and_finds_by_it(sqlite_engine: Engine) -> None:
    names = {"kind": "city", "names": {}, "time_zone": "UTC"}
    with open_unit(sqlite_engine) as unit:
        unit.execute(party.insert(), [{**names, "reference": f"city-{one}"} for one in range(300)])
    sqlite_engine.dispose()  # whoever keeps it in order has just connected
    tidy_database(sqlite_engine)
    with open_reading(sqlite_engine) as reading:
        known = dict(reading.exec_driver_sql("SELECT tbl, stat FROM sqlite_stat1").all())
    assert known["party"].split()[0] == "300"
