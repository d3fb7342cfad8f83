"""Reads the form of a page as a browser would send it: every field with what the page has in it."""

import re
from html.parser import HTMLParser


class _Forms(HTMLParser):
    """Every form of a page by where it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, list[str]]] = {}
        self._by_id: dict[str, dict[str, list[str]]] = {}
        self._fields: dict[str, list[str]] | None = None
        self._list: str = ""
        self._text: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form" and has.get("method") == "post":
            fields = self._by_id.setdefault(has.get("id") or has["action"], {})
            self._fields = self.forms.setdefault(has["action"], fields)
        elif tag == "button" and "formaction" in has and "form" in has:
            self.forms[has["formaction"]] = self._by_id.setdefault(has["form"], {})  # outside of it, before or after
        elif self._fields is None:
            return
        elif tag == "button" and "formaction" in has:
            self.forms[has["formaction"]] = self._fields  # the same fields, sent elsewhere
        elif tag == "select":
            self._list = has["name"]
            self._fields.setdefault(self._list, [""])
        elif tag == "option" and "selected" in has:
            self._fields[self._list] = [has["value"]]
        elif tag == "textarea":
            self._text = has["name"]
            self._fields.setdefault(self._text, [""])
        elif tag == "input" and has.get("name") and _is_sent(has):
            self._fields.setdefault(has["name"], []).append(has.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None
        elif tag == "textarea":
            self._text = None

    def handle_data(self, data: str) -> None:
        if self._text is not None and self._fields is not None:
            self._fields[self._text] = [data.removeprefix("\n")]


def _is_sent(field: dict[str, str]) -> bool:
    kind = field.get("type")
    return kind != "file" and (kind not in ("checkbox", "radio") or "checked" in field)


def find_action(page: str, pattern: re.Pattern[str]) -> str:
    """Where the first form of the page is sent whose address is of this pattern; KeyError if the page has none."""
    forms = _Forms()
    forms.feed(page)
    for action in forms.forms:
        if pattern.fullmatch(action):
            return action
    raise KeyError(pattern.pattern)


def read_form(page: str, action: str) -> dict[str, list[str]]:
    """What the form that is sent to `action` has in its fields; KeyError if the page has none."""
    forms = _Forms()
    forms.feed(page)
    return forms.forms[action]
