"""The sections of a learned robot's report, in the order in which they stand on the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from empo.runs.setup import Job
from empo.views.charts import compact
from empo.views.drawing import Drawing
from empo.views.markup import in_two_widths, section, symbol, tiles
from empo.views.robot_charts import SYMBOLS, Chart, Course, learned_in
from empo.views.svg import to_svg
from empo.views.training_sections import duration, settings_columns

_SIZES = ("x_h", "u_r", "q_r", "v_r")
"""Quantities that may be of any size: their pictures have logarithmic scales."""
_FAR = 0.2
"""Share of a uniform robot's distance that is too large to be called learned."""


@dataclass(frozen=True)
class Learned:
    """All that the folder of a robot's training holds for the page."""

    folder: Path
    config: Mapping[str, Any]
    job: Job
    report: Mapping[str, Any] | None
    """None while the run goes on."""
    course: Course

    @property
    def title(self) -> str:
        """The world's name; the target, where that was not noted."""
        world = self.config.get("world")
        return world["name"] if isinstance(world, Mapping) and "name" in world else self.job.target

    @property
    def judged(self) -> bool:
        """Is there an exact solution that the robot was judged by?"""
        return self.course.curve("evaluate", "tv") is not None


def overview(told: Learned) -> str:
    """Title and key numbers."""
    job, report = told.job, told.report
    seeds = "" if job.n_seeds == 1 else f", by {job.n_seeds} seeds side by side"
    about = (
        f"A robot that softly maximises human power, learned from {job.n_steps:,} steps in this "
        f"world{seeds}."
    )
    state = "" if report else '<p class="note"><b>This run is not finished.</b></p>'
    return (
        f'<header><p class="kicker">empo · a robot, learned</p><h1>{escape(told.title)}</h1>'
        f'<p class="lead">{escape(about)}</p>{state}</header>'
        f"{tiles(_facts(told))}"
    )


def verdict(told: Learned) -> str:
    """How near the exact solution it came, whether it has settled, and what to change if not."""
    report = told.report or {}
    said = [_how_near(told)]
    advice = report.get("advice")
    if advice is None:
        return section("How good is it?", f"<p>{escape(said[0])}</p>")
    if not advice:
        said.append(
            "The training has settled: the policy stands still, what was learned nearly fulfils "
            "its own equations, and no symptom of an unstable training was found."
        )
    if not advice and told.judged and report.get("tv", 0.0) > _FAR * report["tv_uniform"]:
        said.append(
            "⚠ Yet it is far from the exact policy: small errors of the values may be large ones "
            "of so decisive a robot. More updates before the learning rates fall, or larger "
            "networks, may bring it closer."
        )
    items = "".join(f"<li>{escape(line)}</li>" for line in advice)
    listed = f"<h3>What the advisor would change</h3><ul>{items}</ul>" if advice else ""
    return section("How good is it?", *(f"<p>{escape(line)}</p>" for line in said), listed)


def closeness(told: Learned) -> str:
    """The gap to the exact solution as training went on; and the residuals, which need none."""
    course = told.course
    residuals = {
        f"residual_{name}": said
        for name, said in SYMBOLS.items()
        if course.curve("evaluate", f"residual_{name}") is not None
    }
    parts = _gap(course) if told.judged else []
    if residuals:
        parts += [
            "<h3>Residuals of the equations</h3>",
            _wide(course, Chart("Residuals", "evaluate", residuals)),
            '<p class="note">How far each learned quantity is from the right side of its own '
            "equation, computed from what was learned: relative, and absolute for those between 0 "
            "and 1.</p>",
        ]
    if course.curve("evaluate", "lipschitz") is not None:
        parts += _amplified(course)
    return section("How it came closer to the truth" if told.judged else "How it settled", *parts)


def _gap(course: Course) -> list[str]:
    uniform = course.last("evaluate", "tv_uniform")
    level = None if uniform is None else (uniform, "a robot that acts uniformly")
    names = {"tv": "mean", "tv_max": "in the worst state"}
    return [
        '<p class="note">Total variation between the learned π<sub>r</sub> and the exact one, '
        "in the states that the learned robot visits: the share of its actions that would be "
        "others. Below, the errors of the values there. The numbers above the pictures are those "
        "of the stages, which are named further below.</p>",
        _wide(course, Chart("Distance to the exact policy", "evaluate", names, level=level)),
        _pair(
            course,
            Chart("V_r, relative error", "evaluate", {"v_r_rel_error": "V_r"}),
            Chart("V_h^e, absolute error", "evaluate", {"v_h_e_error": "V_h^e"}),
        ),
    ]


def _amplified(course: Course) -> list[str]:
    level = (1.0, "above, errors may grow from sweep to sweep")
    names = {"lipschitz": "constant"}
    title = "Local Lipschitz constant"
    return [
        "<h3>What becomes of errors</h3>",
        '<p class="note">How much of an error of V<sub>r</sub> and V<sub>h</sub><sup>e</sup> in '
        "the next states is left in the states before them, where equations (4)–(9) are applied to "
        "what was learned.</p>",
        _wide(course, Chart(title, "evaluate", names, logarithmic=False, level=level)),
    ]


def stages(told: Learned) -> str:
    """The stages of the warm-up, with beta_r and the learning rates."""
    course = told.course
    names = "".join(
        f"<li><b>{stage.mark}</b> {symbol(stage.said)} "
        f'<span class="quiet">(updates {stage.begin:,}–{stage.end:,})</span></li>'
        for stage in course.stages
    )
    rates = {f"{name}_rate": SYMBOLS.get(name, name) for name in learned_in(course.history)}
    return section(
        "In which order it was learned",
        f'<ul class="stages">{names}</ul>',
        _pair(
            course,
            Chart("Effective β_r", "train", {"beta_r": "β_r"}, logarithmic=False),
            Chart("Learning rates", "train", rates),
            Chart("Change of π_r in 100 updates", "train", {"policy_change": "π_r"}),
        ),
    )


def quantities(told: Learned) -> str:
    """For each learned quantity: its loss, what it predicts, and its lagging copy."""
    parts = []
    for name in learned_in(told.course.history):
        parts.append(f"<h3>{symbol(SYMBOLS.get(name, name))}</h3>")
        parts.append(_pair(told.course, *_charts_of(name), heading="h4"))
    if not parts:
        return ""
    note = (
        '<p class="note">Means over batches. Targets are computed from slow copies, so a loss may '
        "rise while things go well: when a stage begins, and when β<sub>r</sub> moves the aim. "
        "Of U<sub>r</sub>, Q<sub>r</sub> and V<sub>r</sub>, which are negative, the sizes are "
        "shown.</p>"
    )
    return section("What was learned of each quantity", note, *parts)


def _charts_of(name: str) -> list[Chart]:
    prediction, target, said = f"{name}_prediction", f"{name}_target", SYMBOLS.get(name, name)
    both = {prediction: "prediction", target: "target"}
    return [
        Chart(f"Loss of {said}", "train", {f"{name}_loss": "loss"}),
        Chart(f"Prediction and target of {said}", "train", both, logarithmic=name in _SIZES),
        Chart(f"Lag of the slow copy of {said}", "train", {f"{name}_lag": "lag"}),
        Chart(f"Gradient's norm of {said}", "train", {f"{name}_grad_norm": "norm"}),
    ]


def not_shown(reason: str) -> str:
    """Instead of the rollout and the maps."""
    return section("What the robot does", f'<p class="note">{escape(reason)}</p>')


def settings(told: Learned) -> str:
    """Every setting of the training, and the versions of what computed."""
    return section("Settings of the training", settings_columns(told.config)) + (
        "<footer>Stages and their order as in the document on time scales; two time scales as in "
        "Borkar, “Stochastic Approximation” (2008), chapter 6. Made by empo.</footer>"
    )


def _facts(told: Learned) -> dict[str, str]:
    course, report = told.course, told.report or {}

    def number(name: str) -> float | None:
        return report.get(name, course.last("evaluate", name))

    facts = {}
    if told.judged:
        names = {
            "Distance of π_r": "tv",
            "of a uniform robot": "tv_uniform",
            "in the worst state": "tv_max",
            "Error of V_r": "v_r_rel_error",
            "Error of V_h^e": "v_h_e_error",
        }
        for said, name in names.items():
            found = number(name)
            if found is not None:
                facts[said] = f"{found:.2%}" if name == "v_r_rel_error" else f"{found:.4f}"
    if (gain := number("v_r_of_policy_gap")) is not None:
        facts["Gain in V_r over exact"] = f"{gain:+.2%}"
    if (local := number("lipschitz")) is not None:
        facts["Local Lipschitz constant"] = f"{local:.3f}"
    if told.report:
        facts["Time"] = duration(report["seconds"])
        facts["of which compiling"] = duration(report["compile_seconds"])
        facts["Steps per second"] = compact(report["steps_per_second"])
    if "advice" in report:
        facts["Settled"] = "no" if report["advice"] else "yes"
    return facts


def _how_near(told: Learned) -> str:
    if not told.judged:
        return "There is no exact solution of this world to judge it by."
    report, course = told.report or {}, told.course
    tv, uniform = (report.get(n, course.last("evaluate", n)) for n in ("tv", "tv_uniform"))
    assert tv is not None
    assert uniform is not None
    against = f", where one that acts uniformly is {uniform:.3f} away" if uniform else ""
    times = f": {uniform / tv:,.0f} times nearer" if tv and uniform / tv >= 2 else ""
    return (
        f"In the states that it visits, the learned robot's policy is {tv:.4f} away from the exact "
        f"one in total variation{against}{times}."
    )


def _wide(course: Course, chart: Chart) -> str:
    def draw(width: float) -> Drawing:
        drawn = course.picture(chart, width)
        assert drawn is not None
        return drawn

    return in_two_widths(draw)


def _pair(course: Course, *charts: Chart, heading: str = "h3") -> str:
    """Those charts for which there are numbers, side by side."""
    drawn = [(symbol(chart.title), course.picture(chart)) for chart in charts]
    cards = (
        f"<div><{heading}>{title}</{heading}><figure>{to_svg(picture)}</figure></div>"
        for title, picture in drawn
        if picture is not None
    )
    return f'<div class="pair">{"".join(cards)}</div>'
