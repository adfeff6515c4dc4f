"""What a policy gradient weighs grad log pi with: means and variances over all trajectories."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.rl import returns
from tests.rl.tabular import (
    all_trajectories,
    drawn_mdp,
    drawn_policy,
    exact_gradient,
    gradient_samples,
    mean_and_variance,
    values_to_go,
)

N_STEPS = 3
START = np.array([0.3, 0.7])

gae = jax.jit(returns.gae)
reward_to_go = jax.jit(returns.reward_to_go)
whole_return = jax.jit(returns.whole_return)
discount_so_far = jax.jit(returns.discount_so_far)


@pytest.fixture(autouse=True)
def _in_64_bits():
    with jax.enable_x64(True):
        yield


def close(found, wanted, tolerance=1e-12):
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=0, atol=tolerance)


class Task:
    """Three steps, nothing after; all trajectories, and the values with t steps gone."""

    def __init__(self, seed, more=0.0):
        drawn = drawn_mdp(seed)
        self.mdp = replace(drawn, reward=drawn.reward + more)
        self.pi = drawn_policy(seed + 100)
        self.paths = all_trajectories(self.mdp, self.pi, START, N_STEPS)
        self.v, self.q = values_to_go(self.mdp, self.pi, N_STEPS)
        self.true = exact_gradient(self.mdp, self.pi, START, N_STEPS)
        shape = self.paths.reward.shape
        self.discount = jnp.full(shape, self.mdp.gamma)
        so_far = discount_so_far(self.discount, self.paths.unmarked)
        self.so_far = np.asarray(so_far)
        self.row = np.arange(N_STEPS)[:, None]
        self.returns = jnp.asarray(self.paths.reward), jnp.zeros(shape), self.discount
        self.value = self.v[self.row, self.paths.states[:-1]]
        self.value_next = self.v[self.row + 1, self.paths.states[1:]]

    def whole(self):
        return np.asarray(whole_return(*self.returns, self.paths.unmarked))

    def to_go(self):
        return np.asarray(reward_to_go(*self.returns, self.paths.unmarked))

    def action_value(self):
        return self.q[self.row, self.paths.states[:-1], self.paths.actions]

    def advantage(self, value, value_next, lambda_):
        values = jnp.asarray(value), jnp.asarray(value_next)
        reward, _, discount = self.returns
        return np.asarray(gae(reward, *values, discount, self.paths.unmarked, lambda_))

    def gradient(self, weight):
        """Mean and variance of the sum of gamma^t score_t weight_t."""
        samples = gradient_samples(self.pi, self.paths, weight)
        return mean_and_variance(samples, self.paths.prob)

    def discounted(self, weight):
        return self.gradient(self.so_far * weight)


@pytest.fixture(params=range(4), scope="module")
def task(request):
    with jax.enable_x64(True):
        return Task(request.param)


def test_C01_the_whole_return_gives_the_exact_gradient(task):
    close(task.gradient(task.whole())[0], task.true)


def test_C01_a_million_samples_of_a_bandit_are_within_4_standard_errors():
    pi, reward = np.array([0.5, 0.3, 0.2]), np.array([1.0, -2.0, 3.0])
    n = 1_000_000
    actions = np.random.default_rng(0).choice(3, size=n, p=pi)
    paid = jnp.asarray(reward[actions])[None]
    nothing = jnp.zeros((1, n))
    weight = np.asarray(reward_to_go(paid, nothing, nothing, nothing == 0))[0]
    samples = (np.eye(3)[actions] - pi) * weight[:, None]
    true = pi * (reward - pi @ reward)
    standard_error = samples.std(axis=0) / np.sqrt(n)
    assert np.all(np.abs(samples.mean(axis=0) - true) < 4 * standard_error)
    assert np.all(np.abs(true) > 40 * standard_error)


def test_D01_rewards_to_go_have_the_same_mean_and_less_variance(task):
    mean, variance = task.discounted(task.to_go())
    close(mean, task.true)
    assert variance < task.gradient(task.whole())[1]


def test_D02_q_in_place_of_the_rewards_to_go_has_the_same_mean_and_less_variance(task):
    mean, variance = task.discounted(task.action_value())
    close(mean, task.true)
    assert variance < task.discounted(task.to_go())[1]


def test_D03_taking_off_any_function_of_state_and_time_leaves_the_mean(task):
    anything = np.random.default_rng(0).normal(size=task.v.shape)
    baseline = anything[task.row, task.paths.states[:-1]]
    for weight in (task.to_go(), task.action_value()):
        close(task.discounted(weight - baseline)[0], task.true)


def test_D03_taking_off_a_function_of_the_action_does_not(task):
    biased = task.discounted(task.action_value() * 0.5)[0]
    assert np.abs(biased - task.true).max() > 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_D04_with_returns_far_from_0_taking_off_v_saves_most_of_the_variance(seed):
    # Each step pays 10 more, which leaves the gradient as it is: the number of steps is given.
    task = Task(seed, more=10.0)
    plain_mean, plain = task.discounted(task.to_go())
    mean, variance = task.discounted(task.to_go() - task.value)
    close(plain_mean, Task(seed).true)
    close(mean, Task(seed).true)
    assert variance < 0.05 * plain


@pytest.mark.parametrize("lambda_", [0.0, 0.5, 1.0])
def test_F08_an_advantage_from_the_exact_v_is_unbiased_and_still_varies(task, lambda_):
    mean, variance = task.discounted(task.advantage(task.value, task.value_next, lambda_))
    close(mean, task.true)
    assert variance > 1e-3


def test_F08_from_a_wrong_v_it_is_biased_unless_lambda_is_1(task):
    off = np.random.default_rng(1).normal(size=task.v.shape)
    off[-1] = 0  # after the last step there is nothing to be wrong about
    value = task.value + off[task.row, task.paths.states[:-1]]
    value_next = task.value_next + off[task.row + 1, task.paths.states[1:]]
    bias = [
        np.abs(task.discounted(task.advantage(value, value_next, lambda_))[0] - task.true).max()
        for lambda_ in (0.0, 0.5, 0.9, 1.0)
    ]
    assert bias[0] > 1e-2
    assert np.all(np.diff(bias) < 0)
    assert bias[-1] < 1e-12


def test_E12_the_variance_of_the_mean_of_n_trajectories_is_1_over_n(task):
    samples = gradient_samples(task.pi, task.paths, task.so_far * task.to_go())
    drawn = np.random.default_rng(2).choice(len(samples), size=2**18, p=task.paths.prob)
    sizes = np.array([1, 4, 16, 64])
    variances = [
        np.sum(np.var(samples[drawn].reshape(-1, n, samples[0].size).mean(axis=1), axis=0))
        for n in sizes
    ]
    slope = np.polyfit(np.log(sizes), np.log(variances), 1)[0]
    assert slope == pytest.approx(-1, abs=0.03)
    assert variances[0] == pytest.approx(task.discounted(task.to_go())[1], rel=0.02)
