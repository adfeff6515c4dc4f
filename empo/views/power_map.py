"""The map of a human's power over cells: where can this person go from here?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from empo.solver import Solution
from empo.views.drawing import Drawing, Group, Rect, Style, Text
from empo.views.frames import Cell, describe, ground, movable
from empo.worlds.world import Scene

STOPS = ("#f3f6ea", "#cfe6cf", "#8fcac0", "#4a9fb8", "#2a6a9e", "#1c3a6e")
"""From impossible to sure: lightness falls evenly, so the map reads without colours too."""
_MOST_NUMBERS = 200
"""Maps with more cells show colours only."""


def cell_values(solution: Solution, human: int, state: np.ndarray, time: int) -> dict[Cell, float]:
    """V_h^e(s, g) by cell, for the human's goals of one cell; empty if it was not kept.

    Of several goals with the same cell the largest counts.
    """
    layer, place = solution.game.find(state, time)
    v_h_e = solution.values[layer].v_h_e
    found: dict[Cell, float] = {}
    if v_h_e is None:
        return found
    for goal in range(len(solution.world.goals[human])):
        cells = solution.world.goal_cells(human, goal)
        if cells is not None and len(cells) == 1:
            (cell,) = cells
            found[cell] = max(found.get(cell, 0.0), float(v_h_e[place, human, goal]))
    return found


def power_map(scene: Scene, values: dict[Cell, float], title: str) -> Drawing:
    """The grid with each cell coloured and labelled by its value, things and agents above."""
    fills = {cell: shade(value) for cell, value in values.items()}
    taken = {(thing.x, thing.y) for thing in scene.things}
    small = tuple(_smaller(shape) for shape in movable(scene) if isinstance(shape, Group))
    numbers = numbers_on({cell: (short(value), value) for cell, value in values.items()}, taken)
    shapes = (*ground(scene, fills), *small, *numbers)
    said = ", ".join(f"({x}, {y}): {short(value)}" for (x, y), value in values.items())
    return Drawing(scene.width, scene.height, shapes, title, f"{describe(scene)} Values: {said}")


def numbers_on(texts: dict[Cell, tuple[str, float]], taken: set[Cell]) -> list[Text]:
    """Short texts in cells of these shades, below the things there; none on very large maps."""
    if len(texts) > _MOST_NUMBERS:
        return []
    return [
        Text(x + 0.5, y + (0.94 if (x, y) in taken else 0.6), said, *_ink(value, (x, y) in taken))
        for (x, y), (said, value) in texts.items()
    ]


def scale_bar(width: float = 320.0) -> Drawing:
    """What the colours mean."""
    steps = 64
    bars = [
        Rect(i * width / steps, 0, width / steps + 0.5, 12, Style(fill=shade(i / (steps - 1))))
        for i in range(steps)
    ]
    marks = [
        Text(
            tick * width,
            26,
            f"{tick:g}",
            11,
            "muted",
            "start" if tick == 0 else "end" if tick == 1 else "middle",
        )
        for tick in (0, 0.25, 0.5, 0.75, 1)
    ]
    what = "Colours from 0 (never attained) to 1 (attained at once and for sure)"
    return Drawing(width, 30, (*bars, *marks), "Scale of V_h^e", what)


def shade(value: float) -> str:
    """The colour of a value between 0 and 1; what lies outside gets that of the nearer end."""
    place = float(np.clip(value, 0.0, 1.0)) * (len(STOPS) - 1)
    low = min(int(place), len(STOPS) - 2)
    part = place - low
    ends = zip(_channels(STOPS[low]), _channels(STOPS[low + 1]), strict=True)
    return "#" + "".join(f"{round((1 - part) * a + part * b):02x}" for a, b in ends)


def short(value: float) -> str:
    """A value in few letters: .07, .93, 1."""
    text = f"{value:.2f}"
    return "1" if text == "1.00" else "0" if value == 0 else text.removeprefix("0")


def _ink(value: float, small: bool) -> tuple:
    # Where white has more contrast than dark ink: relative luminance after WCAG.
    shares = zip((0.2126, 0.7152, 0.0722), _channels(shade(value)), strict=True)
    luminance = sum(share * (channel / 255) ** 2.2 for share, channel in shares)
    colour = "#ffffff" if luminance < 0.22 else "#1f2733"
    return (0.2 if small else 0.3, colour, "middle")


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def _smaller(shape: Group) -> Group:
    """A thing at three quarters of its size, so that the number below it can be read."""
    return replace(shape, x=shape.x + 0.14, y=shape.y - 0.02, scale=shape.scale * 0.74)
