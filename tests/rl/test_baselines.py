"""Baselines: what they leave alone (the mean), what they lower (the variance), and by how much."""

from __future__ import annotations

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empo.core.errors import InputError
from empo.rl.baselines import batch_mean, leave_one_out, optimal

PI = np.array([0.5, 0.3, 0.2])
SCORES = np.eye(3) - PI
"""grad log pi of a softmax over three actions, by its logits; one row per action."""
RETURNS = np.array([10.0, 11.0, 14.0])


@pytest.fixture(autouse=True)
def _in_64_bits():
    with jax.enable_x64(True):
        yield


def close(found, wanted, tolerance=1e-12):
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=0, atol=tolerance)


def moments(weights):
    """Mean, and summed variance, of score times weight under PI."""
    samples = SCORES * np.asarray(weights)[:, None]
    mean = PI @ samples
    return mean, PI @ np.sum((samples - mean) ** 2, axis=-1)


def as_a_sample():
    """Ten samples that come exactly as often as PI says."""
    return np.repeat(np.arange(3), [5, 3, 2])


def test_by_hand():
    returns = jnp.array([1.0, 2.0, 6.0])
    close(batch_mean(returns), [3, 3, 3])
    close(leave_one_out(returns), [4, 3.5, 1.5])
    # (1 * 1 + 2 * 2 + 0 * 6) / 3
    close(optimal(returns, jnp.array([1.0, 2.0, 0.0])), [5 / 3] * 3)


@pytest.mark.parametrize("baseline", [batch_mean, leave_one_out, optimal])
@pytest.mark.parametrize("axis", [0, 1])
def test_along_an_axis_they_are_what_they_are_of_each_line_alone(baseline, axis):
    rng = np.random.default_rng(0)
    data = [jnp.asarray(rng.random((4, 3)))]
    if baseline is optimal:
        data.append(jnp.asarray(rng.random((4, 3))))
    found = np.moveaxis(np.asarray(baseline(*data, axis=axis)), axis, 0)
    lines = [np.moveaxis(np.asarray(x), axis, 0) for x in data]
    for i in range(found.shape[1]):
        close(found[:, i], baseline(*(jnp.asarray(x[:, i]) for x in lines)))


def test_leave_one_out_needs_others():
    with pytest.raises(InputError, match="at least 2 returns, got 1"):
        leave_one_out(jnp.ones(1))


def mean_gradient(baseline, n):
    """E of (1/n) sum of score (R - b), over all samples of n actions: exact, by enumeration."""
    mean = np.zeros(3)
    for actions in product(range(3), repeat=n):
        drawn = list(actions)
        advantage = RETURNS[drawn] - np.asarray(baseline(jnp.asarray(RETURNS[drawn])))
        mean += np.prod(PI[drawn]) * (advantage @ SCORES[drawn]) / n
    return mean


@pytest.mark.parametrize("n", [2, 3, 4])
def test_C06_the_mean_of_the_batch_shrinks_the_gradient_to_n_minus_1_of_n(n):
    true, _ = moments(RETURNS)
    close(mean_gradient(batch_mean, n), (n - 1) / n * true)


@pytest.mark.parametrize("n", [2, 3])
def test_D03_leaving_each_out_of_its_own_baseline_has_no_bias(n):
    true, _ = moments(RETURNS)
    close(mean_gradient(leave_one_out, n), true)


def test_C06_D03_a_constant_leaves_the_mean_and_the_batch_mean_lowers_the_variance():
    actions = as_a_sample()
    mean_return = float(batch_mean(jnp.asarray(RETURNS[actions]))[0])
    true, plain = moments(RETURNS)
    centred_mean, centred = moments(RETURNS - mean_return)
    close(centred_mean, true)
    assert centred < 0.1 * plain


def test_E10_no_constant_has_less_variance_than_the_optimal_one():
    actions = as_a_sample()
    norms = np.sum(SCORES**2, axis=-1)
    found = float(optimal(jnp.asarray(RETURNS[actions]), jnp.asarray(norms[actions]))[0])
    grid = np.linspace(0, 20, 20_001)
    variances = [moments(RETURNS - b)[1] for b in grid]
    assert abs(grid[np.argmin(variances)] - found) <= 1e-3  # the grid's spacing
    none, mean, best = (moments(RETURNS - b)[1] for b in (0.0, PI @ RETURNS, found))
    assert best < mean < none
    close(best, min(variances), 1e-5)


def test_E10_where_scores_are_of_one_length_the_optimal_baseline_is_the_mean():
    returns = jnp.array([1.0, 5.0, 9.0])
    close(optimal(returns, jnp.full(3, 0.7)), batch_mean(returns))


@given(
    returns=st.lists(st.floats(-10, 10), min_size=3, max_size=3),
    b=st.lists(st.floats(-10, 10), min_size=3, max_size=3),
)
@settings(max_examples=200, deadline=None)
def test_E09_a_baseline_helps_if_and_only_if_twice_the_covariance_exceeds_its_variance(returns, b):
    # X = score R and Y = score b, here the first entry of the score; b may even vary.
    x, y = SCORES[:, 0] * returns, SCORES[:, 0] * b

    def covariance(x, y):
        return PI @ (x * y) - (PI @ x) * (PI @ y)

    of_difference = covariance(x - y, x - y)
    gain = 2 * covariance(x, y) - covariance(y, y)
    assert of_difference == pytest.approx(covariance(x, x) - gain, abs=1e-9)
    if abs(gain) > 1e-9:
        assert (of_difference < covariance(x, x)) == (gain > 0)


def test_E09_the_batch_mean_helps_by_the_identity():
    actions = as_a_sample()
    b = np.asarray(batch_mean(jnp.asarray(RETURNS[actions])))
    score = SCORES[actions, 0]
    x, y = score * RETURNS[actions], score * b
    twice_covariance = 2 * np.cov(x, y, ddof=0)[0, 1]
    close(np.var(x - y), np.var(x) + np.var(y) - twice_covariance)
    assert twice_covariance > np.var(y)
    # A baseline of three times the size does harm: 2 Cov = 6 < Var = 9, in units of Var(score b).
    assert np.var(x - 3 * y) > np.var(x)
