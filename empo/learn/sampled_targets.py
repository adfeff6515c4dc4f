"""Targets from samples that the world draws afresh at every use of a place that was seen.

What is remembered is only where somebody was, never what was done there or came of it. So nothing
grows stale, and exploration, which decides where one looks, does not change what one finds: the
mean of the targets at a place is the exact target there. Only the logarithm of a sample is
biased, so in "log" space so is what is learned from them; in "linear" space it is not.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from empo.core.types import Array, Float, Int
from empo.learn.exact_targets import Target, backup, local_targets, q_r_target
from empo.learn.problem import Place, Problem
from empo.learn.quantities import Quantities, Weights, with_actions
from empo.learn.task import drawn, drawn_goals, sampled_next
from empo.theory import cautious_q, goal_average, human_value

WORST = 0.5
"""How often the robot of Phase 1 does what is worst for somebody; else it does anything."""


class Phase1Samples(NamedTuple):
    """What Phase 1 learns at n places."""

    q_h_m: Target
    q_h_r: Target
    factors: Int[Array, "n f"]
    """With the actions that `q_h_r` is about."""


def phase1_samples(
    quantities: Quantities, problem: Problem, slow: Weights, places: Place, *, key: Array
) -> Phase1Samples:
    """Equation (1) in two steps, since a minimum over samples would be below that of their means.

    Q_h^r(s, g, a_r, a_H) is the mean of B_{V_h^m}(s', g), learned from samples of s'; Q_h^m is the
    mean over a_-h, drawn from the beliefs, of the minimum of Q_h^r over a_r. So the minimum stands
    inside the mean over a_-h, and outside the one over s'. It is one over numbers that are
    learned, and as long as these vary it is a little too low: rates have to fall.
    """
    model = problem.model

    def of_place(place: Place, key: Array) -> Phase1Samples:
        key_others, key_doing, key_next = jax.random.split(key, 3)
        q_h_m = _with_sampled_others(quantities, problem, slow, place, key=key_others)
        legal = jnp.broadcast_to(model.situation(place.state).legal_h[:, None], q_h_m.shape)
        a_r, a_h = _against_somebody(quantities, problem, slow, place, key=key_doing)
        after = sampled_next(problem, place, a_r, a_h, key=key_next)
        q_h_r = backup(problem, after, _v_h_m(quantities, problem, slow, after))
        return Phase1Samples(
            Target(q_h_m, legal.astype(jnp.float32)),
            Target(q_h_r, jnp.ones_like(q_h_r)),
            with_actions(problem, place, a_r, a_h),
        )

    return jax.vmap(of_place)(places, jax.random.split(key, len(places.time)))


def phase2_samples(
    quantities: Quantities,
    problem: Problem,
    slow: Weights,
    places: Place,
    beta_r: Float[Array, ""],
    *,
    key: Array,
) -> dict[str, Target]:
    """Equations (4) and (6), sampled; (7)-(9) ask nothing of the next places and stay exact.

    V_h^e learns of one goal of each human at a time, Q_r of one action.
    """

    def of_place(place: Place, key: Array) -> dict[str, Target]:
        key_v_h_e, key_q_r = jax.random.split(key)
        here = quantities.at(problem, slow, place, beta_r)
        pi_h = quantities.pi_h(problem, slow, place)

        def after_v_h_e(after: Place) -> Float[Array, "h g"]:
            return backup(problem, after, quantities.at(problem, slow, after, beta_r).v_h_e)

        def after_q_r(after: Place) -> Float[Array, ""]:
            return quantities.at(problem, slow, after, beta_r).v_r

        return {
            "v_h_e": _v_h_e(problem, place, pi_h, here.pi_r, after_v_h_e, key=key_v_h_e),
            "q_r": _q_r(problem, place, pi_h, after_q_r, key=key_q_r),
            **local_targets(problem, place, here),
        }

    return jax.vmap(of_place)(places, jax.random.split(key, len(places.time)))


def _v_h_e(problem, place, pi_h, pi_r, worth, *, key: Array) -> Target:
    """Equation (6): everybody has a goal, acts for it, and gets what that leads to."""
    key_goals, key_h, key_r, key_next = jax.random.split(key, 4)
    goals = drawn_goals(problem, key=key_goals)
    own = jnp.arange(len(goals))
    a_h = drawn(pi_h[own, goals], key=key_h)
    a_r = drawn(pi_r[None], key=key_r)[0]
    found = worth(sampled_next(problem, place, a_r, a_h, key=key_next))
    return Target(found, jnp.zeros_like(found).at[own, goals].set(1.0))


def _q_r(problem, place, pi_h, worth, *, key: Array) -> Target:
    """Equation (4) for one legal action."""
    key_h, key_r, key_next = jax.random.split(key, 3)
    legal = problem.model.situation(place.state).legal_r
    a_r = drawn(legal[None].astype(jnp.float32), key=key_r)[0]
    a_h = drawn(goal_average(pi_h, problem.weights.goal_prob), key=key_h)
    v_r = worth(sampled_next(problem, place, a_r, a_h, key=key_next))
    q_r = jnp.full(legal.shape, problem.parameters.gamma_r * v_r)
    target = q_r_target(problem, place, q_r)
    return target._replace(weight=target.weight * (jnp.arange(len(legal)) == a_r))


def _with_sampled_others(
    quantities: Quantities, problem: Problem, slow: Weights, place: Place, *, key: Array
) -> Float[Array, "h g a_h"]:
    """For each human the others do one thing; each of the human's own actions meets the worst."""
    model = problem.model
    n, n_own = model.n_humans, model.n_actions_h
    situation = model.situation(place.state)
    found = []
    for h, key_h in enumerate(jax.random.split(key, n)):
        others = drawn(situation.beliefs[h], key=key_h)

        def of_own(own: Array, h: int = h, others: Array = others) -> Float[Array, " g"]:
            q_h_r = _q_h_r(quantities, problem, slow, place, others.at[h].set(own))[:, h]
            # Everybody has one action here, which they are sure to do.
            players = (len(q_h_r), *(1,) * n, -1)
            return cautious_q(q_h_r.reshape(players), situation.legal_r, jnp.ones((n, 1)), h)[:, 0]

        found.append(jax.vmap(of_own, out_axes=1)(jnp.arange(n_own)))
    return jnp.stack(found)


def _against_somebody(
    quantities: Quantities, problem: Problem, slow: Weights, place: Place, *, key: Array
) -> tuple[Int[Array, ""], Int[Array, " h"]]:
    """Humans do anything, and the robot often what is worst for a goal of one of them."""
    key_h, key_who, key_goal, key_worst, key_r = jax.random.split(key, 5)
    situation = problem.model.situation(place.state)
    a_h = drawn(situation.legal_h.astype(jnp.float32), key=key_h)
    who = jax.random.randint(key_who, (), 0, len(a_h))
    goal = drawn_goals(problem, key=key_goal)[who]
    q_h_r = _q_h_r(quantities, problem, slow, place, a_h)[:, who, goal]
    worst = jnp.argmin(jnp.where(situation.legal_r, q_h_r, jnp.inf))
    anything = drawn(situation.legal_r[None].astype(jnp.float32), key=key_r)[0]
    return jnp.where(jax.random.bernoulli(key_worst, WORST), worst, anything), a_h


def _q_h_r(
    quantities: Quantities, problem: Problem, slow: Weights, place: Place, a_h: Int[Array, " h"]
) -> Float[Array, "a_r h g"]:
    """Q_h^r of all that the robot may do."""
    estimator = quantities.q_h_r
    assert estimator is not None

    def of_action(a_r: Array) -> Array:
        return estimator.at(slow["q_h_r"], with_actions(problem, place, a_r, a_h))

    return jax.vmap(of_action)(jnp.arange(problem.model.n_actions_r))


def _v_h_m(
    quantities: Quantities, problem: Problem, slow: Weights, place: Place
) -> Float[Array, "h g"]:
    q_h_m = quantities.q_h_m(problem, slow, place)
    assert q_h_m is not None
    v_h_m = jax.vmap(human_value)(quantities.pi_h(problem, slow, place), q_h_m)
    return jnp.where(problem.ahead(place), v_h_m, 0.0)
