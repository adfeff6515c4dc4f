"""Planning memory before the work: what a solution needs, what it may keep, and when to refuse."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psutil

from empo.core.errors import InputError
from empo.solver.problem import Problem
from empo.worlds.tabular import Chunk, Layer

GIB = 2.0**30
_FLOAT = 8
_SHARE = 0.8
"""The share of the machine's free memory that is used unless told otherwise."""
_KEPT_AT_MOST = 4 * GIB
"""Optional quantities beyond this are not worth their room on disk."""
_WANTED = ("v_h_e", "v_h_m", "pi_h", "q_h_m")
"""The optional quantities, the most wanted first."""
_WORKING_VECTORS = 8
"""Vectors of all unknowns that a fixed-point search holds beside its history."""
_COPIES = 3
"""Of what is kept of a cyclic game: the solution, one more sweep's, and its parts when joined."""
_RUNTIME = 0.4 * GIB
"""Python, JAX and compiled programs."""


@dataclass(frozen=True)
class Plan:
    """How to stay within memory."""

    keep: frozenset[str]
    """Optional quantities to keep in the solution."""
    goal_block: int
    """Goals that Phase 1 of a cyclic game works on at a time."""
    history: int
    """Steps that acceleration remembers."""
    bytes: float
    """The predicted peak."""


def free_memory() -> float:
    """Bytes that may be used by default."""
    return _SHARE * psutil.virtual_memory().available


def plan_memory(problem: Problem, allowed: float) -> Plan:
    """The most comfortable plan within `allowed` bytes. Raises `InputError` if there is none."""
    game = problem.game
    sizes = _Sizes(problem)
    spare = allowed - _RUNTIME - sizes.transitions - sizes.robot_values - sizes.in_flight
    if game.order == "cyclic":
        spare -= sizes.pi_h  # Phase 2 needs it in every sweep
        block, history, working = _search(sizes, problem, spare)
    else:
        block, history, working = sizes.n_goals, 0, sizes.tables
    spare -= working
    keep: set[str] = set()
    copies = _COPIES if game.order == "cyclic" else 1
    room = min(spare, copies * _KEPT_AT_MOST)
    for name in _WANTED:
        size = copies * (sizes.pi_h if name in ("pi_h", "q_h_m") else sizes.goal_values)
        if size <= room:
            keep.add(name)
            room -= size
            spare -= size
    if spare < 0:
        raise InputError(
            f"{game.world.name}: solving {game.n_states:,} states needs "
            f"{(allowed - spare) / GIB:.2f} GiB, {allowed / GIB:.2f} GiB are allowed"
        )
    return Plan(frozenset(keep), block, history, allowed - spare)


class _Sizes:
    """Bytes of the parts of a solution."""

    def __init__(self, problem: Problem) -> None:
        game, model = problem.game, problem.model
        n_humans, self.n_goals = model.goals.weight.shape
        per_goal = n_humans * self.n_goals * _FLOAT
        phases = 2 if problem.prior == "computed" else 1
        chunk = len(game.layers[0].chunks[0].codes)
        widest = max(game.end.n_states, *(layer.n_states for layer in game.layers))
        rows = widest if game.order == "horizon" else game.n_states + chunk
        self.transitions = sum(map(_transitions, game.layers))
        self.robot_values = game.n_states * (2 * model.n_actions_r + n_humans + 2) * _FLOAT
        self.goal_values = game.n_states * per_goal
        self.pi_h = self.goal_values * model.n_actions_h
        self.in_flight = 4 * (os.cpu_count() or 1) * chunk * per_goal * (2 * model.n_actions_h + 4)
        self.in_flight = min(self.in_flight, 2.5 * self.pi_h + 4 * chunk * per_goal)
        # A layer's table, the next one, and its parts before they are joined.
        self.tables = 3 * phases * rows * (per_goal + _FLOAT)


def _search(sizes: _Sizes, problem: Problem, spare: float) -> tuple[int, int, float]:
    """Goals per block, steps to remember and bytes for the fixed-point searches."""
    robot_vector = sizes.goal_values + problem.game.n_states * _FLOAT
    for history in (8, 5, 3, 0):
        working = (_WORKING_VECTORS + 2 * history) * robot_vector
        if working <= spare:
            break
    block = sizes.n_goals
    while block > 1 and sizes.goal_values + working * block / sizes.n_goals > max(spare, working):
        block = -(-block // 2)
    return block, history, working


def _transitions(layer: Layer) -> int:
    return sum(_chunk_bytes(chunk) for chunk in layer.chunks)


def _chunk_bytes(chunk: Chunk) -> int:
    return chunk.next.nbytes + (0 if chunk.prob is None else chunk.prob.nbytes)
