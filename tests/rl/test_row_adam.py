"""Steps on the rows that were met are those of Adam without momentum on the whole table."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax

from empo.rl.row_adam import against, row_moments, row_step

N_ROWS, WIDTH, MET = 50, 3, 8


def test_it_is_adam_without_momentum_on_the_whole_table():
    rng = np.random.default_rng(0)
    whole = rows = jnp.asarray(rng.normal(size=(N_ROWS, WIDTH)), jnp.float32)
    adam = optax.scale_by_adam(b1=0.0)
    state, moments = adam.init(whole), row_moments(rows)
    step_rows = jax.jit(row_step)
    for _ in range(300):
        row = jnp.asarray(rng.integers(0, N_ROWS, MET))  # some of them twice
        part = jnp.asarray(rng.normal(size=(MET, WIDTH)), jnp.float32)
        step, state = adam.update(jnp.zeros_like(whole).at[row].add(part), state)
        whole = whole - 0.01 * step
        moments, of_rows = step_rows(moments, row, part)
        rows = against(rows, of_rows, 0.01)
    # Fading at once, not step by step, rounds otherwise.
    np.testing.assert_allclose(rows, whole, atol=1e-4)
    assert np.abs(np.asarray(rows - whole)).max() < 1e-4 < np.abs(np.asarray(step)).max()


def test_rows_that_are_not_met_stay():
    rows = jnp.ones((N_ROWS, WIDTH))
    row = jnp.array([4, 4, 9])
    _, step = row_step(row_moments(rows), row, jnp.full((3, WIDTH), 2.0))
    moved = np.flatnonzero(np.any(np.asarray(against(rows, step, 0.5)) != 1.0, axis=1))
    assert moved.tolist() == [4, 9]


def test_parts_by_one_row_are_added():
    rows = jnp.zeros((2, 1))
    moments, _ = row_step(row_moments(rows), jnp.array([1, 1]), jnp.array([[3.0], [-3.0]]))
    assert float(moments.square[1, 0]) == 0.0
