"""A replay buffer on the device: a ring of rows from which samples are drawn uniformly."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from empo.core.types import Array, Int
from empo.rl.minibatch import take


class Buffer(NamedTuple):
    """`rows` is a pytree of arrays with one axis for the places in front."""

    rows: Any
    n_added: Int[Array, ""]
    """Rows ever added; the oldest of them have been overwritten."""


def empty(row: Any, capacity: int) -> Buffer:
    """Room for `capacity` rows like this one; it may be of shapes only (`jax.eval_shape`)."""
    places = jax.tree.map(lambda x: jnp.zeros((capacity, *x.shape), x.dtype), row)
    return Buffer(places, jnp.int32(0))


def add(buffer: Buffer, rows: Any) -> Buffer:
    """Append rows in order, over the oldest ones where there is no room."""
    capacity, n_rows = n_places(buffer), len(jax.tree.leaves(rows)[0])
    places = (buffer.n_added + jnp.arange(n_rows)) % capacity
    if n_rows == 1:
        # A single row the compiler would write anew wherever it reads, and copy all rows for that.
        rows, places = jax.tree.map(lambda x: jnp.repeat(x, 2, axis=0), (rows, places))
    written = jax.tree.map(lambda old, new: old.at[places].set(new), buffer.rows, rows)
    return Buffer(written, buffer.n_added + n_rows)


def sample(buffer: Buffer, n_rows: int, *, key: Array) -> Any:
    """Rows drawn uniformly, with replacement, from all that are remembered."""
    places = jax.random.randint(key, (n_rows,), 0, n_filled(buffer))
    return take(buffer.rows, places)


def n_places(buffer: Buffer) -> int:
    """The capacity."""
    return len(jax.tree.leaves(buffer.rows)[0])


def n_filled(buffer: Buffer) -> Int[Array, ""]:
    """Rows that are remembered."""
    return jnp.minimum(buffer.n_added, n_places(buffer))
