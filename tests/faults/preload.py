"""Lives through a day in the server that a day's processes are forked from, so that they need not load a thing."""

import gc
import tempfile
from dataclasses import replace
from pathlib import Path

import psycopg

from commitments.database import open_database
from migrations import migrate_database
from notifications import pictures
from tests.faults.dataset import fill_register
from tests.faults.day import Orders, draw_once, run_day
from tests.faults.post_office import running_offices

assert psycopg


def live_a_day() -> None:
    with tempfile.TemporaryDirectory(prefix="tally-preload-") as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'tally.db'}"
        engine = open_database(url)
        migrate_database(engine)
        fill_register(engine, 60)
        engine.dispose()
        with running_offices(folder) as offices:
            run_day(replace(Orders(url, offices.open().url)).settings())


pictures.draw_summary = draw_once
live_a_day()
gc.freeze()  # what is collected is copied to every child
