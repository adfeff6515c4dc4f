"""Pictures of learning: returns of several seeds against steps, and how the training went."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from empo.runs.health import Quantity
from empo.runs.history import Curve, History
from empo.runs.stats import over_seeds
from empo.views.charts import Frame, Line, histogram, line_chart
from empo.views.drawing import WHO, Drawing

RETURNS = {"random actions": "who2", "before training": "who1", "last evaluation": "who0"}
"""Kinds of episodes and their colours; the last is that of the learning curve."""
_DASHES = ((), (9.0, 6.0), (2.5, 5.0))
"""Of lines beyond the number of colours."""
_MOST_POINTS = 300
"""Of a line in a picture: more would make the page heavy and show nothing new."""
_WIDE = 1000.0
"""From this ratio of the largest to the smallest number on, the scale is logarithmic."""


def learning_curves(
    curves: Mapping[str, Curve], title: str, width: float = 900.0, threshold: float | None = None
) -> Drawing:
    """The interquartile mean over seeds of each curve, with its 95% bootstrap band."""
    lines = [
        seed_line(curve, name, *look(number)) for number, (name, curve) in enumerate(curves.items())
    ]
    level = None if threshold is None else (threshold, f"threshold: {threshold:g}")
    return line_chart(lines, Frame(title=title, width=width, height=_height(width), level=level))


def run_curve(history: History, width: float = 900.0) -> Drawing:
    """One run: evaluations with their band, each seed behind them, and returns while exploring."""
    lines: list[Line] = []
    judged = history.returns()
    explored = history.curve("train", "episode_return")
    if explored is not None and len((held := explored.held()).steps):
        lines.append(seed_line(held, "while training, exploring", "who1", _DASHES[1]))
    if judged is not None:
        many = len(judged.values) > 1
        name = "evaluated: middle of the seeds, 95% band" if many else "evaluated"
        lines.append(seed_line(judged, name, "who0"))
        for values in judged.values if many else ():
            x, y = _thinned(judged.steps, values)
            lines.append(Line(x=x, y=y, colour="who0", thin=True))
    title = "Return against environment steps"
    return line_chart(lines, Frame(title=title, width=width, height=_height(width)))


def health_chart(history: History, quantity: Quantity) -> Drawing | None:
    """A quantity's middle over seeds with its band; None if the run did not measure it."""
    measured = [(name, history.curve("train", name)) for name in quantity.names]
    found = [
        (name, curve.held())
        for name, curve in measured
        if curve is not None and np.isfinite(curve.values).any(axis=1).all()
    ]
    if not found:
        return None
    several = len(found) > 1
    lines = [
        seed_line(curve, name.replace("_", " ") if several else "", *look(number))
        for number, (name, curve) in enumerate(found)
    ]
    wide = _spans_decades([line.reach for line in lines])
    title = f"{quantity.title} against environment steps"
    return line_chart(lines, Frame(title=title, width=460, height=230, logarithmic=wide))


def returns_chart(groups: Mapping[str, np.ndarray], width: float = 900.0) -> Drawing:
    """How the returns of single episodes are spread, one row for each name in `RETURNS`."""
    rows = [(name, groups[name], colour) for name, colour in RETURNS.items() if name in groups]
    frame = Frame(
        title="Returns of single episodes",
        x_label="return of an episode",
        width=width,
        height=60 + 85 * len(rows),
    )
    return histogram(rows, frame)


def seed_line(curve: Curve, name: str, colour: str, dash: tuple[float, ...] = ()) -> Line:
    """The interquartile mean over seeds; with several seeds, its 95% interval as a band."""
    steps, values = _thinned(curve.steps, curve.values)
    middle = over_seeds(values)
    bounds = (middle.low, middle.high) if len(values) > 1 else (None, None)
    return Line(
        x=steps, y=middle.centre, low=bounds[0], high=bounds[1], colour=colour, name=name, dash=dash
    )


def _height(width: float) -> float:
    return 150.0 + 0.22 * width


def look(number: int) -> tuple[str, tuple[float, ...]]:
    """Colour and dashes of the lines of a chart, by their place in it."""
    return WHO[number % len(WHO)], _DASHES[number // len(WHO) % len(_DASHES)]


def _thinned(steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most so many points, evenly spread, the last one among them."""
    if len(steps) <= _MOST_POINTS:
        return steps.astype(float), values
    kept = np.unique(np.linspace(0, len(steps) - 1, _MOST_POINTS).round().astype(int))
    return steps[kept].astype(float), values[..., kept]


def _spans_decades(numbers: Sequence[np.ndarray]) -> bool:
    together = np.concatenate(numbers)
    if not len(together):
        return False
    low, high = float(together.min()), float(together.max())
    return low > 0 and math.log10(high) - math.log10(low) >= math.log10(_WIDE)
