"""Fixed points of maps whose fixed points are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empo.solver.fixed_point import Operator, Rules, fixed_point
from tests.solver.drawn import games

PLAIN = Rules(memory=0)


def anywhere(x: np.ndarray) -> bool:
    return True


def linear(seed: int, size: int, rate: float) -> tuple[Operator, np.ndarray]:
    """x -> A x + b with all row sums of |A| equal to `rate`, and its fixed point."""
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((size, size))
    a *= rate / np.abs(a).sum(axis=1, keepdims=True)
    b = rng.standard_normal(size)
    return lambda x: a @ x + b, np.linalg.solve(np.eye(size) - a, b)


def stays_and_leaks(rates: np.ndarray) -> tuple[Operator, np.ndarray]:
    """Independent unknowns, each with its own rate; the fixed point is 1."""
    return lambda x: rates * x + (1 - rates), np.ones(len(rates))


@games(40)
@given(
    st.integers(0, 10**6), st.integers(1, 20), st.floats(0.0, 0.95), st.sampled_from([0, 3, 200])
)
def test_accelerated_and_plain_search_find_the_fixed_point_of_a_contraction(
    seed, size, rate, settle
):
    operator, wanted = linear(seed, size, rate)
    start = np.random.default_rng(seed).standard_normal(size)
    for rules in (PLAIN, Rules(settle=settle)):
        found = fixed_point(operator, start, rules, anywhere)
        assert found.converged
        assert found.residual == np.max(np.abs(operator(found.x) - found.x)) <= rules.tolerance
        np.testing.assert_allclose(found.x, wanted, atol=1e-13 / (1 - rate) + 1e-13)


@pytest.mark.parametrize("rates", [[0.9], [0.99, 0.9, 0.5], [0.999, 0.99, 0.7, 0.3]])
def test_acceleration_saves_most_of_the_sweeps_of_a_slow_map(rates):
    operator, wanted = stays_and_leaks(np.array(rates))
    plain = fixed_point(
        operator, np.zeros(len(rates)), Rules(memory=0, max_sweeps=100_000), anywhere
    )
    accelerated = fixed_point(operator, np.zeros(len(rates)), Rules(), anywhere)
    for found in (plain, accelerated):
        assert found.converged
        np.testing.assert_allclose(found.x, wanted, atol=2e-10)
    # Plain: log(1e-13 / 0.1) / log(rate) or more. One memory per rate solves a linear map.
    assert plain.sweeps > 250
    assert accelerated.sweeps < plain.sweeps / 5


def test_the_number_of_plain_sweeps_is_that_of_the_geometric_series():
    # Residuals 1, 1/2, 1/4, ...: that of sweep n is 2 ** (1 - n), and 2 ** -43 > 1e-13 > 2 ** -44.
    operator, _ = stays_and_leaks(np.array([0.5]))
    found = fixed_point(operator, np.array([-1.0]), PLAIN, anywhere)
    assert (found.sweeps, found.residual, found.before) == (45, 2.0**-44, None)


def test_a_step_too_long_is_damped():
    # x -> -1.5 x runs away in ever larger swings; half steps x -> -0.25 x find 0.
    found = fixed_point(lambda x: -1.5 * x, np.array([1e-3]), PLAIN, anywhere)
    assert found.converged
    assert abs(found.x[0]) < 1e-13
    assert fixed_point(lambda x: -1.5 * x, np.array([1e-3]), Rules(), anywhere).converged


def rotation(x: np.ndarray) -> np.ndarray:
    """Unit vectors turn by 1 radian and stay unit vectors: only 0 is fixed, and it repels."""
    c, s = np.cos(1.0), np.sin(1.0)
    turned = np.array([[c, -s], [s, c]]) @ x
    length = np.hypot(*x)
    return turned * (2.0 if length < 0.5 else 1.0 / length)


RUNAWAYS: dict[str, Operator] = {
    "x + 1": lambda x: x + 1,
    "x - 1": lambda x: x - 1,
    "x + 1 / x": lambda x: x + 1 / x,
    "sqrt(x ** 2 + 1)": lambda x: np.sqrt(x**2 + 1),
    "x + log(1 + x)": lambda x: x + np.log1p(np.abs(x)) + 0.1,
    "never the same": lambda x: x + 1 + np.sin(1e3 * x) / 10,
}


@pytest.mark.parametrize("name", RUNAWAYS)
@pytest.mark.parametrize("memory", [0, 1, 8])
@pytest.mark.parametrize("settle", [0, 3, 200])
def test_what_runs_away_never_counts_as_converged(name, memory, settle):
    # At 1e16, x + 1 is x: an accelerated step must not be allowed to get there.
    rules = Rules(memory=memory, settle=settle, max_sweeps=3000)
    with np.errstate(over="ignore", invalid="ignore"):
        found = fixed_point(RUNAWAYS[name], np.array([1.0, 3.0]), rules, anywhere)
    assert not found.converged
    assert found.sweeps <= rules.max_sweeps


@pytest.mark.parametrize("memory", [0, 8])
def test_what_turns_for_ever_does_not_converge_unless_to_its_centre(memory):
    rules = Rules(memory=memory, patience=30, max_sweeps=2000)
    found = fixed_point(rotation, np.array([1.0, 0.0]), rules, anywhere)
    assert not found.converged or np.max(np.abs(found.x)) < 1e-12


def test_a_permutation_without_damping_returns_for_ever():
    def swap(x):
        return x[::-1].copy()

    found = fixed_point(swap, np.array([0.0, 1.0]), Rules(memory=0, max_sweeps=300), anywhere)
    assert not found.converged
    assert found.residual == 1.0
    # Halfway between x and F(x) lies the fixed point.
    halved = fixed_point(swap, np.array([0.0, 1.0]), Rules(memory=0), anywhere)
    assert halved.converged
    np.testing.assert_allclose(halved.x, 0.5)


@pytest.mark.parametrize("memory", [0, 8])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("when", [1, 4, 6])
def test_what_is_no_number_ends_the_search(memory, bad, when):
    n_calls = 0

    def operator(x):
        nonlocal n_calls
        n_calls += 1
        return np.where([n_calls >= when, False], bad, 0.9 * x)

    rules = Rules(memory=memory, settle=5)
    with np.errstate(invalid="ignore"):
        found = fixed_point(operator, np.ones(2), rules, anywhere)
    assert not found.converged
    assert not np.isfinite(found.residual)
    assert found.sweeps < when + 400


@games(60)
@given(
    st.integers(0, 10**6),
    st.integers(1, 60),
    st.sampled_from([0, 2, 8]),
    st.sampled_from([0, 3, 200]),
    st.sampled_from([0.5, 0.97, 1.3, 3.0]),
)
def test_sweeps_are_counted_reported_and_limited(seed, max_sweeps, memory, settle, rate):
    # sin makes the map so wild that many accelerated steps are taken back.
    inner, _ = linear(seed, 5, rate)
    n_calls, told = 0, []

    def operator(x):
        nonlocal n_calls
        n_calls += 1
        return np.sin(3 * inner(x))

    rules = Rules(memory=memory, settle=settle, max_sweeps=max_sweeps)
    found = fixed_point(operator, np.zeros(5), rules, anywhere, lambda n, _: told.append(n))
    assert found.sweeps == n_calls <= max_sweeps
    assert told == list(range(1, found.sweeps)) or (told == [*range(1, found.sweeps + 1)])
    assert found.converged == (found.residual <= rules.tolerance)
    assert found.residual == np.max(np.abs(operator(found.x) - found.x))


def test_acceleration_waits_for_a_steady_rate_but_not_longer_than_told():
    operator, _ = stays_and_leaks(np.array([0.999]))
    for settle, first in ((200, 6), (4, 4), (0, 1)):
        found = fixed_point(operator, np.zeros(1), Rules(settle=settle), anywhere)
        assert found.before is not None
        assert found.before.sweeps == first


def test_acceleration_begins_only_where_enough_plain_sweeps_are_missing():
    # At a rate of 0.9 from a residual of 0.1 to 1e-13: 264 sweeps, less the 5 that tell the rate.
    operator, _ = stays_and_leaks(np.array([0.9]))
    few = fixed_point(operator, np.zeros(1), Rules(worthwhile=250), anywhere)
    many = fixed_point(operator, np.zeros(1), Rules(worthwhile=270, settle=300), anywhere)
    assert few.before is not None
    assert few.sweeps < 20
    assert many.before is None
    assert many.sweeps == fixed_point(operator, np.zeros(1), PLAIN, anywhere).sweeps


def test_no_guess_that_is_not_admissible_is_ever_tried():
    # From 0, the accelerated step of the second unknown overshoots 1.
    tried = []

    def operator(x):
        tried.append(x)
        return np.array([0.99 * x[0] + 0.01, x[1] + 0.3 * (1 - x[1]) * x[0]])

    def shares(x):
        return bool(np.all((x >= 0) & (x <= 1)))

    found = fixed_point(operator, np.array([0.0, 0.0]), Rules(settle=0), shares)
    assert found.converged
    assert all(shares(x) for x in tried)


def test_the_iterate_before_acceleration_lies_on_the_plain_path():
    operator, _ = stays_and_leaks(np.array([0.99, 0.9, 0.5]))
    found = fixed_point(operator, np.zeros(3), Rules(), anywhere)
    assert found.before is not None
    x = np.zeros(3)
    for _ in range(found.before.sweeps - 1):
        x = operator(x)
    np.testing.assert_array_equal(found.before.x, x)
    assert not found.before.converged
