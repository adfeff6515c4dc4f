"""A page that lays the variants of a study beside the first of them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from empo.runs.measures import Measure, course, yardstick
from empo.runs.stats import Estimate
from empo.runs.studying import Outcome, Standing, answer, by_target, firsts, standings
from empo.runs.variants import Study
from empo.views.along import along_chart
from empo.views.charts import compact
from empo.views.drawing import Drawing
from empo.views.intervals import Scale, bounds, interval_chart
from empo.views.learning import learning_curves
from empo.views.markup import figure, in_two_widths, section, table
from empo.views.page import write_page

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
    scale = Scale(f"difference to “{reference}”", from_zero=True)
    return interval_chart(rows, scale, title, width)


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
