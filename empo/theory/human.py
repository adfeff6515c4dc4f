"""Phase 1, equations (1)-(3): how boundedly rational humans act for each goal, in ONE state.

Humans are cautious: they expect of the robot the worst, and of each other what they believe.
Joint actions are axes `a_r a_1 ... a_n`, written `a_r *a_H` below.
"""

from __future__ import annotations

import jax.numpy as jnp

from empo.core.numerics import boltzmann
from empo.core.types import Array, Bool, Float, Scalar


def goal_backup(
    v: Float[Array, "h g"],
    members: Bool[Array, "h g"],
    repeat: Bool[Array, "h g"],
    gamma_h: Scalar,
) -> Float[Array, "h g"]:
    """B_V(s', g): 1 in the goal, else gamma_h V; a `repeat` goal pays 1 and goes on."""
    return jnp.where(members & ~repeat, 1.0, members + gamma_h * v)


def cautious_q(
    b_next: Float[Array, "a_r *a_H g"],
    legal_r: Bool[Array, " a_r"],
    beliefs: Float[Array, "h a_h"],
    human: int,
) -> Float[Array, "g a_h"]:
    """Equation (1): Q_h^m = E over a_-h ~ mu_-h of min over a_r of E B_V(s', g).

    `b_next` holds E_{s'} B_V(s', g) of this human's goals, `beliefs` this human's mu_-h.
    """
    n_actions_r = legal_r.shape[0]
    legal = legal_r.reshape((n_actions_r,) + (1,) * (b_next.ndim - 1))
    worst = jnp.min(jnp.where(legal, b_next, jnp.inf), axis=0)
    return jnp.moveaxis(average_others(worst, beliefs, human), 0, -1)


def average_others(
    x: Float[Array, "*a_H g"], policies: Float[Array, "h a_h"], human: int
) -> Float[Array, "a_h g"]:
    """The mean of x over the actions of all humans but one, who act independently."""
    for other in reversed(range(policies.shape[0])):
        if other != human:
            x = average(x, policies[other], axis=other)
    return x


def average(x: Float[Array, "*x"], prob: Float[Array, " a"], axis: int) -> Float[Array, "*y"]:
    """The mean of x along an axis of actions, each with its probability.

    A sum of products, since for axes this short XLA's matrix product is slower.
    """
    shape = [1] * x.ndim
    shape[axis] = -1
    return jnp.sum(prob.reshape(shape) * x, axis=axis)


def human_policy(
    q_h_m: Float[Array, "g a_h"],
    habit: Float[Array, "g a_h"],
    legal: Bool[Array, " a_h"],
    beta_h: Scalar,
    nu_h: Scalar,
) -> Float[Array, "g a_h"]:
    """Equation (2): pi_h = nu_h pi_h^0 + (1 - nu_h) softmax(beta_h Q_h^m)."""
    return nu_h * habit + (1 - nu_h) * boltzmann(q_h_m, beta_h, legal[None, :])


def human_value(pi_h: Float[Array, "g a_h"], q_h_m: Float[Array, "g a_h"]) -> Float[Array, " g"]:
    """Equation (3): V_h^m = E over a_h ~ pi_h of Q_h^m.

    A product with ones, since into a sum XLA would draw the exponentials of pi_h, one at a time.
    """
    return (pi_h * q_h_m) @ jnp.ones(pi_h.shape[-1], pi_h.dtype)
