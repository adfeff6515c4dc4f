"""A page that lays the variants of a study beside the first of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

import numpy as np

from empo.runs.measures import Measure, course, yardstick
from empo.runs.stats import Estimate
from empo.runs.studying import Outcome, Standing, answer, by_target, firsts, standings
from empo.runs.variants import Study
from empo.views.along import along_chart
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
from empo.views.learning import learning_curves
from empo.views.markup import figure, in_two_widths, section, table
from empo.views.page import write_page
from empo.views.plots import nice_ticks

_FONT = 13.0
_ROW = 26.0
_TOP = 16.0
_BELOW = 46.0
_RIGHT = 22.0
_REFERENCE = (
    "Each variant beside the first, or the first of its group; told apart where the 95% interval "
    "of the difference leaves out 0."
)


def write_study(path: Path, name: str, study: Study, outcomes: Sequence[Outcome]) -> Path:
    """Write the page. Raises `InputError` if the disk refuses."""
    sections = [_target(study, target, group) for target, group in by_target(outcomes).items()]
    head = (
        f'<header><p class="kicker">empo · study {escape(name)}</p>'
        f'<h1>{escape(study.question)}</h1><p class="lead">{escape(_about(outcomes))}</p></header>'
    )
    return write_page(path, name, [head, *sections, _foot()])


def difference_chart(
    rows: Sequence[tuple[str, Estimate | None]], title: str, reference: str, width: float = 900.0
) -> Drawing:
    """How far each named variant is from its reference: a dot with its interval, one row each.

    Those whose interval holds 0 are pale; where there is no number the row says so.
    """
    left = min(14.0 + max(text_width(name, _FONT) for name, _ in rows), 0.45 * width)
    right, bottom = width - _RIGHT, _TOP + _ROW * len(rows)
    low, high = _reach([one for _, one in rows if one is not None])

    def x_of(value: float) -> float:
        return left + (right - left) * (value - low) / (high - low)

    shapes: list[Shape] = []
    for tick in nice_ticks(low, high, max(3, int((right - left) / 90))):
        x = x_of(tick)
        shapes.append(_stroke((x, _TOP), (x, bottom), "muted" if tick == 0 else "faint", 1.2))
        shapes.append(Text(x, bottom + 19, compact(tick), _FONT, "muted", "middle"))
    said = []
    for number, (name, one) in enumerate(rows):
        y = _TOP + _ROW * (number + 0.5)
        shapes.append(Text(left - 8, y + 4, shortened(name, _FONT, left - 8), _FONT, anchor="end"))
        if one is None:
            shapes.append(Text(left + 8, y + 4, "diverged", _FONT, "muted", halo="card"))
            continue
        shapes += _interval(one, x_of, y)
        said.append(f"{name}: {compact(float(one.centre))}")
    label = shortened(f"difference to “{reference}”", _FONT, width)
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


def _target(study: Study, target: str, outcomes: Sequence[Outcome]) -> str:
    measured = [(m, standings(outcomes, m)) for m in study.measures(target)]
    charts = [
        f"<h3>{escape(_capital(measure.words))}</h3>{_differences(measure, outcomes, found)}"
        for measure, found in measured
    ]
    tables = [
        f"<h3>{escape(_capital(m.words))}</h3>{_table(study.varied, m, outcomes, found)}"
        for m, found in measured
    ]
    said = yardstick(target).course_words
    answers = "".join(
        f"<li>{escape(answer(measure, outcomes, found))}</li>" for measure, found in measured
    )
    return section(
        target,
        f"<h3>In words</h3><p>{escape(_REFERENCE)}</p><ul>{answers}</ul>",
        _along(study, outcomes, measured),
        *charts,
        '<p class="note">Differences of interquartile means over seeds, with 95% bootstrap '
        "intervals; pale where the interval holds 0.</p>",
        *tables,
        f"<h3>{escape(said)} against environment steps</h3>{_curves(target, outcomes)}",
    )


def _along(
    study: Study,
    outcomes: Sequence[Outcome],
    measured: Sequence[tuple[Measure, Sequence[Standing | None]]],
) -> str:
    if not study.along:
        return ""
    variants = [outcome.variant for outcome in outcomes]
    cards = [
        figure(
            along_chart(study.along, variants, found, _capital(measure.words)),
            heading=_capital(measure.words),
        )
        for measure, found in measured
    ]
    return f'<h3>Against {escape(study.along)}</h3><div class="pair">{"".join(cards)}</div>'


def _differences(
    measure: Measure, outcomes: Sequence[Outcome], found: Sequence[Standing | None]
) -> str:
    """Nothing where all that the others are compared with has diverged."""
    first = firsts(outcomes)
    rows = [
        (outcome.variant.label, one.beside_reference if one else None)
        for number, (outcome, one) in enumerate(zip(outcomes, found, strict=True))
        if first[number] != number and found[first[number]] is not None
    ]
    if not rows:
        return ""
    names = {outcomes[number].variant.name for number in first}
    reference = names.pop() if len(names) == 1 else "the first of the group"
    title = f"{_capital(measure.words)}: differences to “{reference}”"
    return in_two_widths(lambda width: difference_chart(rows, title, reference, width))


def _curves(target: str, outcomes: Sequence[Outcome]) -> str:
    """Each variant over the first one of its group; what has diverged is left out."""
    scale = yardstick(target)
    cards = []
    for outcome, first in zip(outcomes, firsts(outcomes), strict=True):
        reference = outcomes[first]
        if outcome.run is None or outcome is reference:
            continue
        both = {one.variant.name: one.run for one in (reference, outcome)}
        curves = {n: course(run, scale.course) for n, run in both.items() if run is not None}
        title = f"{scale.course_words} against environment steps: {outcome.variant.label}"
        cards.append(figure(learning_curves(curves, title, 460.0)))
    return f'<div class="pair">{"".join(cards)}</div>'


def _table(
    varied: str,
    measure: Measure,
    outcomes: Sequence[Outcome],
    found: Sequence[Standing | None],
) -> str:
    heads = [varied, measure.symbol, "95% interval", "worst seed", "difference", "95% interval"]
    rows = []
    for number, (outcome, one) in enumerate(zip(outcomes, found, strict=True)):
        name = outcome.variant.label
        if one is None:
            rows.append([name, "diverged", "", "", "", ""])
            continue
        more = None if firsts(outcomes)[number] == number else one.beside_reference
        rows.append(
            [
                name,
                compact(float(one.estimate.centre)),
                bounds(one.estimate),
                compact(one.worst),
                "" if more is None else compact(float(more.centre)),
                "" if more is None else bounds(more),
            ]
        )
    return table(heads, rows, range(1, len(heads)))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _about(outcomes: Sequence[Outcome]) -> str:
    targets = by_target(outcomes)
    seeds = {one.run.job.n_seeds for one in outcomes if one.run is not None}
    each = f", {max(seeds)} seed{'s' * (max(seeds) != 1)} each" if seeds else ""
    n_variants = len(next(iter(targets.values())))
    return f"{n_variants} variants on {', '.join(targets)}{each}."


def _foot() -> str:
    return (
        "<footer>The mean over the whole training is that of all evaluations after the first "
        "update: it tells who learns sooner. Of many comparisons some intervals leave out 0 by "
        "chance. Made by empo.</footer>"
    )


def _reach(found: Sequence[Estimate]) -> tuple[float, float]:
    """A range that holds 0 and all intervals, with some room."""
    numbers = np.array([0.0, *(float(x) for one in found for x in one)], float)
    numbers = numbers[np.isfinite(numbers)]
    low, high = float(numbers.min()), float(numbers.max())
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room


def _interval(one: Estimate, x_of: Callable[[float], float], y: float) -> list[Shape]:
    centre, low, high = (float(x) for x in one)
    colour = "who0" if told_apart(one) else "muted"
    opacity = 1.0 if told_apart(one) else 0.6
    shapes: list[Shape] = []
    if np.isfinite(low) and np.isfinite(high):
        line = Style(stroke=colour, width=2.6, opacity=opacity)
        shapes.append(Poly(((x_of(low), y), (x_of(high), y)), line, closed=False))
    shapes.append(Circle(x_of(centre), y, 4.5, Style(fill=colour, opacity=opacity)))
    return shapes


def _stroke(start: Point, end: Point, colour: str, width: float) -> Poly:
    return Poly((start, end), Style(stroke=colour, width=width), closed=False)
