"""A worker's program as bytes: the same numbers, and only what it needs is sent."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.keys import plain_leaves
from empo.tasks.ray_worker import RemoteWorker, shipped

pytest.importorskip("flatbuffers")


def walk(learner, place):
    """Random steps of a learner's size; most of the learner means nothing here."""
    key, key_step = jax.random.split(place["key"])
    step = learner["size"] * jax.random.normal(key_step, (3,))
    return {"key": key, "at": place["at"] + step}, jnp.sum(step)


LEARNER = {"memory": jnp.zeros((1000, 4)), "size": jnp.float32(0.5)}
PLACE = {"key": jax.random.key(7), "at": jnp.arange(3.0)}


def test_bytes_compute_what_the_function_does_to_the_last_bit():
    sent = shipped(walk, LEARNER, PLACE)
    worker = RemoteWorker(sent.program, sent.used, False)
    expected = plain_leaves(jax.jit(walk)(LEARNER, PLACE))
    for _ in range(2):  # it remembers nothing
        for a, b in zip(worker.work(sent.arrays(LEARNER, PLACE)), expected, strict=True):
            np.testing.assert_array_equal(a, b)


def test_only_what_is_used_of_the_learner_is_sent():
    arrays = shipped(walk, LEARNER, PLACE).arrays(LEARNER, PLACE)
    assert sorted(array.size for array in arrays) == [1, 2, 3]


def test_random_keys_come_back_as_keys():
    sent = shipped(walk, LEARNER, PLACE)
    assert jnp.issubdtype(sent.result[0]["key"].dtype, jax.dtypes.prng_key)
