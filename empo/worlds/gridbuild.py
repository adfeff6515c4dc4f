"""From the things on a map to a `GridModel` and its initial state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from empo.worlds.contests import random_contests
from empo.worlds.grid import GridModel
from empo.worlds.moves import Ground, Things
from empo.worlds.placed import Humans
from empo.worlds.terrain import BUSH, DOOR, DOORWAY, FLOOR, KEY, LAVA, Cells, number_cells, targets
from empo.worlds.world import Scene, Thing

COLOURS = ("red", "green", "blue", "purple", "yellow", "grey")
"""Colours of keys and doors."""


@dataclass(frozen=True)
class Inventory:
    """The things of a map by the factors they fill, each group in reading order."""

    agents: tuple[Thing, ...]
    """Robots first."""
    pushable: tuple[Thing, ...]
    keys: tuple[Thing, ...]
    doors: tuple[Thing, ...]
    """Those that begin shut."""
    bushes: tuple[Thing, ...]

    @property
    def n_robots(self) -> int:
        """Number of robot bodies."""
        return sum(agent.kind == "robot" for agent in self.agents)


def take_inventory(start: Scene) -> Inventory:
    """Sort the things of a map."""

    def kind(*kinds: str) -> tuple[Thing, ...]:
        return tuple(thing for thing in start.things if thing.kind in kinds)

    return Inventory(
        agents=kind("robot") + kind("human"),
        pushable=kind("block", "rock"),
        keys=kind("key"),
        doors=tuple(door for door in kind("door") if door.state != "open"),
        bushes=kind("bush"),
    )


def scene_cells(start: Scene) -> Cells:
    """The numbered cells of a map."""
    walls = {(thing.x, thing.y) for thing in start.things if thing.kind == "wall"}
    return number_cells(start.width, start.height, walls)


def build_model(start: Scene, humans: Humans, pushes: np.ndarray, random: bool) -> GridModel:
    """The dynamics of a map.

    `pushes` (agent, pushable thing) says who pushes what; `random` contests are for at most
    `contests.MOST_AGENTS` agents, otherwise the first agent wins.
    """
    cells, stock = scene_cells(start), take_inventory(start)
    n, n_cells = len(stock.agents), len(cells.xy)
    sizes = (
        *[n_cells] * (n + len(stock.pushable)),
        *[n + 1] * len(stock.keys),
        *[2] * (len(stock.doors) + len(stock.bushes)),
    )
    things = Things(
        pushes=pushes,
        clears=np.array([agent.kind == "robot" for agent in stock.agents]),
        key_cell=_numbers(cells, stock.keys),
        key_colour=np.array([_colour(key) for key in stock.keys], np.int32),
        door_cell=_numbers(cells, stock.doors),
        lock_colour=np.array([_lock(door) for door in stock.doors], np.int32),
        bush_cell=_numbers(cells, stock.bushes),
    )
    contests = random_contests(n) if random else None
    return GridModel(_ground(start, cells, stock), things, contests, humans, stock.n_robots, sizes)


def initial_state(start: Scene) -> np.ndarray:
    """int32 (f,): everything where the map has it."""
    cells, stock = scene_cells(start), take_inventory(start)
    fixed = len(stock.keys) + len(stock.doors) + len(stock.bushes)
    placed = _numbers(cells, (*stock.agents, *stock.pushable))
    return np.concatenate([placed, np.zeros(fixed, np.int32)])


def _ground(start: Scene, cells: Cells, stock: Inventory) -> Ground:
    kind = np.full(len(cells.xy), FLOOR, np.int32)
    gate = np.zeros(len(cells.xy), np.int32)
    kind[_numbers(cells, [thing for thing in start.things if thing.kind == "lava"])] = LAVA
    kind[_numbers(cells, [thing for thing in start.things if thing.kind == "door"])] = DOORWAY
    factor = len(stock.agents) + len(stock.pushable)
    for group, is_kind in ((stock.keys, KEY), (stock.doors, DOOR), (stock.bushes, BUSH)):
        numbers = _numbers(cells, group)
        kind[numbers] = is_kind
        gate[numbers] = np.arange(factor, factor + len(group))
        factor += len(group)
    return Ground(targets(cells), kind, gate, cells.position, cells.cell_at, cells.steps)


def _numbers(cells: Cells, things: Sequence[Thing]) -> np.ndarray:
    return np.array([cells.number[thing.x, thing.y] for thing in things], np.int32)


def _colour(thing: Thing) -> int:
    return COLOURS.index(thing.colour) if thing.colour else -1


def _lock(door: Thing) -> int:
    return _colour(door) if door.state == "locked" else -1
