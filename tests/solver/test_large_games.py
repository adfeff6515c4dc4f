"""Games of more states than one chunk holds, and every way of cutting the work."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from typing import Any

import jax
import pytest
from hypothesis import given

from empo.solver import sweep, tables
from empo.solver.memory import plan_memory
from empo.worlds import compile as compiling
from empo.worlds import layering
from tests import brute_force
from tests.solver.drawn import File, at_all_times, games, same, states
from tests.strategies import HUMAN_ACTIONS, ROBOT_ACTIONS, game_files

WIDTH = 150
"""More than one chunk holds."""


def large_game(kind: str) -> File:
    """A random game of two humans; acyclic ones have three layers of many states."""
    rng = random.Random(0)
    n_layers = 3 if kind == "acyclic" else 1
    names = [f"s{i}" for i in range(n_layers * WIDTH)]

    def state(i: int) -> File:
        ahead = names[i // WIDTH * WIDTH + WIDTH :] if kind == "acyclic" else names

        def target() -> Any:
            one, two = rng.sample(ahead, k=2)
            return rng.choice([one, {one: 0.25, two: 0.75}])

        if not ahead or rng.random() < 0.1:
            return {}
        legal = {human: rng.sample(HUMAN_ACTIONS, rng.randint(1, 2)) for human in ("ann", "bob")}
        robot = rng.sample(ROBOT_ACTIONS, rng.randint(1, 3)) if i else ROBOT_ACTIONS
        rules = [{"robot": a_r, "ann": legal["ann"][0], "to": target()} for a_r in robot]
        others = {"bob": legal["bob"][0], "to": target()}
        return {"robot": robot, "humans": legal, "next": [*rules, others, {"to": target()}]}

    def human() -> File:
        return {"goals": {goal: rng.sample(names, len(names) // 4) for goal in "AB"}}

    theory: File = {"gamma_h": 0.6, "gamma_r": 0.6, "beta_r": 2, "x_h_floor": 0.05}
    return {
        "name": "large",
        "initial": dict.fromkeys(names[:WIDTH], 1 / WIDTH),
        "theory": theory | ({"horizon": 3} if kind == "horizon" else {}),
        "humans": {"ann": human(), "bob": human()},
        "states": {name: state(i) for i, name in enumerate(names)},
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["acyclic", "cyclic", "horizon"])
def test_games_of_several_chunks_agree_with_plain_loops(kind):
    file = large_game(kind)
    same(at_all_times(file), brute_force.solve(file))


@pytest.fixture
def _tiny_pieces(monkeypatch):
    """Chunks of two states, blocks of one, loops instead of unrolled gathers, narrow searches."""
    for module, name, value in (
        (layering, "_LARGEST_CHUNK", 2),
        (layering, "_SMALLEST_CHUNK", 2),
        (layering, "_WHOLE_LAYER", 2),
        (sweep, "_LARGEST_BLOCK", 1),
        (sweep, "_UNROLLED", 1),
        (tables, "_AHEAD", 1),
        (tables, "_ROWS_PER_CALL", 8),
        (compiling, "_OUTCOMES_PER_CALL", 24),
        (compiling, "_SMALLER_CALLS", (1,)),
    ):
        assert hasattr(module, name)
        monkeypatch.setattr(module, name, value)
    jax.clear_caches()
    yield
    jax.clear_caches()


@pytest.mark.slow
@pytest.mark.usefixtures("_tiny_pieces")
@pytest.mark.parametrize("kind", ["acyclic", "cyclic", "horizon"])
def test_the_work_can_be_cut_into_the_smallest_pieces(kind):
    @games(25)
    @given(game_files(2, kind, with_inf=False))
    def check_one(file):
        try:
            wanted = brute_force.solve(file)
        except (brute_force.NoPower, brute_force.DidNotSettle):
            return
        same(at_all_times(file), wanted)

    check_one()


@pytest.mark.slow
@pytest.mark.parametrize(("goal_block", "history"), [(1, 3), (2, 0)])
def test_neither_blocks_of_goals_nor_acceleration_move_the_solution(
    monkeypatch, goal_block, history
):
    def plan(problem, allowed):
        return replace(plan_memory(problem, allowed), goal_block=goal_block, history=history)

    @games(8)
    @given(game_files(2, "cyclic", with_inf=False))
    def check_one(file):
        file["theory"]["x_h_floor"] = 0.1
        wanted = states(file)
        with monkeypatch.context() as patch:
            patch.setattr(sys.modules["empo.solver.solve"], "plan_memory", plan)
            same(states(file), wanted)

    check_one()
