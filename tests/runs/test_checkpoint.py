"""Checkpoints come back as they were, or not at all."""

from __future__ import annotations

from collections import namedtuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.runs.checkpoint import KEPT, load_last, read_tree, save, saved_steps, write_tree

State = namedtuple("State", "nets key n_steps wide")


@pytest.fixture
def state():
    nets = {"policy": [jnp.arange(6.0).reshape(2, 3), jnp.float32(-0.0)], "none": ()}
    return State(nets, jax.random.key(7), jnp.int32(12), np.float64(1 / 3))


def same(found, wanted):
    pairs = zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True)
    return all(as_bytes(a) == as_bytes(b) for a, b in pairs)


def as_bytes(leaf):
    is_key = jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    return np.asarray(jax.random.key_data(leaf) if is_key else leaf).tobytes()


def test_a_state_comes_back_to_the_last_bit(tmp_path, state):
    save(tmp_path, 12, state, {"n_updates": 3})
    # Of what the device holds the shape is enough.
    shape = jax.eval_shape(lambda: state._replace(wide=()))
    found, manifest = load_last(tmp_path, lambda _: shape._replace(wide=np.float64(0)))
    assert same(found, state)
    assert found.wide.dtype == np.float64
    assert manifest["n_updates"] == 3
    assert jax.random.normal(found.key) == jax.random.normal(state.key)


def test_the_last_three_are_kept(tmp_path, state):
    for n_steps in (5, 40, 300, 2000, 10000):
        save(tmp_path, n_steps, state, {})
    assert KEPT == 3
    assert saved_steps(tmp_path) == [300, 2000, 10000]
    assert len(list(tmp_path.iterdir())) == 6


def test_what_does_not_fit_is_named(tmp_path, state):
    write_tree(tmp_path, "best", state, {})
    changed = state._replace(n_steps=jnp.zeros(2), wide={"extra": jnp.int32(0)})
    with pytest.raises(InputError) as caught:
        read_tree(tmp_path, "best", changed)
    told = "\n".join(caught.value.problems)
    assert "tensor 'wide.extra' is missing" in told
    assert "tensor 'wide' is not wanted" in told
    assert "tensor 'n_steps' is int32[] (wanted float32[2])" in told


def test_a_folder_without_checkpoints_says_so(tmp_path):
    with pytest.raises(InputError, match="holds no checkpoint"):
        load_last(tmp_path, lambda _: {})


def test_a_damaged_checkpoint_is_never_passed_over_silently(tmp_path, state):
    save(tmp_path, 1, state, {})
    save(tmp_path, 2, state, {})
    newest = tmp_path / "step-000000000002.safetensors"
    newest.write_bytes(newest.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"is damaged.*an older checkpoint stands in") as caught:
        load_last(tmp_path, lambda _: state)
    assert "step-000000000001.json" in str(caught.value)


def test_a_thousand_damaged_files_give_an_error_each(tmp_path, state):
    save(tmp_path, 1, state, {"n_updates": 1, "seconds": [1.5, 2.5, 0.5]})
    rng = np.random.default_rng(0)
    paths = sorted(tmp_path.iterdir())
    originals = {path: path.read_bytes() for path in paths}
    for number in range(1000):
        path = paths[number % 2]
        path.write_bytes(_damaged(originals[path], number // 2 % 5, rng))
        with pytest.raises(InputError, match=r"step-000000000001"):
            load_last(tmp_path, lambda _: state)
        path.write_bytes(originals[path])
    assert same(load_last(tmp_path, lambda _: state)[0], state)


def _damaged(data, how, rng):
    place = int(rng.integers(len(data)))
    if how == 0:  # one bit
        return data[:place] + bytes([data[place] ^ (1 << int(rng.integers(8)))]) + data[place + 1 :]
    if how == 1:  # cut short
        return data[:place]
    if how == 2:  # something more at the end
        return data + bytes(rng.integers(33, 127, size=int(rng.integers(1, 9)), dtype=np.uint8))
    if how == 3:  # a stretch of zeros
        length = int(rng.integers(1, 20))
        zeros = data[:place] + bytes(min(length, len(data) - place)) + data[place + length :]
        return zeros if zeros != data else data[:-1]
    return data[:place] + data[place + 1 :] if data[place : place + 1].strip() else b""
