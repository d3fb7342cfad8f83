"""What the engine gives as a reason is read in the reader's language, with names in place of references."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

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


def _list_literals(node: ast.expr, constants: Mapping[str, str]) -> Iterator[str]:
    """What an expression can say by itself: its literals, with a day in the place of what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Name) and node.id in constants:
        yield constants[node.id]
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(one.value) if isinstance(one, ast.Constant) else "2026-03-20" for one in node.values)
    elif isinstance(node, ast.BoolOp):
        yield from (said for one in node.values for said in _list_literals(one, constants))
    elif isinstance(node, ast.IfExp):
        yield from (said for one in (node.body, node.orelse) for said in _list_literals(one, constants))


def _list_reasons(module: ast.Module) -> Iterator[str]:
    """The reasons that a module gives of its own accord to the log."""
    constants = {
        target.id: one.value.value
        for one in module.body
        if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant) and isinstance(one.value.value, str)
        for target in one.targets
        if isinstance(target, ast.Name)
    }
    local = {
        one.targets[0].id: one.value
        for one in ast.walk(module)
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name) and one.targets[0].id == "why"
    }
    for one in ast.walk(module):
        if isinstance(one, ast.Dict):
            pairs = [pair for pair in zip(one.keys, one.values, strict=True) if isinstance(pair[0], ast.Constant)]
            given = [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "closed_why"]
        elif isinstance(one, ast.Call):
            made = {"Author": 2, "Change": 6}.get(ast.unparse(one.func), 99)
            given = [*one.args[made : made + 1], *(word.value for word in one.keywords if word.arg == "why")]
        else:
            continue
        for value in given:
            named = local.get("why", value) if isinstance(value, ast.Name) and value.id == "why" else value
            yield from _list_literals(named, constants)


FOUND = sorted(
    {
        said
        for room in ("commitments", "notifications", "portal", "flows", "deployments")
        for file in (Path(__file__).parents[2] / room).rglob("*.py")
        for said in _list_reasons(ast.parse(file.read_text(encoding="utf-8")))
        if said and file.name != "house_rules.py"  # its reason is the name of the file that was read
    }
)


@pytest.mark.parametrize("stored", FOUND)
def test_each_reason_that_the_code_itself_gives_is_read_in_chinese(stored: str) -> None:
    said = tell_why(load_page_words("zh-Hans"), NAMES, stored)
    assert re.search("[\u4e00-\u9fff]", said) and not re.search("[a-z]{2}", said), said


def test_the_reasons_that_the_code_gives_are_found() -> None:
    assert {"taken back", "a file brought in the portal", "its last day was 2026-03-20"} <= set(FOUND)
