"""Interquartile means and bootstrap intervals, against sums by hand and loops in plain Python."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empo.core.errors import InputError
from empo.runs.stats import difference, interquartile_mean, mean, over_seeds, stratified

RNG = np.random.default_rng(7)


def trimmed(values: list[Fraction]) -> Fraction:
    """The middle half by brute force: four copies of each value, a quarter cut at each end."""
    copies = sorted(itertools.chain.from_iterable([v] * 4 for v in values))
    middle = copies[len(values) : 3 * len(values)]
    return sum(middle, Fraction(0)) / len(middle)


def test_of_four_seeds_the_best_and_the_worst_are_left_out():
    # The middle two of 1, 2, 4, 100: (2 + 4) / 2.
    assert interquartile_mean(np.array([100.0, 2.0, 1.0, 4.0])) == 3.0


def test_of_three_seeds_the_outer_two_count_for_a_quarter():
    # (0/4 + 3 + 12/4) / (3/2)
    assert interquartile_mean(np.array([12.0, 0.0, 3.0])) == pytest.approx(4.0)


def test_one_seed_is_its_own_mean_and_two_are_averaged():
    assert interquartile_mean(np.array([5.0])) == 5.0
    assert interquartile_mean(np.array([5.0, 9.0])) == 7.0


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=30))
def test_it_equals_the_middle_half_of_four_copies(values):
    found = interquartile_mean(np.array(values, float))
    assert found == pytest.approx(float(trimmed([Fraction(v) for v in values])), abs=1e-9)


def test_curves_are_averaged_point_by_point():
    curves = RNG.normal(size=(7, 5, 2))
    found = interquartile_mean(curves)
    assert found.shape == (5, 2)
    for i, j in itertools.product(range(5), range(2)):
        assert found[i, j] == pytest.approx(float(interquartile_mean(curves[:, i, j])))


def test_the_bootstrap_of_three_seeds_is_that_of_all_27_resamples():
    seeds = np.array([0.0, 1.0, 5.0])
    means = sorted(sum(draw) / 3 for draw in itertools.product(seeds, repeat=3))
    low, high = np.quantile(means, [0.1, 0.9])
    found = over_seeds(seeds, mean, level=0.8, n_resamples=200_000)
    assert (found.centre, found.low, found.high) == pytest.approx((2.0, low, high))


def test_the_bootstrap_equals_a_loop_over_its_resamples():
    values = RNG.normal(size=(6, 4))
    random = np.random.default_rng(3)
    draws = random.integers(0, 6, (500, 6))
    resampled = [[interquartile_mean(values[draw, j]) for j in range(4)] for draw in draws]
    wanted = np.quantile(np.array(resampled), [0.025, 0.975], axis=0)
    found = over_seeds(values, n_resamples=500, seed=3)
    np.testing.assert_allclose([found.low, found.high], wanted)


def test_strata_are_resampled_one_by_one():
    # Seeds that agree within each task: whatever is drawn, the pooled sample stays the same.
    tasks = [np.full(5, 1.0), np.full(3, 10.0)]
    found = stratified(tasks, mean)
    assert found.low == found.centre == found.high == pytest.approx((5 * 1 + 3 * 10) / 8)


def test_two_strata_against_a_loop():
    first, second = RNG.normal(size=4), 3 + RNG.normal(size=6)
    random = np.random.default_rng(0)
    draws = random.integers(0, 4, (300, 4)), random.integers(0, 6, (300, 6))
    resampled = [
        interquartile_mean(np.concatenate([first[a], second[b]]))
        for a, b in zip(*draws, strict=True)
    ]
    found = stratified([first, second], n_resamples=300)
    np.testing.assert_allclose([found.low, found.high], np.quantile(resampled, [0.025, 0.975]))


def test_long_curves_in_pieces_give_what_they_give_at_once(monkeypatch):
    curves = RNG.normal(size=(5, 40))
    at_once = over_seeds(curves, n_resamples=100)
    monkeypatch.setattr("empo.runs.stats._LARGEST", 5 * 100 * 3)
    for whole, piecewise in zip(at_once, over_seeds(curves, n_resamples=100), strict=True):
        np.testing.assert_array_equal(whole, piecewise)


def test_one_seed_has_no_interval():
    found = over_seeds(np.array([[1.0, 2.0]]))
    np.testing.assert_array_equal(found.centre, [1.0, 2.0])
    assert np.isnan([found.low, found.high]).all()


def test_the_same_seed_gives_the_same_interval_and_another_one_another():
    values = RNG.normal(size=9)
    assert over_seeds(values) == over_seeds(values)
    assert over_seeds(values, n_resamples=99) != over_seeds(values, n_resamples=99, seed=1)


@given(
    st.lists(st.floats(-100, 100), min_size=2, max_size=8),
    st.floats(0.1, 10),
    st.floats(-10, 10),
)
def test_intervals_move_and_grow_with_the_values(values, scale, shift):
    plain = over_seeds(np.array(values), n_resamples=50)
    moved = over_seeds(scale * np.array(values) + shift, n_resamples=50)
    for one, other in zip(plain, moved, strict=True):
        assert other == pytest.approx(scale * one + shift, abs=1e-6)


@pytest.mark.slow
def test_coverage_is_as_the_docstring_says():
    # 95% intervals for the centre of normal seeds: measured .906 of five seeds, .944 of fifty.
    random = np.random.default_rng(0)
    for n_seeds, least, most in ((5, 0.88, 0.93), (50, 0.925, 0.965)):
        runs = random.normal(size=(n_seeds, 2000))
        held = [over_seeds(runs[:, i], n_resamples=400, seed=i) for i in range(2000)]
        covered = np.mean([found.low <= 0 <= found.high for found in held])
        assert least < covered < most


@pytest.mark.parametrize(
    ("strata", "words"),
    [
        ([], "without seeds"),
        ([np.zeros((0, 2))], "without seeds"),
        ([np.zeros((2, 2)), np.zeros((2, 3))], "unlike shapes"),
    ],
)
def test_what_cannot_be_resampled_is_refused(strata, words):
    with pytest.raises(InputError, match=words):
        stratified(strata)


@pytest.mark.parametrize(("name", "value"), [("level", 1.0), ("n_resamples", 0)])
def test_settings_out_of_range_are_refused(name, value):
    with pytest.raises(InputError, match=name):
        over_seeds(np.zeros(3), **{name: value})


def test_a_difference_is_of_the_centres_and_resamples_both_apart():
    one, other = np.array([1.0, 2, 4, 100]), np.array([10.0, 20, 30])
    found = difference(one, other)
    assert found.centre == interquartile_mean(one) - interquartile_mean(other)
    # With no spread in the one the interval is that of the other, turned round.
    low, high = over_seeds(other)[1:]
    turned = difference(np.full(3, 50.0), other)
    assert turned.low == pytest.approx(50 - high, abs=0.5)
    assert turned.high == pytest.approx(50 - low, abs=0.5)
    # Two groups spread more than one.
    both = difference(other, other)
    assert both.centre == 0
    assert both.high - both.low > 1.1 * (high - low)
