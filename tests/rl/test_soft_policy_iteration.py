"""Contraction, improvement and convergence, on random tables and by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.rl import soft_policy_iteration as spi
from empo.rl.soft_policy_iteration import Tables
from tests.rl.tabular import drawn_mdp, drawn_policy

SEEDS = range(5)
ALPHA = 0.3


@pytest.fixture(autouse=True)
def _in_64_bits():
    with jax.enable_x64(True):
        yield


def drawn_tables(seed, n_states=4, n_actions=3):
    mdp = drawn_mdp(seed, n_states, n_actions)
    return Tables(jnp.array(mdp.prob), jnp.array(mdp.reward_mean), jnp.array(mdp.gamma))


def drawn_q(seed, n_states=4, n_actions=3):
    return jnp.array(np.random.default_rng(seed + 100).normal(size=(n_states, n_actions)))


def value_iteration(tables, alpha, n_rounds=600):
    q = jnp.zeros_like(tables.reward)
    return jax.lax.fori_loop(0, n_rounds, lambda _, q: spi.soft_optimal_backup(tables, q, alpha), q)


def test_D33_F16_V_is_Q_minus_alpha_log_pi_by_hand():
    # Q = (1, .9), alpha = .1, pi = softmax(Q / alpha): alpha log(e^10 + e^9) = 1 + .1 log(1 + 1/e).
    q = jnp.array([[1.0, 0.9]])
    pi = spi.soft_improvement(q, 0.1)
    np.testing.assert_allclose(spi.soft_value(q, pi, 0.1), [1.0313261687518223], rtol=1e-12)
    np.testing.assert_allclose(spi.soft_optimal_value(q, 0.1), [1.0313261687518223], rtol=1e-12)
    # With V = E[Q - log pi], alpha left out, it would be .9731 + .5822.
    np.testing.assert_allclose(spi.soft_value(q, pi, 1.0), [1.5553], atol=1e-4)


def test_an_action_that_is_never_taken_brings_no_entropy():
    value = spi.soft_value(jnp.array([[2.0, 5.0]]), jnp.array([[1.0, 0.0]]), ALPHA)
    np.testing.assert_array_equal(value, [2.0])


@pytest.mark.parametrize("seed", SEEDS)
def test_D34_evaluation_contracts_by_gamma(seed):
    tables, pi = drawn_tables(seed), jnp.array(drawn_policy(seed, 4, 3))
    q, other = drawn_q(seed), drawn_q(seed + 1)
    before = jnp.max(jnp.abs(q - other))
    after = jnp.max(
        jnp.abs(spi.soft_backup(tables, q, pi, ALPHA) - spi.soft_backup(tables, other, pi, ALPHA))
    )
    assert after <= tables.gamma * before + 1e-12


@pytest.mark.parametrize("seed", SEEDS)
def test_D34_backups_converge_to_the_evaluation(seed):
    tables, pi = drawn_tables(seed), jnp.array(drawn_policy(seed, 4, 3))
    q = drawn_q(seed)
    for _ in range(400):
        q = spi.soft_backup(tables, q, pi, ALPHA)
    np.testing.assert_allclose(spi.soft_evaluation(tables, pi, ALPHA), q, atol=1e-10)


def test_F15_entropy_is_discounted_as_rewards_are():
    # No rewards, a fair coin in every state: alpha log 2 (gamma + gamma^2 + ...) after any action.
    tables = drawn_tables(0, 3, 2)._replace(reward=jnp.zeros((3, 2)))
    q = spi.soft_evaluation(tables, jnp.full((3, 2), 0.5), ALPHA)
    np.testing.assert_allclose(q, np.full((3, 2), ALPHA * np.log(2) * 0.9 / 0.1), rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_D35_improvement_lowers_Q_nowhere(seed):
    tables, pi = drawn_tables(seed), jnp.array(drawn_policy(seed, 4, 3))
    q = spi.soft_evaluation(tables, pi, ALPHA)
    better = spi.soft_evaluation(tables, spi.soft_improvement(q, ALPHA), ALPHA)
    assert np.all(better >= q - 1e-12)
    assert np.max(better - q) > 1e-3


@pytest.mark.parametrize("seed", SEEDS)
def test_D35_the_improved_policy_has_the_least_divergence_from_exp_Q(seed):
    q = drawn_q(seed)
    pi = spi.soft_improvement(q, ALPHA)
    for other_seed in range(20):
        other = jnp.array(drawn_policy(other_seed, 4, 3))
        assert np.all(spi.soft_value(q, other, ALPHA) < spi.soft_value(q, pi, ALPHA))


@pytest.mark.parametrize("seed", SEEDS)
def test_D36_policy_iteration_ends_where_soft_value_iteration_does(seed):
    tables = drawn_tables(seed)
    solution = spi.soft_policy_iteration(tables, ALPHA)
    q = value_iteration(tables, ALPHA)
    np.testing.assert_allclose(solution.q, q, atol=1e-8)
    np.testing.assert_allclose(solution.pi, spi.soft_improvement(q, ALPHA), atol=1e-8)
    assert solution.n_rounds < 20


def test_what_the_probabilities_lack_ends_the_process():
    # One state, one action, reward 1, ends half of the time: 1 / (1 - .9 / 2).
    tables = Tables(jnp.full((1, 1, 1), 0.5), jnp.ones((1, 1)), jnp.array(0.9))
    q = spi.soft_evaluation(tables, jnp.ones((1, 1)), ALPHA)
    np.testing.assert_allclose(q, [[1 / 0.55]], rtol=1e-12)


def test_as_alpha_vanishes_the_policy_is_greedy():
    tables = drawn_tables(1)
    solution = spi.soft_policy_iteration(tables, 1e-3)
    q = jnp.zeros_like(tables.reward)
    for _ in range(400):
        q = tables.reward + tables.gamma * tables.prob @ jnp.max(q, axis=-1)
    np.testing.assert_array_equal(np.argmax(solution.pi, -1), np.argmax(q, -1))
    np.testing.assert_allclose(solution.q, q, atol=0.02)
