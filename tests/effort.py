"""How hard the tests of properties try: all of `make test`'s examples, or few of them while one writes."""

import os

from hypothesis import settings

QUICK = os.environ.get("TEST_EFFORT") == "quick"
"""Set by `make check`."""


def try_examples(most: int) -> settings:
    """As many examples in `make test`, an eighth of them in `make check`."""
    return settings(max_examples=max(most // 8, 10) if QUICK else most)
