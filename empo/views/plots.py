"""Charts: the robot's action probabilities, and power over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from empo.views.drawing import (
    WHO,
    Circle,
    Drawing,
    Group,
    Poly,
    Rect,
    Shape,
    Style,
    Text,
    shortened,
    text_width,
)
from empo.views.frames import describe, frame
from empo.worlds.world import Scene

_WAYS = {
    "north": (0, -1), "south": (0, 1), "east": (1, 0), "west": (-1, 0),
    "N": (0, -1), "S": (0, 1), "E": (1, 0), "W": (-1, 0),
}  # fmt: skip
"""Actions that are directions; all others are drawn as a ring around the robot."""
_ARROW = "#d55e00"
_DASHES = ((), (10.0, 7.0), (3.0, 6.0))
"""Of people's lines, so that those below others can be seen."""


def action_map(scene: Scene, policy: Mapping[str, float], title: str) -> Drawing:
    """The grid with an arrow from each robot for each direction, as long as it is probable."""
    robots = [thing for thing in scene.things if thing.kind == "robot"]
    shapes: list[Shape] = []
    for body, robot in enumerate(robots):
        for action, prob in _of_body(policy, body, len(robots)).items():
            shapes += _arrow(robot.x + 0.5, robot.y + 0.5, action, prob)
    said = ", ".join(f"{action} {prob:.0%}" for action, prob in policy.items())
    margin = 0.0 if _walled(scene) else 0.7
    grid = Group(frame(scene, title, over=shapes).shapes, margin, margin)
    width, height = scene.width + 2 * margin, scene.height + 2 * margin
    return Drawing(width, height, (grid,), title, f"{said}. {describe(scene)}")


def action_bars(policy: Mapping[str, float], title: str, most: int = 10) -> Drawing:
    """The robot's most probable actions as bars."""
    ranked = sorted(policy.items(), key=lambda item: -item[1])
    shown, rest = ranked[:most], ranked[most:]
    if rest:
        shown.append((f"{len(rest)} others", sum(prob for _, prob in rest)))
    row, left, right = 24.0, min(max(text_width(a, 13) for a, _ in shown) + 16, 170.0), 60.0
    width = left + 150.0 + right
    top = max(prob for _, prob in shown)
    shapes: list[Shape] = []
    for i, (action, prob) in enumerate(shown):
        y, room = i * row, width - left - right
        shapes += [
            Text(left - 8, y + 16, shortened(action, 13, left - 10), 13, "ink", "end"),
            Rect(left, y + 4, room, 16, Style(fill="faint", opacity=0.35), 3),
            Rect(left, y + 4, room * prob / top, 16, Style(fill="bar"), 3),
            Text(width, y + 16, f"{prob:.1%}", 13, "muted", "end"),
        ]
    said = ", ".join(f"{action} {prob:.1%}" for action, prob in shown)
    return Drawing(width, row * len(shown) + 4, tuple(shapes), title, said)


def power_over_time(
    w_h: np.ndarray, u_r: np.ndarray, humans: Sequence[str], marks: Sequence[tuple[float, str]]
) -> Drawing:
    """W_h of each human and U_r, against the step; `marks` are numbered events at their steps."""
    width, left, right, top = 900.0, 64.0, 96.0, 58.0 if marks else 26.0
    upper, gap, lower = 190.0, 46.0, 96.0
    n_steps = max(len(w_h) - 1, 1)

    def x_of(step: float) -> float:
        return left + (width - left - right) * step / n_steps

    bottom = top + upper + gap + lower
    shapes: list[Shape] = _marks([(x_of(at), text) for at, text in marks], bottom)
    panel = _Panel(left, width - right, top, upper, _limits(w_h))
    shapes += panel.axes("power of each human, W (bits)")
    ends = _apart([panel.y_of(column[np.isfinite(column)][-1]) for column in w_h.T], 15.0)
    for human, (name, column) in enumerate(zip(humans, w_h.T, strict=True)):
        steps = np.flatnonzero(np.isfinite(column)).tolist()
        points = tuple((x_of(step), panel.y_of(column[step])) for step in steps)
        shapes += _line(points, WHO[human % len(WHO)], _DASHES[human % len(_DASHES)])
        label = shortened(name, 13, right - 14)
        colour = WHO[human % len(WHO)]
        shapes.append(Text(points[-1][0] + 10, ends[human] + 4, label, 13, colour, bold=True))
    panel = _Panel(left, width - right, top + upper + gap, lower, _limits(u_r))
    shapes += panel.axes("total power, as the robot values it: U (equation 8)")
    points = tuple((x_of(step), panel.y_of(value)) for step, value in enumerate(u_r))
    shapes += [*_line(points, "ink"), *_step_axis(n_steps, x_of, bottom)]
    cursor = Poly(((0, top), (0, bottom)), Style(stroke="accent", width=1.5), closed=False)
    shapes.append(Group((cursor,), x_of(0), 0, name="cursor"))
    data = {"x0": f"{x_of(0):.2f}", "dx": f"{x_of(1) - x_of(0):.4f}"}
    said = "; ".join(
        f"{name} from {column[0]:.2f} to {column[np.isfinite(column)][-1]:.2f} bits"
        for name, column in zip(humans, w_h.T, strict=True)
    )
    title = "Power of each human and its total over time"
    return Drawing(width, bottom + 40, tuple(shapes), title, said, data)


class _Panel:
    """A plot's area, and where values lie in it."""

    def __init__(
        self, left: float, right: float, top: float, height: float, limits: tuple[float, float]
    ) -> None:
        self.left, self.right, self.top, self.height = left, right, top, height
        self.low, self.high = limits

    def y_of(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return self.top + self.height * (1 - part)

    def axes(self, label: str) -> list[Shape]:
        shapes: list[Shape] = [
            Text(self.left, self.top - 10, label, 13, "ink", bold=True, halo="card")
        ]
        for tick in nice_ticks(self.low, self.high, 4):
            y = self.y_of(tick)
            line = ((self.left, y), (self.right, y))
            shapes += [
                Poly(line, Style(stroke="faint", width=1), closed=False),
                Text(self.left - 8, y + 4, f"{tick:g}", 12, "muted", "end"),
            ]
        return shapes


def nice_ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers between two values, about so many."""
    raw = (high - low) / about
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{i * step:.10g}") for i in range(first, last + 1)]


def _limits(values: np.ndarray) -> tuple[float, float]:
    """The range of the values with some room."""
    known = values[np.isfinite(values)]
    low, high = float(known.min()), float(known.max())
    room = 0.08 * (high - low) or max(abs(high), 1.0) * 0.1
    return low - room, high + room


def _line(
    points: tuple[tuple[float, float], ...], colour: str, dash: tuple[float, ...] = ()
) -> list[Shape]:
    dots = [Circle(x, y, 2.6, Style(fill=colour)) for x, y in points]
    if len(points) == 1:
        return [*dots]
    return [Poly(points, Style(stroke=colour, width=2.5, dash=dash), closed=False), *dots]


def _step_axis(n_steps: int, x_of: Callable[[float], float], y: float) -> list[Shape]:
    ticks = [tick for tick in nice_ticks(0, n_steps, 8) if tick == int(tick)]
    marks = [Text(x_of(tick), y + 18, f"{tick:g}", 12, "muted", "middle") for tick in ticks]
    return [*marks, Text(x_of(n_steps / 2), y + 35, "step", 13, "ink", "middle", bold=True)]


def _marks(marks: Sequence[tuple[float, str]], bottom: float) -> list[Shape]:
    """A line at each mark, and numbered badges on top; those that would overlap share one: 2-4."""
    line = Style(stroke="muted", width=1, dash=(3, 4))
    lines = [Poly(((x, 28), (x, bottom)), line, closed=False) for x in dict(marks)]
    clusters: list[list[tuple[float, str]]] = []
    for mark in marks:
        before = clusters[-1][-1] if clusters else None
        if before and mark[0] - before[0] < _badge(mark[1]) + _badge(before[1]) + 4:
            clusters[-1].append(mark)
        else:
            clusters.append([mark])
    badges: list[Shape] = []
    for cluster in clusters:
        first, last = cluster[0][1], cluster[-1][1]
        text = first if first == last else f"{first}–{last}"
        x, half = (cluster[0][0] + cluster[-1][0]) / 2, _badge(text)
        badges += [
            Rect(x - half, 6, 2 * half, 20, Style(fill="accent"), 10),
            Text(x, 20, text, 12, "card", "middle", bold=True),
        ]
    return [*lines, *badges]


def _badge(text: str) -> float:
    """Half the width of a badge."""
    return max(10.0, 0.55 * text_width(text, 12) + 6)


def _apart(heights: Sequence[float], least: float) -> list[float]:
    """The heights, moved down where they would overlap."""
    moved = list(heights)
    order = sorted(range(len(moved)), key=moved.__getitem__)
    for above, below in pairwise(order):
        moved[below] = max(moved[below], moved[above] + least)
    return moved


def _walled(scene: Scene) -> bool:
    """Are there walls all around?"""
    walls = {(thing.x, thing.y) for thing in scene.things if thing.kind == "wall"}
    right, bottom = scene.width - 1, scene.height - 1
    across = [(x, y) for x in range(scene.width) for y in (0, bottom)]
    return walls.issuperset([*across, *((x, y) for y in range(scene.height) for x in (0, right))])


def _of_body(policy: Mapping[str, float], body: int, n_bodies: int) -> dict[str, float]:
    """One body's part of a joint policy; joint actions are joined by +."""
    if n_bodies == 1:
        return dict(policy)
    shares: dict[str, float] = {}
    for action, prob in policy.items():
        own = action.split("+")[body]
        shares[own] = shares.get(own, 0.0) + prob
    return shares


def _arrow(x: float, y: float, action: str, prob: float) -> list[Shape]:
    if prob < 0.005:
        return []
    if action not in _WAYS:
        ring = Style(stroke=_ARROW, width=0.02 + 0.16 * prob, opacity=0.85)
        return [Circle(x, y, 0.47, ring)]
    dx, dy = _WAYS[action]
    start, length, half = 0.53, 0.25 + 1.1 * prob, 0.04 + 0.14 * prob
    head = min(0.16 + 0.2 * prob, length)

    def at(along: float, across: float) -> tuple[float, float]:
        return x + dx * along - dy * across, y + dy * along + dx * across

    neck, tip = start + length - head, start + length
    outline = (
        at(start, half), at(neck, half), at(neck, 2.2 * half), at(tip, 0),
        at(neck, -2.2 * half), at(neck, -half), at(start, -half),
    )  # fmt: skip
    arrow = Poly(outline, Style(fill=_ARROW, stroke="#ffffff", width=0.03, opacity=0.92))
    return [Group((arrow,), title=f"{action} {prob:.0%}")]
