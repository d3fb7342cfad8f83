"""The measuring of the pages (`benchmarks/pages.py`), over a register so small that it takes a second."""

from collections.abc import Iterator

import pytest

from benchmarks.large_house import Rare
from benchmarks.page_examples import EXAMPLES, Example
from benchmarks.pages import Bench, open_bench

FEW = Rare(promises=90, changes=60, activities=20, reports=10, owned=120, messages=60)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    opened = open_bench(tmp_path_factory.mktemp("bench"), commitments=1_250, an_agreement=25, requests=2, rare=FEW)
    with opened.client:
        yield opened
    opened.ground.engine.dispose()


@pytest.mark.parametrize(
    "example", [one for one in EXAMPLES if "forecast" not in one.name], ids=lambda one: f"{one.method} {one.name}"
)
def test_what_is_measured_is_answered(bench: Bench, example: Example) -> None:
    assert bench.measure(example).statements


def test_what_is_not_answered_ends_the_measuring_and_is_shown(bench: Bench) -> None:
    gone = Example("gone", "/agreements/{reference}", "/agreements/nowhere")
    with pytest.raises(SystemExit, match="agreements/nowhere: 404"):
        bench.measure(gone)
