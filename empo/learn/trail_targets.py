"""Targets of V_h^e and V_r along trajectories that were really walked, by whatever policies.

Along them the robot is paid U_r(s_t), and a human what equation (6) pays for the goal pursued.
What these equations ask for is not what happened: they want the robot's present policy, humans
whose goals are drawn afresh at every step, and one who keeps to the goal asked about. So every step
is weighed by how likely they are to do what was done, relative to those who did it. Only the goal
pursued is learned about: for others the weights would be small nearly everywhere.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from empo.core.types import Array, Bool, Float
from empo.learn.estimators import Batch
from empo.learn.exact_targets import backup
from empo.learn.problem import Place, Problem
from empo.learn.quantities import Quantities, Weights
from empo.learn.settings import Hybrids
from empo.learn.task import Seen
from empo.rl.data import Steps, flat
from empo.rl.trace_targets import trace_target
from empo.theory import goal_average
from empo.worlds.expand import joint_actions


class Walk(NamedTuple):
    """What a trajectory says of one quantity, as `trace_target` takes it; at ONE step, at first."""

    reward: Float[Array, "*x"]
    value: Float[Array, "*x"]
    value_next: Float[Array, "*x"]
    discount: Float[Array, "*x"]
    boundary: Bool[Array, "*x"]
    log_rho: Float[Array, "*x"]


class Walks(NamedTuple):
    """Of both quantities: V_r, and V_h^e of each human's own goal."""

    v_r: Walk
    v_h_e: Walk
    """With an axis more, of humans."""


def trail_batches(
    quantities: Quantities,
    problem: Problem,
    slow: Weights,
    data: Steps,
    beta_r: Float[Array, ""],
    hybrids: Hybrids,
) -> dict[str, Batch]:
    """What is learned of V_h^e and V_r from sequences with axes `t n`."""
    found = walks(quantities, problem, slow, data, beta_r)
    v_r, v_h_e = (
        flat(
            trace_target(
                *walk,
                lambda_=hybrids.lambda_,
                n_steps=hybrids.n_steps,
                ratio=hybrids.target_ratio,
            )
        )
        for walk in found
    )
    seen: Seen = flat(data.observation)
    factors = jax.vmap(problem.factors)(seen.place)
    goals = jax.nn.one_hot(seen.goals, problem.weights.goal_prob.shape[1])
    return {
        "v_h_e": Batch(factors, v_h_e[..., None] * goals, goals),
        "v_r": Batch(factors, -v_r, jnp.ones_like(v_r)),
    }


def walks(
    quantities: Quantities,
    problem: Problem,
    slow: Weights,
    data: Steps,
    beta_r: Float[Array, ""],
) -> Walks:
    """Rewards, values and weights of every step of the sequences."""

    def of_step(step: Steps) -> Walks:
        return _at_step(quantities, problem, slow, step, beta_r)

    return jax.vmap(jax.vmap(of_step))(data)


def _at_step(
    quantities: Quantities, problem: Problem, slow: Weights, step: Steps, beta_r: Array
) -> Walks:
    seen, after = step.observation, step.next_observation
    here = quantities.at(problem, slow, seen.place, beta_r)
    there = quantities.at(problem, slow, after.place, beta_r)
    own = jnp.arange(problem.model.n_humans)
    log_r, log_mean, log_own = _log_probs(quantities, problem, slow, step, here.pi_r)
    # Of each human's own goal: the other humans act as one who knows no goals expects.
    as_asked = jnp.where(jnp.eye(len(own), dtype=bool), log_own[:, None], log_mean[None])
    reward, discount = _pay(problem, after.place)
    return Walks(
        Walk(
            here.u_r,
            here.v_r,
            there.v_r,
            jnp.asarray(problem.parameters.gamma_r),
            step.boundary,
            log_r + jnp.sum(log_mean) - step.log_prob,
        ),
        Walk(
            reward[own, seen.goals],
            here.v_h_e[own, seen.goals],
            there.v_h_e[own, seen.goals],
            discount[own, seen.goals],
            # Who has chosen another goal is on another trajectory.
            step.boundary | (after.goals != seen.goals),
            log_r + jnp.sum(as_asked, axis=1) - step.log_prob,
        ),
    )


def _log_probs(
    quantities: Quantities, problem: Problem, slow: Weights, step: Steps, pi_r: Array
) -> tuple[Float[Array, ""], Float[Array, " h"], Float[Array, " h"]]:
    """Of what the robot did, and of what each human did: for any goal, and for the one pursued."""
    seen = step.observation
    a_r, a_h = (jnp.asarray(actions)[step.action] for actions in joint_actions(problem.model))
    pi_h = quantities.pi_h(problem, slow, seen.place)
    own = jnp.arange(len(a_h))
    mean = goal_average(pi_h, problem.weights.goal_prob)
    return jnp.log(pi_r[a_r]), jnp.log(mean[own, a_h]), jnp.log(pi_h[own, seen.goals, a_h])


def _pay(problem: Problem, after: Place) -> tuple[Float[Array, "h g"], Float[Array, "h g"]]:
    """B_V(s', g) = reward + discount V: what it is at V = 0, and how much more at V = 1."""
    nothing = jnp.zeros(problem.weights.goal_prob.shape)
    reward = backup(problem, after, nothing)
    return reward, backup(problem, after, nothing + 1) - reward
