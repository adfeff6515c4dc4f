"""What a given policy of the robot is worth, exactly: equations (4) and (6)-(9) without (5).

People act as in a solution. A fixed policy makes both recursions linear, V_h^e in itself and then
V_r in itself, with factors gamma_h and gamma_r: what it is worth is unique, and there is nothing to
follow. Games that end take one backward sweep, cyclic ones a fixed point.
"""

from __future__ import annotations

import time as clock
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.errors import InputError
from empo.core.types import Bool, Float
from empo.solver.backward import sweep_backward
from empo.solver.continuation import evaluate_robot
from empo.solver.cyclic import Cyclic, unpack_robot
from empo.solver.fixed_point import Rules
from empo.solver.problem import Keep, Problem, Values, check_values
from empo.solver.solution import Effort, Solution
from empo.solver.sweep import situations
from empo.solver.tables import Given, Tables, join, over_chunks, solve_layer
from empo.solver.verify import residuals
from empo.worlds.packing import pack
from empo.worlds.tabular import Layer

_SURE = 1e-4
"""Probabilities that sum to 1 up to this are scaled to do so: 32 bits hold no more digits."""


def of_policy(
    solution: Solution, pi_r: Sequence[np.ndarray], rules: Rules | None = None
) -> Solution:
    """Every quantity if the robot acts by `pi_r`, and people as before.

    That is an array with axes s a_r for each layer of the game, illegal actions having 0.

    What the equations say of people alone, (1)-(3), is taken over. Raises `InputError` for what is
    no policy and for a solution without transitions, as those read from a folder; `NoPower` where
    the policy leaves somebody nothing at all, so that V_r is minus infinity; and `NotConverged`.
    """
    problem = Problem(solution.game, solution.theory, solution.prior)
    begin = clock.perf_counter()
    with jax.enable_x64(True):
        given = _given(problem, solution.values, pi_r)
        keep = frozenset(() if solution.values[0].v_h_e is None else ("v_h_e",))
        if solution.game.order == "cyclic":
            found, effort = _at_rest(problem, given[0], keep, rules or Rules())
        else:
            found = sweep_backward(problem, keep, lambda _states: None, given)
            effort = Effort(0.0, 0.0, sweeps=1)
    values = tuple(
        new._replace(q_h_m=old.q_h_m, pi_h=old.pi_h, v_h_m=old.v_h_m)
        for new, old in zip(found, solution.values, strict=True)
    )
    effort = replace(
        effort,
        enumerate_seconds=solution.effort.enumerate_seconds,
        seconds=clock.perf_counter() - begin,
    )
    return replace(solution, values=values, effort=effort)


def v_r_start(solution: Solution) -> float:
    """V_r at the start: its mean over initial states by their probabilities."""
    world, game = solution.world, solution.game
    possible = world.initial_prob > 0
    codes = pack(np.asarray(world.initial)[possible], world.model.cardinalities)
    v_r = np.full(len(codes), np.nan)
    for number in game.layers_at(0):
        place = game.layers[number].find_all(codes)
        v_r[place >= 0] = solution.values[number].v_r[place[place >= 0]]
    prob = world.initial_prob[possible]
    return float(prob @ v_r / prob.sum())


def _at_rest(
    problem: Problem, given: Sequence[Given], keep: Keep, rules: Rules
) -> tuple[list[Values], Effort]:
    """The fixed point of a cyclic game."""
    cyclic = Cyclic(problem, [policies.pi_r for policies in given])
    pi_h = [policies.pi_h for policies in given]
    followed = evaluate_robot(cyclic, pi_h, rules, lambda _what, _sweeps, _residual: None)
    tables = Tables(None, *unpack_robot(cyclic, followed.x))
    values, arrivals = solve_layer(problem, cyclic.layer, tables, keep, given)
    check_values(problem, 0, values)
    again, _ = solve_layer(problem, cyclic.layer, arrivals, keep, given)
    found = residuals(values, again)
    return [values], Effort(0.0, 0.0, followed.sweeps, residuals=found, lipschitz=None)


def _given(
    problem: Problem, values: Sequence[Values], pi_r: Sequence[np.ndarray]
) -> list[list[Given]]:
    """The policies of all, for each layer those of its chunks."""
    layers, name = problem.game.layers, problem.game.world.name
    if not all(layer.chunks for layer in layers):
        raise InputError(
            f"{name}: found a solution without transitions (wanted one that was solved here, not "
            f"read from a folder)"
        )
    if len(pi_r) != len(layers):
        raise InputError(f"pi_r: found {len(pi_r)} layers ({name} has {len(layers)})")
    found = []
    for number, layer in enumerate(layers):
        pi_h = values[number].pi_h
        if pi_h is None:
            raise InputError(f"{name}: the solution holds no pi_h for want of memory")
        parts = _cut(layer, pi_h), _cut(layer, _checked(problem, number, pi_r[number]))
        found.append([Given(*chunk) for chunk in zip(*parts, strict=True)])
    return found


def _checked(problem: Problem, number: int, pi_r: np.ndarray) -> Float[np.ndarray, "s a_r"]:
    """The policy in 64 bits. Raises `InputError` if it is none."""
    game = problem.game
    wanted = (game.layers[number].n_states, problem.model.n_actions_r)
    if pi_r.shape != wanted:
        raise InputError(f"pi_r of layer {number}: found shape {pi_r.shape} (wanted {wanted})")
    pi_r = np.asarray(pi_r, np.float64)
    total = pi_r.sum(axis=1)
    right = (np.abs(total - 1) <= _SURE) & (pi_r >= 0).all(axis=1)
    right &= (pi_r == 0).all(axis=1, where=~_legal(problem, game.layers[number]))
    if not right.all():
        place = int(np.argmin(right))
        raise InputError(
            f"{game.world.name}: pi_r in {game.world.state_name(game.state(number, place))}: found "
            f"{pi_r[place].tolist()} (wanted probabilities of legal actions, with sum 1)"
        )
    return pi_r / total[:, None]


def _legal(problem: Problem, layer: Layer) -> Bool[np.ndarray, "s a_r"]:
    parts = over_chunks(
        lambda _, chunk: situations(problem.model, chunk.codes).legal_r, layer.chunks
    )
    return join(list(parts), layer.n_states)


def _cut(layer: Layer, x: np.ndarray) -> list:
    """Rows of all states as those of the chunks, padded as these are."""
    ends = np.cumsum([0, *(len(chunk.codes) for chunk in layer.chunks)])
    missing = ends[-1] - len(x)
    padded = np.pad(x, ((0, missing), *((0, 0),) * (x.ndim - 1)), mode="edge")
    return [jnp.asarray(padded[begin:end]) for begin, end in pairwise(ends)]
