"""Drawings as arrays of pixels, for animations; painted by matplotlib's Agg renderer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgb as parse_colour
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox

from empo.core.types import AnyArray
from empo.views.drawing import INK, Circle, Curve, Drawing, Group, Poly, Rect, Shape, Style, Text

_DPI = 72
"""At 72 dots per inch a point is a pixel."""


class _Brush(NamedTuple):
    """A renderer, and where the shapes go: pixels = offset + scale * coordinates."""

    renderer: RendererAgg
    height: int
    scale: float
    x: float
    y: float


def to_rgb(drawing: Drawing, scale: float) -> UInt8[AnyArray, "y x 3"]:
    """The picture with `scale` pixels per unit of length, on white.

    Width and height are rounded up to even numbers, as video formats want them.
    """
    return overlaid(drawing, [()], scale)[0]


def overlaid(
    background: Drawing, tops: Iterable[Sequence[Shape]], scale: float
) -> list[UInt8[AnyArray, "y x 3"]]:
    """A picture for each of `tops`, whose shapes are drawn on one background painted once."""
    sizes = background.width, background.height
    width, height = (2 * int(np.ceil(size * scale / 2)) for size in sizes)
    renderer = RendererAgg(width, height, _DPI)
    brush = _Brush(renderer, height, scale, 0.0, 0.0)
    paper = Rect(0, 0, width / scale, height / scale, Style(fill="card"))
    for shape in (paper, *background.shapes):
        _paint(shape, brush)
    bare = renderer.copy_from_bbox(Bbox.from_bounds(0, 0, width, height))
    images = []
    for shapes in tops:
        renderer.restore_region(bare)
        for shape in shapes:
            _paint(shape, brush)
        images.append(np.array(renderer.buffer_rgba())[:, :, :3])
    return images


@singledispatch
def _paint(shape: Shape, brush: _Brush) -> None:
    raise TypeError(f"no shape: {shape!r}")


@_paint.register
def _(shape: Rect, brush: _Brush) -> None:
    _fill(_rounded(shape), shape.style, brush)


@_paint.register
def _(shape: Circle, brush: _Brush) -> None:
    _fill(Path.circle((shape.x, shape.y), shape.radius), shape.style, brush)


@_paint.register
def _(shape: Poly, brush: _Brush) -> None:
    points = [*shape.points, shape.points[0]] if shape.closed else list(shape.points)
    _fill(Path(points, closed=shape.closed), shape.style, brush)


@_paint.register
def _(shape: Curve, brush: _Brush) -> None:
    codes = [Path.MOVETO] + [Path.CURVE4] * (len(shape.points) - 1)
    _fill(Path(list(shape.points), codes), shape.style, brush)


@_paint.register
def _(shape: Group, brush: _Brush) -> None:
    inner = brush._replace(
        scale=brush.scale * shape.scale,
        x=brush.x + brush.scale * shape.x,
        y=brush.y + brush.scale * shape.y,
    )
    for part in shape.shapes:
        _paint(part, inner)


@_paint.register
def _(shape: Text, brush: _Brush) -> None:
    font = FontProperties(
        family="DejaVu Sans",
        weight="bold" if shape.bold else "normal",
        size=shape.size * brush.scale,
    )
    width, _, _ = brush.renderer.get_text_width_height_descent(shape.text, font, ismath=False)
    shift = {"start": 0.0, "middle": -width / 2, "end": -width}[shape.anchor]
    x = brush.x + brush.scale * shape.x + shift
    y = brush.y + brush.scale * shape.y
    if shape.halo:
        rim = max(1.0, shape.size * brush.scale / 12)
        around = [(dx, dy) for dx in (-rim, 0, rim) for dy in (-rim, 0, rim) if dx or dy]
        for dx, dy in around:
            _write(shape.text, x + dx, y + dy, font, shape.halo, brush)
    _write(shape.text, x, y, font, shape.fill, brush)


def _write(text: str, x: float, y: float, font: FontProperties, colour: str, brush: _Brush) -> None:
    context = brush.renderer.new_gc()
    context.set_foreground(_colour(colour))
    brush.renderer.draw_text(context, x, y, text, font, 0)


def _fill(path: Path, style: Style, brush: _Brush) -> None:
    context = brush.renderer.new_gc()
    context.set_alpha(style.opacity)
    context.set_antialiased(not style.crisp)
    context.set_capstyle("round")
    context.set_joinstyle("round")
    if style.stroke:
        context.set_foreground((*_colour(style.stroke), style.opacity), isRGBA=True)
        context.set_linewidth(style.width * brush.scale)
    else:
        context.set_linewidth(0)
    if style.dash:
        context.set_dashes(0, [length * brush.scale for length in style.dash])
    face = (*_colour(style.fill), style.opacity) if style.fill else None
    where = Affine2D().scale(brush.scale).translate(brush.x, brush.y)
    upright = where.scale(1, -1).translate(0, brush.height)
    brush.renderer.draw_path(context, path, upright, face)


def _rounded(shape: Rect) -> Path:
    """A rectangle's outline, its corners Bezier curves that pass for circles."""
    x, y, w, h, r = shape.x, shape.y, shape.width, shape.height, shape.radius
    if not r:
        return Path([(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)], closed=True)
    k = 0.448 * r
    right, bottom = x + w, y + h
    points = [
        (x + r, y), (right - r, y), (right - k, y), (right, y + k), (right, y + r),
        (right, bottom - r), (right, bottom - k), (right - k, bottom), (right - r, bottom),
        (x + r, bottom), (x + k, bottom), (x, bottom - k), (x, bottom - r),
        (x, y + r), (x, y + k), (x + k, y), (x + r, y),
    ]  # fmt: skip
    corner = [Path.LINETO] + [Path.CURVE4] * 3
    return Path(points, [Path.MOVETO, *corner, *corner, *corner, *corner])


def _colour(name: str) -> tuple[float, float, float]:
    return parse_colour(INK.get(name, name))
