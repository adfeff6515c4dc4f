"""A page that ranks the trials of a sweep."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from empo.runs.measures import course, yardstick
from empo.runs.sweep_result import Swept, spelled
from empo.views.charts import compact
from empo.views.intervals import Scale, bounds, interval_chart
from empo.views.learning import learning_curves
from empo.views.markup import in_two_widths, section, table
from empo.views.page import write_page

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
    scale = Scale(f"{measure.symbol} ({'more' if measure.better == 'high' else 'less'} is better)")
    return section(
        f"{measure.words[:1].upper()}{measure.words[1:]}",
        in_two_widths(lambda width: interval_chart(rows, scale, title, width)),
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
