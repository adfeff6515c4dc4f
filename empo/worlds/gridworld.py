"""A grid world for people: names of states and actions, and pictures, around a `GridModel`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from empo.core.errors import InputError
from empo.worlds.goals import Cell, Goal
from empo.worlds.gridbuild import Inventory, scene_cells, take_inventory
from empo.worlds.statenames import (
    Words,
    coloured_names,
    joint_name,
    match_words,
    place_words,
    thing_names,
)
from empo.worlds.terrain import ACTIONS
from empo.worlds.world import Scene, Thing, World


@dataclass(frozen=True, kw_only=True)
class GridWorld(World):
    """A grid world; states are named like `r(3,1) h(1,1) key@r door=open bushes=b.`.

    The parts of a name are the agents' cells, the cells of things that can be pushed, each key's
    holder or cell, each door's state, and the bushes in reading order (b stands, . is cleared).
    """

    start: Scene
    """The map: everything in its first place, agents last and robots before humans."""
    place_goals: tuple[tuple[Goal, ...], ...]
    """Each human's goals."""

    def state_name(self, state: np.ndarray) -> str:
        """Where everything is, in one line."""
        values = [int(value) for value in state]
        parts = [words[value] for words, value in zip(self._words, values, strict=False)]
        if self._stock.bushes:
            cleared = values[len(self._words) :]
            parts.append("bushes=" + "".join("b."[value] for value in cleared))
        return " ".join(parts)

    def find_state(self, name: str) -> np.ndarray:
        """The state of that name; the order of its parts does not matter."""
        found = match_words(self._words, name.split())
        n_bushes = len(self._stock.bushes)
        if found is not None and len(found[1]) == bool(n_bushes):
            values, bushes = found[0], "".join(found[1]).removeprefix("bushes=")
            if len(bushes) == n_bushes and set(bushes) <= {*"b."}:
                return np.array([*values, *("b.".index(bush) for bush in bushes)], np.int32)
        like = f"wanted one like {self.state_name(self.initial[0])!r}"
        raise InputError(f"{self.name}: no state is named {name!r} ({like})")

    def robot_action(self, state: np.ndarray, action: int) -> str:
        """The bodies' actions, joined by +."""
        return joint_name(action, self._stock.n_robots, ACTIONS)

    def human_action(self, state: np.ndarray, human: int, action: int) -> str:
        """stay, north, east, south or west."""
        return ACTIONS[action]

    def goal_cells(self, human: int, goal: int) -> frozenset[Cell] | None:
        """The cells of a goal about this human's own place; None for any other goal."""
        parts = self.place_goals[human][goal].parts
        return parts[human] if set(parts) == {human} else None

    def scene(self, state: np.ndarray) -> Scene:
        """The map in this state; a carried key lies where its holder is and bears its name."""
        stock, xy = self._stock, scene_cells(self.start).xy.tolist()
        groups = (stock.agents, stock.pushable, stock.keys, stock.doors, stock.bushes)
        cuts = np.cumsum([len(group) for group in groups])[:-1]
        cells, pushed, holders, opened, cleared = np.split(np.asarray(state), cuts)

        def moved(things: Sequence[Thing], where: np.ndarray) -> list[Thing]:
            spots = [xy[cell] for cell in where]
            return [replace(t, x=x, y=y) for t, (x, y) in zip(things, spots, strict=True)]

        agents = moved(stock.agents, cells)
        keys = [
            _carried(key, agents[holder - 1]) if holder else key
            for key, holder in zip(stock.keys, holders, strict=True)
        ]
        doors = [
            replace(door, state="open") if is_open else door
            for door, is_open in zip(stock.doors, opened, strict=True)
        ]
        bushes = [b for b, is_gone in zip(stock.bushes, cleared, strict=True) if not is_gone]
        varied = {id(thing) for group in groups for thing in group}
        fixed = [thing for thing in self.start.things if id(thing) not in varied]
        rest = (*fixed, *doors, *bushes, *keys, *moved(stock.pushable, pushed))
        return Scene(self.start.width, self.start.height, (*rest, *agents))

    @cached_property
    def _stock(self) -> Inventory:
        return take_inventory(self.start)

    @cached_property
    def _words(self) -> Words:
        """For every factor but the bushes, what a name says for each of its values."""
        stock, names = self._stock, [str(agent.label) for agent in self._stock.agents]
        movers = names + thing_names(stock.pushable)
        keys = zip(coloured_names(stock.keys), stock.keys, strict=True)
        doors = zip(coloured_names(stock.doors), stock.doors, strict=True)
        return (
            *place_words(movers, scene_cells(self.start).xy.tolist()),
            *(tuple(f"{key}@{at}" for at in (f"({k.x},{k.y})", *names)) for key, k in keys),
            *((f"{door}={d.state}", f"{door}=open") for door, d in doors),
        )


def _carried(key: Thing, holder: Thing) -> Thing:
    return replace(key, x=holder.x, y=holder.y, label=holder.label)
