"""Policies: what their distributions are in terms of the numbers that the body puts out."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empo.core.dists import Categorical
from empo.core.errors import InputError
from empo.core.spaces import Box
from empo.nets import (
    MLP,
    CategoricalPolicy,
    DeterministicPolicy,
    GaussianPolicy,
    PowerLawPolicy,
    SquashedPolicy,
)
from empo.nets.heads import LOG_STD_RANGE, centre_and_half

KEY = jax.random.key(0)
OBSERVATION = jnp.array([0.3, -0.7])
BOX = Box((-1.0, 0.0), (3.0, 1.0))
ENDLESS = Box((-1.0, 0.0), (3.0, float("inf")))


def body(n_out, scale=1.0):
    return MLP((2, n_out), "tanh", scales=[scale], key=KEY)


def putting_out(numbers):
    """A body that puts out these numbers, whatever it sees."""
    net = body(len(numbers))
    net = eqx.tree_at(lambda n: n.layers[0].weight, net, jnp.zeros((2, len(numbers))))
    return eqx.tree_at(lambda n: n.layers[0].bias, net, jnp.array(numbers))


def test_a_categorical_policy_is_the_softmax_of_its_body():
    law = CategoricalPolicy(putting_out([0.0, 1.0]))(OBSERVATION)
    np.testing.assert_allclose(law.probs(), [1 / (1 + np.e), np.e / (1 + np.e)], rtol=1e-6)


# Equation (5).


def power_policy(q, beta_r, legal=None):
    """The policy whose body says that these are the negative values Q."""
    return PowerLawPolicy(putting_out(np.log(-np.array(q)).tolist()))(OBSERVATION, beta_r, legal)


def test_the_power_law_by_hand():
    # (-Q)^-2 for Q = -1, -2, -4: 1, 1/4, 1/16.
    law = power_policy([-1.0, -2.0, -4.0], 2.0)
    np.testing.assert_allclose(law.probs(), np.array([16, 4, 1]) / 21, rtol=1e-6)


def test_the_power_law_gives_what_is_not_legal_probability_0():
    law = power_policy([-1.0, -2.0, -4.0], 2.0, jnp.array([False, True, True]))
    np.testing.assert_allclose(law.probs(), [0.0, 0.8, 0.2], rtol=1e-6)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-50.0, -0.02), min_size=3, max_size=3),
    st.floats(-6.0, 6.0),
    st.floats(0.0, 5.0),
)
def test_a_common_factor_on_all_q_changes_nothing(q, exponent, beta_r):
    q = np.array(q)
    with jax.enable_x64(True):
        one, other = (power_policy(x, beta_r).probs() for x in (q, 10.0**exponent * q))
        np.testing.assert_allclose(one, other, atol=1e-12)
    with jax.enable_x64(False):
        one, other = (power_policy(x, jnp.float32(1.0)).probs() for x in (q, 10.0**exponent * q))
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_plain_softmax_of_q_is_changed_by_a_common_factor():
    q = jnp.array([-1.0, -2.0, -4.0])
    assert abs(Categorical(q).probs() - Categorical(1000 * q).probs()).max() > 0.1


def test_the_power_law_is_uniform_at_0_and_the_maximum_at_10000():
    np.testing.assert_array_equal(power_policy([-1.0, -2.0], 0.0).probs(), [0.5, 0.5])
    np.testing.assert_array_equal(power_policy([-1.0, -1.1], 1e4).probs(), [1.0, 0.0])


def test_the_power_law_bears_the_ends_of_the_range_of_numbers():
    law = power_policy([-1e-30, -1e30], 5.0)
    np.testing.assert_array_equal(law.probs(), [1.0, 0.0])
    slope = jax.grad(
        lambda policy: policy(OBSERVATION, 5.0).log_prob(jnp.int32(1)), allow_int=True
    )(PowerLawPolicy(putting_out(np.log([1e-30, 1e30]).tolist())))
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(slope))


# A continuous action.


def test_a_gaussian_policy_is_in_units_of_half_the_range():
    # Ranges -1 .. 3 and 0 .. 1: the centres are 1 and 1/2, half their widths 2 and 1/2.
    law = GaussianPolicy(putting_out([1.0, -1.0]), jnp.log(jnp.array([1.0, 0.5])), BOX)(OBSERVATION)
    np.testing.assert_allclose(law.mean, [3.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(jnp.exp(law.log_std), [2.0, 0.25], rtol=1e-6)


def test_a_gaussian_policy_takes_an_unbounded_component_as_it_is():
    law = GaussianPolicy(putting_out([0.0, 7.0]), jnp.zeros(2), ENDLESS)(OBSERVATION)
    np.testing.assert_allclose(law.mean, [1.0, 7.0])
    np.testing.assert_allclose(jnp.exp(law.log_std), [2.0, 1.0])


def test_a_squashed_policy_keeps_its_spread_in_range():
    low, high = np.exp(LOG_STD_RANGE)
    for raw, wanted in ((-50.0, low), (0.0, (low * high) ** 0.5), (50.0, high)):
        law = SquashedPolicy(putting_out([0.2, -0.4, raw, raw]), BOX)(OBSERVATION)
        np.testing.assert_allclose(law.mean, [0.2, -0.4])
        np.testing.assert_allclose(jnp.exp(law.log_std), [wanted, wanted], rtol=1e-5)


def test_a_deterministic_policy_reaches_from_bound_to_bound():
    for raw, wanted in ((-50.0, [-1.0, 0.0]), (0.0, [1.0, 0.5]), (50.0, [3.0, 1.0])):
        action = DeterministicPolicy(putting_out([raw, raw]), BOX)(OBSERVATION)
        np.testing.assert_allclose(action, wanted, atol=1e-7)


bounds = st.tuples(st.floats(-1e4, 1e4, width=32), st.floats(-1e4, 1e4, width=32)).filter(
    lambda b: b[1] - b[0] > 1e-3
)


@settings(max_examples=100, deadline=None)
@given(bounds)
def test_a_saturated_action_never_leaves_the_box_by_a_rounding_error(bound):
    low, high = bound
    centre, half = centre_and_half(Box((low,), (high,)))
    assert centre + half <= np.float32(high)
    assert centre - half >= np.float32(low)
    assert half > 0
    np.testing.assert_allclose(centre + half, high, rtol=0, atol=1e-6 * max(-low, high, high - low))
    np.testing.assert_allclose(centre - half, low, rtol=0, atol=1e-6 * max(-low, high, high - low))


@pytest.mark.parametrize("policy", [SquashedPolicy, DeterministicPolicy])
def test_an_unbounded_box_is_refused_where_actions_are_squashed_into_it(policy):
    with pytest.raises(InputError, match=r"^action space: bounds are .* \(wanted finite ones: "):
        policy(body(2), ENDLESS)


@pytest.mark.parametrize(
    "policy",
    [
        CategoricalPolicy(body(2)),
        PowerLawPolicy(body(2)),
        GaussianPolicy(body(2), jnp.zeros(2), BOX),
        SquashedPolicy(body(4), BOX),
        DeterministicPolicy(body(2), BOX),
    ],
    ids=lambda policy: type(policy).__name__,
)
def test_every_leaf_of_a_policy_is_an_array(policy):
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(policy))
