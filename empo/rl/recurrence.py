"""The recurrence x_t = increment_t + decay_t x_{t+1}, of returns, advantages and V-trace alike."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from empo.core.types import Array, Float

_BLOCK = 8
"""Rows that are unrolled, over all blocks at once. With more, or fewer, `bench/returns.py` takes
longer; row by row gae takes a third longer."""


def backward_sum(
    increment: Float[Array, " t *n"], decay: Float[Array, " t *n"]
) -> Float[Array, " t *n"]:
    """x_t = increment_t + decay_t x_{t+1}, with nothing after the last row.

    Within blocks of rows x is first found as a linear function of x behind the block; then the
    blocks are walked from the last to the first. A decay of 0 lets nothing through, to the last
    bit, provided that what lies behind it is finite.
    """
    n_rows = increment.shape[0]
    if n_rows < _BLOCK:
        return _row_by_row(increment, decay)
    increment, decay = _in_blocks(increment), _in_blocks(decay)
    x, slope = [increment[:, -1]], [decay[:, -1]]
    for row in reversed(range(_BLOCK - 1)):
        x.append(increment[:, row] + decay[:, row] * x[-1])
        slope.append(decay[:, row] * slope[-1])
    first = _row_by_row(x[-1], slope[-1])
    behind = jnp.concatenate([first[1:], jnp.zeros_like(first[:1])])
    rows = jnp.stack([a + b * behind for a, b in zip(x, slope, strict=True)][::-1], axis=1)
    return rows.reshape(-1, *rows.shape[2:])[:n_rows]


def _in_blocks(x: Float[Array, " t *n"]) -> Float[Array, " blocks rows *n"]:
    """The rows in blocks of equal length, the last one filled up with zeros."""
    padding = [(0, -x.shape[0] % _BLOCK)] + [(0, 0)] * (x.ndim - 1)
    return jnp.pad(x, padding).reshape(-1, _BLOCK, *x.shape[1:])


def _row_by_row(
    increment: Float[Array, " t *n"], decay: Float[Array, " t *n"]
) -> Float[Array, " t *n"]:
    def step(x_next, row):
        increment, decay = row
        x = increment + decay * x_next
        return x, x

    nothing = jnp.zeros_like(increment[0])
    return jax.lax.scan(step, nothing, (increment, decay), reverse=True)[1]
