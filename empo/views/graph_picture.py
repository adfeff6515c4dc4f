"""The picture of a game's graph: boxes in columns, arrows as wide as they are probable."""

from __future__ import annotations

from typing import NamedTuple

from empo.views.drawing import (
    Circle,
    Curve,
    Group,
    Point,
    Poly,
    Rect,
    Shape,
    Style,
    Text,
    shortened,
    text_width,
)
from empo.views.graph import Graph

_HIGH, _GAP, _ROW = 44.0, 78.0, 72.0
_WIDEST = 220.0
_LABELLED = 40
"""Arrows up to this number carry their probability."""
_NEVER = 5e-4
"""Arrows less probable than this are faint."""


class Layout(NamedTuple):
    """Where the boxes are."""

    corners: list[Point]
    """The top left corner of each."""
    box_width: float
    width: float
    height: float


def lay_out(graph: Graph) -> Layout:
    """Arrows go to later columns where they can; rows so that neighbours stand near each other."""
    column_of = _columns(graph)
    columns: dict[int, list[int]] = {}
    for node, column in enumerate(column_of):
        columns.setdefault(column, []).append(node)
    row = {node: float(i) for nodes in columns.values() for i, node in enumerate(nodes)}
    for _ in range(4):
        for column in sorted(columns):
            nodes = sorted(columns[column], key=lambda node: _pull(graph, node, row))
            row.update({node: i - (len(nodes) - 1) / 2 for i, node in enumerate(nodes)})
    texts = [text_width(name, 15) for name in graph.names]
    box_width = min(max(96.0, *texts, *(text_width(p, 12) for p in graph.powers)) + 26, _WIDEST)
    top = min(row.values())
    corners = [
        (12 + (box_width + _GAP) * column_of[node], 34 + _ROW * (row[node] - top))
        for node in range(len(graph.codes))
    ]
    width = max(x for x, _ in corners) + box_width + 14
    backward = any(corners[a.end][0] <= corners[a.start][0] and a.start != a.end
                   for a in graph.arrows)  # fmt: skip
    height = max(y for _, y in corners) + _HIGH + (50 if backward else 14)
    return Layout(corners, box_width, width, height)


def graph_shapes(graph: Graph, layout: Layout) -> tuple[Shape, ...]:
    """Arrows, the probable ones above the others, and boxes with names and power."""
    shapes: list[Shape] = []
    labels: list[Shape] = []
    numbered = sum(arrow.prob >= _NEVER for arrow in graph.arrows) <= _LABELLED
    for start, end, prob in sorted(graph.arrows, key=lambda arrow: arrow.prob):
        if start == end and prob > 1 - _NEVER:
            continue
        points = _path(layout, start, end)
        shapes += _arrow(points, prob)
        if numbered and prob >= _NEVER:
            labels.append(_label(points, prob))
    boxes = [
        _box(corner, layout.box_width, name, power)
        for corner, name, power in zip(layout.corners, graph.names, graph.powers, strict=True)
    ]
    return (*shapes, *boxes, *labels)


def here(layout: Layout, node: int) -> Group:
    """The mark of the present state."""
    (x, y), paint = layout.corners[node], "bar"
    box = Rect(x - 3, y - 3, layout.box_width + 6, _HIGH + 6, Style(stroke=paint, width=4), 12)
    dot = Circle(x + layout.box_width - 2, y + 2, 9, Style(fill=paint, stroke="card", width=2))
    return Group((box, dot), title="the present state")


def _columns(graph: Graph) -> list[int]:
    """The longest way to each state, without the arrows that close cycles."""
    after = [[a.end for a in graph.arrows if a.start == node] for node in range(len(graph.codes))]
    order: list[int] = []
    forward: list[tuple[int, int]] = []
    done, open_ = set(), set()

    def visit(node: int) -> None:
        open_.add(node)
        for end in after[node]:
            if end not in open_:
                forward.append((node, end))
                if end not in done:
                    visit(end)
        open_.remove(node)
        done.add(node)
        order.append(node)

    for node in range(len(graph.codes)):
        if node not in done:
            visit(node)
    column = [0] * len(graph.codes)
    for node in reversed(order):
        for start, end in forward:
            if start == node:
                column[end] = max(column[end], column[node] + 1)
    return column


def _pull(graph: Graph, node: int, row: dict[int, float]) -> float:
    """The mean row of the states that lead to this one."""
    before = [row[a.start] for a in graph.arrows if a.end == node and a.start != node]
    return sum(before) / len(before) if before else row[node]


def _path(layout: Layout, start: int, end: int) -> tuple[Point, ...]:
    """A curve from box to box: forward from side to side, backward from below, or a loop on top."""
    (x0, y0), (x1, y1) = layout.corners[start], layout.corners[end]
    half = layout.box_width / 2
    if start == end:
        x = x0 + half
        return (x - 18, y0), (x - 28, y0 - 30), (x + 28, y0 - 30), (x + 18, y0 - 1)
    if x1 > x0:
        a, b = (x0 + layout.box_width, y0 + _HIGH / 2), (x1 - 3, y1 + _HIGH / 2)
        bend = 0.45 * (b[0] - a[0])
        return a, (a[0] + bend, a[1]), (b[0] - bend, b[1]), b
    a, b = (x0 + half - 16, y0 + _HIGH), (x1 + half + 16, y1 + _HIGH + 3)
    low = max(y0, y1) + _HIGH + 46
    return a, (a[0], low), (b[0], low), b


def _arrow(points: tuple[Point, ...], prob: float) -> list[Shape]:
    (bx, by), (x, y) = points[-2], points[-1]
    length = max(((x - bx) ** 2 + (y - by) ** 2) ** 0.5, 1e-9)
    dx, dy = (x - bx) / length, (y - by) / length
    seen = prob >= _NEVER
    paint, opacity = ("accent", 0.4 + 0.55 * prob) if seen else ("faint", 1.0)
    line = Style(stroke=paint, width=1 + 4 * prob, opacity=opacity, dash=() if seen else (4, 4))
    back = 10.0
    shaft = (*points[:-1], (x - dx * 0.8 * back, y - dy * 0.8 * back))
    head = (
        (x, y),
        (x - back * dx - 5.5 * dy, y - back * dy + 5.5 * dx),
        (x - back * dx + 5.5 * dy, y - back * dy - 5.5 * dx),
    )
    return [Curve(shaft, line), Poly(head, Style(fill=paint, opacity=opacity))]


def _box(corner: Point, width: float, name: str, power: str) -> Group:
    x, y = corner
    shapes = (
        Rect(x, y, width, _HIGH, Style(fill="card", stroke="muted", width=1.5), 9),
        Text(x + 12, y + 18, shortened(name, 15, width - 20), 14, "ink", bold=True),
        Text(x + 12, y + 35, shortened(power, 12, width - 20), 12, "muted"),
    )
    return Group(shapes, title=f"{name}: {power}")


def _label(points: tuple[Point, ...], prob: float) -> Text:
    """The probability, where arrows from one box have parted and those into one not yet met."""
    t = 0.27
    shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    x = sum(share * point[0] for share, point in zip(shares, points, strict=True))
    y = sum(share * point[1] for share, point in zip(shares, points, strict=True))
    text = f"{prob:.0%}" if prob >= 0.01 else f"{prob:.1%}"
    return Text(x, y + 4, text, 11, "ink", "middle", halo="card")
