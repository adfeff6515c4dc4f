"""A grid world for people: names of states and actions, and pictures, around a `GridModel`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from empo.core.errors import InputError
from empo.worlds.goals import Cell, Goal
from empo.worlds.gridbuild import Inventory, scene_cells, take_inventory
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
        parts = name.split()
        known = {
            word: (i, v) for i, words in enumerate(self._words) for v, word in enumerate(words)
        }
        values = dict(known[part] for part in parts if part in known)
        bushes = [part.removeprefix("bushes=") for part in parts if part not in known]
        n_bushes = len(self._stock.bushes)
        complete = len(parts) == len(values) + len(bushes) and len(values) == len(self._words)
        fits = [len(bush) == n_bushes and set(bush) <= set("b.") for bush in bushes]
        if not complete or len(bushes) != bool(n_bushes) or not all(fits):
            wanted = self.state_name(self.initial[0])
            raise InputError(
                f"{self.name}: no state is named {name!r} (wanted one like {wanted!r})"
            )
        cleared = ["b.".index(letter) for letter in "".join(bushes)]
        return np.array([values[i] for i in range(len(values))] + cleared, np.int32)

    def robot_action(self, state: np.ndarray, action: int) -> str:  # noqa: ARG002
        """The bodies' actions, joined by +."""
        n = self._stock.n_robots
        digits = [action // len(ACTIONS) ** body % len(ACTIONS) for body in reversed(range(n))]
        return "+".join(ACTIONS[digit] for digit in digits)

    def human_action(self, state: np.ndarray, human: int, action: int) -> str:  # noqa: ARG002
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
    def _words(self) -> tuple[tuple[str, ...], ...]:
        """For every factor but the bushes, what a name says for each of its values."""
        stock = self._stock
        places = [f"({x},{y})" for x, y in scene_cells(self.start).xy.tolist()]
        holders = [agent.label for agent in stock.agents]
        movers = [str(agent.label) for agent in stock.agents] + _numbered(stock.pushable)
        keys = zip(_coloured(stock.keys), stock.keys, strict=True)
        doors = zip(_coloured(stock.doors), stock.doors, strict=True)
        return (
            *(tuple(name + place for place in places) for name in movers),
            *(
                (f"{name}@({key.x},{key.y})", *(f"{name}@{h}" for h in holders))
                for name, key in keys
            ),
            *((f"{name}={door.state}", f"{name}=open") for name, door in doors),
        )


def _carried(key: Thing, holder: Thing) -> Thing:
    return replace(key, x=holder.x, y=holder.y, label=holder.label)


def _coloured(things: Sequence[Thing]) -> list[str]:
    """Names of keys or doors: by their colours where these tell them apart."""
    colours = [thing.colour for thing in things]
    if len(things) > 1 and None not in colours and len(set(colours)) == len(things):
        return [f"{thing.colour}-{thing.kind}" for thing in things]
    return _numbered(things)


def _numbered(things: Sequence[Thing]) -> list[str]:
    """Names by kind, numbered in reading order where there are several of a kind."""
    total, seen = Counter(thing.kind for thing in things), Counter()
    names = []
    for thing in things:
        seen[thing.kind] += 1
        number = str(seen[thing.kind]) if total[thing.kind] > 1 else ""
        names.append(thing.kind + number)
    return names
