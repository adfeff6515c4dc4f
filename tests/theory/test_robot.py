"""Equations (4), (5) and (9): worked by hand, and the laws of the power-law policy."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empo import theory

LEGAL = jnp.array([True, True, True])
few = settings(max_examples=50, deadline=None, derandomize=True, database=None)
negative = st.floats(1e-3, 1e3).map(lambda x: -x)
three = st.lists(negative, min_size=3, max_size=3)


def test_robot_q_averages_over_independent_humans_without_an_immediate_reward():
    # E V_r(s') = -(1 + 2 a_1 + 4 a_2) for a_r = 0, ten times that for a_r = 1.
    v = -(1.0 + 2 * np.arange(2)[:, None] + 4 * np.arange(2)[None, :])
    pi_h_mean = jnp.array([[0.5, 0.5], [0.25, 0.75]])
    q = theory.robot_q(jnp.asarray(np.stack([v, 10 * v])), pi_h_mean, 0.9)
    # -(1 + 2 * 0.5 + 4 * 0.75) = -5
    np.testing.assert_allclose(q, [0.9 * -5, 0.9 * -50], rtol=1e-15)


def test_goals_are_averaged_by_their_chances():
    pi_h = jnp.array([[[1.0, 0.0], [0.0, 1.0]]])
    mean = theory.goal_average(pi_h, jnp.array([[0.25, 0.75]]))
    np.testing.assert_allclose(mean, [[0.25, 0.75]], atol=1e-15)


def test_independent_goals_give_a_product_of_averaged_policies():
    # E over (g_1, g_2) of pi_1(g_1) pi_2(g_2), summed over all four pairs.
    rng = np.random.default_rng(0)
    pi_h = rng.dirichlet(np.ones(2), (2, 2))
    chance = np.array([[0.2, 0.8], [0.6, 0.4]])
    v = -rng.uniform(1, 2, (3, 2, 2))
    by_pairs = np.zeros(3)
    for g_1, g_2 in itertools.product(range(2), repeat=2):
        p = chance[0, g_1] * chance[1, g_2]
        by_pairs += p * np.einsum("rab,a,b->r", v, pi_h[0, g_1], pi_h[1, g_2])
    mean = theory.goal_average(jnp.asarray(pi_h), jnp.asarray(chance))
    np.testing.assert_allclose(
        theory.robot_q(jnp.asarray(v), mean, 0.5), 0.5 * by_pairs, rtol=1e-14
    )


def test_the_robot_policy_is_a_power_law():
    # 1 : 2^-2 : 4^-2 = 16 : 4 : 1
    pi = theory.robot_policy(jnp.array([-1.0, -2.0, -4.0]), LEGAL, 2.0)
    np.testing.assert_allclose(pi, np.array([16, 4, 1]) / 21, atol=1e-15)


@few
@given(q=three, beta_r=st.floats(0, 20), exponent=st.floats(-6, 6))
def test_scaling_all_q_r_leaves_the_policy_as_it_was(q, beta_r, exponent):
    with jax.enable_x64(True):
        pi = theory.robot_policy(jnp.array(q), LEGAL, beta_r)
        scaled = theory.robot_policy(jnp.array(q) * 10**exponent, LEGAL, beta_r)
    np.testing.assert_allclose(scaled, pi, atol=1e-12)


def test_an_ordinary_softmax_fails_the_scaling_test():
    q = jnp.array([-1.0, -2.0, -4.0])
    assert jnp.max(jnp.abs(jax.nn.softmax(q) - jax.nn.softmax(10 * q))) > 0.1


def test_scaling_holds_in_32_bits_to_their_precision():
    with jax.enable_x64(False):
        q = jnp.array([-1.0, -2.0, -4.0])
        pi = theory.robot_policy(q, LEGAL, 5.0)
        for c in (1e-6, 1e-3, 1e3, 1e6):
            np.testing.assert_allclose(theory.robot_policy(c * q, LEGAL, 5.0), pi, atol=1e-6)


def test_beta_0_is_exactly_uniform_over_legal_actions():
    pi = theory.robot_policy(jnp.array([-1.0, -1e9, -3.0]), jnp.array([True, True, False]), 0.0)
    np.testing.assert_array_equal(pi, [0.5, 0.5, 0.0])


@pytest.mark.parametrize("beta_r", [1e4, np.inf])
def test_a_large_beta_takes_the_best_action(beta_r):
    pi = theory.robot_policy(jnp.array([-2.0, -1.9, -3.0]), LEGAL, beta_r)
    np.testing.assert_allclose(pi, [0.0, 1.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_infinite_beta_shares_ties_of_rounding_size_at_every_scale(scale):
    q = -scale * jnp.array([1.0, 1 + 5e-13, 1 + 5e-12])
    np.testing.assert_array_equal(theory.robot_policy(q, LEGAL, np.inf), [0.5, 0.5, 0.0])


@pytest.mark.parametrize(
    "q", [[-1e-30, -2e-30, -1e-30], [-1e30, -2e30, -1e30], [-1e-30, -1e30, -1.0]]
)
@pytest.mark.parametrize("beta_r", [0.0, 5.0, 1e4, np.inf])
def test_extreme_values_give_a_distribution(q, beta_r):
    pi = theory.robot_policy(jnp.array(q), LEGAL, beta_r)
    assert jnp.all((pi >= 0) & (pi <= 1))
    np.testing.assert_allclose(jnp.sum(pi), 1.0, atol=1e-12)


@pytest.mark.parametrize("beta_r", [0.0, 5.0, np.inf])
def test_where_nothing_lies_ahead_the_robot_acts_at_random(beta_r):
    legal = jnp.array([True, False, True])
    pi = theory.robot_policy(jnp.array([0.0, -7.0, -0.0]), legal, beta_r)
    np.testing.assert_array_equal(pi, [0.5, 0.0, 0.5])


@pytest.mark.parametrize("q", [[-1.0, 0.0, -1.0], [-1.0, 2.0, -1.0]])
def test_a_q_r_that_is_not_negative_is_never_passed_over_in_silence(q):
    assert jnp.any(jnp.isnan(theory.robot_policy(jnp.array(q), LEGAL, 5.0)))


def test_the_robots_value_is_its_reward_and_the_mean_of_q_r():
    pi = jnp.array([0.25, 0.75])
    value = theory.robot_value(jnp.array(-1.0), pi, jnp.array([-4.0, -8.0]))
    np.testing.assert_allclose(value, -1.0 + 0.25 * -4 + 0.75 * -8)
