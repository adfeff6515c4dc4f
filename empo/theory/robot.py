"""Phase 2, equations (4), (5) and (9): the robot's values and its soft policy, in ONE state."""

from __future__ import annotations

import jax.numpy as jnp

from empo.core.numerics import power_law
from empo.core.types import Array, Bool, Float, Scalar
from empo.theory.human import average


def goal_average(
    pi_h: Float[Array, "h g a_h"], goal_prob: Float[Array, "h g"]
) -> Float[Array, "h a_h"]:
    """E over g of pi_h(s, g): how each human acts as far as one who knows no goals can tell."""
    return jnp.einsum("hg,hga->ha", goal_prob, pi_h)


def robot_q(
    v_r_next: Float[Array, " a_r *a_H"], pi_h_mean: Float[Array, "h a_h"], gamma_r: Scalar
) -> Float[Array, " a_r"]:
    """Equation (4): Q_r = gamma_r E over g, a_H of E_{s'} V_r(s').

    The goals are drawn independently, so the humans act independently as `goal_average` says.
    `v_r_next` holds E_{s'} V_r(s').
    """
    for policy in reversed(pi_h_mean):
        v_r_next = average(v_r_next, policy, axis=-1)
    return gamma_r * v_r_next


def robot_policy(
    q_r: Float[Array, " a_r"], legal_r: Bool[Array, " a_r"], beta_r: Scalar
) -> Float[Array, " a_r"]:
    """Equation (5): pi_r proportional to (-Q_r) ** -beta_r; uniform where all Q_r are 0."""
    return power_law(q_r, beta_r, legal_r)


def robot_value(
    u_r: Float[Array, ""], pi_r: Float[Array, " a_r"], q_r: Float[Array, " a_r"]
) -> Float[Array, ""]:
    """Equation (9): V_r = U_r + E over a_r ~ pi_r of Q_r."""
    return u_r + jnp.sum(pi_r * q_r)
