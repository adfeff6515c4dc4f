"""The map of a grid world as numbers: cells, what they are, and where steps lead."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

STAY, NORTH, EAST, SOUTH, WEST = range(5)
ACTIONS = ("stay", "north", "east", "south", "west")
STEPS = ((0, 0), (0, -1), (1, 0), (0, 1), (-1, 0))
"""The change of (x, y) by each action."""

FLOOR, LAVA, KEY, DOOR, DOORWAY, BUSH = range(6)
"""What a cell is under the agents: floor, lava, a key's own place, a door that began shut, a door
that began open, a bush."""


class Cells(NamedTuple):
    """The cells that are not wall, numbered in reading order.

    A position is the place of a cell on the map with a border of wall around it, read as one line:
    (y + 1) * (width + 2) + x + 1. What moves straight ahead cannot leave a row and come back in
    the next one without crossing that border.
    """

    width: int
    height: int
    xy: np.ndarray
    """int32 (c, 2)"""
    number: dict[tuple[int, int], int]
    position: np.ndarray
    """int32 (c,)"""
    cell_at: np.ndarray
    """int32 (p,): the cell at each position, -1 for wall."""
    steps: np.ndarray
    """int32 (5,): the change of position by each action."""


def number_cells(width: int, height: int, walls: Collection[tuple[int, int]]) -> Cells:
    """Number the cells of a map; `walls` are the (x, y) that nobody can enter."""
    open_cells = [(x, y) for y in range(height) for x in range(width) if (x, y) not in walls]
    xy = np.array(open_cells, np.int32).reshape(-1, 2)
    line = width + 2
    position = ((xy[:, 1] + 1) * line + xy[:, 0] + 1).astype(np.int32)
    cell_at = np.full(line * (height + 2), -1, np.int32)
    cell_at[position] = np.arange(len(xy))
    steps = np.array([dy * line + dx for dx, dy in STEPS], np.int32)
    number = {cell: i for i, cell in enumerate(open_cells)}
    return Cells(width, height, xy, number, position, cell_at, steps)


def targets(cells: Cells) -> np.ndarray:
    """int32 (c, 5): the cell each action leads to; the own cell where there is a wall."""
    ahead = cells.cell_at[cells.position[:, None] + cells.steps]
    own = np.arange(len(cells.xy), dtype=np.int32)[:, None]
    return np.where(ahead < 0, own, ahead).astype(np.int32)
