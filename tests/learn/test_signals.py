"""What swings and what follows, on curves of which that is known."""

from __future__ import annotations

import numpy as np
import pytest

from empo.learn.signals import FEW, following, oscillation, ripple
from tests.learn import curves

KEYS = range(6)


@pytest.mark.parametrize("key", KEYS)
def test_a_ripple_is_what_the_best_falling_curve_leaves(key):
    # The fit at i is the least over a <= i of the greatest over b >= i of the mean of a ... b.
    trace = curves.noise(key, 1.0, 25) * np.exp(-curves.share(25))
    logs = np.log(trace + 1e-8)
    fit = [
        min(max(logs[a : b + 1].mean() for b in range(i, 25)) for a in range(i + 1))
        for i in range(25)
    ]
    np.testing.assert_allclose(ripple(trace), logs - fit, atol=1e-12)


@pytest.mark.parametrize("key", KEYS)
def test_a_falling_curve_has_no_ripple_whatever_its_form(key):
    falling = np.sort(curves.noise(key, 2.0))[::-1]
    np.testing.assert_array_equal(ripple(falling), 0)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", curves.QUIET)
def test_B25_what_only_falls_rises_drifts_or_is_noise_does_not_swing(name, key):
    assert oscillation(curves.QUIET[name](key)) is None


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", curves.SWINGING)
def test_B25_regular_waves_swing(name, key):
    assert oscillation(curves.SWINGING[name](key)) is not None


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("period", [2, 5, 8, 13, 20, 30])
def test_the_period_and_the_size_of_waves_are_found(period, key):
    # Of 0.5 sin the standard deviation is 0.354, and exp(0.354) = 1.42; of 0.5 (-1)^t it is 0.5.
    times = 0.5 * np.cos(2 * np.pi * np.arange(curves.N) / period)
    swing = oscillation(np.exp(times) * curves.noise(key, 0.05))
    assert swing is not None
    assert abs(swing.period - period) <= 1
    size = np.expm1(0.5 if period == 2 else 0.5 / np.sqrt(2))
    assert swing.size == pytest.approx(size, rel=0.15)


@pytest.mark.parametrize("name", curves.SWINGING)
def test_no_swing_is_seen_in_errors_below_1_percent_or_in_few_points(name):
    trace = curves.SWINGING[name](0)
    assert oscillation(trace * 1e-4 / trace.max()) is None
    assert oscillation(trace[: FEW - 1]) is None
    assert oscillation(trace[:0]) is None


def test_swings_smaller_than_the_noise_of_a_batch_are_none():
    times = np.sin(np.arange(curves.N))
    assert oscillation(np.exp(0.12 * times)) is None  # 0.12 / sqrt(2) = 8.5%
    assert oscillation(np.exp(0.16 * times)) is not None  # 11.3%


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("shift", [0, 1, 3, 10])
def test_B25_what_follows_is_found_and_how_long_after(shift, key):
    lag = following(*curves.followed(key, shift))
    assert lag is not None
    assert lag.shift == shift
    assert 0.5 < lag.correlation < 1


@pytest.mark.parametrize("key", KEYS)
def test_B25_what_comes_first_does_not_follow(key):
    cause, effect = curves.followed(key, 3)
    assert following(effect, cause) is None


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("first", curves.QUIET)
@pytest.mark.parametrize("second", ["noise at a floor", "a noisy decay", "a drift", "zeros"])
def test_B25_of_two_that_have_nothing_to_do_with_each_other_none_follows(first, second, key):
    assert following(curves.QUIET[first](key), curves.QUIET[second](key + 500)) is None


@pytest.mark.parametrize("key", KEYS)
def test_B25_falling_learning_rates_that_both_feel_make_none_follow(key):
    fall = np.where(curves.share() < 0.7, 1, 0.05)
    x, y = (fall * curves.noise(k, 0.2) for k in (key, key + 500))
    assert following(x, y) is None


def test_nothing_follows_in_few_points():
    cause, effect = curves.followed(0)
    assert following(cause[: FEW - 1], effect[: FEW - 1]) is None
    assert following(cause[:0], effect) is None


@pytest.mark.slow
@pytest.mark.parametrize("n", [20, 40, 100, 300])
def test_false_alarms_are_rarer_than_one_in_twenty(n):
    # 300 pairs of drifts of each memory: at 5%, more than 27 would have a chance of one in 1,000.
    for memory in (0.0, 0.5, 0.9):
        swings = sum(oscillation(curves.drift(k, 0.3, memory, n)) is not None for k in range(300))
        pairs = ((curves.drift(k, 0.5, memory, n), k + 5000) for k in range(300))
        lags = sum(following(x, curves.drift(k, 0.5, memory, n)) is not None for x, k in pairs)
        assert max(swings, lags) <= 15
