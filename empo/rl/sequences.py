"""A memory of trajectories, from which sequences of steps are drawn that followed each other.

It is a ring of `Buffer`'s kind whose rows are the steps of all worlds at one time, in order; so
sequences run on from one round of gathering into the next.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from empo.core.types import Array
from empo.rl.data import Steps
from empo.rl.replay import Buffer, n_filled, n_places


def sequences(buffer: Buffer, n_sequences: int, length: int, *, key: Array) -> Steps:
    """Steps of axes `t n`, each sequence from a world and a first row drawn uniformly.

    While fewer rows are remembered, the newest fills up what is missing, each time as a trajectory
    of its own.
    """
    key_row, key_world = jax.random.split(key)
    n_rows = n_filled(buffer)
    n_worlds = buffer.rows.boundary.shape[1]
    n_starts = jnp.maximum(n_rows - length, 0) + 1
    start = jax.random.randint(key_row, (n_sequences,), 0, n_starts)
    world = jax.random.randint(key_world, (n_sequences,), 0, n_worlds)
    row = start[None] + jnp.arange(length)[:, None]
    newest = n_rows - 1
    oldest = buffer.n_added - n_rows
    place = (oldest + jnp.minimum(row, newest)) % n_places(buffer)
    found = jax.tree.map(lambda x: x[place, world[None]], buffer.rows)
    return found._replace(boundary=found.boundary | (row >= newest))
