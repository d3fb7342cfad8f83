"""What the engine gives as a reason is read in the reader's language, with names in place of references."""

import pytest

from notifications.names import Names
from portal.engine_words import tell_why
from portal.page_words import load_page_words

NAMES = Names({1: {"en": "Harrowmere", "zh": "哈罗米尔"}}, {}, {1: "harrowmere"}, {"harrowmere": 1}, {})


@pytest.mark.parametrize(
    ("stored", "english", "chinese"),
    [
        ("its cause is gone", "its cause is gone", "事由已不存在"),
        ("it is settled", "it is settled", "已了结"),
        ("the examples", "the examples", "示例"),
        ("it is fulfilled", "it stands as: Fulfilled", "当前状态：已履行"),
        ("answered; asked again after 2026-03-20", "answered; asked again after 20 March 2026", "2026年3月20日"),
        ("returned by harrowmere: Page 3 is missing", "sent back by Harrowmere: Page 3 is missing", "由哈罗米尔退回"),
        ("returned by harrowmere", "sent back by Harrowmere", "由哈罗米尔退回"),
        ("returned by nobody known", "returned by nobody known", "returned by nobody known"),
        ("They asked for it", "They asked for it", "They asked for it"),
        ("it is what it is", "it is what it is", "it is what it is"),
        ("", "", ""),
    ],
)
def test_a_reason_of_the_engine_is_said_in_words_and_one_that_people_wrote_stays(
    stored: str, english: str, chinese: str
) -> None:
    assert english.lower() == tell_why(load_page_words("en"), NAMES, stored).lower()
    assert chinese in tell_why(load_page_words("zh-Hans"), NAMES, stored)
