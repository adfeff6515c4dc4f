"""What things look like, each in a cell of size 1; colours can be told apart by the colour-blind.

Colours come from the palette of Okabe and Ito, somewhat adapted; nothing differs by colour alone.
"""

from __future__ import annotations

from collections.abc import Callable

from empo.views.drawing import (
    INK,
    WHO,
    Circle,
    Curve,
    Poly,
    Rect,
    Shape,
    Style,
    Text,
    text_width,
)
from empo.worlds.world import Thing

PAINT = {
    "red": "#d55e00",
    "green": "#00916e",
    "blue": "#1f78c8",
    "purple": "#a5549b",
    "yellow": "#f2c230",
    "grey": "#8b93a0",
}
"""Colours of keys and doors."""
PEOPLE = tuple(INK[name] for name in WHO)
"""One for each human, in order; the same on every page, for floors are always light."""
_CHEST = 0.23
"""Size of letters on a chest."""
DARK, FLOOR, WALL, WALL_FOOT, LINE = "#252b36", "#faf7f0", "#566174", "#3a4352", "#e7e1d4"


def icon(thing: Thing, colour: str) -> tuple[Shape, ...]:
    """The thing's shapes; `colour` is for agents, other things have their own."""
    if thing.kind == "human":
        return _human(thing, colour)
    if thing.kind == "robot":
        return _robot(thing)
    return _DRAWN.get(thing.kind, _unknown)(thing)


def words(thing: Thing) -> str:
    """The thing in words: `locked yellow door`."""
    parts = [thing.state, thing.colour, thing.kind]
    text = " ".join(part for part in parts if part)
    if thing.label:
        text += f" of {thing.label}" if thing.kind == "key" else f" {thing.label}"
    if thing.amount is not None:
        text += f", density {thing.amount:g}"
    return text


def _human(thing: Thing, colour: str) -> tuple[Shape, ...]:
    edge = Style(fill=colour, stroke="#ffffff", width=0.04)
    body = ((0.19, 0.86), (0.19, 0.52), (0.36, 0.46), (0.5, 0.46))
    body += ((0.64, 0.46), (0.81, 0.52), (0.81, 0.86), (0.6, 0.9), (0.4, 0.9), (0.19, 0.86))
    head = Circle(0.5, 0.27, 0.17, edge)
    return (Curve(body, edge, closed=True), head, *_name(thing.label, colour))


def _robot(thing: Thing) -> tuple[Shape, ...]:
    body = Style(fill=DARK, stroke="#ffffff", width=0.04)
    eye = Style(fill="#7fe0d0")
    return (
        Poly(((0.5, 0.26), (0.5, 0.14)), Style(stroke=DARK, width=0.05), closed=False),
        Circle(0.5, 0.12, 0.06, Style(fill="#e69f00", stroke="#ffffff", width=0.02)),
        Rect(0.17, 0.24, 0.66, 0.6, body, 0.14),
        Rect(0.26, 0.33, 0.48, 0.24, Style(fill="#465061"), 0.09),
        Circle(0.39, 0.45, 0.065, eye),
        Circle(0.61, 0.45, 0.065, eye),
        *_name(thing.label, DARK),
    )


def _name(label: str | None, colour: str) -> tuple[Shape, ...]:
    """A name on an agent's chest; a long one on a tag before it."""
    if not label:
        return ()
    width = text_width(label, _CHEST)
    if width <= 0.34:
        return (Text(0.5, 0.79, label, _CHEST, "#ffffff", "middle", bold=True),)
    size = min(_CHEST, _CHEST * 0.74 / width)
    half = 0.6 * text_width(label, size) + 0.06
    tag = Style(fill=colour, stroke="#ffffff", width=0.03)
    return (
        Rect(0.5 - half, 0.64, 2 * half, 0.26, tag, 0.08),
        Text(0.5, 0.77 + 0.36 * size, label, size, "#ffffff", "middle", bold=True),
    )


def _key(thing: Thing) -> tuple[Shape, ...]:
    paint, edge = PAINT.get(thing.colour or "", PAINT["grey"]), DARK
    outline = Style(stroke=edge, width=0.2)
    inside = Style(stroke=paint, width=0.12)
    shaft = ((0.46, 0.5), (0.8, 0.5), (0.8, 0.64))
    tooth = ((0.66, 0.5), (0.66, 0.6))
    lines = [
        shape
        for style in (outline, inside)
        for shape in (
            Circle(0.31, 0.5, 0.15, style),
            Poly(shaft, style, closed=False),
            Poly(tooth, style, closed=False),
        )
    ]
    return tuple(lines)


def _door(thing: Thing) -> tuple[Shape, ...]:
    paint = PAINT.get(thing.colour or "", "#a9825a")
    frame = Style(fill=DARK)
    posts = (Rect(0, 0, 0.1, 1, frame), Rect(0.9, 0, 0.1, 1, frame))
    if thing.state == "open":
        leaf = ((0.1, 0.06), (0.32, 0.2), (0.32, 0.98), (0.1, 0.84))
        return (*posts, Poly(leaf, Style(fill=paint, stroke=DARK, width=0.04)))
    panel = Rect(0.1, 0.03, 0.8, 0.94, Style(fill=paint, stroke=DARK, width=0.05), 0.04)
    inset = Rect(0.22, 0.15, 0.56, 0.7, Style(stroke=DARK, width=0.03, opacity=0.4), 0.03)
    if thing.state == "closed":
        return (*posts, panel, inset, Circle(0.76, 0.52, 0.055, Style(fill=DARK)))
    hole = ((0.5, 0.5), (0.43, 0.7), (0.57, 0.7))
    plate = Circle(0.5, 0.53, 0.23, Style(fill="#ffffff", stroke=DARK, width=0.03))
    return (*posts, panel, inset, plate, Circle(0.5, 0.47, 0.08, frame), Poly(hole, frame))


def _block(thing: Thing) -> tuple[Shape, ...]:
    edge = Style(stroke="#5d4326", width=0.05)
    wood = Style(fill="#c39b6c", stroke="#5d4326", width=0.05)
    return (
        Rect(0.1, 0.1, 0.8, 0.8, wood, 0.05),
        Poly(((0.12, 0.12), (0.88, 0.88)), edge, closed=False),
        Poly(((0.88, 0.12), (0.12, 0.88)), edge, closed=False),
    )


def _rock(thing: Thing) -> tuple[Shape, ...]:
    stone = Style(fill="#8d8f94", stroke="#4c4f55", width=0.05)
    outline = ((0.14, 0.66), (0.2, 0.36), (0.42, 0.15), (0.7, 0.2), (0.88, 0.46), (0.82, 0.78))
    light = Style(fill="#b6b8bc")
    return (
        Poly((*outline, (0.5, 0.88), (0.22, 0.84)), stone),
        Poly(((0.28, 0.42), (0.44, 0.24), (0.62, 0.27), (0.46, 0.4)), light),
    )


def _bush(thing: Thing) -> tuple[Shape, ...]:
    amount = 1.0 if thing.amount is None else thing.amount
    leaf, edge = Style(fill="#4f9d5b"), Style(fill="#2c6a3a")
    blobs = ((0.3, 0.62, 0.2), (0.7, 0.62, 0.2), (0.5, 0.4, 0.22), (0.5, 0.66, 0.2))
    size = 0.45 + 0.55 * amount

    def around(rim: float, style: Style) -> list[Shape]:
        return [
            Circle(0.5 + size * (x - 0.5), 0.55 + size * (y - 0.55), size * r + rim, style)
            for x, y, r in blobs
        ]

    spots = ((0.36, 0.52), (0.58, 0.36), (0.64, 0.62), (0.46, 0.7))
    dots = [
        Circle(0.5 + size * (x - 0.5), 0.55 + size * (y - 0.55), 0.03 * size, Style(fill="#bfe3b4"))
        for x, y in spots
    ]
    return (*around(0.035, edge), *around(0.0, leaf), *dots)


def _lava(thing: Thing) -> tuple[Shape, ...]:
    wave = Style(stroke="#ffd27a", width=0.06)
    waves = [
        Curve(((0.1, y), (0.27, y - 0.16), (0.37, y + 0.16), (0.5, y),
               (0.63, y - 0.16), (0.73, y + 0.16), (0.9, y)), wave)
        for y in (0.3, 0.55, 0.8)
    ]  # fmt: skip
    return (Rect(0, 0, 1, 1, Style(fill="#c43c0e", crisp=True)), *waves)


def _unknown(thing: Thing) -> tuple[Shape, ...]:
    """A tag with the thing's name, so that worlds with other things have pictures too."""
    paint = PAINT.get(thing.colour or "", "#d5d9e0")
    size = min(0.24, 0.24 * 0.76 / text_width(thing.kind, 0.24))
    return (
        Rect(0.08, 0.2, 0.84, 0.6, Style(fill=paint, stroke=DARK, width=0.04), 0.1),
        Text(0.5, 0.57, thing.kind, size, DARK, "middle", bold=True, halo=paint),
    )


_DRAWN: dict[str, Callable[[Thing], tuple[Shape, ...]]] = {
    "key": _key,
    "door": _door,
    "block": _block,
    "rock": _rock,
    "bush": _bush,
    "lava": _lava,
}
