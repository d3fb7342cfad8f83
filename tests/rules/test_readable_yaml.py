"""Agreement files are written quickly, and as the library would write them."""

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from commitments.readable_yaml import WIDTH, ReadableDumper, write_readable
from tests.effort import try_examples

LAST = {"last": 1}
TRICKY = (
    "no", "NO", "on", "~", "null", "2018", "2018-09", "2018-09-30", "1e5", "0x1f", "1_000", "12:30:45", "=", "<<", "-",
    "- a", "a: b", "a:", "a #b", "# a", "+44", "a  b", " a", "a ", "", "\n", "a\nb\n\n", "a\tb", "\x85", "\u2028", "友",
    "x" * 119, "many words " * 40, "'", '"', "&a", "*a", "!a", "%a", "@a", "`a", "[a", "{a", "?", "? a", "|", ">", "🤝",
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="abXY019 .,-:#'\"/@_()ü中\n", max_size=200),
    st.sampled_from(TRICKY),
)
VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=20,
)


@try_examples(400)
@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
@example({text: [text, {text: text}, [text]] for text in TRICKY})
def test_all_is_written_as_the_library_does(value: dict[str, Any]) -> None:
    usual = yaml.dump(value | LAST, Dumper=ReadableDumper, sort_keys=False, allow_unicode=True, width=WIDTH)
    assert "".join(write_readable(value | LAST)) == usual


@pytest.mark.parametrize(
    ("value", "written"),
    [
        pytest.param({"due": "2018-09"}, "due: 2018-09\n", id="a month without quotes"),
        pytest.param({"countries": ["no", "se"]}, "countries:\n  - 'no'\n  - se\n", id="Norway in quotes"),
        pytest.param({"no": "Avtale"}, "'no': Avtale\n", id="Norwegian in quotes"),
        pytest.param(
            {"parties": [{"reference": "leeds", "contacts": [{"name": "Mei"}]}]},
            "parties:\n  - reference: leeds\n    contacts:\n      - name: Mei\n",
            id="entries under their field, indented",
        ),
        pytest.param({"note": "One.\nTwo."}, "note: |-\n  One.\n  Two.\n", id="lines as lines"),
    ],
)
def test_a_file_reads_as_a_person_would_write_it(value: dict[str, Any], written: str) -> None:
    assert "".join(write_readable(value)) == written
