"""Lines with bands against steps or updates, and counts of numbers, as drawings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from empo.core.types import Float
from empo.views.drawing import (
    Circle,
    Drawing,
    Group,
    Point,
    Poly,
    Rect,
    Shape,
    Style,
    Text,
    shortened,
    text_width,
)
from empo.views.plots import nice_ticks

_FONT = 13.0
_RIGHT = 22.0
_BELOW = 44.0
_MOST_DOTS = 40
"""Points of a line that are marked; of more, the marks would hide the line."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line, and the band around it if there are bounds."""

    x: Float[np.ndarray, " point"]
    y: Float[np.ndarray, " point"]
    low: Float[np.ndarray, " point"] | None = None
    high: Float[np.ndarray, " point"] | None = None
    colour: str = "who0"
    name: str = ""
    """For the legend; without one it is left out there."""
    dash: tuple[float, ...] = ()
    thin: bool = False
    """For what stands behind the others."""

    @property
    def reach(self) -> Float[np.ndarray, " number"]:
        """All finite numbers that it shows."""
        shown = [self.y, *(bound for bound in (self.low, self.high) if bound is not None)]
        together = np.concatenate(shown)
        return together[np.isfinite(together)]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What a chart has beside its lines."""

    title: str
    x_label: str = "environment steps"
    width: float = 900.0
    height: float = 330.0
    level: tuple[float, str] | None = None
    """A height to mark across, and what it is."""
    logarithmic: bool = False
    """Equal steps upward multiply; numbers that are not positive are left out."""
    spans: tuple[tuple[float, float, str], ...] = ()
    """Stretches of x to tell apart, as (begin, end, short name); every other one is shaded."""


def line_chart(lines: Sequence[Line], frame: Frame) -> Drawing:
    """The lines in one frame, with a legend above if any has a name."""
    legend, top = _legend(lines, frame.width)
    top += 12.0 if frame.spans else 0.0  # for their names
    scale = _Scale.around(lines, frame)
    ticks = scale.ticks()
    left = 14.0 + max(text_width(compact(tick), _FONT) for tick in ticks)
    bottom, right = frame.height - _BELOW, frame.width - _RIGHT
    last = max((float(line.x[-1]) for line in lines if len(line.x)), default=0.0) or 1.0

    def place(x: float, y: float) -> Point:
        return left + (right - left) * x / last, bottom - (bottom - top) * scale.part(y)

    shapes = [*legend, *_spans(frame.spans, last, lambda x: place(x, ticks[0])[0], top, bottom)]
    shapes += _across(ticks, left, right, lambda y: place(0, y)[1])
    shapes += _steps_below(last, lambda x: place(x, ticks[0])[0], bottom, frame.x_label)
    if frame.level is not None and math.isfinite(scale.part(frame.level[0])):
        at_end = _clear_at_end(lines, scale, frame.level[0])
        shapes += _marked(place(0, frame.level[0])[1], frame.level[1], left, right, at_end)
    shapes += [band for line in lines for band in _bands(line, place, scale)]
    shapes += [_drawn(line, place, scale) for line in sorted(lines, key=lambda line: not line.thin)]
    said = ". ".join(_in_words(line) for line in lines if not line.thin and len(line.reach))
    return Drawing(frame.width, frame.height, tuple(shapes), frame.title, said)


def histogram(
    groups: Sequence[tuple[str, Float[np.ndarray, " _"], str]], frame: Frame, n_bins: int = 24
) -> Drawing:
    """The share of each group's numbers in equal ranges, one row per (name, numbers, colour)."""
    together = np.concatenate([numbers for _, numbers, _ in groups])
    low, high = float(together.min()), float(together.max())
    if high == low:
        low, high = low - 0.5, high + 0.5
    left, right, top = 8.0, frame.width - _RIGHT, 8.0
    room = (frame.height - _BELOW - top) / len(groups)
    shapes: list[Shape] = []

    def x_of(value: float) -> float:
        return left + (right - left) * (value - low) / (high - low)

    for number, (name, numbers, colour) in enumerate(groups):
        base = top + (number + 1) * room
        shares = np.histogram(numbers, n_bins, (low, high))[0] / len(numbers)
        wide = (right - left) / n_bins
        for i, share in enumerate(shares.tolist()):
            tall = (room - 30) * share / shares.max()
            if share:
                style = Style(fill=colour, opacity=0.85)
                shapes.append(Rect(left + i * wide + 1, base - tall, wide - 2, tall, style))
        shapes.append(_rule((left, base), (right, base)))
        shapes.append(Text(left, base - room + 18, name, _FONT, colour, bold=True, halo="card"))
    shapes += [
        Text(x_of(tick), frame.height - 26, compact(tick), _FONT, "muted", "middle")
        for tick in nice_ticks(low, high, 5)
    ]
    middle = (left + right) / 2
    shapes.append(Text(middle, frame.height - 6, frame.x_label, _FONT, "ink", "middle", bold=True))
    said = ". ".join(
        f"{name}: from {compact(numbers.min())} to {compact(numbers.max())}, "
        f"median {compact(float(np.median(numbers)))}"
        for name, numbers, _ in groups
    )
    return Drawing(frame.width, frame.height, tuple(shapes), frame.title, said)


def compact(number: float, digits: int = 4) -> str:
    """A number in few characters, of at most so many digits: 12.5k, 3M, 0.0002."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size <= abs(number) < 1e12:
            return f"{number / size:.{digits}g}{letter}"
    return f"{number + 0.0:.{digits}g}"


def span(low: float | None, high: float | None, digits: int = 4) -> str:
    """An interval in few characters; empty if there is none."""
    if low is None or high is None:
        return ""
    return f"{compact(low, digits)}{' to ' if low < 0 or high < 0 else '–'}{compact(high, digits)}"


@dataclass(frozen=True)
class _Scale:
    """From numbers to parts of the frame's height."""

    low: float
    high: float
    logarithmic: bool

    @classmethod
    def around(cls, lines: Sequence[Line], frame: Frame) -> _Scale:
        """Wide enough for all numbers and the marked level, with some room."""
        numbers = np.concatenate([line.reach for line in lines] or [np.zeros(0)])
        if frame.level is not None:
            numbers = np.append(numbers, frame.level[0])
        if frame.logarithmic:
            numbers = np.log10(numbers[numbers > 0])
        if not len(numbers):
            numbers = np.array([0.0, 1.0])
        low, high = float(numbers.min()), float(numbers.max())
        room = 0.06 * (high - low) or max(abs(high), 1.0) * 0.1
        return cls(low - room, high + room, frame.logarithmic)

    def part(self, number: float) -> float:
        """0 at the bottom, 1 at the top; nan for what has no place."""
        if self.logarithmic:
            number = math.log10(number) if number > 0 else math.nan
        return (number - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round numbers to mark: powers of ten and, where those are few, multiples of them."""
        if not self.logarithmic:
            return nice_ticks(self.low, self.high, 5)
        if self.high - self.low < 1:
            return nice_ticks(10**self.low, 10**self.high, 4)
        if self.high - self.low < 2:
            powers = range(math.floor(self.low), math.ceil(self.high) + 1)
            near = [factor * 10.0**i for i in powers for factor in (1, 2, 5)]
            return [tick for tick in near if self.low <= math.log10(tick) <= self.high]
        apart = math.ceil((self.high - self.low) / 6)
        return [10.0**i for i in range(math.ceil(self.low), math.floor(self.high) + 1, apart)]


def _legend(lines: Sequence[Line], width: float) -> tuple[list[Shape], float]:
    """Names beside strokes, in as many rows as they need; and where the frame may begin."""
    named = [line for line in lines if line.name]
    shapes: list[Shape] = []
    x, y = 8.0, 18.0
    for line in named:
        text = shortened(line.name, _FONT, width - 60)
        room = 34 + text_width(text, _FONT) + 20
        if x > 8.0 and x + room > width:
            x, y = 8.0, y + 22
        stroke = Style(stroke=line.colour, width=3, dash=line.dash)
        shapes.append(Poly(((x, y - 4), (x + 26, y - 4)), stroke, closed=False))
        shapes.append(Text(x + 34, y, text, _FONT))
        x += room
    return shapes, y + 14 if named else 12.0


def _across(
    ticks: Sequence[float], left: float, right: float, y_of: Callable[[float], float]
) -> list[Shape]:
    shapes: list[Shape] = []
    for tick in ticks:
        y = y_of(tick)
        shapes.append(_rule((left, y), (right, y)))
        shapes.append(Text(left - 7, y + 4, compact(tick), _FONT, "muted", "end"))
    return shapes


def _steps_below(
    last: float, x_of: Callable[[float], float], bottom: float, label: str
) -> list[Shape]:
    about = max(2, min(8, int((x_of(last) - x_of(0)) / 75)))
    shapes: list[Shape] = [
        Text(x_of(tick), bottom + 19, compact(tick), _FONT, "muted", "middle")
        for tick in nice_ticks(0, last, about)
    ]
    return [*shapes, Text(x_of(last / 2), bottom + 38, label, _FONT, "ink", "middle", bold=True)]


def _spans(
    spans: Sequence[tuple[float, float, str]],
    last: float,
    x_of: Callable[[float], float],
    top: float,
    bottom: float,
) -> list[Shape]:
    """Every other stretch shaded, and above it the name of each that has room for one."""
    shapes: list[Shape] = []
    for number, (begin, end, name) in enumerate(spans):
        left, right = x_of(min(begin, last)), x_of(min(end, last))
        if number % 2 == 0:
            shade = Style(fill="faint", opacity=0.35, crisp=True)
            shapes.append(Rect(left, top, right - left, bottom - top, shade))
        if right - left > text_width(name, 11) + 2:
            middle = (left + right) / 2
            shapes.append(Text(middle, top - 4, name, 11, "muted", "middle"))
    return shapes


def _clear_at_end(lines: Sequence[Line], scale: _Scale, level: float) -> bool:
    """Are the lines' ends farther from that height than their beginnings?"""
    known = [line.y[np.isfinite(line.y)] for line in lines]
    known = [y for y in known if len(y)]
    found = [[abs(scale.part(float(y[i])) - scale.part(level)) for y in known] for i in (0, -1)]
    nearest = [min((x for x in side if math.isfinite(x)), default=1.0) for side in found]
    return nearest[1] > nearest[0]


def _marked(y: float, name: str, left: float, right: float, at_end: bool) -> list[Shape]:
    line = Style(stroke="muted", width=1.5, dash=(5, 5))
    x, anchor = (right - 4, "end") if at_end else (left + 4, "start")
    return [
        Poly(((left, y), (right, y)), line, closed=False),
        Text(x, y - 6, name, _FONT, "muted", anchor, halo="card"),
    ]


def _bands(line: Line, place: Callable[[float, float], Point], scale: _Scale) -> list[Shape]:
    if line.low is None or line.high is None:
        return []
    bands: list[Shape] = []
    for piece in _pieces(line.low, line.high, scale=scale):
        above = [place(line.x[i], line.high[i]) for i in piece]
        below = [place(line.x[i], line.low[i]) for i in reversed(piece)]
        bands.append(Poly((*above, *below), Style(fill=line.colour, opacity=0.18)))
    return bands


def _drawn(line: Line, place: Callable[[float, float], Point], scale: _Scale) -> Group:
    """Each unbroken piece of the line; dots if they are few."""
    shapes: list[Shape] = []
    width, opacity = (1.2, 0.4) if line.thin else (2.6, 1.0)
    stroke = Style(stroke=line.colour, width=width, opacity=opacity, dash=line.dash)
    dots = len(line.y) <= _MOST_DOTS and not line.thin
    for piece in _pieces(line.y, scale=scale):
        points = tuple(place(line.x[i], line.y[i]) for i in piece)
        if len(points) > 1:
            shapes.append(Poly(points, stroke, closed=False))
        if dots or len(points) == 1:
            fill = Style(fill=line.colour, opacity=opacity)
            shapes += [Circle(x, y, 2.0 if line.thin else 3.0, fill) for x, y in points]
    return Group(tuple(shapes), title=line.name or None)


def _pieces(*columns: Float[np.ndarray, " point"], scale: _Scale) -> list[list[int]]:
    """Stretches of points that all have a place."""
    pieces: list[list[int]] = [[]]
    for i in range(len(columns[0])):
        if all(math.isfinite(scale.part(float(column[i]))) for column in columns):
            pieces[-1].append(i)
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def _rule(start: Point, end: Point) -> Poly:
    return Poly((start, end), Style(stroke="faint", width=1), closed=False)


def _in_words(line: Line) -> str:
    known = line.y[np.isfinite(line.y)]
    if not len(known):
        return line.name
    ends = f"from {compact(known[0])} to {compact(known[-1])}"
    return f"{line.name}: {ends}" if line.name else ends
