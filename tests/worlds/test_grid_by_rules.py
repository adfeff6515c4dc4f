"""The model's outcomes against the rules written as plain loops, on random maps and states."""

from __future__ import annotations

import random
from typing import NamedTuple

import jax
import numpy as np
import pytest

from empo.worlds.load import load
from tests.worlds.grid_by_rules import Grid, State, outcomes

COLOURS = ("yellow", "blue")


class Kind(NamedTuple):
    """How much of everything is on a map, so that maps of one kind share a compiled program."""

    symbols: str
    """r h # L B O b; k K keys and d D locked doors of two colours, c closed, o open doors."""
    width: int = 5
    height: int = 4
    conflict: str = "random"


KINDS = [
    Kind("rh###"),
    Kind("rhh##", width=4, height=3),
    Kind("rrh#", width=4, height=3, conflict="priority"),
    Kind("rhkdkKD##", height=3),
    Kind("rhhkKkdDco", width=5),
    Kind("rrhkdcb", width=4, conflict="priority"),
    Kind("rhBBO#", width=4),
    Kind("rhhBBBOO", width=5),
    Kind("rrhBOkdbbL", width=5, conflict="priority"),
    Kind("rhBBBkcobLL"),
    Kind("rrrhhbbL#", width=4),
    Kind("rhbbbbLL##", width=4, height=4),
    Kind("rhBBBBO", width=8, height=2),
]
N_MAPS = 15
N_STEPS = 60
LEGEND = {
    "k": {"thing": "key", "colour": "yellow"},
    "K": {"thing": "key", "colour": "blue"},
    "d": {"thing": "door", "colour": "yellow", "state": "locked"},
    "D": {"thing": "door", "colour": "blue", "state": "locked"},
    "c": {"thing": "door"},
    "o": {"thing": "door", "state": "open"},
}
LOCKS = {"d": "yellow", "D": "blue", "c": None}
KEYS = {"k": "yellow", "K": "blue"}

_outcomes = jax.jit(jax.vmap(lambda m, s, a, b: m.outcomes(s, a, b), (None, 0, 0, 0)))
_situation = jax.jit(jax.vmap(lambda m, s: m.situation(s), (None, 0)))


def draw_map(kind: Kind, rng: random.Random) -> list[str]:
    cells = list(kind.symbols.ljust(kind.width * kind.height, "."))
    rng.shuffle(cells)
    return ["".join(cells[y * kind.width : (y + 1) * kind.width]) for y in range(kind.height)]


def find(rows: list[str], symbols: str) -> list[tuple[int, int]]:
    return [(x, y) for y, row in enumerate(rows) for x, c in enumerate(row) if c in symbols]


def read_rules(rows: list[str], kind: Kind, human_pushes_rocks: bool) -> tuple[Grid, State]:
    """The map once more, without the project's loader."""
    width, height = kind.width, kind.height
    outside = {(x, y) for x in range(-1, width + 1) for y in (-1, height)}
    outside |= {(x, y) for y in range(height) for x in (-1, width)}
    agents, things = find(rows, "r") + find(rows, "h"), find(rows, "BO")
    n_robots = len(find(rows, "r"))
    pushes = {
        (i, j)
        for i in range(len(agents))
        for j, (x, y) in enumerate(things)
        if i < n_robots or rows[y][x] == "B" or human_pushes_rocks
    }
    grid = Grid(
        walls=set(find(rows, "#")) | outside,
        lava=set(find(rows, "L")),
        doorways=set(find(rows, "o")),
        keys=[(x, y, KEYS[rows[y][x]]) for x, y in find(rows, "kK")],
        doors=[(x, y, LOCKS[rows[y][x]]) for x, y in find(rows, "dDc")],
        bushes=find(rows, "b"),
        n_robots=n_robots,
        pushes=pushes,
        random=kind.conflict == "random",
    )
    start = State(
        tuple(agents),
        tuple(things),
        (None,) * len(grid.keys),
        (False,) * len(grid.doors),
        (False,) * len(grid.bushes),
    )
    return grid, start


def encode(rows: list[str], state: State) -> tuple[int, ...]:
    """The factors in the documented order, cells numbered in reading order without walls."""
    cells = [(x, y) for y, row in enumerate(rows) for x, symbol in enumerate(row) if symbol != "#"]
    return (
        *(cells.index(place) for place in state.agents + state.things),
        *(0 if holder is None else holder + 1 for holder in state.holders),
        *map(int, state.opened + state.cleared),
    )


def walk(grid: Grid, start: State, n: int, rng: random.Random):
    """Situations met on a random walk: (state, actions of all agents, outcomes)."""
    state = start
    for _ in range(n):
        ended = [cell in grid.lava for cell in state.agents]
        # Mostly moves: standing still is the one case that cannot go wrong.
        actions = [0 if over else rng.choice([0, 1, 1, 2, 2, 3, 3, 4, 4]) for over in ended]
        after = outcomes(grid, state, actions)
        yield state, actions, after
        state = rng.choice(list(after))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.symbols}-{kind.conflict}")
def test_outcomes_are_those_of_the_rules(kind):
    rng = random.Random(kind.symbols)
    seen_chance = False
    with jax.enable_x64(True):
        for number in range(N_MAPS):
            rows = draw_map(kind, rng)
            free = number % 2 == 1 and "O" in kind.symbols
            data = {"kind": "grid", "map": "\n".join(rows), "legend": LEGEND, "goals": "cells"}
            data |= {"conflict": kind.conflict} | ({"pushes": {"O": ["r", "h"]}} if free else {})
            model = load(data).model
            grid, start = read_rules(rows, kind, free)
            met = list(walk(grid, start, N_STEPS, rng))
            found = as_dicts(model, rows, met)
            for (state, actions, after), mine in zip(met, found, strict=True):
                wanted = {encode(rows, s): float(p) for s, p in after.items()}
                assert mine.keys() == wanted.keys(), (rows, state, actions)
                assert all(abs(mine[s] - wanted[s]) < 1e-12 for s in wanted), (rows, state)
                seen_chance |= len(wanted) > 1
    assert seen_chance == (kind.conflict == "random")


def as_dicts(model, rows, met):
    """The model's {next state: probability} for every situation met."""
    states = np.array([encode(rows, state) for state, _, _ in met], np.int32)
    actions = np.array([actions for _, actions, _ in met], np.int32)
    n = model.n_robots
    joint = actions[:, :n] @ 5 ** np.arange(n - 1, -1, -1)
    after, prob = _outcomes(model, states, joint, actions[:, n:])
    for nexts, probs in zip(np.asarray(after).tolist(), np.asarray(prob).tolist(), strict=True):
        total = {}
        for state, p in zip(nexts, probs, strict=True):
            if p > 0:
                total[tuple(state)] = total.get(tuple(state), 0) + p
        yield total


def test_actions_and_goals_of_states_met_are_those_of_the_rules():
    kind = KINDS[8]
    rng = random.Random(4)
    rows = draw_map(kind, rng)
    model = load(
        {"kind": "grid", "map": "\n".join(rows), "legend": LEGEND, "conflict": "priority"}
    ).model
    grid, start = read_rules(rows, kind, False)
    states = [state for _ in range(20) for state, _, _ in walk(grid, start, 40, rng)]
    codes = np.array([encode(rows, state) for state in states], np.int32)
    found = jax.tree.map(np.asarray, _situation(model, codes))
    seen_end = False
    for i, state in enumerate(states):
        allowed = [[0] if cell in grid.lava else [0, 1, 2, 3, 4] for cell in state.agents]
        joint = {5 * a + b for a in allowed[0] for b in allowed[1]}
        assert set(np.flatnonzero(found.legal_r[i])) == joint
        assert set(np.flatnonzero(found.legal_h[i, 0])) == set(allowed[2])
        assert np.flatnonzero(found.members[i, 0]).tolist() == [codes[i, 2]]
        np.testing.assert_allclose(found.habit[i].sum(-1), 1, rtol=1e-6)
        assert (found.habit[i][:, :, ~found.legal_h[i, 0]] == 0).all()
        np.testing.assert_allclose(found.beliefs[i].sum(-1), 1, rtol=1e-6)
        seen_end |= len(allowed[2]) == 1 or len(joint) < 25
    assert seen_end


def test_random_walks_meet_everything_that_can_happen():
    met = set()
    for kind in KINDS:
        rng = random.Random(kind.symbols)
        for _ in range(N_MAPS):
            rows = draw_map(kind, rng)
            grid, start = read_rules(rows, kind, False)
            for state, _, after in walk(grid, start, N_STEPS, rng):
                for other in after:
                    moved = sum(a != b for a, b in zip(state.things, other.things, strict=True))
                    met |= {f"{moved} pushed"} if moved else set()
                    met |= {"key taken"} if other.holders != state.holders else set()
                    met |= {"door opened"} if other.opened != state.opened else set()
                    met |= {"bush cleared"} if other.cleared != state.cleared else set()
                    met |= {"lava"} if set(other.agents) & grid.lava else set()
                met.add(f"{len(after)} outcomes")
    assert met >= {
        *("1 pushed", "2 pushed", "3 pushed", "key taken", "door opened", "bush cleared", "lava"),
        *("1 outcomes", "2 outcomes", "3 outcomes", "4 outcomes"),
    }
