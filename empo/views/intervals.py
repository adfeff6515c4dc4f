"""Estimates with their intervals, one named row each, over a common scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from empo.runs.stats import Estimate
from empo.views.charts import compact, span
from empo.views.drawing import (
    Circle,
    Drawing,
    Point,
    Poly,
    Shape,
    Style,
    Text,
    shortened,
    text_width,
)
from empo.views.plots import nice_ticks

_FONT = 13.0
_ROW = 26.0
_TOP = 16.0
_BELOW = 46.0
_RIGHT = 22.0


@dataclass(frozen=True)
class Scale:
    """What stands below the rows, and how it is marked."""

    label: str
    from_zero: bool = False
    """Is 0 shown, and do rows fade whose interval holds it?"""


def interval_chart(
    rows: Sequence[tuple[str, Estimate | None]], scale: Scale, title: str, width: float = 900.0
) -> Drawing:
    """A dot with its interval for each row; where there is no number the row says so."""
    left = min(14.0 + max(text_width(name, _FONT) for name, _ in rows), 0.45 * width)
    right, bottom = width - _RIGHT, _TOP + _ROW * len(rows)
    low, high = _reach([one for _, one in rows if one is not None], scale.from_zero)

    def x_of(value: float) -> float:
        return left + (right - left) * (value - low) / (high - low)

    shapes: list[Shape] = []
    for tick in nice_ticks(low, high, max(3, int((right - left) / 90))):
        if low <= tick <= high:
            marked = scale.from_zero and tick == 0
            colour = "muted" if marked else "faint"
            shapes.append(_stroke((x_of(tick), _TOP), (x_of(tick), bottom), colour, 1.2))
            shapes.append(Text(x_of(tick), bottom + 19, compact(tick), _FONT, "muted", "middle"))
    said = []
    for number, (name, one) in enumerate(rows):
        y = _TOP + _ROW * (number + 0.5)
        shapes.append(Text(left - 8, y + 4, shortened(name, _FONT, left - 8), _FONT, anchor="end"))
        if one is None:
            shapes.append(Text(left + 8, y + 4, "diverged", _FONT, "muted", halo="card"))
            continue
        shapes += _interval(one, x_of, y, pale=scale.from_zero and not told_apart(one))
        said.append(f"{name}: {compact(float(one.centre))}")
    label = shortened(scale.label, _FONT, width)
    middle = min((left + right) / 2, width - 0.5 * text_width(label, _FONT))
    shapes.append(Text(middle, bottom + 38, label, _FONT, "ink", "middle", bold=True))
    return Drawing(width, bottom + _BELOW, tuple(shapes), title, ". ".join(said))


def told_apart(difference: Estimate) -> bool:
    """Does the interval of a difference leave out 0?"""
    return bool(difference.low > 0 or difference.high < 0)


def bounds(estimate: Estimate, digits: int = 4) -> str:
    """The interval in few characters; empty for a single seed, which has none."""
    low, high = float(estimate.low), float(estimate.high)
    return span(low, high, digits) if np.isfinite(low) and np.isfinite(high) else ""


def _reach(found: Sequence[Estimate], from_zero: bool) -> tuple[float, float]:
    """A range that holds all intervals, and 0 if it is to, with some room."""
    numbers = np.array([0.0] * from_zero + [float(x) for one in found for x in one], float)
    numbers = numbers[np.isfinite(numbers)]
    low, high = float(numbers.min()), float(numbers.max())
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room


def _interval(one: Estimate, x_of: Callable[[float], float], y: float, pale: bool) -> list[Shape]:
    centre, low, high = (float(x) for x in one)
    colour, opacity = ("muted", 0.6) if pale else ("who0", 1.0)
    shapes: list[Shape] = []
    if np.isfinite(low) and np.isfinite(high):
        line = Style(stroke=colour, width=2.6, opacity=opacity)
        shapes.append(Poly(((x_of(low), y), (x_of(high), y)), line, closed=False))
    shapes.append(Circle(x_of(centre), y, 4.5, Style(fill=colour, opacity=opacity)))
    return shapes


def _stroke(start: Point, end: Point, colour: str, width: float) -> Poly:
    return Poly((start, end), Style(stroke=colour, width=width), closed=False)
