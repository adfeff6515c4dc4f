"""Phase 2, equations (6)-(8): what people can attain, their power and its total, in ONE state."""

from __future__ import annotations

import jax.numpy as jnp

from empo.core.types import AnyArray, Array, Float, Scalar
from empo.theory.human import average, average_others


def effective_value(
    b_next: Float[Array, "a_r *a_H g"],
    pi_r: Float[Array, " a_r"],
    pi_h: Float[Array, "g a_h"],
    pi_h_mean: Float[Array, "h a_h"],
    human: int,
) -> Float[Array, " g"]:
    """Equation (6): V_h^e = E over g_-h, a_H, a_r of E B_V(s', g_h), for one human h.

    `b_next` holds E_{s'} B_V(s', g) of this human's goals and `pi_h` this human's policy for each;
    the others act as `pi_h_mean` says.
    """
    b_after_robot = average(b_next, pi_r, axis=0)
    b_own_action = average_others(b_after_robot, pi_h_mean, human)
    return jnp.sum(pi_h.T * b_own_action, axis=0)


def human_power(
    v_h_e: Float[Array, "h g"],
    weight: Float[Array, "h g"],
    power: Float[Array, " h"],
    zeta: Scalar,
) -> Float[Array, " h"]:
    """Equation (7): X_h, the weighted sum of V_h^e ** zeta over goals, plus the state's own power.

    `weight` is 0 where a human has no such goal, and sums to 1 for the mean aggregation.
    """
    return jnp.sum(weight * v_h_e**zeta, axis=-1) + power


def robot_reward(
    x_h: Float[Array, " h"], weight: Float[Array, " h"], xi: Scalar, eta: Scalar
) -> Float[Array, ""]:
    """Equation (8): U_r = -(sum of X_h ** -xi) ** eta; negative, and -inf where any X_h is 0.

    `weight` is 1 for each human, or 1 / (number of humans) for the mean aggregation.
    """
    return -(jnp.sum(weight * x_h**-xi) ** eta)


def power_in_bits(x_h: Float[AnyArray, "*b"]) -> Float[Array, "*b"]:
    """W_h = log2 X_h."""
    return jnp.log2(x_h)
