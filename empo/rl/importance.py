"""Importance sampling: returns of one policy from trajectories that another one took.

`log_rho` = log pi(a_t|s_t) - log of the probability with which a_t was taken, at every row. Of the
same mean are the return times the product of all ratios of its trajectory, whose variance grows
exponentially with the length, and the sum of rewards each times the ratios up to it (Precup, Sutton
and Singh 2000). `effective_fraction` says what the product leaves of the sample.

Both need support: whatever pi can do must have had a chance. `check_support` refuses what has not.
"""

from __future__ import annotations

import warnings

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.errors import InputError
from empo.core.types import AnyArray, Array, Bool, Float
from empo.rl.recurrence import backward_sum
from empo.rl.returns import beyond_data, reward_to_go, trajectory_starts

FEW = 0.1
"""Share of the sample below which `warn_of_few` speaks."""


class FewEffectiveSamples(UserWarning):
    """An importance-weighted mean rests on a small part of its sample."""


def per_decision_return(
    reward: Float[Array, " t *n"],
    value_next: Float[Array, " t *n"],
    discount: Float[Array, " t *n"],
    boundary: Bool[Array, " t *n"],
    log_rho: Float[Array, " t *n"],
) -> Float[Array, " t *n"]:
    """G_t = rho_t (r_t + discount_t G_{t+1}): each reward weighted by the ratios up to it.

    In the mean this is v of pi at s_t. `value_next` stands for all beyond a cut, as in
    `reward_to_go`.
    """
    rho = jnp.exp(log_rho)
    beyond = beyond_data(value_next, discount, boundary)
    return backward_sum(rho * (reward + beyond), jnp.where(boundary, 0.0, rho * discount))


def full_product_return(
    reward: Float[Array, " t *n"],
    value_next: Float[Array, " t *n"],
    discount: Float[Array, " t *n"],
    boundary: Bool[Array, " t *n"],
    log_rho: Float[Array, " t *n"],
) -> Float[Array, " t *n"]:
    """G_t times the product of rho from row t to the end of its trajectory."""
    weight = jnp.exp(log_weight_to_go(boundary, log_rho))
    return weight * reward_to_go(reward, value_next, discount, boundary)


def log_weight_to_go(
    boundary: Bool[Array, " t *n"], log_rho: Float[Array, " t *n"]
) -> Float[Array, " t *n"]:
    """The log of the product of rho from row t to the end of its trajectory."""

    def step(behind, row):
        log_rho, boundary = row
        log_weight = log_rho + jnp.where(boundary, 0.0, behind)  # what is cut off may be -inf
        return log_weight, log_weight

    nothing = jnp.zeros_like(log_rho[0])
    return jax.lax.scan(step, nothing, (log_rho, boundary), reverse=True)[1]


def effective_fraction(
    boundary: Bool[Array, " t *n"], log_rho: Float[Array, " t *n"]
) -> Float[Array, ""]:
    """(sum of w)^2 / (N sum of w^2) over N trajectories, w being the product of all their ratios.

    The effective sample size (Kong 1992) as a share: 1 if all weights are equal, 1/N if one counts
    alone, 0 if none does.
    """
    first = trajectory_starts(boundary)
    log_weight = jnp.where(first, log_weight_to_go(boundary, log_rho), -jnp.inf)
    largest = jnp.max(log_weight)
    # Relative to the largest weight, which may itself be beyond the range of numbers.
    weight = jnp.exp(log_weight - jnp.where(jnp.isneginf(largest), 0.0, largest))
    of_squares = jnp.sum(first) * jnp.sum(weight**2)
    return jnp.where(of_squares > 0, jnp.sum(weight) ** 2 / of_squares, 0.0)


def warn_of_few(fraction: float) -> None:
    """Warn if less than a tenth of the sample is effective. Not for traced code."""
    if not fraction >= FEW:  # nor may nan pass
        warnings.warn(
            f"importance weights leave {fraction:.1%} of the sample effective, under {FEW:.0%}: "
            "their mean is hardly to be relied on; shorten the trajectories, or use V-trace",
            FewEffectiveSamples,
            stacklevel=2,
        )


def check_support(pi: AnyArray, behaviour: AnyArray) -> None:
    """Raise `InputError` where pi does what the behaviour policy never does. Not for traced code.

    Both are probabilities with the actions on the last axis.
    """
    missing = np.argwhere((np.asarray(pi) > 0) & ~(np.asarray(behaviour) > 0))
    if missing.size:
        *where, action = missing[0].tolist()
        place = f" at {tuple(where)}" if where else ""
        raise InputError(
            f"importance sampling: the policy takes action {action}{place} with probability "
            f"{np.asarray(pi)[tuple(missing[0])]:.3g}, the behaviour policy never does; its "
            "probability must be above 0"
        )
