"""Returns of one policy from data of another: by enumeration, and what long products cost."""

from __future__ import annotations

import math
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.rl import importance, returns
from empo.rl.importance import FewEffectiveSamples, check_support, warn_of_few
from tests.rl.rollouts import drawn
from tests.rl.tabular import (
    all_trajectories,
    drawn_mdp,
    drawn_policy,
    sampled,
    state_values,
    values_to_go,
)

per_decision_return = jax.jit(importance.per_decision_return)
full_product_return = jax.jit(importance.full_product_return)
effective_fraction = jax.jit(importance.effective_fraction)
reward_to_go = jax.jit(returns.reward_to_go)
ESTIMATORS = [per_decision_return, full_product_return]

PI, BEHAVIOUR = np.array([0.6, 0.4]), np.array([0.5, 0.5])


@pytest.fixture(autouse=True)
def _in_64_bits():
    with jax.enable_x64(True):
        yield


def close(found, wanted, tolerance=1e-12):
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=0, atol=tolerance)


def columns(paths, v, gamma):
    """What an estimator takes of trajectories that go on with value v after their last row."""
    value_next = jnp.asarray(v[paths.states[1:]])
    return jnp.asarray(paths.reward), value_next, jnp.full(paths.reward.shape, gamma)


@pytest.mark.parametrize("estimate", ESTIMATORS)
def test_C10_the_mean_over_all_trajectories_of_the_other_policy_is_exactly_v_of_pi(estimate):
    # With v^pi as what follows the last row, the mean is v^pi of the infinite problem.
    mdp, pi, mu = drawn_mdp(1), drawn_policy(2), drawn_policy(3)
    start = np.array([0.3, 0.7])
    v = state_values(mdp, pi)
    paths = all_trajectories(mdp, mu, start, 3)
    log_rho = jnp.asarray(np.log(pi / mu)[paths.states[:-1], paths.actions])
    reward, value_next, discount = columns(paths, v, mdp.gamma)
    found = estimate(reward, value_next, discount, paths.unmarked, log_rho)
    close(paths.prob @ np.asarray(found[0]), start @ v)
    without = reward_to_go(reward, value_next, discount, paths.unmarked)
    assert abs(paths.prob @ np.asarray(without[0]) - start @ v) > 0.01


@pytest.mark.parametrize("estimate", ESTIMATORS)
def test_C10_sampled_means_are_within_4_standard_errors(estimate):
    mdp, pi, mu = drawn_mdp(4, 3), drawn_policy(5, 3), drawn_policy(6, 3)
    start = np.full(3, 1 / 3)
    paths = sampled(mdp, mu, start, 5, n=200_000, seed=7)
    log_rho = jnp.asarray(np.log(pi / mu)[paths.states[:-1], paths.actions])
    inputs = columns(paths, np.zeros(3), mdp.gamma)
    found = np.asarray(estimate(*inputs, paths.unmarked, log_rho))[0]
    wanted = start @ values_to_go(mdp, pi, 5)[0][0]
    standard_error = found.std() / math.sqrt(found.size)
    assert abs(found.mean() - wanted) < 4 * standard_error
    without = np.asarray(reward_to_go(*inputs, paths.unmarked))[0]
    assert abs(without.mean() - wanted) > 6 * standard_error


def test_C10_by_hand():
    # gamma = 1/2, ratios 2, 3, 1/2, rewards 1, 4, 8; after the first two rows a time limit, v = 10.
    reward, value_next = jnp.array([1.0, 4.0, 8.0]), jnp.array([0.0, 10.0, 0.0])
    inputs = reward, value_next, jnp.full(3, 0.5), jnp.array([False, True, False])
    log_rho = jnp.log(jnp.array([2.0, 3.0, 0.5]))
    # 3 (4 + 5) = 27 and 2 (1 + 27/2) = 29; or 3 * 9 = 27 and 2 * 3 * (1 + 9/2) = 33.
    close(per_decision_return(*inputs, log_rho), [29, 27, 4])
    close(full_product_return(*inputs, log_rho), [33, 27, 4])


@pytest.mark.parametrize("estimate", ESTIMATORS)
def test_on_policy_both_are_the_reward_to_go(estimate):
    inputs = drawn(8, 15, 3).without_value
    close(estimate(*inputs, jnp.zeros((15, 3))), reward_to_go(*inputs))


@pytest.mark.parametrize("estimate", ESTIMATORS)
def test_an_action_that_pi_never_takes_ends_what_counts_but_no_other_trajectory(estimate):
    inputs = drawn(9, 4, cuts=0.0).without_value[:3]
    boundary = jnp.array([False, True, False, False])
    found = estimate(*inputs, boundary, jnp.array([0.1, 0.2, -jnp.inf, 0.3]))
    same = estimate(*inputs, boundary, jnp.array([0.1, 0.2, 0.0, 0.3]))
    close(found[:2], same[:2])
    assert found[2] == 0
    assert found[3] == same[3] != 0


def test_C10_what_the_other_policy_never_does_is_refused():
    check_support(np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([[0.1, 0.9], [0.0, 1.0]]))
    check_support(np.array([0.0, 1.0]), np.array([0.5, 0.5]))
    message = (
        r"takes action 1 at \(0,\) with probability 0\.25, the behaviour policy never does; "
        r"its probability must be above 0"
    )
    with pytest.raises(InputError, match=message):
        check_support(np.array([[0.75, 0.25]]), np.array([[1.0, 0.0]]))
    with pytest.raises(InputError, match="takes action 0 with probability 1,"):
        check_support(jnp.array([1.0, 0.0]), jnp.array([0.0, 1.0]))
    with pytest.raises(InputError, match="never does"):
        check_support(np.array([1.0, 0.0]), np.array([math.nan, 1.0]))


def test_the_effective_fraction_by_hand():
    # Weights 1, 1, 2: 4^2 / (3 * 6) = 8/9. Two trajectories of one column and one of another.
    boundary = jnp.array([[False, False], [True, False], [False, False]])
    ratio = jnp.array([[2.0, 4.0], [0.5, 0.5], [1.0, 1.0]])
    close(effective_fraction(boundary, jnp.log(ratio)), 8 / 9)


def test_the_effective_fraction_at_its_ends():
    one_row = jnp.zeros((1, 4), bool)
    close(effective_fraction(one_row, jnp.full((1, 4), 3.0)), 1)
    close(effective_fraction(one_row, jnp.array([[0.0, -jnp.inf, -jnp.inf, -jnp.inf]])), 1 / 4)
    close(effective_fraction(one_row, jnp.full((1, 4), -jnp.inf)), 0)
    # Weights beyond the range of numbers, e^5000 and twice that: 9 / (4 * 5).
    huge = jnp.array([[5000.0, 5000 + math.log(2), 0.0, 0.0]])
    close(effective_fraction(one_row, huge), 9 / 20)


def log_ratios_of(n_rows: int, n: int, seed: int) -> np.ndarray:
    taken = np.random.default_rng(seed).random((n_rows, n)) < BEHAVIOUR[1]
    return np.log(PI / BEHAVIOUR)[taken.astype(int)].astype(np.float32)


@pytest.mark.parametrize(
    ("horizon", "measured", "variance", "within"),
    [(10, 135_000, 0.48, 1.02), (50, 30_000, 6.1, 1.2), (100, 3_800, 49.5, 3)],
)
def test_C11_the_full_product_loses_its_sample_exponentially(horizon, measured, variance, within):
    # The mean of w^2 is (.5 * 1.2^2 + .5 * .8^2)^T = 1.04^T, so that w has the variance 1.04^T - 1
    # and 200,000 / 1.04^T = 135,000, 28,000, 4,000 samples count. Of 100 steps the few largest w
    # make up so much of the sum that a sample of this size says it within a factor of 3 only.
    n = 200_000
    mean_of_squares = np.sum(PI**2 / BEHAVIOUR) ** horizon
    assert mean_of_squares - 1 == pytest.approx(variance, rel=0.02)
    log_rho = jnp.asarray(log_ratios_of(horizon, n, seed=0))
    found = n * float(effective_fraction(jnp.zeros((horizon, n), bool), log_rho))
    for wanted in (n / mean_of_squares, measured):
        assert wanted / within < found < wanted * within


def test_C11_too_few_effective_samples_are_warned_of():
    log_rho = jnp.asarray(log_ratios_of(100, 20_000, seed=1))
    few = float(effective_fraction(jnp.zeros(log_rho.shape, bool), log_rho))
    assert few < 0.1
    with pytest.warns(
        FewEffectiveSamples, match=r"leave \d\.\d% of the sample effective, under 10%"
    ):
        warn_of_few(few)
    with pytest.warns(FewEffectiveSamples):
        warn_of_few(math.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_few(0.1)
        warn_of_few(1.0)


def test_C11_rewards_weighted_per_decision_vary_less_than_by_the_full_product():
    # 50 steps, each paying 1 whatever is done: the true return is known, and so are both means.
    log_rho = jnp.asarray(log_ratios_of(50, 50_000, seed=2))
    ones, zeros = jnp.ones(log_rho.shape, jnp.float32), jnp.zeros(log_rho.shape, jnp.float32)
    inputs = ones, zeros, 0.9 * ones, zeros > 0, log_rho
    per_decision, full = (np.asarray(estimate(*inputs)[0], float) for estimate in ESTIMATORS)
    true = (1 - 0.9**50) / 0.1
    for found in (per_decision, full):
        assert abs(found.mean() - true) < 4 * found.std() / math.sqrt(found.size)
    assert per_decision.var() < 0.3 * full.var()
