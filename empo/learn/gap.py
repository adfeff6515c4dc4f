"""How far what was learned is from the exact solution, and from its own equations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import AnyArray, Array, Bool, Float, Int
from empo.learn.exact_targets import phase1_target, phase2_targets
from empo.learn.problem import Place, Problem
from empo.learn.quantities import Quantities, Values, Weights
from empo.solver import Solution
from empo.tasks.programs import Programs
from empo.worlds.packing import pack

BLOCK = 1024
"""Places that one call of a program describes..."""
MOST_NEXT = 1 << 18
"""...or fewer, if they had more next places than this."""


class Described(NamedTuple):
    """What was learned about n places, and how far each quantity is from its equation there."""

    values: Values
    legal_r: Bool[AnyArray, "n a_r"]
    pi_h: Float[AnyArray, "n h g a_h"]
    q_h_m: Float[AnyArray, "n h g a_h"] | None
    residuals: dict[str, Float[AnyArray, " n"]]
    """Mean over a place's numbers: absolute for probabilities, relative for the rest."""


class Exact(NamedTuple):
    """The exact solution at n places."""

    pi_r: Float[np.ndarray, "n a_r"]
    v_r: Float[np.ndarray, " n"]
    v_h_e: Float[np.ndarray, "n h g"]


@dataclass(frozen=True)
class Gap:
    """Distances to the exact solution, means over n visits to places, and the worst."""

    tv: float
    """Total variation distance of pi_r."""
    tv_uniform: float
    """That of a robot that acts uniformly."""
    tv_max: float
    v_r_rel_error: float
    """Of V_r, relative."""
    v_h_e_error: float
    """Of V_h^e, absolute, a mean over goals, too."""
    v_h_e_max: float
    kl: float
    """KL(learned pi_r, exact pi_r) in nats."""


def describe(
    quantities: Quantities, problem: Problem, weights: Weights, places: Place, programs: Programs
) -> Described:
    """What these weights say of places, block by block."""

    def of_block(weights: Weights, places: Place) -> Described:
        beta_r = jnp.float32(problem.parameters.beta_r)
        values = jax.vmap(lambda p: quantities.at(problem, weights, p, beta_r))(places)
        pi_h = jax.vmap(lambda p: quantities.pi_h(problem, weights, p))(places)
        q_h_m = jax.vmap(lambda p: quantities.q_h_m(problem, weights, p))(places)
        legal_r = jax.vmap(problem.model.situation)(places.state).legal_r
        found = residuals(quantities, problem, weights, places)
        return Described(values, legal_r, pi_h, q_h_m, found)

    n_places = len(places.time)
    size = max(1, min(BLOCK, MOST_NEXT // math.prod(problem.branching)))
    found = []
    for begin in range(0, n_places, size):
        rows = np.minimum(np.arange(begin, begin + size), n_places - 1)
        block = jax.tree.map(lambda x, rows=rows: np.asarray(x)[rows], places)
        kept = min(size, n_places - begin)
        told = programs.call("describe", of_block, weights, block)
        found.append(jax.tree.map(lambda x, kept=kept: np.asarray(x)[:kept], told))
    return jax.tree.map(lambda *x: np.concatenate(x), *found)


def residuals(
    quantities: Quantities, problem: Problem, weights: Weights, places: Place
) -> dict[str, Float[Array, " n"]]:
    """|learned - target| of each learned quantity, with targets from the same weights.

    Of an explicit policy it is the total variation distance from equation (5).
    """
    beta_r = jnp.float32(problem.parameters.beta_r)
    targets = phase2_targets(quantities, problem, weights, places, beta_r)
    if "q_h_m" in quantities.estimators:
        targets["q_h_m"] = phase1_target(quantities, problem, weights, places)
    factors = jax.vmap(problem.factors)(places)
    found = {}
    for name, estimator in quantities.estimators.items():
        held = jax.vmap(estimator.at, in_axes=(None, 0))(weights[name], factors)
        value, weight = targets[name]
        counted = weight > 0
        safe = jnp.where(counted, value, 1.0)
        wanted = safe if name in ("q_h_m", "v_h_e") else jnp.log(safe)
        found[name] = _mean(jnp.where(counted, jnp.abs(held - wanted), 0.0), counted)
    if "policy" in weights:

        def distance(place: Place) -> Float[Array, ""]:
            wanted = quantities.power_law(problem, weights, place, beta_r)
            return jnp.sum(jnp.abs(quantities.pi_r(problem, weights, place, beta_r) - wanted)) / 2

        found["pi_r"] = jax.vmap(distance)(places)
    return found


def at_places(solution: Solution, places: Place) -> Exact:
    """The exact solution at places that can be reached."""
    codes = pack(np.asarray(places.state, np.int64), solution.world.model.cardinalities)
    n_places = len(codes)
    found: Exact | None = None
    ends = solution.game.order == "horizon"
    for number, (layer, values) in enumerate(
        zip(solution.game.layers, solution.values, strict=True)
    ):
        here = layer.find_all(codes)
        if ends:
            here = np.where(places.time == number, here, -1)
        assert values.v_h_e is not None
        if found is None:
            found = Exact(
                *(np.full((n_places, *x.shape[1:]), np.nan) for x in _exact_fields(values))
            )
        known = here >= 0
        for room, values_of in zip(found, _exact_fields(values), strict=True):
            room[known] = values_of[here[known]]
    assert found is not None
    return found


def gap(
    problem: Problem,
    described: Described,
    exact: Exact,
    visits: Int[np.ndarray, " n"],
) -> Gap:
    """Distances, each place counting as often as it was visited."""
    share = visits / visits.sum()
    legal_r = described.legal_r
    uniform = legal_r / legal_r.sum(axis=-1, keepdims=True)
    tv = 0.5 * np.abs(described.values.pi_r - exact.pi_r).sum(axis=-1)
    has_goal = np.asarray(problem.weights.goal_prob) > 0
    v_h_e = np.abs(described.values.v_h_e - exact.v_h_e)[:, has_goal]
    return Gap(
        tv=float(share @ tv),
        tv_uniform=float(share @ (0.5 * np.abs(uniform - exact.pi_r).sum(axis=-1))),
        tv_max=float(tv.max()),
        v_r_rel_error=float(share @ np.abs(described.values.v_r / exact.v_r - 1)),
        v_h_e_error=float(share @ v_h_e.mean(axis=-1)),
        v_h_e_max=float(v_h_e.max()),
        kl=float(share @ _divergence(np.asarray(described.values.pi_r), exact.pi_r)),
    )


def _divergence(
    p: Float[np.ndarray, "n a"], q: Float[np.ndarray, "n a"]
) -> Float[np.ndarray, " n"]:
    """Sum of p log(p / q); where q is 0 for lack of digits, it is the least number there is."""
    ratio = np.where(p > 0, p, 1.0) / np.where(p > 0, np.maximum(q, np.finfo(np.float64).tiny), 1.0)
    return np.sum(p * np.log(ratio), axis=-1)


def _exact_fields(values) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return values.pi_r, values.v_r, values.v_h_e


def _mean(x: Array, counted: Array) -> Float[Array, " n"]:
    axes = tuple(range(1, x.ndim))
    return jnp.sum(x, axis=axes) / jnp.maximum(jnp.sum(counted, axis=axes), 1)
