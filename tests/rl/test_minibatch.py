"""Several passes over one batch."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.rl.minibatch import check_division, passes

BATCH = {"a": jnp.arange(12), "b": jnp.arange(24.0).reshape(12, 2)}


def rows_of_every_step(n_epochs, n_minibatches, seed=0):
    def step(n, batch):
        return n + 1, batch

    return passes(
        step,
        jnp.int32(0),
        BATCH,
        n_epochs=n_epochs,
        n_minibatches=n_minibatches,
        key=jax.random.key(seed),
    )


@pytest.mark.parametrize("n_minibatches", [1, 3, 12])
def test_every_epoch_sees_every_row_once(n_minibatches):
    n, rows = rows_of_every_step(5, n_minibatches)
    assert n == 5 * n_minibatches
    assert rows["a"].shape == (5, n_minibatches, 12 // n_minibatches)
    for epoch in rows["a"]:
        assert sorted(epoch.reshape(-1).tolist()) == list(range(12))


def test_arrays_are_shuffled_together_and_each_epoch_anew():
    _, rows = rows_of_every_step(4, 3)
    np.testing.assert_array_equal(rows["b"][..., 0], 2.0 * rows["a"])
    assert len({tuple(epoch.reshape(-1).tolist()) for epoch in rows["a"]}) == 4


def test_minibatches_are_of_one_size():
    check_division(12, 4)
    for wrong in (5, 0):
        with pytest.raises(InputError, match="n_minibatches"):
            check_division(12, wrong)
