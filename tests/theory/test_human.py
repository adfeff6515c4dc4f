"""Equations (1)-(3), worked by hand."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from empo import theory

EVERYTHING = jnp.array([True, True])


def test_a_goal_pays_once_and_a_repeated_goal_goes_on_paying():
    v = jnp.array([[0.5, 0.5], [0.5, 0.5]])
    members = jnp.array([[True, False], [True, False]])
    repeat = jnp.array([[False, False], [True, True]])
    # In the goal: 1, or 1 + 0.9 * 0.5 if it repeats; elsewhere 0.9 * 0.5.
    b = theory.goal_backup(v, members, repeat, 0.9)
    np.testing.assert_allclose(b, [[1.0, 0.45], [1.45, 0.45]], atol=1e-15)


def two_humans_who_must_match() -> jnp.ndarray:
    """E B_V over (a_r, a_1, a_2, g): robot action k helps exactly where a_1 is 0 and a_2 is k."""
    b_next = np.zeros((2, 2, 2, 1))
    b_next[0, 0, 0, 0] = b_next[1, 0, 1, 0] = 1.0
    return jnp.asarray(b_next)


def test_the_robot_is_feared_after_the_others_have_acted():
    # Whatever a_2 is, some robot action gives 0: the mean of the minima is 0. With the minimum
    # taken last it would be min(1/2, 1/2) = 1/2.
    beliefs = jnp.full((2, 2), 0.5)
    q = theory.cautious_q(two_humans_who_must_match(), EVERYTHING, beliefs, human=0)
    np.testing.assert_array_equal(q, [[0.0, 0.0]])


def test_an_illegal_robot_action_is_not_feared():
    # Only a_r = 0: a_1 = 0 attains the goal where a_2 = 0, believed with 0.3.
    beliefs = jnp.array([[np.nan, np.nan], [0.3, 0.7]])
    legal_r = jnp.array([True, False])
    q = theory.cautious_q(two_humans_who_must_match(), legal_r, beliefs, human=0)
    np.testing.assert_allclose(q, [[0.3, 0.0]], atol=1e-15)


def test_each_human_acts_along_an_own_axis():
    # Human 1 believes that human 0 takes action 0 with 0.2: then a_2 = 0 is worth 0.2.
    beliefs = jnp.array([[0.2, 0.8], [np.nan, np.nan]])
    legal_r = jnp.array([True, False])
    q = theory.cautious_q(two_humans_who_must_match(), legal_r, beliefs, human=1)
    np.testing.assert_allclose(q, [[0.2, 0.0]], atol=1e-15)


def test_three_humans_average_over_both_others():
    x = jnp.arange(2 * 3 * 2, dtype=float).reshape(2, 3, 2, 1)  # 6 a_1 + 2 a_2 + a_3
    policies = jnp.array([[0.5, 0.5, 0.0], [0.1, 0.2, 0.7], [0.25, 0.75, 0.0]])
    padded = jnp.zeros((3, 3, 3, 1)).at[:2, :, :2].set(x)
    of_1 = theory.average_others(padded, policies, human=1)
    # 6 * 0.5 + 2 a_2 + 0.75
    np.testing.assert_allclose(of_1[:, 0], [3.75, 5.75, 7.75], atol=1e-15)


@pytest.mark.parametrize(
    ("beta_h", "nu_h", "wanted"),
    [
        (0.0, 0.0, [0.5, 0.5, 0.0]),
        (np.log(3.0), 0.0, [0.75, 0.25, 0.0]),  # e^(beta (1 - 0)) = 3
        (np.log(3.0), 0.5, [0.375, 0.625, 0.0]),  # half habit (0, 1)
        (np.inf, 0.0, [1.0, 0.0, 0.0]),
        (np.inf, 1.0, [0.0, 1.0, 0.0]),
    ],
)
def test_humans_mix_habit_and_soft_choice_over_legal_actions(beta_h, nu_h, wanted):
    q = jnp.array([[1.0, 0.0, 9.0]])
    habit = jnp.array([[0.0, 1.0, 0.0]])
    legal = jnp.array([True, True, False])
    pi = theory.human_policy(q, habit, legal, beta_h, nu_h)
    np.testing.assert_allclose(pi[0], wanted, atol=1e-15)


def test_infinitely_rational_humans_share_ties_of_rounding_size_only():
    legal = jnp.array([True, True, True])
    q = jnp.array([[0.3, 0.3 * (1 - 5e-13), 0.3 * (1 - 5e-12)], [0.0, 0.0, 0.0]])
    pi = theory.human_policy(q, jnp.zeros((2, 3)), legal, np.inf, 0.0)
    np.testing.assert_array_equal(pi[0], [0.5, 0.5, 0.0])
    np.testing.assert_allclose(pi[1], 1 / 3, atol=1e-15)


def test_the_softmax_survives_a_large_finite_beta():
    q = jnp.array([[100.0, 99.0]])
    pi = theory.human_policy(q, jnp.zeros((1, 2)), EVERYTHING, 1e6, 0.0)
    np.testing.assert_array_equal(pi, [[1.0, 0.0]])


def test_the_cautious_value_is_the_mean_over_the_humans_own_policy():
    pi = jnp.array([[0.25, 0.75]])
    value = theory.human_value(pi, jnp.array([[1.0, 0.2]]))
    np.testing.assert_allclose(value, [0.25 * 1.0 + 0.75 * 0.2], atol=1e-15)
