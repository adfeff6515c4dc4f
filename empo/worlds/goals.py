"""Goals about places: what each human may want, and the tables that a model needs of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from empo.worlds.placed import Humans
from empo.worlds.priors import manhattan
from empo.worlds.terrain import Cells

Cell = tuple[int, int]
MAX_TABLE = 2**28
"""Bytes of the goal tables; a map that needs more must name fewer goals."""


@dataclass(frozen=True)
class Goal:
    """One possible goal of a human: all named humans are in their cells at once."""

    name: str
    parts: Mapping[int, frozenset[Cell]]
    """Human -> the cells (x, y), one of which that human must be in."""
    weight: float = 1.0


def cell_goals(human: int, cells: Cells) -> tuple[Goal, ...]:
    """A goal for every cell that is not wall, in reading order."""
    return tuple(
        Goal(f"{x},{y}", {human: frozenset({(x, y)})}) for x, y in map(tuple, cells.xy.tolist())
    )


def table_bytes(n_cells: int, n_goals: Sequence[int]) -> int:
    """The size of the goal tables of humans with so many goals each."""
    n = len(n_goals)
    return n_cells * max(n_goals) * (n * n + 2 * n)


def human_tables(
    cells: Cells,
    goals: Sequence[Sequence[Goal]],
    beta_h: Sequence[float],
    nu_h: Sequence[float],
) -> Humans:
    """The tables of each human's goals; `beta_h` and `nu_h` are nan where not given."""
    n, n_cells, n_goals = len(goals), len(cells.xy), max(map(len, goals))
    weight = np.zeros((n, n_goals))
    inside = np.zeros((n, n_cells, n, n_goals), bool)
    distance = np.zeros((n, n_cells, n_goals), np.int16)
    for h, own in enumerate(goals):
        weight[h, : len(own)] = [goal.weight for goal in own]
        inside[:, :, h, : len(own)] = True
        for g, goal in enumerate(own):
            for human, places in goal.parts.items():
                inside[human, :, h, g] = False
                inside[human, [cells.number[place] for place in places], h, g] = True
            if h in goal.parts:
                distance[h, :, g] = manhattan(cells.xy, np.array(sorted(goal.parts[h])))
    return Humans(weight, inside, distance, np.array(beta_h, float), np.array(nu_h, float))
