"""Networks made to measure for a task."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.dists import Categorical, Gaussian, SquashedGaussian
from empo.core.errors import InputError
from empo.core.spaces import Box, Discrete
from empo.nets import NetSettings, ordinary_networks

KEY = jax.random.key(0)
OBSERVATION = jnp.array([0.3, -0.7, 1.0])
THREE = Discrete(3)
BOX = Box((-2.0, -1.0), (2.0, 1.0))
ENDLESS = Box((-float("inf"),), (1.0,))


def made(action, **settings):
    return ordinary_networks(3, action, NetSettings(**settings))


def test_networks_for_discrete_actions():
    nets = made(THREE)
    assert isinstance(nets.policy(KEY)(OBSERVATION), Categorical)
    assert isinstance(nets.squashed(KEY)(OBSERVATION), Categorical)
    assert nets.policy(KEY)(OBSERVATION).probs().shape == (3,)
    assert nets.value(KEY)(OBSERVATION).shape == ()
    assert nets.q(KEY)(OBSERVATION).shape == (3,)


def test_networks_for_continuous_actions():
    nets, action = made(BOX), jnp.zeros(2)
    assert isinstance(nets.policy(KEY)(OBSERVATION), Gaussian)
    assert isinstance(nets.squashed(KEY)(OBSERVATION), SquashedGaussian)
    assert nets.deterministic(KEY)(OBSERVATION).shape == (2,)
    assert nets.value(KEY)(OBSERVATION).shape == ()
    assert nets.q(KEY)(OBSERVATION, action).shape == ()


def test_a_q_of_continuous_actions_depends_on_the_action():
    q = made(BOX).q(KEY)
    assert abs(q(OBSERVATION, jnp.array([2.0, 1.0])) - q(OBSERVATION, jnp.zeros(2))) > 1e-3


def test_first_policies_are_nearly_uniform_or_centred():
    np.testing.assert_allclose(made(THREE).policy(KEY)(OBSERVATION).probs(), 1 / 3, atol=0.01)
    law = made(BOX, log_std=-1.0).policy(KEY)(OBSERVATION)
    np.testing.assert_allclose(law.mean / np.array([2.0, 1.0]), 0.0, atol=0.02)
    np.testing.assert_allclose(jnp.exp(law.log_std), np.exp(-1.0) * np.array([2.0, 1.0]), rtol=1e-6)


def test_layers_have_the_sizes_and_scales_asked_for():
    net = made(THREE, hidden=(16, 8)).policy(KEY).body
    assert [layer.weight.shape for layer in net.layers] == [(3, 16), (16, 8), (8, 3)]
    for layer, scale in zip(net.layers, (2**0.5, 2**0.5, 0.01), strict=True):
        np.testing.assert_allclose(np.linalg.svd(layer.weight)[1], scale, rtol=1e-4)
    value = made(THREE, hidden=(16, 8)).value(KEY).body
    np.testing.assert_allclose(np.linalg.svd(value.layers[-1].weight)[1], 1.0, rtol=1e-4)


def test_weights_that_are_not_orthogonal_and_norms_on_request():
    net = made(THREE, orthogonal=False, layer_norm=True).value(KEY).body
    spread = np.linalg.svd(net.layers[1].weight)[1]
    assert spread.max() > 2 * spread.min()
    assert len(net.norms) == 2


def test_a_network_without_hidden_layers_is_linear():
    value = made(THREE, hidden=()).value(KEY)
    np.testing.assert_allclose(value(2 * OBSERVATION), 2 * value(OBSERVATION), rtol=1e-6)


def test_networks_can_be_drawn_by_the_dozen():
    nets = jax.vmap(made(THREE).policy)(jax.random.split(KEY, 12))
    assert nets.body.layers[0].weight.shape == (12, 3, 64)
    laws = jax.vmap(lambda net: net(OBSERVATION))(nets)
    assert laws.logits.shape == (12, 3)


def test_discrete_actions_have_no_deterministic_policy_to_differentiate():
    with pytest.raises(InputError, match=r"^action space: 3 discrete actions \(wanted a continu"):
        made(THREE).deterministic(KEY)


@pytest.mark.parametrize("make", ["squashed", "deterministic"])
def test_an_unbounded_action_is_refused_when_the_network_is_made(make):
    with pytest.raises(InputError, match=r"^action space: bounds are "):
        getattr(made(ENDLESS), make)(KEY)


def test_settings_that_make_no_network_are_refused():
    with pytest.raises(
        InputError, match=r"^hidden: found \(64, 0\) \(wanted sizes of at least 1\)"
    ):
        NetSettings(hidden=(64, 0))
    with pytest.raises(InputError, match=r"^activation: found 'sine' \(wanted one of tanh, relu, "):
        NetSettings(activation="sine")  # pyright: ignore[reportArgumentType]
