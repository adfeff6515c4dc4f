"""Small worlds, their exact solutions, and tables that hold just these."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import empo
from bench.games import RICH
from empo.learn.prior import Learned, Prior
from empo.learn.problem import Place, Problem, problem_of
from empo.learn.quantities import Quantities, Weights, quantities
from empo.learn.settings import Kinds, RobotSettings
from empo.nets import NetSettings
from empo.solver import Solution
from empo.worlds.load import load
from empo.worlds.packing import pack

ALL_TABLES = Kinds("table", "table", "table", "table", "table", "table")
FEW_TABLES = Kinds(q_h_m="table", v_h_e="table", x_h="direct", q_r="table")
"""As few as can be."""

NOOK = {
    "kind": "grid",
    "name": "nook",
    "map": "#####\n#arc#\n##.##\n#####",
    "legend": {"a": {"thing": "human", "name": "ann"}, "c": {"thing": "human", "name": "carl"}},
    "goals": "cells",
    "theory": {"gamma_h": 0.9, "gamma_r": 0.9, "beta_h": 5, "beta_r": 5},
}
BUSHES = {"kind": "bushworld", "map": "Hu 02 Ro 01", "B": 2, "max_steps": 4}

WORLDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "rich": (RICH, {}),
    "rich-horizon": (RICH, {"horizon": 3, "goal_aggregation": "mean", "human_aggregation": "mean"}),
    "rich-floor": (RICH, {"x_h_floor": 2.0}),
    "two-state": ("two-state", {"beta_r": 5.0}),
    "norm": ("norm", {"beta_r": 5.0, "gamma_h": 0.9}),
    "nook": (NOOK, {}),
    "bushes": (BUSHES, {"gamma_h": 0.95, "gamma_r": 0.95}),
    "bushes-straight": (BUSHES, {"gamma_h": 0.95, "gamma_r": 0.95, "prior": "shortest-path"}),
}


class Filled(NamedTuple):
    """A world with its solution, everywhere that can be reached."""

    problem: Problem
    quantities: Quantities
    weights: Weights
    """Tables that hold the solution."""
    places: Place
    exact: dict[str, np.ndarray]
    """Each quantity at each place; sizes of those of one sign."""
    beta_r: jax.Array


@functools.cache
def solution_of(name: str) -> Solution:
    """The exact solution of one of `WORLDS`."""
    source, theory = WORLDS[name]
    return empo.solve(load(source), **theory)


def filled(
    solution: Solution,
    prior: Prior | None = None,
    kinds: Kinds = ALL_TABLES,
    **settings: Any,
) -> Filled:
    """Tables of what `kinds` and the other settings say is a table."""
    problem = problem_of(solution.world, solution.theory)
    settings = {"prior": "learned" if prior is None else "shortest-path", **settings}
    found = quantities(
        problem, RobotSettings(kinds=kinds, **settings), NetSettings(), prior or Learned()
    )
    places = places_of(solution)
    factors = np.asarray(jax.vmap(problem.factors)(places), np.int64)
    exact = exact_values(solution)
    row = pack(factors, problem.cardinalities)
    weights = {}
    for name, estimator in found.estimators.items():
        held = estimator.start(key=jax.random.key(0)).now
        value = exact[name]
        if name not in ("q_h_m", "v_h_e"):
            value = np.log(np.where(value > 0, value, 1.0))
        weights[name] = held.at[row].set(value.astype(np.float32))
    beta_r = jnp.float32(solution.theory.beta_r)
    return Filled(problem, found, weights, places, exact, beta_r)


def places_of(solution: Solution) -> Place:
    """All places that can be reached."""
    ends = solution.game.order == "horizon"
    layers = [solution.game.states(i).astype(np.int32) for i in range(len(solution.values))]
    times = [np.full(len(states), i if ends else 0) for i, states in enumerate(layers)]
    return Place(jnp.asarray(np.concatenate(layers)), jnp.asarray(np.concatenate(times), jnp.int32))


def exact_values(solution: Solution) -> dict[str, np.ndarray]:
    """Each quantity at each of `places_of`; sizes of those of one sign."""
    found = {}
    for name in ("q_h_m", "v_h_e", "x_h", "u_r", "q_r", "v_r", "pi_h", "pi_r"):
        layers = [getattr(values, name) for values in solution.values]
        if layers[0] is None:
            continue
        sign = -1 if name in ("u_r", "q_r", "v_r") else 1
        found[name] = sign * np.concatenate(layers)
    return found
