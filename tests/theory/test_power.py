"""Equations (6)-(8): worked by hand, and what they must prefer."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from empo import theory

few = settings(max_examples=50, deadline=None, derandomize=True, database=None)
value = st.floats(0.01, 1.0)


def reward(x_h, weight=1.0, xi=1.0, eta=1.0):
    x_h = jnp.asarray(x_h, float)
    return float(theory.robot_reward(x_h, jnp.full(x_h.shape, weight), xi, eta))


def power(v_h_e, weight: float | list[float] = 1.0, zeta=2.0, baseline=0.0):
    v_h_e = jnp.asarray(v_h_e, float)[None]
    weights = jnp.broadcast_to(jnp.asarray(weight, float), v_h_e.shape)
    return float(theory.human_power(v_h_e, weights, jnp.array([baseline]), zeta)[0])


def test_the_effective_value_uses_the_own_goal_and_the_others_averages():
    # E B = 1 where a_r = 1 and both humans take action 1.
    b_next = jnp.zeros((2, 2, 2, 2)).at[1, 1, 1, :].set(1.0)
    pi_r = jnp.array([0.2, 0.8])
    pi_h_mean = jnp.array([[0.5, 0.5], [0.9, 0.1]])
    own = jnp.array([[0.25, 0.75], [0.5, 0.5]])  # pi_h of the first human for goals A and B
    v = theory.effective_value(b_next, pi_r, own, pi_h_mean, human=0)
    # 0.8 * 0.1 * (0.75 or 0.5); the first human's own average is not used
    np.testing.assert_allclose(v, [0.06, 0.04], atol=1e-15)


def test_power_sums_weighted_goals_and_the_baseline():
    # 2 * 0.5^2 + 1 * 1^2 + 0 (no such goal) + 3
    x_h = power([0.5, 1.0, 0.7], weight=[2.0, 1.0, 0.0], baseline=3.0)
    np.testing.assert_allclose(x_h, 4.5)


def test_a_sure_goal_is_worth_more_than_two_coin_tosses():
    assert power([1.0, 0.0]) == 2 * power([0.5, 0.5])
    assert power([1.0, 0.0], zeta=1.0) == power([0.5, 0.5], zeta=1.0)


def test_power_in_bits():
    np.testing.assert_allclose(theory.power_in_bits(jnp.array([8.0, 0.25])), [3.0, -2.0])


def test_the_reward_by_hand():
    # -(1/2 + 1/4)^1, and the mean of both humans with eta = 2: -((1/4 + 1/16) / 2)^2
    np.testing.assert_allclose(reward([2.0, 4.0]), -0.75)
    np.testing.assert_allclose(reward([2.0, 4.0], 0.5, xi=2.0, eta=2.0), -((5 / 32) ** 2))


def test_no_gain_elsewhere_pays_for_a_last_choice():
    assert reward([1.0, 1e6]) < reward([2.0, 2.0])


def test_no_power_at_all_is_infinitely_bad():
    assert reward([0.0, 5.0]) == -np.inf


@few
@given(x_h=st.lists(st.floats(0.1, 10), min_size=2, max_size=2), move=st.floats(0.01, 0.4))
def test_evening_out_a_given_sum_is_welcome(x_h, move):
    low, high = sorted(x_h)
    if high - low < 1e-3:
        return
    with jax.enable_x64(True):
        evened = [low + move * (high - low), high - move * (high - low)]
        assert reward(evened) > reward([low, high])


@few
@given(v=st.lists(value, min_size=6, max_size=6), b=st.floats(0.05, 1.0), eta=st.floats(0.5, 2))
def test_a_common_factor_on_all_values_scales_the_reward_alone(v, b, eta):
    # X_h scales with b^zeta, hence U_r with b^(-zeta xi eta), the same factor in every state.
    with jax.enable_x64(True):
        v_h_e = jnp.array(v).reshape(2, 3)
        ones, none = jnp.ones((2, 3)), jnp.zeros(2)
        x_h = theory.human_power(v_h_e, ones, none, 2.0)
        scaled = theory.human_power(b * v_h_e, ones, none, 2.0)
        ratio = reward(scaled, xi=1.5, eta=eta) / reward(x_h, xi=1.5, eta=eta)
    np.testing.assert_allclose(ratio, b ** (-2.0 * 1.5 * eta), rtol=1e-12)
