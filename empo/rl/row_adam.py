"""Steps of Adam on a large table of which every update meets a few rows, at the cost of those.

With beta_1 = 0, that is without momentum, a row whose gradient is 0 stays where it is, and its
mean of squares fades by beta_2 with each update. That can be made up for when the row is met
again, so the steps are those of `optax.scale_by_adam(b1=0)` on the whole table.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from empo.core.types import Array, Float, Int

BETA_2 = 0.999
EPSILON = 1e-8
"""Both as Kingma and Ba (2015) have them."""


class RowMoments(NamedTuple):
    """What is remembered of the gradients of a table with r rows."""

    square: Float[Array, "r w"]
    """Mean of squares, as it was when the row was last met."""
    met_at: Int[Array, " r"]
    """Updates that had been made then."""
    n_updates: Int[Array, ""]


class RowStep(NamedTuple):
    """A step of some rows."""

    row: Int[Array, " m"]
    """Different ones; those that are not rows of the table do not count."""
    step: Float[Array, "m w"]


def row_moments(rows: Float[Array, "r w"]) -> RowMoments:
    """Before the first update."""
    return RowMoments(jnp.zeros_like(rows), jnp.zeros(len(rows), jnp.int32), jnp.int32(0))


def row_step(
    moments: RowMoments, row: Int[Array, " m"], gradient: Float[Array, "m w"]
) -> tuple[RowMoments, RowStep]:
    """The step against which to move, and the moments after it.

    `gradient[i]` is a part of the gradient by row `row[i]`; parts by the same row are added.
    """
    n_rows, m = len(moments.square), len(row)
    distinct, which = jnp.unique(row, size=m, fill_value=n_rows, return_inverse=True)
    total = jax.ops.segment_sum(gradient, which, m)
    count = moments.n_updates + 1
    faded = BETA_2 ** (count - moments.met_at[distinct])
    square = faded[:, None] * moments.square[distinct] + (1 - BETA_2) * total**2
    step = total / (jnp.sqrt(square / (1 - BETA_2**count)) + EPSILON)
    moments = RowMoments(
        moments.square.at[distinct].set(square, mode="drop"),
        moments.met_at.at[distinct].set(count, mode="drop"),
        count,
    )
    return moments, RowStep(distinct, step)


def against(rows: Float[Array, "r w"], step: RowStep, amount: Array | float) -> Array:
    """rows - amount step."""
    return rows.at[step.row].add(-amount * step.step, mode="drop")
