"""A ring that forgets the oldest, draws evenly from the rest, and is never copied."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from empo.rl import replay

add = jax.jit(replay.add)
sample = jax.jit(replay.sample, static_argnames="n_rows")
CHI_SQUARE_9_1_IN_10_000 = 33.7
"""Exceeded by chance once in 10,000 times with 9 degrees of freedom."""


def numbered(first, n):
    rows = jnp.arange(first, first + n)
    return {"number": rows, "square": (rows**2).astype(float)[:, None]}


def empty(capacity):
    return replay.empty(jax.tree.map(lambda x: x[0], numbered(0, 1)), capacity)


def filled(capacity, sizes):
    buffer = empty(capacity)
    for first, n in zip(np.cumsum([0, *sizes]), sizes, strict=False):
        buffer = add(buffer, numbered(int(first), n))
    return buffer


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([1, 2, 3]), max_size=9))
def test_the_last_rows_remain_and_the_oldest_go_first(sizes):
    capacity, n_added = 5, sum(sizes)
    buffer = filled(capacity, sizes)
    n_filled = int(replay.n_filled(buffer))
    assert n_filled == min(n_added, capacity)
    remembered = sorted(np.asarray(buffer.rows["number"])[:n_filled].tolist())
    assert remembered == list(range(n_added - n_filled, n_added))


def test_each_row_stays_together():
    rows = sample(filled(5, [3, 3, 1]), 200, key=jax.random.key(0))
    np.testing.assert_array_equal(rows["square"][:, 0], rows["number"] ** 2)


def test_what_was_never_written_is_never_drawn():
    buffer = empty(10)._replace(
        rows={"number": jnp.full(10, -1), "square": jnp.full((10, 1), -1.0)}
    )
    buffer = add(buffer, numbered(0, 3))
    rows = sample(buffer, 1000, key=jax.random.key(1))
    assert set(np.asarray(rows["number"]).tolist()) == {0, 1, 2}


def test_all_that_is_remembered_is_drawn_equally_often():
    n = 10_000
    rows = sample(filled(10, [7, 6]), n, key=jax.random.key(2))
    counts = np.bincount(np.asarray(rows["number"]) - 3, minlength=10)
    assert np.sum((counts - n / 10) ** 2 / (n / 10)) < CHI_SQUARE_9_1_IN_10_000


def test_a_single_row_is_written_once():
    buffer = filled(4, [1, 1, 1])
    assert int(buffer.n_added) == 3
    np.testing.assert_array_equal(buffer.rows["number"], [0, 1, 2, 0])


def test_writing_and_drawing_in_a_loop_copies_nothing():
    # Whatever the compiler sets aside must be far less than one copy of the rows.
    def work(buffer, n):
        def body(i, carry):
            buffer, total = carry
            row = {"number": i[None], "square": jnp.sin(total)[None, None]}
            buffer = replay.add(buffer, row)
            drawn = replay.sample(buffer, 8, key=jax.random.key(i))
            return buffer, total + jnp.sum(drawn["square"])

        return jax.lax.fori_loop(0, n, body, (buffer, jnp.float32(0.0)))

    buffer = empty(100_000)
    compiled = jax.jit(work, donate_argnums=0).lower(buffer, 10).compile()
    assert compiled.memory_analysis().temp_size_in_bytes < 100_000
