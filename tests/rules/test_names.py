"""What is shown to a reader in their own language, and what stands in for it where the register does not have it."""

from types import SimpleNamespace

import pytest

from notifications.names import choose_promise, choose_words, find_words, name_promise

EN, ZH, KO = "Both cities shall link their libraries.", "双方应实现图书馆互联互通。", "양측은 도서관을 연결한다."
SHORT = "Link the libraries."

# what the register has besides SHORT, the reader's language, and what is shown: in full, in few words, verbatim or not
PROMISES = [
    ({}, {}, "en", (SHORT, SHORT, False)),
    ({}, {}, "zh-CN", (SHORT, SHORT, False)),
    ({"en": EN, "zh": ZH}, {}, "en-GB", (EN, SHORT, True)),
    ({"en": EN, "zh": ZH}, {"en": "Link them."}, "en", (EN, "Link them.", True)),
    ({"en": EN, "zh": ZH}, {"zh": "图书馆互联"}, "zh", (ZH, "图书馆互联", True)),
    ({"en": EN, "zh": ZH}, {"zh": "图书馆互联"}, "zh-Hans-CN", (ZH, "图书馆互联", True)),
    ({"en": EN, "zh": ZH}, {}, "zh", (ZH, None, True)),
    ({"en": EN}, {"zh": "图书馆互联"}, "zh", ("图书馆互联", "图书馆互联", False)),
    ({"en": EN}, {}, "zh", (EN, SHORT, True)),
    ({"en": EN, "zh": ZH}, {"zh": "图书馆互联"}, "ko", (EN, SHORT, True)),
    ({"ko": KO}, {"zh": "图书馆互联"}, "zh", ("图书馆互联", "图书馆互联", False)),
    ({"ko": KO}, {}, "zh", (SHORT, SHORT, False)),
]


@pytest.mark.parametrize(("quote", "summaries", "language", "shown"), PROMISES)
def test_a_promise_is_told_in_the_readers_language_before_english_and_never_in_both(
    quote: dict[str, str], summaries: dict[str, str], language: str, shown: tuple[str, str | None, bool]
) -> None:
    row = SimpleNamespace(summary=SHORT, summaries=summaries, quote=quote)
    assert choose_promise(row, language) == shown
    assert name_promise(row, language) == (shown[1] or shown[0])


def test_a_matter_without_a_commitment_promises_nothing() -> None:
    row = SimpleNamespace(summary=None, summaries=None, quote=None)
    assert choose_promise(row, "zh") == (None, None, False)


def test_words_are_those_of_the_language_else_of_its_base_else_english_else_any() -> None:
    words = {"ko": "가", "en": "a", "zh": "甲", "zh-Hant": "乙"}
    assert [choose_words(words, one) for one in ("zh-Hant", "zh-CN", "tr", "en-GB")] == ["乙", "甲", "a", "a"]
    assert choose_words({"ko": "가"}, "zh") == "가"
    assert choose_words({}, "zh") == ""
    assert (find_words(words, "tr"), find_words(None, "zh")) == (None, None)
