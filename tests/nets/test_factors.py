"""Networks of states read their factors, and pairs of them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.nets import NetSettings, factor_net
from empo.nets.factors import pairs_of

SIZES = (3, 4, 2)
FIRST = jnp.array([0.5, -2.0])


def one_hot(value, size):
    return np.eye(size)[value]


@pytest.mark.parametrize("pairs", [0, 8, 100])
def test_it_is_a_perceptron_on_one_hot_vectors_and_embedded_pairs(pairs):
    settings = NetSettings(hidden=(7, 5), pairs=pairs)
    net = factor_net(SIZES, FIRST, settings, key=jax.random.key(0))
    for state in np.ndindex(SIZES):
        joined = np.concatenate([one_hot(v, n) for v, n in zip(state, SIZES, strict=True)])
        x = joined @ np.asarray(net.rows) + np.asarray(net.bias)
        begin, found = 0, []
        for i, j in pairs_of(SIZES, pairs):
            both = np.kron(one_hot(state[i], SIZES[i]), one_hot(state[j], SIZES[j]))
            size = len(both)
            found.append(both @ np.asarray(net.pair_rows[begin : begin + size]))
            begin += size
        if found:
            x = x + np.concatenate(found) @ np.asarray(net.pair_weight)
        wanted = net.rest(jnp.tanh(jnp.asarray(x, jnp.float32)))
        np.testing.assert_allclose(net(jnp.array(state)), wanted, rtol=1e-5, atol=1e-6)


def test_pairs_are_read_up_to_a_number_of_combinations():
    assert pairs_of(SIZES, 5) == ()
    assert pairs_of(SIZES, 6) == ((0, 2),)  # 3 x 2; 3 x 4 and 4 x 2 are more
    assert pairs_of(SIZES, 12) == ((0, 1), (0, 2), (1, 2))


def test_with_pairs_it_can_tell_what_no_sum_over_factors_can():
    # Whether two factors are equal: any sum f(a) + g(b) has f(0) + g(0) + f(1) + g(1) equal to
    # f(0) + g(1) + f(1) + g(0). The embeddings of the four pairs are linearly independent.
    net = factor_net((2, 2), jnp.zeros(1), NetSettings(hidden=(4,)), key=jax.random.key(1))
    assert np.linalg.matrix_rank(np.asarray(net.pair_rows)) == 4


def test_outputs_are_about_what_they_are_to_be_at_first():
    settings = NetSettings(hidden=(64, 64))
    net = factor_net((30, 30, 5), FIRST, settings, key=jax.random.key(2))
    states = jnp.asarray(np.random.default_rng(3).integers(0, [30, 30, 5], (200, 3)))
    outputs = np.asarray(jax.vmap(net)(states))
    assert np.abs(outputs.mean(axis=0) - np.asarray(FIRST)).max() < 0.1
    assert outputs.std(axis=0).max() < 0.2


def test_without_a_hidden_layer_it_is_refused():
    with pytest.raises(InputError, match=r"hidden: found no layer \(wanted at least one"):
        factor_net(SIZES, FIRST, NetSettings(hidden=()), key=jax.random.key(0))
