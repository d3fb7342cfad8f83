"""Values that have parts of their own, such as how often or where a sentence stands, as the pages say them."""

from collections.abc import Mapping
from typing import Any

from commitments.assembling import read_recurrence
from commitments.recurrence import Recurrence
from commitments.vocabulary import Comparator, Every
from notifications.wording import Words
from portal.labels import name_target
from portal.marks import put_beside, put_under

BY_LANGUAGE = frozenset({"quote", "summaries", "titles", "names", "title"})
"""Columns that hold words by language."""


def tell_parts(words: Words, column: str, value: Mapping[str, Any]) -> str | None:
    """A value of one of the columns that are known here; None for any other."""
    if column in BY_LANGUAGE:
        pattern = words.gettext("%(column)s: %(after)s")
        said = [pattern % {"column": name_language(words, tag), "after": text} for tag, text in value.items() if text]
        return words.gettext("; ").join(said)
    if column == "recurrence":
        return _tell_recurrence(words, value)
    if column == "target":
        return _tell_target(words, value)
    if column == "condition":
        met = value.get("met_on")
        state = words.gettext("met %(day_at)s") % {"day_at": words.place_partial(met)} if met else ""
        return put_beside(words, value["text"], state or words.gettext("not met yet"))
    if column == "source":
        return _tell_place(words, value)
    if column == "quote_sources":
        places = [
            put_under(words, name_language(words, tag), _tell_place(words, place)) for tag, place in value.items()
        ]
        return words.gettext("; ").join(places)
    return None


def name_language(words: Words, tag: str) -> str:
    """A language by its name; one without a name here by its code."""
    return str(words.locale.languages.get(tag.partition("-")[0], tag))


def describe_recurrence(words: Words, recurrence: Recurrence) -> str:
    """How often, and what is counted."""
    if recurrence.interval > 1:
        said = words.gettext("%(count)s in every %(span)s") % {
            "count": recurrence.count,
            "span": words.format_months(
                recurrence.interval * {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12}[recurrence.every]
            ),
        }
    else:
        patterns = {
            Every.MONTH: words.gettext("%(count)s every month"),
            Every.QUARTER: words.gettext("%(count)s every quarter"),
            Every.YEAR: words.gettext("%(count)s every year"),
        }
        said = patterns[recurrence.every] % {"count": recurrence.count}
    return put_beside(words, said, recurrence.what) if recurrence.what else said


def _tell_recurrence(words: Words, value: Mapping[str, Any]) -> str:
    recurrence = read_recurrence(value)
    if recurrence is None:
        return ""
    said = [describe_recurrence(words, recurrence)]
    pattern = words.gettext("%(column)s: %(after)s")
    for name, label in (
        ("starts", words.gettext("The first period begins")),
        ("ends", words.gettext("Until when it repeats")),
    ):
        if value.get(name):
            said.append(pattern % {"column": label, "after": words.format_partial(value[name])})
    if value.get("months"):
        months = words.join([words.format_number(month) for month in value["months"]])
        said.append(pattern % {"column": words.gettext("In which months"), "after": months})
    return words.gettext("; ").join(said)


def _tell_target(words: Words, value: Mapping[str, Any]) -> str:
    comparator = Comparator(value.get("comparator") or Comparator.AT_LEAST)
    said = [name_target(words, comparator, value["quantity"], value.get("unit"))]
    pattern = words.gettext("%(column)s: %(after)s")
    if value.get("baseline"):
        number = words.format_number(value["baseline"])
        said.append(pattern % {"column": words.gettext("The number at the beginning"), "after": number})
    if value.get("baseline_on"):
        day = words.format_partial(value["baseline_on"])
        said.append(pattern % {"column": words.gettext("Counted on"), "after": day})
    return words.gettext("; ").join(said)


def _tell_place(words: Words, place: Mapping[str, Any]) -> str:
    said = words.gettext("%(title)s, characters %(start)s to %(end)s") % {
        "title": place["document"], "start": place["start"], "end": place["end"],
    }  # fmt: skip
    return f"{said} · SHA-256 {place['sha256']}" if place.get("sha256") else said
