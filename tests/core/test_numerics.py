"""Soft and hard choices: worked by hand, as laws, and at the ends of the range of numbers."""

from __future__ import annotations

import math
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empo.core.numerics import TIE, boltzmann, power_law

ALL = jnp.ones(3, bool)
BETAS = [0.0, 0.3, 1.0, 5.0, 1e4, math.inf]


@pytest.fixture(autouse=True)
def _in_64_bits():
    with jax.enable_x64(True):
        yield


def close(found, wanted, tolerance=1e-15):
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=0, atol=tolerance)


def equal(found, wanted):
    np.testing.assert_array_equal(np.asarray(found), wanted)


def test_boltzmann_by_hand():
    # beta = log 2: each unit doubles. 1 : 2 : 8.
    close(boltzmann(jnp.array([0.0, 1.0, 3.0]), math.log(2), ALL), np.array([1, 2, 8]) / 11)


def test_power_law_by_hand():
    # (-Q)^-2 of -1, -2, -4: 1 : 1/4 : 1/16, that is 16 : 4 : 1.
    close(power_law(jnp.array([-1.0, -2.0, -4.0]), 2.0, ALL), np.array([16, 4, 1]) / 21)


def test_beta_0_is_exactly_uniform_over_legal_actions():
    legal = jnp.array([True, False, True])
    values = jnp.array([-1e3, 5.0, -1e-3])
    equal(boltzmann(values, 0.0, legal), [0.5, 0, 0.5])
    equal(power_law(values, 0.0, legal), [0.5, 0, 0.5])
    equal(power_law(jnp.array([-1e-30, -1.0, -1e30]), 0.0, ALL), np.full(3, 1 / 3))


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("padding", [0.0, 7.0, -1e300, math.inf, math.nan])
def test_what_stands_at_illegal_actions_is_never_read(beta, padding):
    legal = jnp.array([True, False, True])
    values = jnp.array([-0.5, padding, -2.0])
    for choose in (boltzmann, power_law):
        with_padding = choose(values, beta, legal)
        without = choose(values[::2], beta, legal[::2])
        equal(with_padding, [without[0], 0, without[1]])


@pytest.mark.parametrize("beta", BETAS)
def test_the_only_legal_action_is_taken(beta):
    legal = jnp.array([False, True, False])
    for choose in (boltzmann, power_law):
        equal(choose(jnp.array([-1.0, -5.0, -0.1]), beta, legal), [0, 1, 0])


def test_infinite_beta_shares_the_best_equally():
    best = jnp.array([-1.0, -3.0, -1.0])
    for choose in (boltzmann, power_law):
        equal(choose(best, math.inf, ALL), [0.5, 0, 0.5])
    equal(boltzmann(jnp.zeros(3), math.inf, ALL), np.full(3, 1 / 3))


@pytest.mark.parametrize("choose", [boltzmann, power_law])
@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_ties_are_relative_differences_below_1e_12(choose, size):
    assert TIE == 1e-12
    near, far = -size * (1 + 0.9e-12), -size * (1 + 2e-12)
    equal(choose(jnp.array([-size, near, far]), math.inf, ALL), [0.5, 0.5, 0])


def test_ties_of_positive_values_are_relative_too():
    values = jnp.array([1e9, 1e9 * (1 - 0.9e-12), 1e9 * (1 - 2e-12)])
    equal(boltzmann(values, math.inf, ALL), [0.5, 0.5, 0])


@pytest.mark.parametrize("c", [1e-6, 1e-3, 0.7, 1e3, 1e6])
def test_power_law_does_not_depend_on_the_scale_of_q(c):
    rng = np.random.default_rng(0)
    q = -jnp.asarray(rng.uniform(0.1, 50.0, (200, 3)))
    close(power_law(c * q, 5.0, ALL[None]), power_law(q, 5.0, ALL[None]), 1e-12)
    close(jnp.log(power_law(c * q, 0.5, ALL[None]) / power_law(q, 0.5, ALL[None])), 0, 1e-12)


def test_boltzmann_does_depend_on_the_scale_but_not_on_a_shift():
    values = jnp.array([-1.0, -2.0, -4.0])
    assert np.max(np.abs(boltzmann(2 * values, 1.0, ALL) - boltzmann(values, 1.0, ALL))) > 0.05
    close(boltzmann(values + 100.0, 1.0, ALL), boltzmann(values, 1.0, ALL), 1e-12)


@pytest.mark.parametrize("c", [1e-6, 1e6])
def test_power_law_in_32_bits(c):
    q = -np.random.default_rng(0).uniform(0.1, 50.0, (200, 3)).astype(np.float32)
    with jax.enable_x64(False):
        scaled = power_law(jnp.asarray(q * np.float32(c)), 5.0, ALL[None])
        assert scaled.dtype == jnp.float32
        close(scaled, power_law(jnp.asarray(q), 5.0, ALL[None]), 2e-5)


def test_a_large_beta_finds_the_best_action():
    q = jnp.array([-1.0, -1.01, -2.0])
    close(power_law(q, 1e4, ALL), [1, 0, 0], 1e-40)
    close(boltzmann(q, 1e4, ALL), [1, 0, 0], 1e-40)


@pytest.mark.parametrize("beta", BETAS)
def test_no_nan_at_extreme_values(beta):
    for choose in (boltzmann, power_law):
        found = choose(jnp.array([-1e-30, -1.0, -1e30]), beta, ALL)
        assert np.isfinite(found).all()
        assert float(found.sum()) == pytest.approx(1, abs=1e-12)
    # All of one size: equal, or nearly; (1.1)^-1 against 1.
    for size in (1e-300, 1e300):
        found = power_law(jnp.array([-size, -1.1 * size]), 1.0, ALL[:2])
        close(found, np.array([1.1, 1.0]) / 2.1, 1e-12)


def test_where_nothing_is_ahead_the_robot_acts_uniformly():
    legal = jnp.array([[True, False, True], [True, True, True]])
    q = jnp.array([[0.0, -4.0, -0.0], [-1.0, -1.0, -2.0]])
    for beta in BETAS:
        equal(power_law(q, beta, legal)[0], [0.5, 0, 0.5])
    close(power_law(q, 1.0, legal)[1], [0.4, 0.4, 0.2])


@pytest.mark.parametrize("q", [[-1.0, 0.5, -2.0], [1.0, 2.0, 3.0], [-1.0, math.nan, -2.0]])
@pytest.mark.parametrize("beta", BETAS)
def test_a_q_that_is_not_negative_is_never_passed_off_as_a_policy(q, beta):
    assert not np.isfinite(power_law(jnp.array(q), beta, ALL)).any()


@pytest.mark.parametrize("beta", BETAS)
def test_a_q_of_0_among_negative_ones_is_never_passed_off_as_a_policy(beta):
    assert not np.isfinite(power_law(jnp.array([-1.0, 0.0, -2.0]), beta, ALL)).any()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e3, -1e-3), min_size=4, max_size=4),
    st.lists(st.booleans(), min_size=4, max_size=4).filter(any),
    st.one_of(st.floats(0, 50), st.just(math.inf)),
)
def test_choices_are_distributions_over_legal_actions_that_prefer_the_better(q, legal, beta):
    for choose in (boltzmann, power_law):
        with jax.enable_x64(True):
            found = np.asarray(choose(jnp.array(q), beta, jnp.array(legal)))
        assert (found[~np.array(legal)] == 0).all()
        assert found.sum() == pytest.approx(1, abs=1e-12)
        order = sorted((value, p) for value, p, ok in zip(q, found, legal, strict=True) if ok)
        chances = [p for _, p in order]
        assert all(a <= b * (1 + 1e-9) + 1e-300 for a, b in pairwise(chances))


def test_beta_may_differ_between_rows_and_be_infinite_in_some():
    values = jnp.array([[0.0, 1.0, 3.0], [0.0, 1.0, 3.0]])
    found = boltzmann(values, jnp.array([[math.inf], [math.log(2)]]), ALL[None])
    close(found, [[0, 0, 1], [1 / 11, 2 / 11, 8 / 11]])


@pytest.mark.parametrize("beta", [0.0, 1.0, 50.0])
def test_derivatives_are_finite_with_illegal_actions_and_small_q(beta):
    legal = jnp.array([True, True, False])
    for choose in (boltzmann, power_law):
        slope = jax.jacobian(lambda q, choose=choose: choose(q, beta, legal))
        assert np.isfinite(slope(jnp.array([-1e-12, -3.0, 0.0]))).all()
