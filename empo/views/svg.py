"""Drawings as SVG text, to stand inside a page or alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import singledispatch
from html import escape
from typing import cast

from empo.views.drawing import INK, Circle, Curve, Drawing, Group, Point, Poly, Rect, Shape, Style
from empo.views.drawing import Text as Words

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


def to_svg(drawing: Drawing, css_class: str = "", share: str = "") -> str:
    """The picture as one `svg` element that scales to the width it is given.

    With `share`, groups of shapes that occur several times are written once, under ids that begin
    with it; no other picture of the page may use the same.
    """
    size = f"{_n(drawing.width)} {_n(drawing.height)}"
    label = escape(f"{drawing.title}. {drawing.description}".strip(), quote=True)
    data = "".join(f' data-{key}="{escape(text)}"' for key, text in drawing.data.items())
    mark = f' class="{css_class}"' if css_class else ""
    shapes, shared = _shared(drawing.shapes, share) if share else (drawing.shapes, {})
    body = "".join(map(_element, shapes))
    if shared:
        groups = (
            f'<g id="{name}">{"".join(map(_element, parts))}</g>' for parts, name in shared.items()
        )
        body = f"<defs>{''.join(groups)}</defs>{body}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img" '
        f'aria-label="{label}" font-family="{FONT}"{mark}{data}>{body}</svg>'
    )


@dataclass(frozen=True)
class _Use:
    """Shapes that stand elsewhere."""

    name: str


@singledispatch
def _element(shape: Shape | _Use) -> str:
    raise TypeError(f"no shape: {shape!r}")


@_element.register
def _(shape: Rect) -> str:
    radius = f' rx="{_n(shape.radius)}"' if shape.radius else ""
    place = f'x="{_n(shape.x)}" y="{_n(shape.y)}"'
    size = f'width="{_n(shape.width)}" height="{_n(shape.height)}"'
    return f"<rect {place} {size}{radius}{_style(shape.style)}/>"


@_element.register
def _(shape: Circle) -> str:
    place = f'cx="{_n(shape.x)}" cy="{_n(shape.y)}" r="{_n(shape.radius)}"'
    return f"<circle {place}{_style(shape.style)}/>"


@_element.register
def _(shape: Poly) -> str:
    kind = "polygon" if shape.closed else "polyline"
    return f'<{kind} points="{_points(shape.points)}"{_style(shape.style)}/>'


@_element.register
def _(shape: Curve) -> str:
    start, rest = shape.points[:1], shape.points[1:]
    path = f"M{_points(start)}C{_points(rest)}" + ("Z" if shape.closed else "")
    return f'<path d="{path}"{_style(shape.style)}/>'


@_element.register
def _(shape: Words) -> str:
    anchor = f' text-anchor="{shape.anchor}"' if shape.anchor != "start" else ""
    bold = ' font-weight="700"' if shape.bold else ""
    rim = ""
    if shape.halo:
        rim = (
            f' stroke="{_colour(shape.halo)}" stroke-width="{_n(shape.size / 5)}" '
            'stroke-linejoin="round" paint-order="stroke"'
        )
    place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" font-size="{_n(shape.size)}"'
    fill = f' fill="{_colour(shape.fill)}"'
    return f"<text {place}{fill}{anchor}{bold}{rim}>{escape(shape.text)}</text>"


@_element.register
def _(shape: Group) -> str:
    moves = [f"translate({_n(shape.x)} {_n(shape.y)})"] if shape.x or shape.y else []
    moves += [f"scale({_n(shape.scale)})"] if shape.scale != 1 else []
    transform = f' transform="{"".join(moves)}"' if moves else ""
    name = f' class="{escape(shape.name)}"' if shape.name else ""
    title = f"<title>{escape(shape.title)}</title>" if shape.title else ""
    return f"<g{name}{transform}>{title}{''.join(map(_element, shape.shapes))}</g>"


@_element.register
def _(shape: _Use) -> str:
    return f'<use href="#{shape.name}"/>'


def _shared(
    shapes: tuple[Shape, ...], prefix: str
) -> tuple[tuple[Shape, ...], dict[tuple[Shape, ...], str]]:
    """The shapes with references for what occurs several times, and the ids of the latter."""
    counts = Counter(_contents(shapes))
    repeated: list[tuple[Shape, ...]] = [
        parts for parts, number in counts.items() if number > 1 and len(parts) > 1
    ]
    names = {parts: f"{prefix}{i}" for i, parts in enumerate(repeated)}

    def referring(shape: Shape) -> Shape:
        if not isinstance(shape, Group):
            return shape
        if shape.shapes in names:
            return replace(shape, shapes=cast("tuple[Shape]", (_Use(names[shape.shapes]),)))
        return replace(shape, shapes=tuple(map(referring, shape.shapes)))

    return tuple(map(referring, shapes)), names


def _contents(shapes: tuple[Shape, ...]) -> Iterator[tuple[Shape, ...]]:
    """What groups without groups inside consist of."""
    for shape in shapes:
        if isinstance(shape, Group):
            if any(isinstance(part, Group) for part in shape.shapes):
                yield from _contents(shape.shapes)
            else:
                yield shape.shapes


def _style(style: Style) -> str:
    words = [f'fill="{_colour(style.fill) if style.fill else "none"}"']
    if style.stroke:
        words.append(f'stroke="{_colour(style.stroke)}" stroke-width="{_n(style.width)}"')
        words.append('stroke-linejoin="round" stroke-linecap="round"')
    if style.opacity != 1:
        words.append(f'opacity="{_n(style.opacity)}"')
    if style.dash:
        words.append(f'stroke-dasharray="{" ".join(map(_n, style.dash))}"')
    if style.crisp:
        words.append('shape-rendering="crispEdges"')
    return " " + " ".join(words)


def _colour(name: str) -> str:
    return f"var(--{name},{INK[name]})" if name in INK else name


def _points(points: tuple[Point, ...]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)


def _n(value: float) -> str:
    """A number without needless digits."""
    return f"{round(float(value), 3):g}"
