"""A page that lays two solutions of one world side by side: one of them may have been learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from empo.runs.likeness import Cell, Distance, Likeness, Moment
from empo.runs.rollout import Rollout
from empo.views.drawing import Drawing, Rect, Style, Text
from empo.views.frames import ground
from empo.views.markup import figure, section, symbol, table, tiles
from empo.views.page import write_page
from empo.views.plots import action_bars, action_map
from empo.views.power_map import numbers_on, shade
from empo.views.robot_charts import SYMBOLS
from empo.views.svg import to_svg
from empo.worlds.world import Scene

_MOST_AGENTS = 4
_MOST_ACTIONS = 3
_MOST_ROWS = 60


@dataclass(frozen=True)
class Sides:
    """What is compared, and along which rollout."""

    labels: tuple[str, str]
    likeness: Likeness
    path: Rollout
    """Of the second one's robot."""
    moments: tuple[Moment, ...]

    @property
    def mean_distance(self) -> float:
        """Of the policies, over the states of the rollout."""
        return float(np.mean([moment.distance for moment in self.moments]))

    @property
    def mean_uniform(self) -> float:
        """Of the first policy from a uniform one, over the same states."""
        return float(np.mean([moment.uniform for moment in self.moments]))


def write_likeness(path: Path, sides: Sides) -> Path:
    """Write the page. Raises `InputError` if the disk refuses."""
    world = sides.likeness.first.world
    parts = (_head(sides), _numbers(sides), _start(sides), _maps(sides), _along(sides), _foot())
    return write_page(path, f"{world.name}: {' and '.join(sides.labels)}", parts)


def spoken(number: float) -> str:
    """A distance in few characters."""
    return "∞" if np.isinf(number) else f"{number:.2e}" if 0 < number < 1e-3 else f"{number:.4f}"


def likeliest(policy: Mapping[str, float], most: int = _MOST_ACTIONS) -> str:
    """The most probable actions with their probabilities: east .97, pass .02."""
    ranked = sorted(policy.items(), key=lambda item: -item[1])
    shown = [f"{name} {_share(prob)}" for name, prob in ranked[:most] if prob >= 0.005]
    return ", ".join(shown or [f"{ranked[0][0]} {_share(ranked[0][1])}"])


def differing_settings(likeness: Likeness) -> str:
    """A sentence on settings of the theory that differ; empty if none do."""
    pairs = (
        f"{name} {' and '.join(f'{x:g}' if isinstance(x, float) else str(x) for x in values)}"
        for name, values in likeness.settings.items()
    )
    said = ", ".join(pairs)
    return f"They solve different problems: {said}." if said else ""


def _share(prob: float) -> str:
    return f"{prob:.2f}".replace("0.", ".", 1) if prob < 0.995 else "1"


def _head(sides: Sides) -> str:
    likeness, (first, second) = sides.likeness, sides.labels
    world = likeness.first.world
    policy = likeness.distances[0]
    facts = {
        "π_r, mean over states": spoken(policy.mean),
        "a uniform robot": spoken(likeness.uniform.mean),
        "π_r, along the rollout": spoken(sides.mean_distance),
        "π_r, at worst": spoken(policy.largest),
        "States": f"{likeness.first.game.n_states:,}",
    }
    warning = differing_settings(likeness)
    note = f'<p class="note"><b>{escape(warning)}</b></p>' if warning else ""
    about = f"The {second} solution beside the {first} one, in every state of the world."
    return (
        '<header><p class="kicker">empo · two solutions compared</p>'
        f'<h1>{escape(world.name)}</h1><p class="lead">{escape(about)}</p>{note}</header>'
        f"{tiles(facts)}"
    )


def _numbers(sides: Sides) -> str:
    likeness = sides.likeness
    rows = [
        [
            symbol(SYMBOLS[distance.quantity]),
            distance.measure,
            spoken(distance.mean),
            spoken(distance.largest),
            likeness.name_of(*distance.worst),
        ]
        for distance in likeness.distances
    ]
    return section(
        "How far apart they are",
        '<p class="note">In each state: half the sum of the differences of π<sub>r</sub> (total '
        "variation), |V<sub>r</sub>/V<sub>r</sub> − 1|, the mean difference of "
        "V<sub>h</sub><sup>e</sup> over people and goals, and the mean difference of the "
        "logarithms of X<sub>h</sub>, U<sub>r</sub> and Q<sub>r</sub>, where 0.01 is about one "
        "percent.</p>",
        table(["quantity", "difference", "mean", "largest", "there"], rows, [2, 3], mono=4),
    )


def _start(sides: Sides) -> str:
    """Both policies where play begins."""
    moment = sides.moments[0]
    scene = sides.likeness.first.world.scene(moment.state)
    cards = []
    for label, policy in zip(sides.labels, (moment.first, moment.second), strict=True):
        title = f"{label}: what the robot does at the start"
        bars = figure(action_bars(policy, title), css_class="bars")
        map_ = "" if scene is None else figure(action_map(scene, policy, title), css_class="scene")
        cards.append(f"<div><h3>{escape(label)}</h3>{map_}{bars}</div>")
    note = f"Total variation between the two: {spoken(moment.distance)}."
    return section(
        "Where play begins",
        f'<p class="note">{note}</p>',
        f'<div class="pair">{"".join(cards)}</div>',
    )


def _maps(sides: Sides) -> str:
    likeness = sides.likeness
    scene = likeness.first.world.scene(sides.path.states[0])
    if scene is None:
        return ""
    parts = []
    for distance in likeness.distances:
        found = dict(list(likeness.by_cell(distance).items())[:_MOST_AGENTS])
        most = max((value for cells in found.values() for value in cells.values()), default=0.0)
        drawn = "".join(
            figure(
                error_map(scene, cells, most, _title(distance, agent)),
                css_class="scene",
                heading=f"where {'the robot' if agent == 'robot' else agent} is",
            )
            for agent, cells in found.items()
        )
        scale = f'<div class="scale">{to_svg(error_scale(most, distance.measure))}</div>'
        name = symbol(SYMBOLS[distance.quantity])
        parts.append(
            f"<h3>{name}, {escape(distance.measure)}</h3>"
            f'<div class="pair maps">{drawn}</div>{scale}'
        )
    return section(
        "Where on the grid they differ",
        '<p class="note">The mean difference over all states in which somebody is in that cell, '
        "whatever else holds there. The colours of each quantity reach from 0 to the largest of "
        "its numbers; empty cells are never entered.</p>",
        *parts,
    )


def error_map(scene: Scene, values: Mapping[Cell, float], most: float, title: str) -> Drawing:
    """The grid with each cell coloured by its number, of which `most` has the darkest colour.

    Of things only walls and lava are drawn: all others may be elsewhere in many of the states.
    """
    shares = {cell: value / most if most > 0 else 0.0 for cell, value in values.items()}
    fills = {cell: shade(share) for cell, share in shares.items()}
    texts = {cell: (brief(value), shares[cell]) for cell, value in values.items()}
    shapes = (*ground(scene, fills), *numbers_on(texts, set()))
    said = ", ".join(f"({x}, {y}): {brief(value)}" for (x, y), value in values.items())
    return Drawing(scene.width, scene.height, shapes, title, f"By cell: {said}.")


def error_scale(most: float, measure: str, width: float = 320.0) -> Drawing:
    """What the colours of one quantity mean."""
    steps = 64
    bars = [
        Rect(i * width / steps, 0, width / steps + 0.5, 12, Style(fill=shade(i / (steps - 1))))
        for i in range(steps)
    ]
    ends = (Text(0, 26, "0", 11, "muted"), Text(width, 26, spoken(most), 11, "muted", "end"))
    return Drawing(width, 30, (*bars, *ends), "Scale", f"{measure}: from 0 to {spoken(most)}")


def brief(number: float) -> str:
    """A number in four characters at most: .031, 3e-4, 1.2."""
    if number == 0:
        return "0"
    if not np.isfinite(number):
        return "∞"
    if number < 0.001:
        mantissa, exponent = f"{number:.0e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{number:.3f}".removeprefix("0") if number < 1 else f"{number:.2g}"


def _title(distance: Distance, agent: str) -> str:
    return f"Difference of {SYMBOLS[distance.quantity]} by the cell of {agent}"


def _along(sides: Sides) -> str:
    world = sides.likeness.first.world
    rows = [
        [
            str(moment.step),
            world.state_name(moment.state),
            likeliest(moment.first),
            likeliest(moment.second),
            spoken(moment.distance),
        ]
        for moment in sides.moments[:_MOST_ROWS]
    ]
    heads = ["step", "state", *sides.labels, "distance"]
    return section(
        f"Along the rollout of the {sides.labels[1]} robot",
        f'<p class="note">The most probable actions of both, in each state when it is first '
        f"visited; the mean distance is {spoken(sides.mean_distance)}.</p>",
        table(heads, rows, [0, 4], mono=1),
    )


def _foot() -> str:
    return (
        "<footer>Means are over all states that can be reached, with a horizon at all times, each "
        "counting once; a training judges its robot by the states that it visits instead. Made by "
        "empo.</footer>"
    )
