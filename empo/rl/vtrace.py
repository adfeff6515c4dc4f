"""V-trace: values of one policy from the data of another (Espeholt 2018, IMPALA, section 4.1)."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp

from empo.core.types import Array, Bool, Float, Scalar
from empo.rl.recurrence import backward_sum
from empo.rl.returns import next_rows, trajectory_ends


class VTrace(NamedTuple):
    """What V-trace gives at every row of a trajectory."""

    value_target: Float[Array, " t *n"]
    """v_s, what v(s_t) is to be fitted to."""
    advantage: Float[Array, " t *n"]
    """rho_t (r_t + gamma v_{s+1} - v(s_t)), the weight of grad log pi; the ratio is in it."""


def vtrace(
    reward: Float[Array, " t *n"],
    value: Float[Array, " t *n"],
    value_next: Float[Array, " t *n"],
    discount: Float[Array, " t *n"],
    boundary: Bool[Array, " t *n"],
    log_rho: Float[Array, " t *n"],
    *,
    lambda_: Scalar = 1.0,
    rho_bar: Scalar = 1.0,
    c_bar: Scalar = 1.0,
) -> VTrace:
    """v_s = v(s_s) + sum over t >= s of gamma^(t-s) (c_s ... c_{t-1}) rho_t delta_t.

    `log_rho` = log pi(a_t|s_t) - log of the probability with which the action was taken. The ratio
    is clipped twice: rho_t = min(rho_bar, ratio) decides whose value is found, c_t = lambda
    min(c_bar, ratio) only how fast. `rho_bar` = inf finds the value of pi; a finite one that of the
    policy proportional to min(rho_bar times the taking policy, pi).
    """
    # Clipped before exp, which could overflow and would then have no gradient.
    ratio = jnp.exp(jnp.minimum(log_rho, jnp.log(jnp.maximum(rho_bar, c_bar))))
    rho, c = jnp.minimum(rho_bar, ratio), lambda_ * jnp.minimum(c_bar, ratio)
    delta = rho * (reward + discount * value_next - value)
    gain = backward_sum(delta, jnp.where(boundary, 0.0, discount * c))
    ahead = jnp.where(trajectory_ends(boundary), value_next, value_next + lambda_ * next_rows(gain))
    return VTrace(value + gain, rho * (reward + discount * ahead - value))
