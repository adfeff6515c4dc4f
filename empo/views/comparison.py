"""A page that lays training runs over each other, one section for each target."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from empo.runs.compare import Compared, labels
from empo.views.charts import compact, span
from empo.views.learning import learning_curves
from empo.views.markup import in_two_widths, section, table
from empo.views.page import write_page


def write_comparison(path: Path, runs: Sequence[Compared]) -> Path:
    """Write the page; `runs` are ordered by target. Raises `InputError` if the disk refuses."""
    groups = [list(group) for _, group in itertools.groupby(runs, lambda run: run.target)]
    return write_page(path, "Comparison", [_head(groups), *map(_target, groups), _foot()])


def reached(run: Compared) -> str:
    """Median steps to the threshold, and how many seeds came that far; infinite counts as such."""
    steps = run.steps_to_threshold
    if steps is None:
        return ""
    there = np.isfinite(steps).sum()
    middle = float(np.sort(steps)[(len(steps) - 1) // 2 : len(steps) // 2 + 1].mean())
    return f"{compact(middle) if np.isfinite(middle) else 'never'} ({there}/{len(steps)})"


def _head(groups: Sequence[Sequence[Compared]]) -> str:
    n_runs = sum(map(len, groups))
    targets = ", ".join(group[0].target for group in groups)
    about = f"{n_runs} training run{'s' * (n_runs != 1)} on {targets}."
    return (
        '<header><p class="kicker">empo · training runs compared</p><h1>Which learns better?</h1>'
        f'<p class="lead">{escape(about)}</p></header>'
    )


def _target(runs: Sequence[Compared]) -> str:
    names = labels(runs)
    curves = {name: run.returns.held() for name, run in zip(names, runs, strict=True)}
    threshold, target = runs[0].threshold, runs[0].target
    title = f"Return on {target} against environment steps"
    return section(
        target,
        in_two_widths(lambda width: learning_curves(curves, title, width, threshold)),
        '<p class="note">Interquartile means over seeds of the return without exploring, with '
        "their 95% bootstrap intervals. Where bands overlap widely, the seeds do not tell which "
        "run is better.</p>",
        _table(names, runs),
    )


def _table(names: Sequence[str], runs: Sequence[Compared]) -> str:
    threshold = runs[0].threshold
    to_it = [] if threshold is None else [f"steps to {threshold:g}"]
    heads = ["run", "seeds", "steps", "final return", "95% interval", *to_it, "time", "steps/s"]
    rows = []
    for name, run in zip(names, runs, strict=True):
        record = run.record()
        rows.append(
            [
                name if run.report else f"{name}, not finished",
                str(len(run.seeds)),
                compact(record["steps"]),
                compact(record["final_return_iqm"]),
                span(record["final_return_low"], record["final_return_high"]),
                *([] if threshold is None else [reached(run)]),
                "" if record["seconds"] is None else f"{compact(record['seconds'])} s",
                "" if record["steps_per_second"] is None else compact(record["steps_per_second"]),
            ]
        )
    return table(heads, rows, range(1, len(heads)))


def _foot() -> str:
    return (
        "<footer>The final return is that of the last evaluation. Steps to a threshold are the "
        "median over seeds of the first evaluation that reached it, and in brackets how many did. "
        "Steps are counted for each seed, steps per second for all together. Made by empo.</footer>"
    )
