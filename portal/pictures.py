"""Small pictures as shapes: a timeline, the periods of a recurring commitment, the way to a target. Pure.

Every string is ready and every number is placed; the templates only write the shapes as SVG.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from math import ceil
from typing import Any

from commitments.dates import add_months, whole_months

WIDTH = 720
_LEFT, _RIGHT, _TOP, _LANE = 120, 16, 24, 34
_TICKS, _MONTHS, _A_LETTER = 8, 5, 7.5
_MARKS_A_LANE = 300
_SHORTEST_MONTH = 28
_RADIUS, _SAID_A_MARK = 6, 5
_A_DIGIT, _SMALL, _WAY = 9, 560, 540


@dataclass(frozen=True, slots=True)
class Band:
    style: str
    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    style: str
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Mark:
    style: str
    x: float
    y: float
    r: float
    title: str


@dataclass(frozen=True, slots=True)
class Label:
    style: str
    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class PictureView:
    """A picture with the text that stands for it."""

    title: str
    alternative: str
    width: int
    height: int
    bands: tuple[Band, ...]
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]
    labels: tuple[Label, ...]

    @property
    def is_small(self) -> bool:
        """Whether it is drawn as large as it is, because it needs no more."""
        return self.width < WIDTH


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing on a day, or over the span from `day` to `until`."""

    day: date
    about: Any
    """What it says, or what its lane makes words of."""
    tone: str = "grey"
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    name: str
    moments: Sequence[Moment]
    tell: Callable[[Any], str] = str
    """What a moment says, asked only of those whose words are shown."""
    name_moment: Callable[[Any], str] | None = None
    """The same where its day stands beside it; as `tell` has it if left out."""


@dataclass(frozen=True, slots=True)
class DateWriters:
    """How a scale names its days, in the reader's language."""

    month: Callable[[date], str]
    day: Callable[[date], str]


def find_silences(signs: Iterable[date], start: date | None, today: date, months: int) -> list[tuple[date, date]]:
    """The spans of at least so many months without a sign of life, from the start until today."""
    days = sorted({one for one in signs if one <= today} | ({start} if start is not None and start <= today else set()))
    ends = [*days[1:], today]
    return [
        (day, end)
        for day, end in zip(days, ends, strict=False)
        if (end - day).days >= months * _SHORTEST_MONTH and whole_months(day, end) >= months
    ]


def draw_timeline(
    title: str,
    alternative: str,
    lanes: Sequence[Lane],
    today: date,
    today_said: str,
    write: DateWriters,
    since: date | None = None,
) -> PictureView | None:
    """The lanes one under another on one scale of time, which begins no earlier than `since`; None if nothing in it is
    dated."""
    if since is not None:
        lanes = [replace(lane, moments=[*_cut_moments(lane.moments, since)]) for lane in lanes]
    days = [day for lane in lanes for one in lane.moments for day in (one.day, one.until) if day is not None]
    if not days:
        return None
    first, last = min([*days, today]), max([*days, today])
    if (last - first).days < 60:
        first, last = first - timedelta(days=30), last + timedelta(days=30)
    height = _TOP + _LANE * len(lanes) + 24
    scale = (WIDTH - _LEFT - _RIGHT) / (last - first).days

    def place(day: date) -> float:
        return round(_LEFT + (day - first).days * scale, 1)

    bands, marks, lines, labels = [], [], [], []
    for row, lane in enumerate(lanes):
        middle = _TOP + row * _LANE + _LANE / 2
        labels.append(Label("name", 0, middle + 4, lane.name))
        lines.append(Line("rule", _LEFT, middle, WIDTH - _RIGHT, middle))
        marks += _mark_days([one for one in lane.moments if one.until is None], lane.tell, place, middle)
        for one in lane.moments[-_MARKS_A_LANE:]:
            if one.until is not None:
                width = max(place(one.until) - place(one.day), 3)
                bands.append(
                    Band(f"band {one.tone}", place(one.day), middle - 7, round(width, 1), 14, lane.tell(one.about))
                )
    for tick, name in _list_ticks(first, last, write):
        lines.append(Line("tick", place(tick), _TOP, place(tick), height - 20))
        labels.append(_label_tick(place(tick), height - 6, name, _LEFT - _RIGHT, WIDTH))
    lines.append(Line("today", place(today), _TOP - 4, place(today), height - 20))
    # Near the right edge its middle would carry it over.
    style = "now late" if place(today) > WIDTH - _RIGHT - 40 else "now"
    labels.append(Label(style, place(today), _TOP - 10, today_said))
    return PictureView(title, alternative, WIDTH, height, tuple(bands), tuple(lines), tuple(marks), tuple(labels))


def _cut_moments(moments: Iterable[Moment], since: date) -> Iterator[Moment]:
    """Those from that day on, and of the spans what reaches beyond it."""
    for one in moments:
        if one.day >= since:
            yield one
        elif one.until is not None and one.until > since:
            yield replace(one, day=since)


def _mark_days(
    moments: Sequence[Moment], tell: Callable[[Any], str], place: Callable[[date], float], y: float
) -> list[Mark]:
    """A mark for each moment; one for those of a tone that would cover each other, so that none of them is lost."""
    gathered: list[tuple[float, str, list[Any]]] = []
    latest: dict[str, tuple[float, str, list[Any]]] = {}
    for one in sorted(moments, key=lambda one: one.day):
        x, before = place(one.day), latest.get(one.tone)
        if before is not None and x - before[0] < _RADIUS:
            before[2].append(one.about)
        else:
            latest[one.tone] = (x, one.tone, [one.about])
            gathered.append(latest[one.tone])
    return [
        Mark(
            f"mark {tone}", x, y, _RADIUS,
            "\n".join(map(tell, about[:_SAID_A_MARK])) + ("\n…" if about[_SAID_A_MARK:] else ""),
        )
        for x, tone, about in gathered
    ]  # fmt: skip


def _list_ticks(first: date, last: date, write: DateWriters) -> list[tuple[date, str]]:
    """Days of a scale with their names: of several years their first days, of one its months, and of less its ends."""
    years = [date(year, 1, 1) for year in range(first.year, last.year + 1) if first <= date(year, 1, 1) <= last]
    if len(years) > 1:
        return [(one, str(one.year)) for one in _thin_out(years, _TICKS)]
    months = [one for at in range(whole_months(first, last) + 2) if first <= (one := _begin_month(first, at)) <= last]
    if len(months) > 1:
        return [(one, write.month(one)) for one in _thin_out(months, _MONTHS)]
    return [(one, write.day(one)) for one in (first, last)]


def _begin_month(day: date, after: int) -> date:
    return add_months(day.replace(day=1), after)


def _thin_out(days: Sequence[date], most: int) -> Sequence[date]:
    """At most so many of these days, evenly."""
    return days[:: -(-len(days) // most) or 1]


def _label_tick(x: float, y: float, name: str, left: float, right: float) -> Label:
    """The name of a tick below it, or beside it where half of it would leave the picture."""
    half = _A_LETTER * len(name) / 2
    style = "year early" if x - half < left else "year late" if x + half > right else "year"
    return Label(style, x, y, name)


@dataclass(frozen=True, slots=True)
class Held:
    """How many were held of those expected in one period."""

    name: str
    held: int
    expected: int
    said: str
    tone: str


_BOXES = 12
"""So many boxes a period are drawn at least, if so many were held."""


def draw_periods(title: str, alternative: str, periods: Sequence[Held]) -> PictureView | None:
    """A row of boxes a period: a full one for each that was held, an empty one for each that is missing."""
    if not periods:
        return None
    # A period in which far more was held than expected does not shrink the others to nothing.
    most = max(min(max(one.held, one.expected), max(2 * one.expected, _BOXES)) for one in periods) or 1
    box = min(26.0, (WIDTH - _LEFT - 110) / most)
    bands, labels, right = [], [], 0.0
    for row, one in enumerate(periods):
        y = 8 + row * 30
        labels.append(Label("name", 0, y + 16, one.name))
        for number in range(min(max(one.held, one.expected), most)):
            style = f"band {one.tone}" if number < one.held else "box"
            bands.append(Band(style, round(_LEFT + number * box, 1), y, round(max(box - 3, 1), 1), 20, one.said))
        end = _LEFT + min(max(one.held, one.expected), most) * box + 8
        value = f"{one.held} / {one.expected}"
        labels.append(Label("value", round(end, 1), y + 16, value))
        right = max(right, end + _A_DIGIT * len(value))
    width = ceil(right) if right < _SMALL else WIDTH
    return PictureView(title, alternative, width, 12 + 30 * len(periods), tuple(bands), (), (), tuple(labels))


def draw_way(
    title: str,
    alternative: str,
    measured: Sequence[tuple[date, float, str]],
    target: float,
    target_said: str,
    baseline: tuple[date | None, float],
    due: date | None,
    today: date,
    write: DateWriters,
) -> PictureView | None:
    """The measured values in the order of their days, with a line at the target; None without a measurement."""
    if not measured:
        return None
    points = sorted(measured, key=lambda one: one[0])[-_MARKS_A_LANE:]
    began = baseline[0]
    first = min([points[0][0], *([began] if began is not None else [])])
    last = max([points[-1][0], today, *([due] if due is not None else [])])
    if last <= first:
        last = add_months(first, 1)
    values = [value for _, value, _ in points] + [target, baseline[1]]
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    height, top, bottom = 200, 24, 172
    left, right = _A_DIGIT * (len(target_said) + 1), _WAY - _RIGHT

    def place(day: date) -> float:
        return round(left + (day - first).days * (right - left) / (last - first).days, 1)

    def rise(value: float) -> float:
        return round(bottom - (value - low) / span * (bottom - top), 1)

    path = [*([(place(began), rise(baseline[1]))] if began is not None else [])]
    path += [(place(day), rise(value)) for day, value, _ in points]
    lines = [Line("rule", left, bottom, right, bottom)]
    lines.append(Line("aim", left, rise(target), right, rise(target)))
    lines += [Line("way", *one, *two) for one, two in pairwise(path)]
    ticks = _list_ticks(first, last, write)
    lines += [Line("tick", place(tick), top, place(tick), bottom) for tick, _ in ticks]
    marks = [Mark("mark green", place(day), rise(value), 5, said) for day, value, said in points]
    labels = [Label("name", 0, rise(target) + 4, target_said)]
    labels += [_label_tick(place(tick), height - 8, name, 0, _WAY) for tick, name in ticks]
    return PictureView(title, alternative, _WAY, height, (), tuple(lines), tuple(marks), tuple(labels))
