"""A scene as pixels, painted with plain arrays: small frames for video.

For pictures to print or to read see the views.
"""

from __future__ import annotations

import numpy as np

from empo.worlds.world import Scene, Thing

TILE = 24
"""Pixels along the side of a cell."""

Colour = tuple[int, int, int]

_FLOOR: Colour = (244, 243, 238)
_GRID: Colour = (226, 224, 216)
_COLOURS: dict[str, Colour] = {
    "wall": (92, 92, 98),
    "lava": (226, 92, 42),
    "door": (160, 110, 60),
    "key": (200, 150, 30),
    "block": (150, 126, 100),
    "rock": (120, 120, 128),
    "bush": (64, 140, 74),
    "robot": (52, 98, 180),
    "human": (196, 70, 120),
}
_OTHER: Colour = (150, 80, 170)
"""Of a thing without a colour of its own."""
_NAMED: dict[str, Colour] = {
    "red": (204, 60, 52),
    "green": (60, 150, 76),
    "blue": (56, 100, 200),
    "yellow": (222, 178, 40),
    "purple": (136, 80, 176),
    "orange": (226, 130, 40),
    "grey": (130, 130, 130),
    "gray": (130, 130, 130),
}

_ACROSS, _DOWN = np.meshgrid(*[(np.arange(TILE) + 0.5) / TILE] * 2)
"""Where each pixel of a cell is, between 0 and 1."""


def scene_pixels(scene: Scene) -> np.ndarray:
    """The scene in colours, uint8 (height * TILE, width * TILE, 3)."""
    shape = (scene.height * TILE, scene.width * TILE, 3)
    image = np.empty(shape, np.uint8)
    image[:] = _FLOOR
    image[::TILE], image[:, ::TILE] = _GRID, _GRID
    for thing in scene.things:
        rows, columns = (slice(at * TILE, (at + 1) * TILE) for at in (thing.y, thing.x))
        image[rows, columns][_mask(thing)] = _colour(thing)
    return image


def _colour(thing: Thing) -> Colour:
    if thing.kind in ("robot", "human"):
        return _COLOURS[thing.kind]
    return _NAMED.get(thing.colour or "", _COLOURS.get(thing.kind, _OTHER))


def _mask(thing: Thing) -> np.ndarray:
    """The pixels of its cell that a thing covers."""
    x, y = _ACROSS - 0.5, _DOWN - 0.5
    side = np.maximum(abs(x), abs(y))
    if thing.kind in ("wall", "lava"):
        return side <= 0.5
    if thing.kind == "door":
        return (side > 0.36) if thing.state == "open" else (side <= 0.46)
    if thing.kind == "human":
        return x**2 + y**2 < 0.32**2
    if thing.kind == "robot":
        return side < 0.3
    if thing.kind == "key":
        corner = 0.3 if thing.label is not None else 0.0  # in its holder's corner of the cell
        return abs(x - corner) + abs(y + corner) < (0.16 if corner else 0.28)
    if thing.kind == "bush":
        share = 1.0 if thing.amount is None else thing.amount
        return x**2 + y**2 < 0.44**2 * share
    return side < 0.4
