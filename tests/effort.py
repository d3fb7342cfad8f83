"""How hard the tests try: how many examples of a property, and what becomes of those that this machine cannot run."""

import os
from typing import Any, NoReturn

import pytest
from hypothesis import settings

QUICK = os.environ.get("TEST_EFFORT") == "quick"
"""Set by `make check`."""

DEEP = os.environ.get("TEST_EFFORT") == "deep"
"""Set by `make deep`."""


def try_examples(most: int) -> settings:
    """Half as many examples in `make test`, an eighth in `make check`, at least ten; `make deep`: ten times."""
    return settings(max_examples=most * 10 if DEEP else max(most // (8 if QUICK else 2), 10))


def draw_lives(number: int) -> range:
    """The seeds of as many drawn lives of a register in `make test`, four times as many in `make deep`."""
    return range(number * 4 if DEEP else number)


def choose_databases() -> list[Any]:
    """For what is shown on PostgreSQL elsewhere at less cost: SQLite in `make test`, both in `make deep`."""
    return ["sqlite", *[pytest.param("postgresql", marks=pytest.mark.slow)] * DEEP]


def leave_out(reason: str) -> NoReturn:
    """Skip what cannot be run here, which the end of the run tells; but fail where CI says that all has to be run."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}; with CI set nothing is left out")
    pytest.skip(reason)
