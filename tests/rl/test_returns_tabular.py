"""Targets and advantages against values that are known exactly."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.rl import returns
from tests.rl.tabular import (
    Mdp,
    action_values,
    all_trajectories,
    drawn_mdp,
    drawn_policy,
    sampled,
    state_values,
    values_to_go,
)

gae = jax.jit(returns.gae)
reward_to_go = jax.jit(returns.reward_to_go)


@pytest.fixture(autouse=True)
def _in_64_bits():
    with jax.enable_x64(True):
        yield


def close(found, wanted, tolerance=1e-12):
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=0, atol=tolerance)


def every_transition(mdp):
    """Each (s, a, s') once, as a row of one step each; and the three, flat."""
    n_states, n_actions, _ = mdp.prob.shape
    s, a, s_next = (x.ravel() for x in np.indices((n_states, n_actions, n_states)))
    one_row = (1, s.size)
    return (
        jnp.asarray(mdp.reward[s, a, s_next]).reshape(one_row),
        jnp.full(one_row, mdp.gamma),
        jnp.zeros(one_row, bool),
        (s, a, s_next),
    )


def policy_average(mdp, pi, x):
    """E over a ~ pi and s' of a number per (s, a, s')."""
    return jnp.sum(pi[..., None] * mdp.prob * x.reshape(mdp.prob.shape), axis=(1, 2))


@pytest.mark.parametrize("seed", range(3))
def test_C02_one_step_targets_of_v_have_their_fixed_point_at_v_of_pi(seed):
    mdp, pi = drawn_mdp(seed, 4, 3), drawn_policy(seed, 4, 3)
    reward, discount, boundary, (_, _, s_next) = every_transition(mdp)

    def sweep(_, v):
        target = returns.n_step_target(reward, v[s_next][None], discount, boundary, 1)
        return policy_average(mdp, pi, target)

    found = jax.jit(lambda v: jax.lax.fori_loop(0, 500, sweep, v))(jnp.zeros(4))
    close(found, state_values(mdp, pi), 1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_C02_one_step_targets_of_q_average_over_what_pi_does_next_and_not_over_the_best(seed):
    mdp, pi = drawn_mdp(seed, 4, 3), drawn_policy(seed, 4, 3)
    reward, discount, boundary, (_, _, s_next) = every_transition(mdp)

    def fixed_point(value_of):
        def sweep(_, q):
            ahead = value_of(q)[s_next][None]
            target = returns.n_step_target(reward, ahead, discount, boundary, 1)
            return jnp.sum(mdp.prob * target.reshape(mdp.prob.shape), axis=-1)

        return jax.jit(lambda q: jax.lax.fori_loop(0, 500, sweep, q))(jnp.zeros((4, 3)))

    on_policy = fixed_point(lambda q: jnp.sum(pi * q, axis=-1))
    close(on_policy, action_values(mdp, state_values(mdp, pi)), 1e-10)
    greedy = fixed_point(lambda q: jnp.max(q, axis=-1))
    assert np.all(greedy > on_policy + 0.01)


@pytest.mark.parametrize("seed", range(5))
def test_C07_F03_the_mean_advantage_over_the_actions_of_pi_is_0(seed):
    mdp, pi = drawn_mdp(seed, 4, 3), drawn_policy(seed, 4, 3)
    reward, discount, boundary, (s, _, s_next) = every_transition(mdp)
    v = state_values(mdp, pi)
    advantage = gae(
        reward, jnp.asarray(v[s])[None], jnp.asarray(v[s_next])[None], discount, boundary, 0.0
    )
    close(policy_average(mdp, pi, advantage), np.zeros(4), 1e-12)
    # Averaged over s' alone it is Q(s, a) - V(s): of an action, positive if better than the mean.
    of_action = jnp.sum(mdp.prob * advantage.reshape(mdp.prob.shape), axis=-1)
    close(of_action, action_values(mdp, v) - v[:, None])
    assert np.all(np.max(of_action, axis=1) > 0)
    assert np.all(np.min(of_action, axis=1) < 0)


@pytest.mark.parametrize("lambda_", [0.0, 0.7, 1.0])
def test_C07_with_the_exact_v_the_mean_of_gae_is_0_for_every_lambda(lambda_):
    mdp, pi = drawn_mdp(6), drawn_policy(7)
    start = np.array([0.4, 0.6])
    v = state_values(mdp, pi)
    paths = all_trajectories(mdp, pi, start, 4)
    advantage = gae(
        jnp.asarray(paths.reward),
        jnp.asarray(v[paths.states[:-1]]),
        jnp.asarray(v[paths.states[1:]]),
        jnp.full(paths.reward.shape, mdp.gamma),
        paths.unmarked,
        lambda_,
    )
    close(np.asarray(advantage) @ paths.prob, np.zeros(4))


def test_D07_monte_carlo_means_approach_v_with_the_root_of_the_sample():
    mdp, pi = drawn_mdp(8, 3), drawn_policy(9, 3)
    n_steps, sizes, n_repeats = 6, [10, 100, 1000], 200
    v = values_to_go(mdp, pi, n_steps)[0][0]
    for state in range(3):
        largest = sizes[-1] * n_repeats
        paths = sampled(mdp, pi, np.eye(3)[state], n_steps, largest, seed=state)
        shape = paths.reward.shape
        discount, nothing = jnp.full(shape, mdp.gamma), jnp.zeros(shape)
        to_go = reward_to_go(jnp.asarray(paths.reward), nothing, discount, paths.unmarked)
        drawn = np.asarray(to_go)[0].reshape(n_repeats, -1)
        errors = [np.sqrt(np.mean((drawn[:, :n].mean(axis=1) - v[state]) ** 2)) for n in sizes]
        slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
        assert slope == pytest.approx(-0.5, abs=0.05)
        assert errors[-1] == pytest.approx(drawn.std() / np.sqrt(1000), rel=0.15)


def noisy_chain():
    """Five states in a row that one runs through, each step paying 0 or 2 by chance, for ever."""
    n_states = 5
    prob = np.zeros((n_states, 2, n_states))
    for state in range(n_states):
        prob[state, :, (state + 1) % n_states] = 1
    reward = np.zeros_like(prob)
    reward[:, 1] = 2
    return Mdp(prob, reward, gamma=0.9), np.full((n_states, 2), 0.5)


def test_D10_A20_lambda_trades_the_bias_of_a_wrong_v_for_variance():
    mdp, pi = noisy_chain()
    n_steps, n, lambdas = 40, 20_000, [0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0]
    v = state_values(mdp, pi)
    wrong = v + np.array([3.0, -1.0, 2.0, -2.0, 1.0])
    paths = sampled(mdp, pi, np.eye(5)[0], n_steps, n, seed=0)
    curve = []
    for lambda_ in lambdas:
        advantage = gae(
            jnp.asarray(paths.reward),
            jnp.asarray(wrong[paths.states[:-1]]),
            jnp.asarray(wrong[paths.states[1:]]),
            jnp.full(paths.reward.shape, mdp.gamma),
            paths.unmarked,
            lambda_,
        )
        target = np.asarray(advantage)[0] + wrong[0]
        curve.append((target.mean() - v[0], target.var()))
    bias, variance = np.array(curve).T
    # What is off in v(s_k), here d_k, enters weighted (1 - lambda) lambda^(k-1) gamma^k; the noise
    # of r_k, whose variance is 1, weighted (gamma lambda)^k.
    for lambda_, found_bias, found_variance in zip(lambdas, bias, variance, strict=True):
        off = (wrong - v)[np.arange(1, n_steps + 1) % 5] * 0.9 ** np.arange(1, n_steps + 1)
        share = (1 - lambda_) * lambda_ ** np.arange(n_steps)
        share[-1] = lambda_ ** (n_steps - 1)
        of_noise = np.sum((0.9 * lambda_) ** (2 * np.arange(n_steps)))
        assert abs(found_bias - share @ off) < 4 * np.sqrt(of_noise / n)
        assert found_variance == pytest.approx(of_noise, rel=0.05)
    assert np.all(np.diff(variance) > 0)
    assert abs(bias[0]) > 0.8
    assert abs(bias[-1]) < 0.1
