"""A page that ranks the trials of a sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from empo.runs.measures import course, yardstick
from empo.runs.stats import Estimate
from empo.runs.sweep_result import Swept, spelled
from empo.views.charts import compact
from empo.views.drawing import Circle, Drawing, Poly, Shape, Style, Text, shortened, text_width
from empo.views.learning import learning_curves
from empo.views.markup import in_two_widths, section, table
from empo.views.page import write_page
from empo.views.plots import nice_ticks
from empo.views.study import bounds

_FONT = 13.0
_ROW = 26.0
_TOP = 16.0
_BELOW = 46.0
_RIGHT = 22.0
_DRAWN = 30
"""Trials in the picture of ranks; the table has all."""
_CURVES = 5
"""Trials whose learning curves are drawn."""


def write_sweep(path: Path, swept: Swept) -> Path:
    """Write the page. Raises `InputError` if the disk refuses."""
    asked = swept.asked
    head = (
        '<header><p class="kicker">empo · sweep</p>'
        f"<h1>{escape(f'{asked.algorithm} on {asked.target}')}</h1>"
        f'<p class="lead">{escape(_about(swept))}</p></header>'
    )
    parts = [head, _ranks(swept), _settings(swept), _learning(swept), _others(swept), _foot()]
    return write_page(path, f"sweep of {asked.algorithm}", parts)


def rank_chart(
    rows: Sequence[tuple[str, Estimate]], title: str, label: str, width: float = 900.0
) -> Drawing:
    """A dot with its 95% interval for each named trial, one row each."""
    left = min(14.0 + max(text_width(name, _FONT) for name, _ in rows), 0.5 * width)
    right, bottom = width - _RIGHT, _TOP + _ROW * len(rows)
    low, high = _reach([one for _, one in rows])

    def x_of(value: float) -> float:
        return left + (right - left) * (value - low) / (high - low)

    shapes: list[Shape] = []
    for tick in nice_ticks(low, high, max(3, int((right - left) / 90))):
        if low <= tick <= high:
            x = x_of(tick)
            line = Style(stroke="faint", width=1.2)
            shapes.append(Poly(((x, _TOP), (x, bottom)), line, closed=False))
            shapes.append(Text(x, bottom + 19, compact(tick), _FONT, "muted", "middle"))
    for number, (name, one) in enumerate(rows):
        y = _TOP + _ROW * (number + 0.5)
        shapes.append(Text(left - 8, y + 4, shortened(name, _FONT, left - 8), _FONT, anchor="end"))
        shapes += _interval(one, x_of, y)
    said = ". ".join(f"{name}: {compact(float(one.centre))}" for name, one in rows)
    shapes.append(Text((left + right) / 2, bottom + 38, label, _FONT, "ink", "middle", bold=True))
    return Drawing(width, bottom + _BELOW, tuple(shapes), title, said)


def _ranks(swept: Swept) -> str:
    measure = swept.asked.measure
    if not swept.ranked:
        return section("Ranks", "<p>No trial has come to a result.</p>")
    rows = [
        (trial.label or "as given", trial.estimate)
        for trial in swept.ranked[:_DRAWN]
        if trial.estimate is not None
    ]
    title = f"{measure.words}, best first"
    better = "more is better" if measure.better == "high" else "less is better"
    return section(
        f"{measure.words[:1].upper()}{measure.words[1:]}",
        in_two_widths(lambda width: rank_chart(rows, title, f"{measure.symbol} ({better})", width)),
        '<p class="note">Interquartile means over seeds, with 95% bootstrap intervals. The best of '
        "many trials is also the luckiest: with overlapping intervals, try the first few again "
        "with other seeds.</p>",
        _table(swept),
    )


def _table(swept: Swept) -> str:
    measure = swept.asked.measure
    names = list(swept.asked.space)
    heads = ["rank", *names, measure.symbol, "95% interval", "worst seed", "seconds", "folder"]
    rows = []
    for rank, trial in enumerate(swept.ranked, 1):
        assert trial.estimate is not None
        assert trial.scores is not None
        seconds = "" if trial.run is None else compact(float(trial.run.report["seconds"]))
        rows.append(
            [
                str(rank),
                *(spelled(trial.chosen[name]) for name in names),
                compact(float(trial.estimate.centre)),
                bounds(trial.estimate),
                compact(measure.worst(trial.scores)),
                seconds,
                trial.folder.name,
            ]
        )
    return table(heads, rows, [0, *range(len(names) + 1, len(heads) - 1)])


def _settings(swept: Swept) -> str:
    """For each value of each setting with a few, the best and the middle of its trials."""
    measure, rows = swept.asked.measure, []
    for name in swept.asked.space:
        groups: dict[Any, list[float]] = {}
        for trial in swept.ranked:
            assert trial.estimate is not None
            groups.setdefault(trial.chosen[name], []).append(float(trial.estimate.centre))
        if not 1 < len(groups) <= 12:
            continue
        for value, found in groups.items():
            best = max(found) if measure.better == "high" else min(found)
            rows.append(
                [
                    name,
                    spelled(value),
                    str(len(found)),
                    compact(float(np.median(found))),
                    compact(best),
                ]
            )
    if not rows:
        return ""
    heads = ["setting", "value", "trials", f"median {measure.symbol}", "best"]
    return section("Setting by setting", table(heads, rows, (2, 3, 4)))


def _learning(swept: Swept) -> str:
    scale = yardstick(swept.asked.target)
    curves = {
        f"{rank}. {trial.label or 'as given'}": course(trial.run, scale.course)
        for rank, trial in enumerate(swept.ranked[:_CURVES], 1)
        if trial.run is not None
    }
    if not curves:
        return ""
    title = f"{scale.course_words} against environment steps"
    return section(
        "How the first few learned",
        in_two_widths(lambda width: learning_curves(curves, title, width)),
    )


def _others(swept: Swept) -> str:
    rows = [[t.folder.name, t.label, t.state, t.trouble] for t in swept.others]
    if not rows:
        return ""
    return section("Without a result", table(["folder", "settings", "state", "why"], rows))


def _about(swept: Swept) -> str:
    asked = swept.asked
    how = {"grid": "every combination", "random": "drawn by chance", "optuna": "chosen by Optuna"}
    seeds = f"{asked.n_seeds} seed{'s' * (asked.n_seeds != 1)} each"
    fixed = ", ".join(f"{name} {spelled(value)}" for name, value in asked.settings.items())
    of_all = f" All have {fixed}." if fixed else ""
    return f"{len(swept.trials)} of {swept.n_trials} trials, {how[asked.method]}, {seeds}.{of_all}"


def _foot() -> str:
    return "<footer>Each trial is a folder of <code>empo train</code>. Made by empo.</footer>"


def _interval(one: Estimate, x_of: Callable[[float], float], y: float) -> list[Shape]:
    centre, low, high = (float(x) for x in one)
    shapes: list[Shape] = []
    if np.isfinite(low) and np.isfinite(high):
        line = Style(stroke="who0", width=2.6)
        shapes.append(Poly(((x_of(low), y), (x_of(high), y)), line, closed=False))
    shapes.append(Circle(x_of(centre), y, 4.5, Style(fill="who0")))
    return shapes


def _reach(found: Sequence[Estimate]) -> tuple[float, float]:
    """A range that holds all intervals, with some room."""
    numbers = np.array([float(x) for one in found for x in one])
    numbers = numbers[np.isfinite(numbers)]
    low, high = float(numbers.min()), float(numbers.max())
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room
