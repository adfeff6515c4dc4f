"""x_t = increment_t + decay_t x_{t+1}, in blocks of rows and in a loop."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.rl.recurrence import backward_sum as eager

backward_sum = jax.jit(eager)


@pytest.fixture(autouse=True)
def _in_64_bits():
    with jax.enable_x64(True):
        yield


def in_a_loop(increment, decay):
    x, behind = np.zeros_like(increment), np.zeros_like(increment[0])
    for row in reversed(range(len(increment))):
        x[row] = behind = increment[row] + decay[row] * behind
    return x


@pytest.mark.parametrize("n_rows", [1, 7, 8, 9, 16, 23, 128])
@pytest.mark.parametrize("batch", [(), (2, 3)])
def test_it_is_what_a_loop_gives_whatever_the_number_of_rows(n_rows, batch):
    rng = np.random.default_rng(n_rows)
    increment, decay = rng.normal(size=(2, n_rows, *batch))
    found = backward_sum(jnp.asarray(increment), jnp.asarray(decay))
    wanted = in_a_loop(increment, decay)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12 * np.abs(wanted).max())


@pytest.mark.parametrize("n_rows", [5, 20])
def test_a_decay_of_0_lets_nothing_through_to_the_last_bit(n_rows):
    rng = np.random.default_rng(0)
    increment, decay = rng.normal(size=(2, n_rows))
    for cut in range(n_rows - 1):
        stopped, changed = decay.copy(), increment.copy()
        stopped[cut] = 0
        changed[cut + 1 :] *= -1e9
        before, after = (
            np.asarray(backward_sum(jnp.asarray(x), jnp.asarray(stopped)))
            for x in (increment, changed)
        )
        np.testing.assert_array_equal(after[: cut + 1], before[: cut + 1])
        assert np.all(after[cut + 1 :] != before[cut + 1 :])


@pytest.mark.parametrize("n_rows", [3, 8, 21])
def test_its_gradient_is_the_product_of_the_decays_between(n_rows):
    rng = np.random.default_rng(1)
    increment, decay = map(jnp.asarray, rng.normal(size=(2, n_rows)))
    found = jax.jit(jax.jacrev(eager))(increment, decay)
    decay, rows = np.asarray(decay), range(n_rows)
    wanted = [[np.prod(decay[t:u]) if u >= t else 0.0 for u in rows] for t in rows]
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-15)
