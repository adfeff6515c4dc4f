"""Targets as exact expectations over what everybody does and what follows.

The world gives all next places of all joint actions; the equations of `theory` do the rest. What
lies ahead is judged by the lagging copies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from empo.core.types import Array, Float
from empo.learn.once import at_each
from empo.learn.problem import Place, Problem
from empo.learn.quantities import Quantities, Values, Weights, power_of
from empo.solver.sweep import by_players
from empo.theory import (
    cautious_q,
    effective_value,
    goal_average,
    goal_backup,
    human_value,
    robot_q,
    robot_reward,
    robot_value,
)


class Target(NamedTuple):
    """What a quantity of ONE place should be, in its own units (sizes of those of one sign)."""

    value: Array
    weight: Array
    """0 where the place says nothing about it."""


def phase1_target(quantities: Quantities, problem: Problem, slow: Weights, places: Place) -> Target:
    """Equation (1), with (2) and (3) at the next places: the targets of Q_h^m at n places."""
    model = problem.model

    def arriving(place: Place) -> Float[Array, "h g"]:
        q_h_m = quantities.q_h_m(problem, slow, place)
        assert q_h_m is not None
        v_h_m = jax.vmap(human_value)(quantities.pi_h(problem, slow, place), q_h_m)
        return backup(problem, place, jnp.where(problem.ahead(place), v_h_m, 0.0))

    def of_place(place: Place, b_next: Float[Array, "j h g"]) -> Target:
        situation = model.situation(place.state)
        split = by_players(model, b_next)
        q_h_m = jnp.stack(
            [
                cautious_q(split[..., h, :], situation.legal_r, situation.beliefs[h], h)
                for h in range(model.n_humans)
            ]
        )
        legal = jnp.broadcast_to(situation.legal_h[:, None], q_h_m.shape)
        return Target(q_h_m, legal.astype(jnp.float32))

    return jax.vmap(of_place)(places, expected_next(arriving, problem, places))


def phase2_targets(
    quantities: Quantities,
    problem: Problem,
    slow: Weights,
    places: Place,
    beta_r: Float[Array, ""],
) -> dict[str, Target]:
    """Equations (4) and (6)-(9): the targets of each quantity, learned or not, at n places."""
    model = problem.model

    def arriving(place: Place) -> tuple[Array, Array]:
        there = quantities.at(problem, slow, place, beta_r)
        return backup(problem, place, there.v_h_e), there.v_r

    def of_place(place: Place, b_next: Float[Array, "j h g"], v_r: Float[Array, " j"]):
        pi_h = quantities.pi_h(problem, slow, place)
        pi_h_mean = goal_average(pi_h, problem.weights.goal_prob)
        here = quantities.at(problem, slow, place, beta_r)
        q_r = robot_q(by_players(model, v_r), pi_h_mean, problem.parameters.gamma_r)
        split = by_players(model, b_next)
        v_h_e = [
            effective_value(split[..., h, :], here.pi_r, pi_h[h], pi_h_mean, h)
            for h in range(model.n_humans)
        ]
        return {
            "v_h_e": certain(jnp.stack(v_h_e)),
            "q_r": q_r_target(problem, place, q_r),
            **local_targets(problem, place, here),
        }

    return jax.vmap(of_place)(places, *expected_next(arriving, problem, places))


def expected_next(function: Callable[[Place], Any], problem: Problem, places: Place) -> Any:
    """E_{s'} of a function of the next place, for n places and every joint action: axes `n j`."""
    after = jax.vmap(problem.following)(places)
    n_all = after.prob.size
    every = Place(after.places.state.reshape(n_all, -1), after.places.time.reshape(n_all))
    results, row = at_each(function, problem, every)
    row = row.reshape(after.prob.shape)

    def mean(x: Array) -> Array:
        prob = after.prob.reshape(after.prob.shape + (1,) * (x.ndim - 1))
        return sum((prob[:, :, k] * x[row[:, :, k]] for k in range(prob.shape[2])), jnp.zeros(()))

    return jax.tree.map(mean, results)


def local_targets(problem: Problem, place: Place, here: Values) -> dict[str, Target]:
    """Equations (7)-(9), which ask nothing of the next places."""
    parameters = problem.parameters
    situation = problem.model.situation(place.state)
    u_r = robot_reward(here.x_h, problem.weights.human, parameters.xi, parameters.eta)
    return {
        "x_h": certain(power_of(problem, situation, here.v_h_e)),
        "u_r": certain(-u_r),
        "v_r": certain(-robot_value(here.u_r, here.pi_r, here.q_r)),
    }


def q_r_target(problem: Problem, place: Place, q_r: Float[Array, " a_r"]) -> Target:
    """-Q_r of legal actions, where there is still something to gain."""
    legal = problem.model.situation(place.state).legal_r & problem.counts(place)
    return Target(-q_r, legal.astype(jnp.float32))


def certain(value: Array) -> Target:
    """A target that counts in full."""
    return Target(value, jnp.ones_like(value))


def backup(problem: Problem, place: Place, v: Float[Array, "h g"]) -> Float[Array, "h g"]:
    """B_V(s', g): what it is worth to arrive at a place."""
    model = problem.model
    members = model.situation(place.state).members
    return goal_backup(v, members, jnp.asarray(model.goals.repeat), problem.parameters.gamma_h)
