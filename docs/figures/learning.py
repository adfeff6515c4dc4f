"""Trains every algorithm on its reference tasks and draws docs/figures/learning/*.png.

Run from the project's root, on a quiet machine (an hour or two):

    python docs/figures/learning.py            # all
    python docs/figures/learning.py ppo sac    # some

Besides the pictures it writes docs/figures/learning/results.json, and from that the tables of
docs/algorithms/which-one.md, which it prints, too. Runs are kept in runs/learning: one that is
finished with the settings of today is not trained again, and one that was interrupted goes on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import imageio.v3 as imageio
import jax
import jax.numpy as jnp
import numpy as np
from learning_plan import N_SEEDS, SPI, THRESHOLDS, Course, plan
from learning_table import results, with_results

import empo
from empo.core.errors import InputError
from empo.rl import soft_policy_iteration as spi
from empo.runs.compare import read_runs
from empo.runs.folder import REPORT
from empo.runs.history import Curve, read_history
from empo.runs.trained import job_of, read_job
from empo.views.charts import Frame, Line, line_chart
from empo.views.drawing import Drawing, Group, Text
from empo.views.learning import learning_curves
from empo.views.raster import to_rgb

RUNS = Path("runs/learning")
PICTURES = Path(__file__).with_name("learning")
RESULTS = PICTURES / "results.json"
PAGE = Path(__file__).parents[1] / "algorithms" / "which-one.md"
WIDTH = 700.0
HEAD = 36.0
"""Room above each chart for its title."""
PIXELS = 1.6
COMPARED = ("a2c", "trpo", "ppo", "dqn", "td3", "sac")
"""In the one picture that lays several algorithms over each other."""


def main(names: Sequence[str]) -> None:
    """Train, measure and draw the algorithms of these names, or all."""
    courses = plan()
    known = [*dict.fromkeys(course.algorithm for course in courses), SPI]
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"{', '.join(unknown)}: unknown (there are {', '.join(known)})")
    chosen = [course for course in courses if not names or course.algorithm in names]
    records = _read_records()
    PICTURES.mkdir(exist_ok=True)
    for number, course in enumerate(chosen, 1):
        print(f"[{number}/{len(chosen)}] {course.target} {course.label}", flush=True)
        train(course)
        records[course.folder] = measured(course)
        ordered = [records[c.folder] for c in courses if c.folder in records]
        RESULTS.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(with_results(PAGE.read_text("utf-8"), ordered), encoding="utf-8")
    for algorithm in dict.fromkeys(course.algorithm for course in chosen):
        of_it = [course for course in chosen if course.algorithm == algorithm]
        draw(algorithm, of_it, lambda course: course.label)
    if not names or SPI in names:
        _save(SPI, [distances_to_the_solution()])
    compared = [c for c in courses if c.algorithm in COMPARED and not c.variant]
    if all((RUNS / c.folder / REPORT).exists() for c in compared):
        draw("which-one", compared, lambda course: course.algorithm)
    if records:
        print(results(list(records.values())))


def train(course: Course) -> None:
    """Train it, or go on with it, unless it is finished."""
    folder = RUNS / course.folder
    job = job_of(
        course.target,
        course.algorithm,
        seed=0,
        n_seeds=N_SEEDS,
        n_steps=course.steps,
        settings=course.settings,
    )
    try:
        known = read_job(folder) == job
    except InputError:  # there is none yet, or one of other settings than there are now
        known = False
    if known and (folder / REPORT).exists():
        return
    if known:
        empo.resume(folder)
        return
    empo.train(
        course.target,
        course.algorithm,
        n_seeds=N_SEEDS,
        steps=course.steps,
        out=folder,
        overwrite=True,
        **course.settings,
    )


def measured(course: Course) -> dict[str, Any]:
    """What is told of a run in results.json."""
    (run,) = read_runs([RUNS / course.folder], THRESHOLDS)
    record = run.record()
    del record["folder"]
    return {"name": course.folder, "variant": course.variant, **record}


def draw(name: str, courses: Sequence[Course], named: Callable[[Course], str]) -> None:
    """The learning curves of some courses, one chart for each task below the other."""
    charts = []
    for target in dict.fromkeys(course.target for course in courses):
        curves = {named(c): _curve(c) for c in courses if c.target == target}
        charts.append(learning_curves(curves, f"Return on {target}", WIDTH, THRESHOLDS[target]))
    _save(name, charts)


def distances_to_the_solution() -> Drawing:
    """Soft policy iteration and soft value iteration on one random decision process.

    It has 20 states, 4 actions, rewards from the standard normal law, gamma .9 and alpha .1.
    """
    with jax.enable_x64(True):
        rng = np.random.default_rng(0)
        prob = jnp.asarray(rng.dirichlet(np.ones(20), (20, 4)))
        tables = spi.Tables(prob, jnp.asarray(rng.normal(size=(20, 4))), jnp.asarray(0.9))
        alpha = 0.1
        solved = spi.soft_policy_iteration(tables, alpha, tolerance=1e-13).q
        of_values = of_policies = jnp.zeros_like(tables.reward)
        distances = []
        for _ in range(60):
            distances.append(
                [float(jnp.max(jnp.abs(q - solved))) for q in (of_policies, of_values)]
            )
            pi = spi.soft_improvement(of_policies, alpha)
            of_policies = spi.soft_evaluation(tables, pi, alpha)
            of_values = spi.soft_optimal_backup(tables, of_values, alpha)
    above = np.array(distances)
    above[above < 1e-12] = np.nan
    rounds = np.arange(60.0)
    lines = [
        Line(x=rounds, y=above[:, 0], name="soft policy iteration", colour="who0"),
        Line(x=rounds, y=above[:, 1], name="soft value iteration", colour="who1"),
    ]
    title = "Greatest distance of Q to the solution"
    return line_chart(
        lines, Frame(title=title, x_label="rounds", width=WIDTH, height=300, logarithmic=True)
    )


def _curve(course: Course) -> Curve:
    returns = read_history(RUNS / course.folder).returns()
    assert returns is not None, "every run is judged"
    return returns.held()


def _save(name: str, charts: Sequence[Drawing]) -> None:
    """One picture of all, each below its title."""
    shapes, y = [], 0.0
    for chart in charts:
        shapes += [Text(14, y + 26, chart.title, 16, bold=True), Group(chart.shapes, 0, y + HEAD)]
        y += HEAD + chart.height
    picture = Drawing(WIDTH, y, tuple(shapes), name)
    imageio.imwrite(PICTURES / f"{name}.png", to_rgb(picture, PIXELS))


def _read_records() -> dict[str, dict[str, Any]]:
    if not RESULTS.exists():
        return {}
    return {record["name"]: record for record in json.loads(RESULTS.read_text("utf-8"))}


if __name__ == "__main__":
    main(sys.argv[1:])
