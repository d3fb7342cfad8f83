"""Pages of a list, and the addresses of its filters: a filtered list is an address that can be kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from notifications.views import LinkView
from notifications.wording import Words
from portal.pages import FieldView, OptionView


@dataclass(frozen=True, slots=True)
class PagesView:
    """Where one is in a list, and the ways on."""

    said: str
    links: tuple[LinkView, ...]


def write_address(path: str, parameters: Mapping[str, object]) -> str:
    """The address of a list with its filters; what is empty is left out."""
    kept = {name: str(value) for name, value in parameters.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept)}" if kept else path


def read_page(text: str) -> int:
    """The number of a page as it stands in an address; the first for what is none."""
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def describe_pages(
    words: Words, page: int, size: int, total: int, path: str, parameters: Mapping[str, object]
) -> PagesView:
    first, last = (page - 1) * size + 1, min(page * size, total)
    said = words.gettext("%(first)s–%(last)s of %(total)s") % {"first": first, "last": last, "total": total}
    links = []
    if page > 1:
        links.append(_turn(words.gettext("Previous page"), path, parameters, page - 1))
    if last < total:
        links.append(_turn(words.gettext("Next page"), path, parameters, page + 1))
    return PagesView(said if total and first <= total else "", tuple(links))


def _turn(text: str, path: str, parameters: Mapping[str, object], page: int) -> LinkView:
    return LinkView(text, write_address(path, {**parameters, "page": page if page > 1 else None}), "")


def offer_agreements(words: Words, titles: list[tuple[str, str]], chosen: str) -> FieldView:
    """The filter by agreement: a choice by title; where there are too many, its reference is typed."""
    if not titles:
        return FieldView("agreement", words.gettext("Agreement (its reference)"), "text", chosen, most="80")
    known = titles if chosen in ("", *(one for one, _ in titles)) else [*titles, (chosen, chosen)]
    return offer(
        "agreement", words.gettext("Agreement"), sorted(known, key=lambda one: one[1]), chosen, words.gettext("All")
    )


TITLES_OFFERED = 200


def offer(name: str, label: str, options: list[tuple[str, str]], chosen: str, everything: str | None) -> FieldView:
    """A filter: one of some options, or everything."""
    first = [OptionView("", everything, not chosen)] if everything is not None else []
    return FieldView(
        name, label, "select", chosen,
        options=(*first, *(OptionView(value, text, value == chosen) for value, text in options)),
    )  # fmt: skip
