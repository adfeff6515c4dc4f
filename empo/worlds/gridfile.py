"""Grid files (`kind: grid`), see docs/worlds.md: from a document to a `GridWorld`."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from empo.worlds.agents import Agents, read_agents
from empo.worlds.contests import MOST_AGENTS
from empo.worlds.document import Document, Problems, describe
from empo.worlds.goalfile import Board, read_goals
from empo.worlds.goals import MAX_TABLE, Goal, human_tables, table_bytes
from empo.worlds.gridbuild import build_model, initial_state, scene_cells
from empo.worlds.gridworld import GridWorld
from empo.worlds.maps import Rows, check_symbols, read_rows
from empo.worlds.settings import theory_settings
from empo.worlds.statenames import thing_names
from empo.worlds.terrain import Cells
from empo.worlds.things import PUSHABLE, Symbol, read_symbols
from empo.worlds.world import Scene, Thing

KEYS = (
    *("kind", "name", "description", "map", "legend", "motion", "goals"),
    *("humans", "robots", "conflict", "pushes", "theory"),
)


@dataclass(frozen=True)
class _Map:
    """The map with its agents."""

    rows: Rows
    symbols: Mapping[str, Symbol]
    placed: Sequence[tuple[str, Symbol, int, int]]
    """Everything but floor, in reading order: symbol, meaning, x, y."""
    robots: Agents
    humans: Agents

    @property
    def pushable(self) -> list[str]:
        """The symbols of the things that can be pushed, in reading order."""
        return [symbol for symbol, meaning, _, _ in self.placed if meaning.thing in PUSHABLE]


def grid_world(document: Document, problems: Problems) -> GridWorld | None:
    """The world that a grid file describes, or None and what is wrong with it."""
    data = document.data
    problems.keys((), data, KEYS)
    name, description = read_title(document, problems)
    theory = theory_settings(problems, data)
    random = _read_choice(problems, data, "conflict", ("random", "priority")) == "random"
    if _read_choice(problems, data, "motion", ("cardinal", "turning")) == "turning":
        problems.add(("motion",), "turning motion is not supported yet", "wanted cardinal")
    drawn = _read_map(problems, data)
    if drawn is None:
        return None
    start = _scene(drawn)
    pushes = _read_pushes(problems, data, drawn)
    _check_agents(problems, drawn, start, random)
    goals = read_goals(_board(problems, drawn, start), data.get("goals", "cells"))
    check_size(problems, scene_cells(start), goals)
    if problems.n_errors:
        return None
    humans = drawn.humans
    beta, nu = ([own.get(key, math.nan) for own in humans.settings] for key in ("beta", "nu"))
    tables = human_tables(scene_cells(start), goals, beta, nu)
    return GridWorld(
        name=name,
        description=description,
        model=build_model(start, tables, pushes, random),
        initial=initial_state(start)[None],
        initial_prob=np.ones(1),
        humans=tuple(humans.names),
        goals=tuple(tuple(goal.name for goal in own) for own in goals),
        theory=theory,
        start=start,
        place_goals=goals,
    )


def read_title(document: Document, problems: Problems) -> tuple[str, str]:
    """Name and description; without a name, that of the file."""
    for key in ("name", "description"):
        value = document.data.get(key)
        if isinstance(value, (list, dict)):
            problems.add((key,), f"found {describe(value)}", "wanted text")
    stem = Path(document.name).stem
    name = document.text("name") if "name" in document.data else None
    description = document.text("description") if "description" in document.data else None
    return name or stem, " ".join((description or "").split())


def check_size(problems: Problems, cells: Cells, goals: Sequence[Sequence[Goal]]) -> None:
    """Refuse worlds whose tables of goals would not fit."""
    size = table_bytes(len(cells.xy), [len(own) for own in goals])
    if size > MAX_TABLE:
        most = max(map(len, goals))
        found = f"{most:,} goals on {len(cells.xy):,} cells need {size / 2**20:,.0f} MiB"
        problems.add((), found, f"wanted at most {MAX_TABLE >> 20} MiB: name fewer goals")


def _read_choice(
    problems: Problems, data: Mapping[str, Any], key: str, known: tuple[str, ...]
) -> str:
    """One of the known words, the first by default."""
    value = data.get(key, known[0])
    if isinstance(value, str) and value not in known:
        problems.unknown((key,), key, value, known)
    elif not isinstance(value, str):
        problems.add((key,), f"found {describe(value)}", f"wanted {' or '.join(known)}")
    return value if value in known else known[0]


def _read_map(problems: Problems, data: Mapping[str, Any]) -> _Map | None:
    symbols = read_symbols(problems, data)
    rows = read_rows(problems, data, tokens=False)
    if rows is None or not check_symbols(problems, rows, symbols, ", or what the legend defines"):
        return None
    used = {symbol for row in rows for symbol in row}
    for symbol in problems.mapping((), data.get("legend") or {}):
        if symbol in symbols and symbol not in used:
            problems.warn(("legend", symbol), f"{symbol!r} is not on the map")
    placed = [
        (symbol, symbols[symbol], x, y)
        for y, row in enumerate(rows)
        for x, symbol in enumerate(row)
        if symbols[symbol].thing != "floor"
    ]
    robots = read_agents(problems, data, "robot", placed)
    humans = read_agents(problems, data, "human", placed)
    return _Map(rows, symbols, placed, robots, humans) if humans.names else None


def _scene(drawn: _Map) -> Scene:
    """The map as things, agents last."""
    things = [
        Thing(meaning.thing, x, y, colour=meaning.colour, state=meaning.state)
        for _, meaning, x, y in drawn.placed
        if meaning.thing not in ("robot", "human")
    ]
    agents = drawn.robots.things("robot") + drawn.humans.things("human")
    return Scene(len(drawn.rows[0]), len(drawn.rows), (*things, *agents))


def _board(problems: Problems, drawn: _Map, start: Scene) -> Board:
    symbols: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for y, row in enumerate(drawn.rows):
        for x, symbol in enumerate(row):
            symbols[symbol].add((x, y))
    return Board(
        problems=problems,
        cells=scene_cells(start),
        doors=frozenset((thing.x, thing.y) for thing in start.things if thing.kind == "door"),
        symbols={symbol: frozenset(cells) for symbol, cells in symbols.items()},
        humans=tuple(drawn.humans.names),
        groups=drawn.humans.groups,
    )


def _read_pushes(problems: Problems, data: Mapping[str, Any], drawn: _Map) -> np.ndarray:
    """bool (agent, thing): who pushes what; by default all push blocks and robots push rocks."""
    n_robots, n_humans = len(drawn.robots.names), len(drawn.humans.names)
    agents = drawn.robots.groups | {
        name: tuple(n_robots + number for number in numbers)
        for name, numbers in drawn.humans.groups.items()
    }
    pushes = np.zeros((n_robots + n_humans, len(drawn.pushable)), bool)
    things = [meaning.thing for _, meaning, _, _ in drawn.placed if meaning.thing in PUSHABLE]
    for number, thing in enumerate(things):
        pushes[: None if thing == "block" else n_robots, number] = True
    if data.get("pushes") is None:
        return pushes
    section = problems.mapping(("pushes",), data["pushes"], "symbol: [agents]")
    for symbol, names in section.items():
        where = ("pushes", symbol)
        known = [name for name, meaning in drawn.symbols.items() if meaning.thing in PUSHABLE]
        if symbol not in known:
            problems.unknown(where, "symbol of a block or rock", symbol, known)
        elif symbol not in drawn.pushable:
            problems.warn(where, f"{symbol!r} is not on the map")
        column = [number for number, other in enumerate(drawn.pushable) if other == symbol]
        pushes[:, column] = False
        for i, _ in enumerate(problems.sequence(where, names, "agents")):
            name = problems.document.text(*where, i) or ""
            if name not in agents:
                problems.unknown((*where, i), "agent", name, agents)
            pushes[np.ix_(agents.get(name, ()), column)] = True
    return pushes


def _check_agents(problems: Problems, drawn: _Map, start: Scene, random: bool) -> None:
    """Too many for random contests, or a name that something else has."""
    names = drawn.robots.names + drawn.humans.names
    if random and len(names) > MOST_AGENTS:
        wanted = f"wanted at most {MOST_AGENTS} with conflict: random; set conflict: priority"
        problems.add(("map",), f"found {len(names)} agents", wanted)
    things = thing_names([thing for thing in start.things if thing.kind in PUSHABLE])
    for number, name in enumerate(names):
        if name in things or name in names[:number]:
            found = f"{'a robot' if name in drawn.robots.names else 'a human'} is called {name!r}"
            problems.add(("map",), found, "wanted a name that nothing else has")
