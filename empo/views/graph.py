"""Small games that are no grid, as states joined by arrows."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import numpy as np

from empo.core.errors import InputError
from empo.runs.behaviour import human_policies
from empo.solver import Solution
from empo.views.drawing import (
    Circle,
    Curve,
    Drawing,
    Group,
    Poly,
    Rect,
    Shape,
    Style,
    Text,
    shortened,
)
from empo.views.icons import PEOPLE
from empo.worlds.expand import expand, joint_actions
from empo.worlds.packing import pack, unpack

MOST_STATES = 40
_WIDE, _HIGH, _COLUMN, _ROW = 150.0, 44.0, 216.0, 62.0
_LABELLED = 30
"""Arrows up to this number carry their probability."""


@dataclass(frozen=True)
class Graph:
    """States and how likely each leads to which; columns are the fewest steps from the start."""

    codes: tuple[int, ...]
    names: tuple[str, ...]
    powers: tuple[str, ...]
    columns: tuple[int, ...]
    arrows: tuple[tuple[int, int, float], ...]
    """From, to, and the probability under everybody's policies."""

    def place(self, solution: Solution, state: np.ndarray) -> int:
        """The number of a state."""
        return self.codes.index(int(pack(state, solution.world.model.cardinalities)))


def game_graph(solution: Solution) -> Graph | None:
    """The game as a graph; None if it has too many states, or people's behaviour was not kept."""
    if solution.game.n_states > MOST_STATES * max(solution.game.horizon or 1, 1):
        return None
    world = solution.world
    states = {int(pack(state, world.model.cardinalities)): state for state in world.initial}
    column = dict.fromkeys(states, 0)
    arrows: list[tuple[int, int, float]] = []
    queue = list(states)
    for code in queue:
        if len(queue) > MOST_STATES:
            return None
        try:
            leads = _leads_to(solution, states[code], column[code])
        except InputError:
            return None
        for after, (vector, prob) in leads.items():
            if after not in states:
                states[after], column[after] = vector, column[code] + 1
                queue.append(after)
            arrows.append((queue.index(code), queue.index(after), prob))
    return Graph(
        codes=tuple(queue),
        names=tuple(world.state_name(states[code]) for code in queue),
        powers=tuple(_power(solution, states[code], column[code]) for code in queue),
        columns=tuple(column[code] for code in queue),
        arrows=tuple(arrows),
    )


def graph_shapes(graph: Graph) -> tuple[tuple[Shape, ...], list[tuple[float, float]], float, float]:
    """The shapes, the top left corner of each state's box, and the width and height of all."""
    corners = _layout(graph)
    width = max(x for x, _ in corners) + _WIDE + 12
    height = max(y for _, y in corners) + _HIGH + 34
    shapes: list[Shape] = []
    numbered = len(graph.arrows) <= _LABELLED
    for start, end, prob in sorted(graph.arrows, key=lambda arrow: arrow[2]):
        shapes += _arrow(corners[start], corners[end], prob, numbered, start == end)
    for (x, y), name, power in zip(corners, graph.names, graph.powers, strict=True):
        shapes.append(_box(x, y, name, power))
    return tuple(shapes), corners, width, height


def here(corner: tuple[float, float]) -> Group:
    """The mark of the present state."""
    ring = Style(stroke="#d55e00", width=4)
    x, y = corner
    dot = Circle(x + _WIDE - 2, y + 2, 9, Style(fill="#d55e00", stroke="card", width=2))
    return Group(
        (Rect(x - 3, y - 3, _WIDE + 6, _HIGH + 6, ring, 12), dot), title="the present state"
    )


def graph_drawing(graph: Graph, title: str, at: int | None = None) -> Drawing:
    """The whole picture, with the present state marked."""
    shapes, corners, width, height = graph_shapes(graph)
    marked = () if at is None else (here(corners[at]),)
    said = "; ".join(
        f"{graph.names[start]} to {graph.names[end]} {prob:.0%}"
        for start, end, prob in graph.arrows
        if start != end
    )
    return Drawing(width, height, (*shapes, *marked), title, said)


def _leads_to(
    solution: Solution, state: np.ndarray, step: int
) -> dict[int, tuple[np.ndarray, float]]:
    """Next states and their probabilities under everybody's policies, goals drawn by weight."""
    game, model = solution.game, solution.world.model
    if game.horizon is not None and step >= game.horizon:
        return {}
    layer, place = game.find(state, step if game.horizon is not None else 0)
    weight = np.asarray(model.goals.weight, float)
    share = weight / weight.sum(axis=1, keepdims=True)
    pi_h = np.einsum("hg,hga->ha", share, human_policies(solution, layer, place))
    a_r, a_h = joint_actions(model)
    prob = solution.values[layer].pi_r[place][a_r]
    for human in range(model.n_humans):
        prob = prob * pi_h[human][a_h[:, human]]
    with jax.enable_x64(True):
        successors = expand(model, np.asarray([pack(state, model.cardinalities)], np.int64))
    codes = np.asarray(successors.codes[0])
    chance = np.asarray(successors.prob[0]) * prob[:, None]
    found: dict[int, tuple[np.ndarray, float]] = {}
    for code in np.unique(codes[chance > 1e-12]).tolist():
        vector = _unpacked(solution, code)
        found[code] = (vector, float(chance[codes == code].sum()))
    return found


def _unpacked(solution: Solution, code: int) -> np.ndarray:
    return np.asarray(unpack(np.asarray(code), solution.world.model.cardinalities))


def _power(solution: Solution, state: np.ndarray, step: int) -> str:
    horizon = solution.game.horizon
    if horizon is not None and step >= horizon:
        return "the end"
    layer, place = solution.game.find(state, step if horizon is not None else 0)
    x_h = solution.values[layer].x_h[place]
    named = zip(solution.world.humans, x_h, strict=True)
    return "  ".join(f"X({name}) {x:.3g}" for name, x in named)


def _layout(graph: Graph) -> list[tuple[float, float]]:
    """Columns by distance from the start; rows so that neighbours stand near each other."""
    columns: dict[int, list[int]] = {}
    for node, column in enumerate(graph.columns):
        columns.setdefault(column, []).append(node)
    row = {node: float(i) for nodes in columns.values() for i, node in enumerate(nodes)}
    for _ in range(4):
        for column in sorted(columns):
            nodes = sorted(columns[column], key=lambda node: _pull(graph, node, row))
            columns[column] = nodes
            row.update({node: i - len(nodes) / 2 for i, node in enumerate(nodes)})
    top = min(row.values())
    return [
        (10 + _COLUMN * graph.columns[node], 26 + _ROW * (row[node] - top))
        for node in range(len(graph.codes))
    ]


def _pull(graph: Graph, node: int, row: dict[int, float]) -> float:
    """The mean row of the states that lead to this one from the columns before."""
    before = [row[a] for a, b, _ in graph.arrows if b == node and a != node]
    return sum(before) / len(before) if before else row[node]


def _box(x: float, y: float, name: str, power: str) -> Group:
    paper = Style(fill="card", stroke="muted", width=1.5)
    shapes = (
        Rect(x, y, _WIDE, _HIGH, paper, 9),
        Text(x + 12, y + 18, shortened(name, 14, _WIDE - 20), 14, "ink", bold=True),
        Text(x + 12, y + 35, shortened(power, 12, _WIDE - 20), 12, "muted"),
    )
    return Group(shapes, title=f"{name}: {power}")


def _arrow(
    start: tuple[float, float], end: tuple[float, float], prob: float, numbered: bool, own: bool
) -> list[Shape]:
    if own:
        return [] if prob > 1 - 1e-9 else _loop(start, prob, numbered)
    line = Style(stroke=PEOPLE[0], width=1 + 4 * prob, opacity=0.25 + 0.6 * prob)
    forward = end[0] > start[0]
    if forward:
        x0, y0 = start[0] + _WIDE, start[1] + _HIGH / 2
        x1, y1 = end[0] - 9, end[1] + _HIGH / 2
        bend = 0.45 * (x1 - x0)
        points = ((x0, y0), (x0 + bend, y0), (x1 - bend, y1), (x1, y1))
        tip = ((x1 + 9, y1), (x1 - 3, y1 - 6), (x1 - 3, y1 + 6))
    else:
        x0, y0 = start[0] + _WIDE / 2 - 16, start[1] + _HIGH
        x1, y1 = end[0] + _WIDE / 2 + 16, end[1] + _HIGH + 9
        low = max(y0, y1) + 44
        points = ((x0, y0), (x0, low), (x1, low), (x1, y1))
        tip = ((x1, y1 - 9), (x1 - 6, y1 + 3), (x1 + 6, y1 + 3))
    head = Poly(tip, Style(fill=PEOPLE[0], opacity=line.opacity))
    return [Curve(points, line), head, *_label(points, prob, numbered)]


def _loop(corner: tuple[float, float], prob: float, numbered: bool) -> list[Shape]:
    x, y = corner[0] + _WIDE / 2, corner[1]
    line = Style(stroke=PEOPLE[0], width=1 + 4 * prob, opacity=0.25 + 0.6 * prob)
    points = ((x - 18, y), (x - 26, y - 26), (x + 26, y - 26), (x + 18, y - 6))
    tip = ((x + 15, y), (x + 13, y - 10), (x + 25, y - 8))
    head = Poly(tip, Style(fill=PEOPLE[0], opacity=line.opacity))
    return [Curve(points, line), head, *_label(points, prob, numbered)]


def _label(points: tuple, prob: float, numbered: bool) -> list[Shape]:
    """The probability in the middle of a curve."""
    if not numbered or prob < 0.0005:
        return []
    shares = (0.125, 0.375, 0.375, 0.125)
    x = sum(share * point[0] for share, point in zip(shares, points, strict=True))
    y = sum(share * point[1] for share, point in zip(shares, points, strict=True))
    text = f"{prob:.0%}" if prob >= 0.01 else f"{prob:.1%}"
    return [Text(x, y + 4, text, 11, "ink", "middle", halo="card")]
