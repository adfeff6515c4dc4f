"""Pictures as data: a few shapes, drawn by two back ends (`svg`, `raster`).

Coordinates grow right and down. A colour is a hex string or a name in `INK`, which a page may
redefine (as the CSS variable of that name) for its dark mode.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Point: TypeAlias = tuple[float, float]

INK = {
    "ink": "#1f2733",
    "muted": "#5c6675",
    "faint": "#c9ced6",
    "card": "#ffffff",
    "accent": "#0b6e99",
    "bar": "#d55e00",
    "who0": "#0072b2",
    "who1": "#c2500a",
    "who2": "#8a3f8f",
    "who3": "#007d5c",
    "who4": "#8a6d00",
    "who5": "#4a4f9c",
}
"""Named colours: text, lesser text, lines, background, what should catch the eye, bars; people."""

WHO = tuple(name for name in INK if name.startswith("who"))
"""Colours of people's lines; adapted from the palette of Okabe and Ito for the colour-blind."""


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a shape is painted; `width` is that of its outline."""

    fill: str | None = None
    stroke: str | None = None
    width: float = 0.0
    opacity: float = 1.0
    dash: tuple[float, ...] = ()
    crisp: bool = False
    """No smoothing of edges: for areas that touch."""


@dataclass(frozen=True)
class Rect:
    """A rectangle, with corners rounded by `radius`."""

    x: float
    y: float
    width: float
    height: float
    style: Style
    radius: float = 0.0


@dataclass(frozen=True)
class Circle:
    """A circle."""

    x: float
    y: float
    radius: float
    style: Style


@dataclass(frozen=True)
class Poly:
    """Straight lines from point to point."""

    points: tuple[Point, ...]
    style: Style
    closed: bool = True


@dataclass(frozen=True)
class Curve:
    """Cubic Bezier curves: a start, then two control points and an end for each."""

    points: tuple[Point, ...]
    style: Style
    closed: bool = False


@dataclass(frozen=True)
class Text:
    """One line of text; `y` is its baseline."""

    x: float
    y: float
    text: str
    size: float
    fill: str = "ink"
    anchor: Literal["start", "middle", "end"] = "start"
    bold: bool = False
    halo: str | None = None
    """Colour of a rim that sets the text off from what is behind it."""


@dataclass(frozen=True)
class Group:
    """Shapes moved by (x, y) after scaling; `title` says what they show, `name` finds them."""

    shapes: tuple[Shape, ...]
    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    title: str | None = None
    name: str | None = None


Shape: TypeAlias = Rect | Circle | Poly | Curve | Text | Group


@dataclass(frozen=True)
class Drawing:
    """A picture of a size, with its title and a sentence for those who cannot see it."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    title: str
    description: str = ""
    data: dict[str, str] = field(default_factory=dict)
    """Numbers for the page's scripts, as data attributes."""


def text_width(text: str, size: float) -> float:
    """About how wide a text is; fonts differ, so leave some room."""
    narrow = sum(letter in " .,:;'|!iIlj()[]" for letter in text)
    return size * (0.6 * (len(text) - narrow) + 0.33 * narrow)


def shortened(text: str, size: float, room: float) -> str:
    """The text, cut with an ellipsis where it would not fit."""
    if text_width(text, size) <= room:
        return text
    while text and text_width(text + "…", size) > room:
        text = text[:-1]
    return text + "…"
