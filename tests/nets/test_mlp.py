"""Perceptrons, worked by hand, and how their weights begin."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.nets import MLP

KEY = jax.random.key(0)


def with_numbers(net, weights, biases):
    """The net with these matrices and vectors in its layers."""
    numbers = [jnp.array(x) for pair in zip(weights, biases, strict=True) for x in pair]
    return jax.tree.unflatten(
        jax.tree.structure(net), [*numbers, *jax.tree.leaves(net)[2 * len(weights) :]]
    )


def test_a_perceptron_by_hand():
    net = MLP((2, 2, 1), "relu", scales=[1.0, 1.0], key=KEY)
    net = with_numbers(net, [[[1.0, -1.0], [2.0, 1.0]], [[3.0], [5.0]]], [[0.5, 0.0], [-1.0]])
    # x = (1, 2): hidden 1 + 4 + 1/2 = 5.5 and -1 + 2 = 1, so 16.5 + 5 - 1.
    np.testing.assert_allclose(net(jnp.array([1.0, 2.0])), [20.5])
    # x = (1, -2): hidden 1 - 4 + 1/2 < 0 and -1 - 2 < 0; no activation after the last layer.
    np.testing.assert_allclose(net(jnp.array([1.0, -2.0])), [-1.0])


@pytest.mark.parametrize(
    ("activation", "wanted"),
    [
        ("tanh", np.tanh(0.7)),
        ("relu", 0.7),
        ("silu", 0.7 / (1 + np.exp(-0.7))),
        ("elu", 0.7),
        ("gelu", 0.35 * (1 + np.tanh(np.sqrt(2 / np.pi) * (0.7 + 0.044715 * 0.7**3)))),
    ],
)
def test_the_activations(activation, wanted):
    net = MLP((1, 1, 1), activation, scales=[1.0, 1.0], key=KEY)
    net = with_numbers(net, [[[1.0]], [[1.0]]], [[0.0], [0.0]])
    np.testing.assert_allclose(net(jnp.array([0.7])), [wanted], rtol=1e-6)


def test_a_layer_norm_makes_each_hidden_layer_forget_scale_and_shift():
    net = MLP((3, 8, 2), "tanh", scales=[2**0.5, 1.0], layer_norm=True, key=KEY)
    plain = MLP((3, 8, 2), "tanh", scales=[2**0.5, 1.0], key=KEY)
    x = jnp.array([30.0, -20.0, 10.0])
    hidden = x @ net.layers[0].weight
    normed = (hidden - hidden.mean()) / hidden.std()
    wanted = jnp.tanh(normed) @ net.layers[1].weight
    np.testing.assert_allclose(net(x), wanted, atol=1e-5)
    np.testing.assert_allclose(net(2 * x), wanted, atol=1e-5)
    assert abs(plain(x) - net(x)).max() > 0.01


@pytest.mark.parametrize(("n_in", "n_out"), [(5, 5), (7, 3), (3, 7)])
def test_an_orthogonal_layer_has_all_its_singular_values_equal_to_its_scale(n_in, n_out):
    (layer,) = MLP((n_in, n_out), "tanh", scales=[0.3], key=KEY).layers
    np.testing.assert_allclose(np.linalg.svd(layer.weight)[1], 0.3, rtol=1e-5)
    np.testing.assert_array_equal(layer.bias, 0.0)


def test_glorots_law_is_uniform_up_to_the_square_root_of_six_by_the_sum_of_sizes():
    (layer,) = MLP((200, 100), "tanh", scales=None, key=KEY).layers
    bound = (6 / 300) ** 0.5
    assert abs(layer.weight).max() == pytest.approx(bound, rel=1e-3)
    # The spread of a uniform law is its bound by sqrt(3); 20,000 draws know it to half a percent.
    assert layer.weight.std() == pytest.approx(bound / 3**0.5, rel=0.02)


def test_layers_do_not_share_their_numbers():
    net = MLP((4, 4, 4), "tanh", scales=[1.0, 1.0], key=KEY)
    assert abs(net.layers[0].weight - net.layers[1].weight).max() > 0.1


@pytest.mark.parametrize("layer_norm", [False, True])
def test_every_leaf_is_an_array(layer_norm):
    net = MLP((3, 8, 8, 2), "tanh", scales=[1.0] * 3, layer_norm=layer_norm, key=KEY)
    leaves = jax.tree.leaves(net)
    assert all(isinstance(leaf, jax.Array) for leaf in leaves)
    assert len(leaves) == 6 + 4 * layer_norm
