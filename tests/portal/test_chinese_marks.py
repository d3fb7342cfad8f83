"""Chinese pages use the marks of Chinese, and say of English words that the register has that they are English."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from tests.portal.desk import NOW, TODAY, Desk

EXAMPLE = Path(__file__).parents[2] / "examples" / "harrowmere-songlan.yaml"
OF = "/agreements/harrowmere-songlan"
HALF_WIDTH = re.compile(r"(?<=[一-鿿。”》])[:;,](?=\s|$)|[一-鿿。”》] ?\((?![A-Z][a-z]+ [A-Z])|[)][:;,] |。 （|[)] \(")


@pytest.fixture
def chinese(desk: Desk) -> Desk:
    """A browser before the one example that is written in Chinese as well."""
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(EXAMPLE.read_bytes(), EXAMPLE.name), Author("test", NOW), TODAY)
    reconcile_register(desk.engine, NOW, TODAY)
    desk.sign_in("songlan-wei")
    return desk


def list_pages(desk: Desk) -> Iterator[str]:
    yield from ("/home", "/agreements", "/calendar", "/people", "/orphans", "/messages", "/record", "/settings")
    yield from ("/brief?party=harrowmere", OF, f"{OF}/history", f"{OF}/policy", f"{OF}/public", f"{OF}/edit")
    yield from sorted(set(re.findall(rf'href="({OF}/commitments/[\w-]+)"', desk.get(OF))))


def read_lines(page: str) -> Iterator[str]:
    """What is read of a page, block by block."""
    for block in re.split(
        r"</?(?:p|li|h\d|dt|dd|td|th|caption|div|section|button|label|option|summary|title)\b[^>]*>", page
    ):
        yield unescape(re.sub(r"<[^>]*>", "", block)).strip()


def test_no_half_width_mark_stands_after_a_chinese_word(chinese: Desk) -> None:
    found = [
        f"{path}: {line}" for path in list_pages(chinese) for line in read_lines(chinese.client.get(path).text)
        if HALF_WIDTH.search(line)
    ]  # fmt: skip
    print("\n".join(found))
    assert found == []


def test_what_is_counted_is_left_to_the_sentence_where_the_register_has_it_in_english_only(chinese: Desk) -> None:
    page = chinese.get(f"{OF}/commitments/school-exchange")
    assert "每年4次" in page and "school exchange activities" not in page


@pytest.mark.parametrize("path", [OF, f"{OF}/commitments/apprentices", "/brief?party=harrowmere", "/home"])
def test_a_unit_that_the_register_has_in_english_only_says_so(chinese: Desk, path: str) -> None:
    if path == "/home":  # of who answers for it, close to its date
        chinese.clock[0] = datetime(2028, 3, 20, 9, tzinfo=UTC)
        reconcile_register(chinese.engine, chinese.clock[0], chinese.clock[0].date())
        chinese.sign_in("songlan-fu")
    page = re.sub(r"<(svg|blockquote).*?</\1>", "", chinese.client.get(path).text, flags=re.S)
    assert '<span lang="en">apprentices</span>' in page
    assert not re.search(r"\d apprentices", page)
