"""Codes put into words, in the reader's language: names, reasons, and what is expected of a reader."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from functools import lru_cache
from gettext import NullTranslations
from typing import Any

from babel.core import Locale
from babel.lists import format_list
from babel.numbers import format_percent

from commitments.facts import Reason
from commitments.vocabulary import AgreementState, CommitmentKind, FollowUpKind, MatterKind, ReasonCode, StandingState
from notifications import phrases
from notifications.formats import (
    Unit,
    measure_days,
    name_unit,
    write_day,
    write_distance,
    write_month,
    write_number,
    write_weekday,
    write_year,
)
from notifications.messages import Ground, Item
from notifications.reasons import Why

_FRENCH_ELISION = re.compile(r"\bde (?=[aeiouéèh])")
_MOST_SAID = 2048
_PERCENT = ("%", "percent")
_QUARTER = re.compile(r"(\d{4})-Q([1-4])")

Numbers = Mapping[str, Any]


class Words:
    """One language: its translations, and its way with dates and numbers."""

    def __init__(self, locale: Locale, translations: NullTranslations) -> None:
        self.locale = locale
        self.translations = translations
        self.gettext: Callable[[str], str] = lru_cache(maxsize=2048)(translations.gettext)
        self.ngettext: Callable[[str, str, int], str] = translations.ngettext
        self.tag = "-".join(part for part in (locale.language, locale.script) if part)
        """The language as mail and HTML name it, such as zh-Hans."""
        self._name = str(locale)
        self._said: dict[Any, str] = {}

    @property
    def direction(self) -> str:
        return str(self.locale.text_direction)

    # Names

    def name(self, word: StrEnum) -> str:
        """The name of any of the vocabulary's words."""
        return self.gettext(phrases.NAMES[type(word)][word])

    def name_standing(self, state: StandingState) -> str:
        return self.name(state)

    def name_kind(self, kind: CommitmentKind) -> str:
        return self.name(kind)

    def name_follow_up(self, kind: FollowUpKind) -> str:
        return self.name(kind)

    def name_state(self, state: AgreementState) -> str:
        return self.name(state)

    # Sentences

    def describe_reason(self, reason: Reason, names: Mapping[str, str] | None = None) -> str:
        """Why a matter stands as it does; `names` gives the parties' names by their references."""
        return self._say(_choose_reason(reason), reason.numbers, names, reason.code)

    def describe_ground(self, ground: Ground, names: Mapping[str, str] | None = None) -> str:
        """Why something is told, or is not."""
        variants = phrases.GROUNDS[ground.code]
        if ground.code is Why.ESCALATED:
            rung = ground.numbers.get("rung")
            variants = phrases.ESCALATIONS.get(rung if isinstance(rung, int) else 0, ()) + variants
        said = self._say(variants, ground.numbers, names, ground.code)
        because = ground.numbers.get("because")
        if because is None:
            return said
        absence = self._say(phrases.STOOD_IN_FOR[Why(str(because))], ground.numbers, names, Why(str(because)))
        return f"{absence} · {said}"

    def describe_expected(self, item: Item) -> str:
        """What is asked of the reader."""
        if item.ground.code is Why.HANDED_ON:
            return self.gettext("Nothing is asked of you about it any more.")
        if item.ground.code is Why.REGISTERED:
            return self.gettext("Please look whether it is recorded as it was agreed.")
        if item.ground.code is Why.PROPOSED:
            return self.gettext("Please accept or refuse them on your Home, when you have signed in.")
        if item.ground.code is Why.SENT_BACK:
            return self.gettext("Please see what is missing, and report anew once it is there.")
        if item.follow_up_kind is not None:
            if item.follow_up_kind is FollowUpKind.OVERDUE and item.matter_kind is MatterKind.OCCURRENCE:
                return self.gettext(phrases.EXPECTED_AFTER_PERIOD)
            if item.follow_up_kind is FollowUpKind.UNOWNED and item.reason.numbers.get("elsewhere") and item.party:
                return self.gettext(phrases.EXPECTED_ELSEWHERE) % {"party": item.party}
            return self.gettext(phrases.EXPECTED_BY_FOLLOW_UP[item.follow_up_kind])
        if item.reason.code in (ReasonCode.PAST_DUE, ReasonCode.TARGET_MISSED):
            return self.gettext(phrases.EXPECTED_BY_FOLLOW_UP[FollowUpKind.OVERDUE])
        return self.gettext(phrases.EXPECTED_BY_MATTER[item.matter_kind])

    def _say(self, variants: tuple[str, ...], numbers: Numbers, names: Mapping[str, str] | None, code: StrEnum) -> str:
        """The first variant whose numbers are all known. The same is said of many: the words are kept for a while."""
        values = tuple(numbers.values())
        # 1, 1.0 and True are one key, and are not written the same.
        key = (variants, code, tuple(numbers), values, tuple(map(type, values)), tuple(names.items()) if names else ())
        try:
            return self._said[key]
        except KeyError:
            pass
        except TypeError:  # a list of parties
            return self._choose(variants, numbers, names, code)
        if len(self._said) >= _MOST_SAID:
            self._said.clear()
        said = self._said[key] = self._choose(variants, numbers, names, code)
        return said

    def _choose(
        self, variants: tuple[str, ...], numbers: Numbers, names: Mapping[str, str] | None, code: StrEnum
    ) -> str:
        spoken = _Spoken(self, numbers, names or {})
        for variant in variants:
            try:
                return self.gettext(variant) % spoken
            except KeyError:  # a number this variant needs is not known
                continue
        return str(code).replace("_", " ")

    # Dates and spans

    def format_day(self, day: date) -> str:
        return write_day(day, self._name)

    def format_weekday(self, day: date) -> str:
        """A day with its weekday, as a letter is dated."""
        return write_weekday(day, self._name)

    def format_month(self, month: date) -> str:
        return write_month(month, self._name)

    def format_partial(self, text: str) -> str:
        """A date that may be known only as a year or a month."""
        if len(text) == 10:
            return self.format_day(date.fromisoformat(text))
        if len(text) == 7:
            return self.format_month(date.fromisoformat(text + "-01"))
        return write_year(date(int(text), 1, 1), self._name)

    def place_partial(self, text: str) -> str:
        """The date with its preposition: on a day, in a month or year."""
        if len(text) == 10:
            return self.gettext("on %(day)s") % {"day": self.format_partial(text)}
        if len(text) == 7:
            return self.gettext("in %(month)s") % {"month": self.format_partial(text)}
        return self.gettext("in %(year)s") % {"year": self.format_partial(text)}

    def format_end(self, text: str) -> str:
        """The date as a deadline: a month or a year is meant with its last day."""
        day = self.format_partial(text)
        return day if len(text) == 10 else self.gettext("the end of %(month)s") % {"month": day}

    def place_end(self, text: str) -> str:
        pattern = self.gettext("on %(day)s") if len(text) == 10 else self.gettext("at the end of %(month)s")
        return pattern % {"day": self.format_partial(text), "month": self.format_partial(text)}

    def format_period(self, label: str) -> str:
        """The name of a period of a recurring commitment."""
        quarter = _QUARTER.fullmatch(label)
        if quarter is not None:
            pattern = self.gettext("quarter %(quarter)s of %(year)s")
            return pattern % {"quarter": quarter[2], "year": quarter[1]}
        if "/" in label:
            first, last = label.split("/", 1)
            return self._join_span(self.format_partial(first), self.format_partial(last))
        if len(label) == 9:
            return self._join_span(self.format_partial(label[:4]), self.format_partial(label[5:]))
        return self.format_partial(label)

    def _join_span(self, first: str, last: str) -> str:
        return self.gettext("the period from %(first)s to %(last)s") % {"first": first, "last": last}

    def format_span(self, days: int) -> str:
        """How long, in the unit that says it best."""
        unit, count = measure_days(days)
        return self._count_span(unit, count)

    def format_months(self, months: int) -> str:
        """How many months; years from two years on."""
        return self._count_span("year", months // 12) if months >= 24 else self._count_span("month", months)

    def _count_span(self, unit: Unit, count: int) -> str:
        if unit == "day":
            return self.ngettext("%(count)s day", "%(count)s days", count) % {"count": count}
        if unit == "week":
            return self.ngettext("%(count)s week", "%(count)s weeks", count) % {"count": count}
        if unit == "month":
            return self.ngettext("%(count)s month", "%(count)s months", count) % {"count": count}
        return self.ngettext("%(count)s year", "%(count)s years", count) % {"count": count}

    def format_ahead(self, days: int) -> str:
        """A day to come, seen from today: in 9 days."""
        if days <= 0:
            return self.gettext("today")
        if days == 1:
            return self.gettext("tomorrow")
        return write_distance(days, self._name)

    def format_ago(self, days: int) -> str:
        """A day gone by, seen from today: 3 weeks ago."""
        if days <= 0:
            return self.gettext("today")
        if days == 1:
            return self.gettext("yesterday")
        return write_distance(-days, self._name)

    def format_left(self, days: int) -> str:
        if days <= 0:
            return self.gettext("today is the last day")
        return self.gettext("%(span)s left") % {"span": self.format_span(days)}

    # Numbers and lists

    def format_number(self, number: float) -> str:
        """Round large numbers are said, others written out: 500 million, 1,234,567."""
        return write_number(number, self._name)

    def format_amount(self, number: float, unit: str | None) -> str:
        """A quantity with its unit; a currency's code becomes its name."""
        written = self.format_number(number)
        if not unit:
            return written
        if unit in _PERCENT:
            return format_percent(number / 100, locale=self.locale, decimal_quantization=False)
        named = name_unit(unit, number, self._name)
        if named.isascii() and named == unit:
            return self.gettext("%(number)s %(unit)s") % {"number": written, "unit": unit}
        if written[-1].isalpha():
            said = self.gettext("%(millions)s %(currency)s") % {"millions": written, "currency": named}
            return _FRENCH_ELISION.sub("d’", said) if self.locale.language == "fr" else said
        return self.gettext("%(number)s %(currency)s") % {"number": written, "currency": named}

    def quote(self, text: str) -> str:
        """A quotation between the marks of the language."""
        return self.gettext("“%(quote)s”") % {"quote": text}

    def join(self, parts: list[str] | tuple[str, ...]) -> str:
        return format_list(list(parts), locale=self.locale) if len(parts) > 1 else "".join(parts)


class _Spoken:
    """The numbers of one reason as the words that its phrase asks for; an unknown number is a KeyError."""

    __slots__ = ("_names", "_numbers", "_words")

    def __init__(self, words: Words, numbers: Numbers, names: Mapping[str, str]) -> None:
        self._words, self._numbers, self._names = words, numbers, names

    def __getitem__(self, key: str) -> str:
        words, numbers = self._words, self._numbers
        form = _FORMS.get(key)
        if form is not None:
            number, speak = form
            return speak(words, _known(numbers, number))
        if key == "parties":
            return words.join([self._names.get(one, one) for one in numbers[key]])
        if key in ("asked", "contact", "for", "stand_in", "former", "waiting"):
            return self._names.get(numbers[key]) or str(_known(numbers, key))
        if key == "span":
            return words.format_months(numbers["months"]) if "months" in numbers else words.format_span(numbers["days"])
        if key in ("value", "target"):
            return words.format_amount(_known(numbers, key), self._choose_unit(key))
        if key == "what" and numbers.get("expected") == 1:
            raise KeyError(key)  # what is counted is written in the plural
        return str(_known(numbers, key))

    def _choose_unit(self, key: str) -> str | None:
        """The unit stands once where a number is said of its target; one of its own, in the plural, not of a single."""
        numbers = self._numbers
        unit = numbers.get("unit")
        if not unit or unit in _PERCENT or numbers.get("value") is None or numbers.get("target") is None:
            return unit
        is_single = numbers["target"] == 1 and name_unit(unit, 1, "en") == unit
        return None if key == "value" or is_single else unit


def _known(numbers: Numbers, key: str) -> Any:
    value = numbers[key]
    if value is None or value == "":
        raise KeyError(key)
    return value


_Speak = Callable[[Words, Any], str]


def _speak_dates() -> dict[str, tuple[str, _Speak]]:
    forms: dict[str, tuple[str, _Speak]] = {}
    for name in (
        "due",
        "on",
        "by",
        "from",
        "since",
        "measured_on",
        "asked_on",
        "next",
        "day",
        "month",
        "until",
        "lost",
    ):
        forms[name] = (name, lambda words, text: words.format_partial(str(text)))
        forms[f"{name}_at"] = (name, lambda words, text: words.place_partial(str(text)))
        forms[f"{name}_end"] = (name, lambda words, text: words.format_end(str(text)))
        forms[f"{name}_at_end"] = (name, lambda words, text: words.place_end(str(text)))
    return forms


def _speak_week(words: Words, label: str) -> str:
    year, week = label.split("-W")
    return words.gettext("week %(week)s of %(year)s") % {"week": int(week), "year": year}


def _speak_lead(words: Words, days: int) -> str:
    if days <= 0:
        return words.gettext("on the day itself")
    return words.ngettext("%(count)s day before", "%(count)s days before", days) % {"count": days}


def _speak_working_days(words: Words, days: int) -> str:
    return words.ngettext("%(count)s working day", "%(count)s working days", days) % {"count": days}


def _speak_attempts(words: Words, count: int) -> str:
    return words.ngettext("%(count)s attempt", "%(count)s attempts", count) % {"count": count}


_FORMS = _speak_dates()
_FORMS |= {
    "ahead": ("days", Words.format_ahead),
    "ago": ("days", Words.format_ago),
    "left": ("days_left", Words.format_left),
    "lead": ("days", _speak_lead),
    "working_days": ("days", _speak_working_days),
    "attempts": ("attempts", _speak_attempts),
    "week": ("week", _speak_week),
    "period": ("period", Words.format_period),
    "state": ("state", lambda words, state: words.gettext(phrases.SETTLED_STATES.get(str(state), str(state)))),
    "cycle_end": ("cycle", lambda words, cycle: words.format_day(date(int(cycle), 12, 31))),
    "rung": ("rung", lambda words, rung: words.gettext(phrases.RUNGS.get(rung, phrases.RUNGS[3]))),
}


def _choose_reason(reason: Reason) -> tuple[str, ...]:
    numbers = reason.numbers
    if reason.code is ReasonCode.PERIOD_MET:
        if numbers.get("expected") == 0:
            return phrases.NONE_EXPECTED
        if numbers.get("held", 0) > numbers.get("expected", 0):
            return phrases.MORE_THAN_EXPECTED
    if numbers.get("from") == "start" and reason.code in phrases.FROM_THE_START:
        return phrases.FROM_THE_START[reason.code]
    if numbers.get("from") == "report" and reason.code in phrases.FROM_A_REPORT:
        return phrases.FROM_A_REPORT[reason.code]
    return phrases.REASONS[reason.code]
