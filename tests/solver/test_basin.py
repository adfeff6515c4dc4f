"""Of several fixed points, the one that plain iteration ends at.

Maps of many unknowns are made of copies of the paper's two-state example
(tests/theory/test_two_state.py), V -> pi(a0) (1 + gamma_h V) as a share of 100, which has one,
three or one fixed points as beta_h grows.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empo.solver import basin
from empo.solver.basin import plain_limit
from empo.solver.fixed_point import Operator, Rules, fixed_point
from tests.solver.drawn import games

Array = np.ndarray


def shares(x: Array) -> bool:
    return bool(np.all((x >= 0) & (x <= 1)))


def anywhere(x: Array) -> bool:
    return True


def two_states(beta_h: Array) -> Operator:
    def operator(x: Array) -> Array:
        q = 1 + 99 * x
        return q / (1 + np.exp(-beta_h * q)) / 100

    return operator


def plain(operator: Operator, x: Array) -> Array | None:
    """Where plain iteration ends, if it does."""
    for _ in range(6000):
        x, before = operator(x), x
        if np.max(np.abs(x - before)) < 1e-13:
            return x
    return None


BETAS = st.sampled_from([0.0, 0.05, 0.08, 0.1, 0.15, 0.2, 0.25, 0.28, 0.3, 0.5])
STARTS = st.one_of(st.sampled_from([0.0, 1.0, 0.5, 0.45]), st.floats(0.0, 1.0))


@pytest.mark.slow
@games(80)
@given(st.lists(st.tuples(BETAS, STARTS), min_size=1, max_size=12))
def test_every_unknown_goes_where_plain_iteration_takes_it(unknowns):
    beta_h, start = np.array(unknowns).T
    wanted = plain(two_states(beta_h), start)
    found = plain_limit(two_states(beta_h), start, Rules(worthwhile=20), shares)
    if wanted is None:  # some stay too near the middle one for long
        return
    assert found.converged
    np.testing.assert_allclose(found.x, wanted, atol=1e-9)


def test_acceleration_alone_would_end_at_another_one():
    rng = np.random.default_rng(0)
    n_astray, n_right = 0, 0
    for _ in range(30):
        beta_h = rng.choice([0.05, 0.08, 0.1, 0.15, 0.2, 0.25, 0.28, 0.3], 8)
        start = rng.uniform(0.4, 0.6, 8)
        wanted = plain(two_states(beta_h), start)
        if wanted is None:
            continue
        alone = fixed_point(two_states(beta_h), start, Rules(), shares)
        n_astray += alone.converged and np.max(np.abs(alone.x - wanted)) > 0.1
        found = plain_limit(two_states(beta_h), start, Rules(), shares)
        n_right += found.converged and bool(np.max(np.abs(found.x - wanted)) < 1e-9)
    assert n_astray >= 3, "else the tests of this file show nothing"
    assert n_right >= 20


@games(15)
@given(st.integers(0, 10**6), st.floats(0.9, 0.99), st.floats(0.0, 1.0))
def test_a_slow_contraction_is_accelerated_all_the_same(seed, rate, mixing):
    # Probabilities of going from state to state, more or less local, times a discount factor.
    rng = np.random.default_rng(seed)
    local = np.eye(30) + np.roll(np.eye(30), 1, axis=1) * rng.random((30, 1))
    local /= local.sum(axis=1, keepdims=True)
    a = rate * ((1 - mixing) * local + mixing * rng.dirichlet(np.ones(30), 30))
    b = rng.random(30) * (1 - rate)
    wanted = np.linalg.solve(np.eye(30) - a, b)
    found = plain_limit(lambda x: a @ x + b, np.zeros(30), Rules(), shares)
    np.testing.assert_allclose(found.x, wanted, atol=1e-11)
    alone = fixed_point(lambda x: a @ x + b, np.zeros(30), Rules(), shares)
    unaccelerated = fixed_point(lambda x: a @ x + b, np.zeros(30), Rules(memory=0), shares)
    assert found.sweeps < 0.7 * unaccelerated.sweeps
    assert found.sweeps >= alone.sweeps


def test_an_unstable_fixed_point_is_not_taken_for_where_iteration_ends():
    # x -> 2 x + 1 has the fixed point -1, from where it runs away.
    rules = Rules(settle=3, max_sweeps=500)
    alone = fixed_point(lambda x: 2 * x + 1, np.array([0.0]), rules, anywhere)
    assert alone.converged
    np.testing.assert_allclose(alone.x, -1)
    assert not plain_limit(lambda x: 2 * x + 1, np.array([0.0]), rules, anywhere).converged


@pytest.mark.parametrize("settle", [0, 3, 200])
def test_what_creeps_for_ever_never_counts_as_converged(settle):
    # From 0 to 30 = -log(1e-13) plain iteration needs 1e13 sweeps.
    rules = Rules(settle=settle, max_sweeps=3000)
    found = plain_limit(lambda x: x + np.exp(-x), np.array([0.0, 1.0]), rules, anywhere)
    assert not found.converged
    assert found.sweeps == 3000


def test_a_fixed_point_on_the_far_side_of_another_is_not_where_iteration_ends():
    def operator(x):  # 0 and 1 are stable, 1/2 is not
        return x + 0.4 * x * (x - 0.5) * (1 - x)

    for start, end in ((0.4, 0.0), (0.499, 0.0), (0.501, 1.0), (0.95, 1.0), (1.3, 1.0)):
        found = plain_limit(operator, np.array([start]), Rules(settle=2), anywhere)
        assert found.converged
        np.testing.assert_allclose(found.x, end, atol=1e-11)


@games(40)
@given(
    st.lists(st.tuples(BETAS, STARTS), min_size=1, max_size=6),
    st.integers(1, 400),
    st.sampled_from([0, 3, 200]),
)
def test_sweeps_are_counted_reported_and_limited(unknowns, max_sweeps, settle):
    beta_h, start = np.array(unknowns).T
    n_calls, told = 0, []

    def operator(x):
        nonlocal n_calls
        n_calls += 1
        return two_states(beta_h)(x)

    rules = Rules(settle=settle, max_sweeps=max_sweeps)
    found = plain_limit(operator, start, rules, shares, lambda n, _: told.append(n))
    assert found.sweeps == n_calls <= max_sweeps
    assert told == sorted(set(told))
    assert max(told, default=0) <= max_sweeps
    assert found.converged == (found.residual <= rules.tolerance)
    np.testing.assert_allclose(
        found.residual, np.max(np.abs(operator(found.x) - found.x)), atol=1e-15
    )


@games(15)
@given(st.lists(st.tuples(BETAS, STARTS), min_size=1, max_size=6))
def test_what_is_tried_lies_within_what_is_admissible(unknowns):
    beta_h, start = np.array(unknowns).T

    def operator(x):
        assert shares(x)
        return two_states(beta_h)(x)

    plain_limit(operator, start, Rules(settle=3), shares)


def test_without_acceleration_nothing_needs_to_be_tested(monkeypatch):
    monkeypatch.delattr(basin, "_Walk")
    found = plain_limit(two_states(np.array([0.1])), np.array([0.5]), Rules(memory=0), shares)
    assert found.converged
    np.testing.assert_allclose(found.x, 0.99526463, atol=1e-8)
