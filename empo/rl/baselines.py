"""Baselines of REINFORCE: what is taken off a return before it weighs grad log pi(a_t|s_t).

Whatever does not depend on a_t can be taken off and leaves the mean gradient as it is, since
E grad log pi = 0. It lowers the variance if 2 Cov > Var of what is taken off, each term weighted by
the score grad log pi. The baselines: none (zeros), the mean of the batch, the mean of all others,
the constant of least variance, and the value v(s_t), for which no function is needed.

`axis` says which returns share a baseline: None for one number, 0 for one per trajectory side by
side, 1 for one per step where the trajectories run in step.
"""

from __future__ import annotations

import jax.numpy as jnp

from empo.core.errors import InputError
from empo.core.types import Array, Float


def batch_mean(returns: Float[Array, "*n"], axis: int | None = None) -> Float[Array, "*n"]:
    """b = (1/N) sum of returns, which centres them.

    The mean holds each return itself, with weight 1/N. Of N independent samples this shrinks the
    mean gradient to (N - 1)/N of the true one: a bias of order 1/N. `leave_one_out` has none.
    """
    return _like(jnp.mean(returns, axis, keepdims=True), returns)


def leave_one_out(returns: Float[Array, "*n"], axis: int | None = None) -> Float[Array, "*n"]:
    """b_i = the mean of all returns but the i-th; without bias if samples are independent.

    Centring with it is centring with `batch_mean`, times N/(N - 1).
    """
    n = returns.size if axis is None else returns.shape[axis]
    if n < 2:
        raise InputError(f"leave-one-out baseline: there must be at least 2 returns, got {n}")
    return (jnp.sum(returns, axis, keepdims=True) - returns) / (n - 1)


def optimal(
    returns: Float[Array, "*n"], score_norm_squared: Float[Array, "*n"], axis: int | None = None
) -> Float[Array, "*n"]:
    """b = E[|score|^2 R] / E[|score|^2], score = grad log pi: the constant of least variance.

    (Greensmith, Bartlett and Baxter 2004.) Estimated from the batch it has, like `batch_mean`, a
    bias of order 1/N. Scores that are all 0 give nan: no baseline matters then.
    """
    weighted = jnp.sum(score_norm_squared * returns, axis, keepdims=True)
    return _like(weighted / jnp.sum(score_norm_squared, axis, keepdims=True), returns)


def _like(x: Float[Array, "*m"], returns: Float[Array, "*n"]) -> Float[Array, "*n"]:
    return jnp.broadcast_to(x, returns.shape)
