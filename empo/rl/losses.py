"""Losses of policies and values, as means over a batch."""

from __future__ import annotations

import jax.numpy as jnp

from empo.core.types import Array, Float, Scalar


def policy_gradient_loss(
    log_prob: Float[Array, " n"], advantage: Float[Array, " n"]
) -> Float[Array, ""]:
    """-E[A log pi]: its gradient is minus the policy gradient (Sutton et al. 2000)."""
    return -jnp.mean(advantage * log_prob)


def clipped_surrogate(
    log_ratio: Float[Array, " n"], advantage: Float[Array, " n"], clip: Scalar
) -> Float[Array, ""]:
    """E[min(r A, clip(r, 1 - c, 1 + c) A)], the pessimistic one (Schulman et al. 2017, eq. 7).

    Its gradient vanishes only where A > 0 and r > 1 + c, or A < 0 and r < 1 - c.
    """
    ratio = jnp.exp(log_ratio)
    clipped = jnp.clip(ratio, 1 - clip, 1 + clip)
    return jnp.mean(jnp.minimum(ratio * advantage, clipped * advantage))


def value_loss(value: Float[Array, "*tn"], value_target: Float[Array, "*tn"]) -> Float[Array, ""]:
    """E[(V - target)^2] / 2."""
    return 0.5 * jnp.mean((value - value_target) ** 2)


def clipped_value_loss(
    value: Float[Array, " n"],
    value_old: Float[Array, " n"],
    value_target: Float[Array, " n"],
    clip: Scalar,
) -> Float[Array, ""]:
    """E[max((V - target)^2, (clip(V, V_old +- c) - target)^2)] / 2.

    Note: Engstrom et al. (2020) print a minimum; the code they study takes the maximum, which is
    the pessimistic one.
    """
    near = value_old + jnp.clip(value - value_old, -clip, clip)
    return 0.5 * jnp.mean(jnp.maximum((value - value_target) ** 2, (near - value_target) ** 2))


def kl_estimate(log_ratio: Float[Array, " n"]) -> Float[Array, ""]:
    """KL(pi_old, pi) from samples of pi_old: E[(r - 1) - log r], never negative."""
    return jnp.mean(jnp.expm1(log_ratio) - log_ratio)


def effective_share(log_ratio: Float[Array, " n"]) -> Float[Array, ""]:
    """Of n weighted samples, how many equal ones would tell as much: (sum r)^2 / (n sum r^2)."""
    ratio = jnp.exp(log_ratio - jnp.max(log_ratio))
    return jnp.mean(ratio) ** 2 / jnp.mean(ratio**2)


def explained_variance(
    value: Float[Array, "*tn"], value_target: Float[Array, "*tn"]
) -> Float[Array, ""]:
    """1 - Var(target - V) / Var(target): 1 is a perfect critic, 0 one that knows the mean."""
    return 1 - jnp.var(value_target - value) / jnp.var(value_target)


def standardised(advantage: Float[Array, "*tn"]) -> Float[Array, "*tn"]:
    """Mean 0 and standard deviation 1 over the batch; all 0 if they are all the same."""
    centred = advantage - jnp.mean(advantage)
    # Of equal numbers the mean, and so the deviation, may be a rounding error off.
    varied = jnp.max(advantage) > jnp.min(advantage)
    variance = jnp.where(varied, jnp.mean(centred**2), 1.0)
    return jnp.where(varied, centred / jnp.sqrt(variance), 0.0)
