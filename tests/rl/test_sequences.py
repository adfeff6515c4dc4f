"""Sequences from a memory of trajectories (A20): in order, of one world, never across its seam."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.rl.data import Steps
from empo.rl.replay import add, empty
from empo.rl.sequences import sequences

N_WORLDS, CAPACITY = 3, 10


def steps(first, n):
    """Rows first ... first + n - 1, whose reward tells row and world; every 4th row is cut."""
    row, world = np.indices((n, N_WORLDS))
    row = row + first
    number = jnp.asarray(100.0 * row + world)
    zeros = jnp.zeros((n, N_WORLDS))
    return Steps(number[..., None], zeros, zeros, number, zeros, jnp.asarray(row % 4 == 3), number)


def filled(sizes):
    row = jax.tree.map(lambda x: x[0], steps(0, 1))
    buffer = empty(row, CAPACITY)
    for first, n in zip(np.cumsum([0, *sizes]), sizes, strict=False):
        buffer = add(buffer, steps(int(first), n))
    return buffer


def drawn(sizes, length=4, n=500):
    data = sequences(filled(sizes), n, length, key=jax.random.key(0))
    row, world = np.divmod(np.asarray(data.reward).astype(int), 100)
    return data, row, world


@pytest.mark.parametrize("sizes", [[7], [10], [6, 6], [1] * 23, [5, 5, 5, 5, 3]])
def test_A20_rows_of_a_sequence_followed_each_other_in_one_world(sizes):
    data, row, world = drawn(sizes)
    total = sum(sizes)
    kept = min(total, CAPACITY)
    assert np.all(world == world[0])
    assert np.all(np.diff(row, axis=0) == 1)
    assert set(row[0].tolist()) == set(range(total - kept, total - 3))
    assert set(world[0].tolist()) == {0, 1, 2}
    np.testing.assert_array_equal(data.boundary, (row % 4 == 3) | (row == total - 1))
    np.testing.assert_array_equal(data.observation[..., 0], data.reward)


def test_A20_all_sequences_are_drawn_equally_often():
    _, row, world = drawn([6, 7], n=7000)
    counts = np.bincount((row[0] - 3) * N_WORLDS + world[0], minlength=21)
    mean = counts.sum() / 21
    assert np.sum((counts - mean) ** 2 / mean) < 45.3  # p > 0.001, twenty degrees of freedom


def test_while_there_is_little_the_newest_row_fills_up_and_is_always_cut_off():
    data, row, _ = drawn([2])
    np.testing.assert_array_equal(row, np.broadcast_to([[0], [1], [1], [1]], row.shape))
    np.testing.assert_array_equal(data.boundary[0], False)
    assert np.all(data.boundary[1:])
