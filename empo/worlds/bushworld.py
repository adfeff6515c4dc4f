"""BushWorld files (`kind: bushworld`), see docs/worlds.md: from a document to a `BushWorld`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from empo.core.errors import InputError
from empo.worlds.agents import MAX_BODIES, MAX_HUMANS
from empo.worlds.bushmodel import ACTIONS, bush_model
from empo.worlds.document import Document, Problems
from empo.worlds.goalfile import Board, read_place
from empo.worlds.goals import Cell, Goal, cell_goals, human_tables
from empo.worlds.gridfile import check_size
from empo.worlds.maps import Rows, check_symbols, read_rows
from empo.worlds.statenames import Words, joint_name, match_words, place_words
from empo.worlds.terrain import Cells, number_cells
from empo.worlds.world import Scene, Thing, World

KEYS = (
    *("kind", "map", "B", "max_steps", "fill_density", "possible_goals"),
    *("seed", "render_tile_size", "metadata"),
)
MAX_DENSITY = 1000
MAX_STEPS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class BushWorld(World):
    """A BushWorld; states are named like `Ro(1,1) Hu(0,0) bushes=011/101/111`.

    After the agents' cells come the densities, row by row, with commas where B has two digits.
    """

    cells: Cells
    agents: tuple[str, ...]
    """Robots first."""
    most: int
    """B, the largest density."""
    bush_cells: np.ndarray
    """The cells that began with a bush, in the order of their factors."""
    place_goals: tuple[tuple[Goal, ...], ...]

    def state_name(self, state: np.ndarray) -> str:
        """Where everybody is, and all densities."""
        places = [words[cell] for words, cell in zip(self._words, state, strict=False)]
        comma = "," if self.most > 9 else ""
        rows = [comma.join(map(str, row)) for row in self._densities(state).tolist()]
        return " ".join([*places, "bushes=" + "/".join(rows)])

    def find_state(self, name: str) -> np.ndarray:
        """The state of that name; the order of its parts does not matter."""
        found = match_words(self._words, name.split())
        if found is not None and len(found[1]) == 1:
            densities = found[1][0].removeprefix("bushes=").replace("/", "," * (self.most > 9))
            numbers = densities.split(",") if self.most > 9 else list(densities)
            if len(numbers) == len(self.cells.xy) and all(map(str.isdecimal, numbers)):
                bushes = np.array(numbers, np.int64)[self.bush_cells]
                state = np.array([*found[0], *bushes], np.int32)
                fits = (bushes < self.model.cardinalities[len(self.agents) :]).all()
                if fits and set(self.state_name(state).split()) == set(name.split()):
                    return state
        like = f"wanted one like {self.state_name(self.initial[0])!r}"
        raise InputError(f"{self.name}: no state is named {name!r} ({like})")

    def robot_action(self, state: np.ndarray, action: int) -> str:
        """The bodies' actions, joined by +."""
        return joint_name(action, len(self.agents) - len(self.humans), ACTIONS)

    def human_action(self, state: np.ndarray, human: int, action: int) -> str:
        """N, W, S, E or pass."""
        return ACTIONS[action]

    def goal_cells(self, human: int, goal: int) -> frozenset[Cell]:
        """The cells (x, y) of the goal."""
        return self.place_goals[human][goal].parts[human]

    def scene(self, state: np.ndarray) -> Scene:
        """Agents, and bushes with their share of the largest density."""
        densities = self._densities(state)
        bushes = [
            Thing("bush", x, y, amount=float(densities[y, x] / self.most))
            for x, y in self.cells.number
            if densities[y, x]
        ]
        kinds = ["robot"] * (len(self.agents) - len(self.humans)) + ["human"] * len(self.humans)
        agents = [
            Thing(kind, *self.cells.xy[cell].tolist(), label=name)
            for kind, name, cell in zip(kinds, self.agents, state, strict=False)
        ]
        return Scene(self.cells.width, self.cells.height, (*bushes, *agents))

    def _densities(self, state: np.ndarray) -> np.ndarray:
        """int (height, width)"""
        densities = np.zeros(len(self.cells.xy), int)
        densities[self.bush_cells] = state[len(self.agents) :]
        return densities.reshape(self.cells.height, self.cells.width)

    @cached_property
    def _words(self) -> Words:
        return place_words(self.agents, self.cells.xy.tolist())


def bushworld_world(document: Document, problems: Problems) -> BushWorld | None:
    """The world that a BushWorld file describes, or None and what is wrong with it."""
    data = document.data
    problems.keys((), data, KEYS)
    most = problems.whole(("B",), data.get("B", 1), 1, MAX_DENSITY) or 1
    horizon = problems.whole(("max_steps",), data.get("max_steps", 10), 1, MAX_STEPS)
    fill = problems.whole(("fill_density",), data.get("fill_density", 0), 0) or 0
    rows = _read_rows(problems, data)
    if rows is None:
        return None
    cells = number_cells(len(rows[0]), len(rows), ())
    tokens = [token for row in rows for token in row]
    robots = _find(problems, cells, tokens, "Ro", MAX_BODIES)
    humans = _find(problems, cells, tokens, "Hu", MAX_HUMANS)
    found = [_density(token, fill) for token in tokens]
    if denser := sum(number > most for number in found):
        problems.warn(("map",), f"{denser} cells with a density above B = {most}", "it counts as B")
    density = np.minimum(found, most).astype(np.int32)
    goals = _read_goals(problems, data, cells, tuple(humans)) if humans else ()
    if goals:
        check_size(problems, cells, goals)
    if problems.n_errors:
        return None
    unset = [math.nan] * len(humans)
    model = bush_model(cells, density, most, len(robots), human_tables(cells, goals, unset, unset))
    bush_cells = np.flatnonzero(density)
    placed = [*robots.values(), *humans.values()]
    title = data["metadata"] if isinstance(data.get("metadata"), dict) else {}
    return BushWorld(
        name=Path(document.name).stem,
        description=" ".join(str(title.get("description") or title.get("name") or "").split()),
        model=model,
        initial=np.array([[*placed, *density[bush_cells]]], np.int32),
        initial_prob=np.ones(1),
        humans=tuple(humans),
        goals=tuple(tuple(goal.name for goal in own) for own in goals),
        theory={"horizon": horizon, "goal_aggregation": "mean", "human_aggregation": "mean"},
        cells=cells,
        bush_cells=bush_cells,
        agents=(*robots, *humans),
        most=most,
        place_goals=goals,
    )


def _read_rows(problems: Problems, data: Mapping[str, Any]) -> Rows | None:
    rows = read_rows(problems, data, tokens=True)
    if rows is None:
        return None
    used = {token for row in rows for token in row}
    known = ["Ro", "Hu", ".", *sorted(token for token in used if _is_density(token))]
    fits = check_symbols(problems, rows, known, " or a whole number, the density of a bush")
    return rows if fits else None


def _is_density(token: str) -> bool:
    return token.isascii() and token.isdecimal() and len(token) <= 9


def _density(token: str, fill: int) -> int:
    return fill if token in ("Ro", "Hu") else int(token) if _is_density(token) else 0


def _find(
    problems: Problems, cells: Cells, tokens: Sequence[str], kind: str, most: int
) -> dict[str, int]:
    """The cells of the players of that kind by their names: the token, numbered if several."""
    found = [cell for cell in range(len(cells.xy)) if tokens[cell] == kind]
    if not 1 <= len(found) <= most:
        wanted = f"wanted at least one, at most {most}"
        problems.add(("map",), f"found {len(found)} players {kind!r}", wanted)
    if len(found) == 1:
        return {kind: found[0]}
    return {f"{kind}{number}": cell for number, cell in enumerate(found, 1)}


def _read_goals(
    problems: Problems, data: Mapping[str, Any], cells: Cells, humans: tuple[str, ...]
) -> tuple[tuple[Goal, ...], ...]:
    """The same goals for every human; without a list, every cell."""
    everybody = range(len(humans))
    if data.get("possible_goals") is None:
        return tuple(cell_goals(human, cells) for human in everybody)
    where = ("possible_goals",)
    board = Board(problems, cells, frozenset(), {}, humans, {})
    entries = problems.sequence(where, data["possible_goals"], "[x, y] or [x1, y1, x2, y2]")
    if data["possible_goals"] == []:
        problems.add(where, "found an empty list", "wanted at least one goal, or no list")
    places = {}
    for i, entry in enumerate(entries):
        place = read_place(board, (*where, i), entry)
        if place and place[0] in places:
            problems.add((*where, i), f"the goal {place[0]} is listed twice", "wanted each once")
        elif place:
            places[place[0]] = place[1]
    return tuple(
        tuple(Goal(name, {human: inside}) for name, inside in places.items()) for human in everybody
    )
