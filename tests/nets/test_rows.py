"""Networks whose first layer is looked up in tables of groups of factors."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.nets import NetSettings, row_net
from empo.nets.rows import joint_tables

SIZES = (3, 4, 2, 2)
FIRST = jnp.array([0.5, -2.0])


@pytest.mark.parametrize("pairs", [0, 12, 24, 100])
def test_it_is_a_perceptron_on_one_hot_vectors_of_factors_and_groups(pairs):
    settings = NetSettings(hidden=(7, 5), pairs=pairs, reader="rows")
    net = row_net(SIZES, FIRST, settings, key=jax.random.key(0))
    # Groups say nothing at first: that would hide a wrong row.
    rows = jax.random.normal(jax.random.key(1), net.rows.shape)
    net = type(net)(rows, net.rest, net.cardinalities, net.tables)
    tables = [*((f,) for f in range(4)), *joint_tables(SIZES, pairs)]
    for state in np.ndindex(SIZES):
        x, begin = np.asarray(net.rest.bias), 0
        for table in tables:
            one_hot = np.ones(1)
            for factor in table:
                one_hot = np.kron(one_hot, np.eye(SIZES[factor])[state[factor]])
            x = x + one_hot @ np.asarray(rows[begin : begin + len(one_hot)])
            begin += len(one_hot)
        wanted = net.rest.layers(jnp.tanh(jnp.asarray(x, jnp.float32)))
        np.testing.assert_allclose(net(jnp.array(state)), wanted, rtol=1e-5, atol=1e-6)
    assert begin == len(rows)


def test_small_factors_are_grouped_as_far_as_the_largest_can_be_paired_with_them():
    # 2 x 2 = 4; with 3 it would be 12, and 48 combinations with the largest factor.
    assert joint_tables(SIZES, 47) == ((2, 3, 0), (2, 3, 1), (0, 1))
    assert joint_tables(SIZES, 48) == ((2, 3, 0, 1),)
    assert joint_tables(SIZES, 11) == ((2, 3), (2, 0), (2, 1), (3, 0), (3, 1))
    assert joint_tables((7,), 100) == ()


def test_groups_say_nothing_at_first_and_outputs_are_about_what_they_are_to_be():
    net = row_net((30, 30, 5), FIRST, NetSettings(hidden=(64, 64)), key=jax.random.key(2))
    assert not np.any(np.asarray(net.rows[65:]))
    states = jnp.asarray(np.random.default_rng(3).integers(0, [30, 30, 5], (200, 3)))
    outputs = np.asarray(jax.vmap(net)(states))
    assert np.abs(outputs.mean(axis=0) - np.asarray(FIRST)).max() < 0.1
    assert outputs.std(axis=0).max() < 0.2


def test_without_a_hidden_layer_it_is_refused():
    with pytest.raises(InputError, match=r"hidden: found no layer \(wanted at least one"):
        row_net(SIZES, FIRST, NetSettings(hidden=()), key=jax.random.key(0))
