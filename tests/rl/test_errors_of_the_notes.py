"""Formulas found wrong in lecture notes: what each gives, and what is built here instead.

The wrong one is written out in the test, on the smallest task that tells the two apart.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.rl import returns
from empo.rl.baselines import batch_mean, optimal
from tests.rl.rollouts import uncut
from tests.rl.tabular import drawn_mdp, drawn_policy, state_values

gae = jax.jit(returns.gae)
reward_to_go = jax.jit(returns.reward_to_go)
n_step_target = jax.jit(returns.n_step_target, static_argnames="n_steps")


@pytest.fixture(autouse=True)
def _in_64_bits():
    with jax.enable_x64(True):
        yield


def close(found, wanted, tolerance=1e-12):
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=0, atol=tolerance)


class Bandit(NamedTuple):
    """One state, one step: a softmax policy, its scores by action, and what each action pays."""

    pi: np.ndarray
    q: np.ndarray

    @property
    def scores(self):
        return np.eye(len(self.pi)) - self.pi

    @property
    def v(self):
        return self.pi @ self.q

    @property
    def gradient(self):
        return self.pi * (self.q - self.v)


BANDIT = Bandit(np.array([0.5, 0.3, 0.2]), np.array([1.0, 2.0, 4.0]))


def test_F01_C03_v_of_the_state_as_a_weight_has_no_gradient_at_all():
    pi, q, v, scores = BANDIT.pi, BANDIT.q, BANDIT.v, BANDIT.scores
    close(pi @ (v * scores), np.zeros(3), 1e-15)
    close(pi @ (q[:, None] * scores), BANDIT.gradient)
    # And in a million samples: noise of the notes' weight, while ours gives the true one.
    n = 1_000_000
    actions = np.random.default_rng(0).choice(3, size=n, p=pi)
    noise = v * np.sqrt(pi @ np.sum(scores**2, axis=-1) / n)
    of_notes = v * scores[actions].mean(axis=0)
    assert np.linalg.norm(of_notes) < 3 * noise
    paid, ended = jnp.asarray(q[actions])[None], jnp.zeros((1, n))
    advantage = np.asarray(gae(paid, jnp.full((1, n), v), ended, ended, ended == 0, 0.95))[0]
    ours = advantage @ scores[actions] / n
    assert np.linalg.norm(ours - BANDIT.gradient) < 5e-3
    assert np.linalg.norm(BANDIT.gradient) > 100 * noise


def test_F02_with_v_of_one_state_on_both_sides_the_fixed_point_is_0_and_10_not_point_9_and_1():
    # s0 -> s1 pays 0, s1 -> s2 pays 1, s2 is absorbing and pays nothing; gamma = .9.
    reward, gamma = np.array([0.0, 1.0, 0.0]), 0.9
    after = np.array([1, 2, 2])
    ours, of_notes = np.zeros(3), np.zeros(3)
    discount, uncut_row = jnp.full((1, 3), gamma), jnp.zeros((1, 3), bool)
    for _ in range(500):
        value_next = jnp.asarray(ours[after])[None]
        ours = np.asarray(
            n_step_target(jnp.asarray(reward)[None], value_next, discount, uncut_row, n_steps=1)
        )[0]
        of_notes = reward + gamma * of_notes
    close(ours, [0.9, 1, 0], 1e-10)
    close(of_notes, [0, 10, 0], 1e-10)


def test_F03_an_action_is_better_if_its_advantage_is_positive_not_its_absolute_value():
    paid, v = jnp.asarray(BANDIT.q)[None], jnp.full((1, 3), BANDIT.v)
    ended = jnp.zeros((1, 3))
    advantage = np.asarray(gae(paid, v, ended, ended, ended == 0, 0.0))[0]
    close(BANDIT.pi @ advantage, 0.0)  # V is the mean of Q over the actions, no Q itself
    close(np.sign(advantage), [-1, 1, 1])
    # Following the notes' |A|, the worst action would be taken more often too.
    upwards = BANDIT.pi @ (np.abs(advantage)[:, None] * BANDIT.scores)
    assert BANDIT.gradient[0] < 0 < upwards[0]


class TwoSteps(NamedTuple):
    """The first of two actions, by chance p = 1/2, is paid 1 after the SECOND step.

    Trajectories side by side: one with each first action. The second action pays nothing.
    """

    score: np.ndarray
    """Derivative of log pi(a_0) by the log odds of the paid action: 1 - p and -p."""
    reward: jnp.ndarray
    prob: np.ndarray
    gradient: float
    """d/d log odds of p, p (1 - p)."""

    def mean(self, weight_of_first):
        return float(self.prob @ (self.score * np.asarray(weight_of_first)))


TWO_STEPS = TwoSteps(
    np.array([0.5, -0.5]), np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([0.5, 0.5]), 0.25
)


def to_go_of_two_steps():
    reward = jnp.asarray(TWO_STEPS.reward)
    ended = jnp.array([[False, False], [True, True]])
    return np.asarray(reward_to_go(reward, 0 * reward, jnp.where(ended, 0.0, 1.0), ended))


def test_F06_rewards_of_the_past_give_a_gradient_of_0_instead_of_a_quarter():
    past = np.cumsum(TWO_STEPS.reward, axis=0)
    assert TWO_STEPS.mean(past[0]) == 0
    assert TWO_STEPS.mean(to_go_of_two_steps()[0]) == TWO_STEPS.gradient == 0.25


def test_F24_a_reward_of_the_same_step_alone_never_learns_of_a_later_one():
    # Five hundred steps of exact ascent from even odds.
    def probability_after_training(weight_of_first):
        log_odds = 0.0
        for _ in range(500):
            p = 1 / (1 + np.exp(-log_odds))
            log_odds += p * (1 - p) * (weight_of_first[0] - weight_of_first[1])
        return 1 / (1 + np.exp(-log_odds))

    assert probability_after_training(TWO_STEPS.reward[0]) == 0.5
    assert probability_after_training(to_go_of_two_steps()[0]) > 0.99


def test_F07_the_norm_of_the_mean_score_is_0_and_so_is_no_denominator():
    pi, q, scores = BANDIT.pi, BANDIT.q, BANDIT.scores
    assert np.linalg.norm(pi @ scores) < 1e-15  # the denominator of the notes
    # Ten samples that come exactly as often as the policy says.
    actions = np.repeat(np.arange(3), [5, 3, 2])
    norms = np.sum(scores**2, axis=-1)
    found = float(optimal(jnp.asarray(q[actions]), jnp.asarray(norms[actions]))[0])
    close(found, pi @ (norms * q) / (pi @ norms))

    def variance(b):
        return pi @ np.sum((scores * (q - b)[:, None] - BANDIT.gradient) ** 2, axis=-1)

    # With |score|^2 = .38, .78, .98 the constant is .19 * 1 + .234 * 2 + .196 * 4 over .62.
    close(found, 1.442 / 0.62)
    assert all(variance(found) < variance(found + step) for step in (-1.0, -1e-3, 1e-3, 1.0))


def test_F07_v_at_a_later_step_is_of_what_is_to_come_not_of_the_whole_return():
    # A sure 5, then a sure 1: v(s_1) = 1, while the return of the whole trajectory is 6.
    reward, ended = jnp.array([5.0, 1.0]), jnp.array([False, True])
    discount = jnp.array([1.0, 0.0])
    close(reward_to_go(reward, jnp.zeros(2), discount, ended), [6, 1])
    close(jax.jit(returns.whole_return)(reward, jnp.zeros(2), discount, ended), [6, 6])


def test_F08_a_bootstrapped_advantage_is_unbiased_exactly_if_v_is_and_s_next_is_random_too():
    mdp, pi = drawn_mdp(3), drawn_policy(4)
    v = state_values(mdp, pi)
    s, a, s_next = (x.ravel() for x in np.indices(mdp.prob.shape))
    prob = mdp.prob.ravel()

    def of_every_transition(values):
        # The reward depends on (s, a) alone, so that only s' is left to chance.
        reward = jnp.asarray(mdp.reward_mean[s, a])[None]
        discount, boundary = jnp.full((1, s.size), mdp.gamma), jnp.zeros((1, s.size), bool)
        pair = jnp.asarray(values[s])[None], jnp.asarray(values[s_next])[None]
        return np.asarray(gae(reward, *pair, discount, boundary, 0.0)).reshape(mdp.prob.shape)

    def mean(x):
        return np.sum(prob.reshape(x.shape) * x, axis=-1)

    true = mdp.reward_mean + mdp.gamma * mdp.prob @ v - v[:, None]
    exact = of_every_transition(v)
    close(mean(exact), true)
    assert np.all(mean((exact - true[..., None]) ** 2) > 1e-4)  # variance is lower, not gone
    wrong = of_every_transition(v + np.array([0.0, 1.0]))
    assert np.abs(mean(wrong) - true).max() > 0.1


def rollout():
    """40 random steps at gamma = .9, on which the formulas of GAE are compared."""
    return uncut(0, 40)


def reward_and_values():
    return (np.asarray(x) for x in rollout()[:3])


def advantages_of_k_steps():
    """A^(k) at row t; axes k - 1, t. Beyond the data k is cut to what there is."""
    reward, value, value_next = reward_and_values()
    delta, n = reward + 0.9 * value_next - value, len(reward)
    return np.array(
        [
            [sum(0.9**i * delta[t + i] for i in range(min(k, n - t))) for t in range(n)]
            for k in range(1, n + 1)
        ]
    )


def gae_of_rollout(lambda_):
    return np.asarray(gae(*rollout(), lambda_))


def of_the_notes_F09(lambda_, scale=1.0):
    """sum over i = 1..T of (gamma lambda)^i A^i, A^i with gamma^(i-1) and i + 1 rewards."""
    reward, value, value_next = reward_and_values()
    n, found = len(reward), np.zeros(len(reward))
    for t in range(n):
        for i in range(1, n - t):
            paid = sum(0.9 ** (j - 1) * reward[t + j] for j in range(i + 1))
            advantage = paid + 0.9 ** (i + 1) * value_next[t + i] - value[t]
            found[t] += (0.9 * lambda_) ** i * advantage
    return found


def test_F09_E14_the_sum_of_the_notes_is_far_off_and_0_where_delta_is_wanted():
    reward, value, value_next = reward_and_values()
    delta = reward + 0.9 * value_next - value
    assert np.all(of_the_notes_F09(0.0) == 0)
    close(gae_of_rollout(0.0), delta, 1e-14)
    for lambda_ in (0.5, 0.95, 1.0):
        n = len(reward)
        ours = [sum((0.9 * lambda_) ** k * delta[t + k] for k in range(n - t)) for t in range(n)]
        close(gae_of_rollout(lambda_), ours)
        assert np.abs(of_the_notes_F09(lambda_) - ours).max() > 1
    assert np.abs(of_the_notes_F09(1.0) - gae_of_rollout(1.0)).max() > 10


@pytest.mark.parametrize("lambda_", [0.5, 0.95, 0.99])
def test_F10_normalised_weights_are_wrong_where_the_data_ends(lambda_):
    advantages = advantages_of_k_steps()
    n = len(advantages)
    found = gae_of_rollout(lambda_)
    tail, normalised = np.zeros(n), np.zeros(n)
    for t in range(n):
        left = n - t
        weight = lambda_ ** np.arange(left)
        normalised[t] = weight @ advantages[:left, t] / weight.sum()
        weight[:-1] *= 1 - lambda_
        tail[t] = weight @ advantages[:left, t]
    close(found, tail)
    off = np.abs(normalised - found)
    assert off.max() > 0.1
    if lambda_ == 0.5:  # with 39 steps left, as good as infinitely many
        assert off[0] < 1e-9


class Replayed(NamedTuple):
    """States from a store, at each an action of pi; one sample per (state, action), flat."""

    prob: np.ndarray
    scores: np.ndarray
    """grad log pi by the logits of all states; axes sample, logit."""
    q: np.ndarray
    v: np.ndarray

    def moments(self, weight):
        samples = self.scores * weight[:, None]
        mean = self.prob @ samples
        return mean, self.prob @ np.sum((samples - mean) ** 2, axis=-1)


def replayed(states):
    """How often each state is met is `states`; all returns are raised by 10."""
    mdp, pi = drawn_mdp(5), drawn_policy(6)
    v = state_values(mdp, pi)
    q = mdp.reward_mean + mdp.gamma * mdp.prob @ v
    of_one_state = (np.eye(2) - pi[0], np.eye(2) - pi[1])
    scores = np.block([[of_one_state[0], np.zeros((2, 2))], [np.zeros((2, 2)), of_one_state[1]]])
    return Replayed((states[:, None] * pi).ravel(), scores, q.ravel() + 10, np.repeat(v, 2) + 10)


def test_F25_a_batch_lowers_variance_like_1_over_n_and_a_baseline_lowers_it_still():
    data = replayed(np.array([0.8, 0.2]))
    plain_mean, plain = data.moments(data.q)
    mean, with_baseline = data.moments(data.q - data.v)
    close(mean, plain_mean)
    assert with_baseline < 0.1 * plain
    drawn = np.random.default_rng(0).choice(4, size=(20_000, 64), p=data.prob)
    batches = (data.scores * data.q[:, None])[drawn].mean(axis=1)
    assert np.sum(np.var(batches, axis=0)) == pytest.approx(plain / 64, rel=0.05)


def test_F25_neither_batch_nor_baseline_removes_the_bias_of_whose_states_they_are():
    mdp, pi = drawn_mdp(5), drawn_policy(6)
    step = np.einsum("sa,sat->st", pi, mdp.prob)
    of_pi = np.linalg.matrix_power(step, 200)[0]
    close(of_pi @ step, of_pi)
    on_policy, stored = replayed(of_pi), replayed(np.array([0.8, 0.2]))
    difference = on_policy.moments(on_policy.q - on_policy.v)[0]
    difference = difference - stored.moments(stored.q - stored.v)[0]
    assert np.abs(difference).max() > 0.01


def test_F25_the_advantage_is_of_state_and_action():
    # One baseline for all states leaves the difference between them as noise.
    q = np.array([[1.0, 3.0], [101.0, 103.0]])
    of_batch = q - float(batch_mean(jnp.asarray(q.ravel()))[0])
    of_state = q - q.mean(axis=1, keepdims=True)
    assert np.mean(of_state**2) == 1
    assert np.mean(of_batch**2) == 2501
