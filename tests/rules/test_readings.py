"""Whose words are left behind when those of another language are changed."""

from commitments.readings import find_left_behind
from tests.rules.cases import table

BOTH = {"en": "Build it", "zh": "建造"}


@table(
    ("nothing changed leaves nothing behind", BOTH, BOTH, []),
    ("one language changed leaves the other behind", BOTH, BOTH | {"en": "Build both"}, ["zh"]),
    ("both changed leave nothing behind", BOTH, {"en": "Build both", "zh": "建两座"}, []),
    ("a language that is new leaves nothing behind", {"en": "Build it"}, BOTH, []),
    ("one that is taken away leaves nothing behind", BOTH, {"en": "Build it", "zh": ""}, []),
    ("of three two are left behind", BOTH | {"tr": "İnşa et"}, BOTH | {"en": "Both", "tr": "İnşa et"}, ["zh", "tr"]),
    ("an empty one has nothing that could be", {"en": "Build it", "zh": ""}, {"en": "Build both", "zh": ""}, []),
)  # fmt: skip
def test_what_is_left_behind(before, after, tags):
    assert find_left_behind(before, after) == tags
