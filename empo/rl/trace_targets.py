"""Lambda and n-step targets from what another policy did, within the range of what can be."""

from __future__ import annotations

import math

import jax.numpy as jnp

from empo.core.types import Array, Bool, Float, Scalar
from empo.rl.returns import n_step_target


def trace_target(
    reward: Float[Array, " t *n"],
    value: Float[Array, " t *n"],
    value_next: Float[Array, " t *n"],
    discount: Float[Array, " t *n"],
    boundary: Bool[Array, " t *n"],
    log_rho: Float[Array, " t *n"],
    *,
    lambda_: Scalar = 1.0,
    n_steps: float = math.inf,
    ratio: float = 1.0,
) -> Float[Array, " t *n"]:
    """v_t = (1 - rho_t) v(s_t) + rho_t (r_t + gamma ((1 - lambda) v(s_{t+1}) + lambda v_{t+1})).

    rho_t = min(1, pi(a_t|s_t) / (ratio b(a_t|s_t))), with `log_rho` the logarithm of pi / b. After
    `n_steps` rows v(s) stands for the rest. Within a trajectory `value_next` is the next row's
    `value`.

    With ratio 1 this is V-trace with both bars at 1, and on-policy the lambda-return. A `ratio`
    that pi / b never exceeds finds the value of pi itself, whatever b did; with a smaller one it is
    that of the policy proportional to min(ratio b, pi). As means of what can be, targets are never
    out of range, as those of ratios above 1 are.
    """
    rho = jnp.exp(jnp.minimum(log_rho - math.log(ratio), 0.0))
    one_step = reward + (1 - lambda_) * discount * value_next
    here = (1 - rho) * value + rho * one_step
    return n_step_target(here, value_next, lambda_ * rho * discount, boundary, n_steps)
