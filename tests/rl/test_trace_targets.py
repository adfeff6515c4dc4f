"""Targets along trajectories (A17, A20): two ends, what lies between, and old trajectories."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.rl.returns import n_step_target, reward_to_go, td_lambda_target
from empo.rl.trace_targets import trace_target
from empo.rl.vtrace import vtrace
from tests.rl.rollouts import drawn

SHAPE = (11, 3)
ON_POLICY = jnp.zeros(SHAPE)
DOUBLE = pytest.mark.parametrize("bits", [64, 32])


def tolerance(bits):
    return {"rtol": 1e-10, "atol": 1e-10} if bits == 64 else {"rtol": 1e-6, "atol": 1e-6}


def rollout_in(bits):
    with jax.enable_x64(bits == 64):
        kind = jnp.float64 if bits == 64 else jnp.float32
        found = drawn(3, *SHAPE)
        return jax.tree.map(lambda x: x if x.dtype == bool else jnp.asarray(x, kind), found)


@DOUBLE
@pytest.mark.parametrize("n_steps", [1, 4, math.inf])
def test_A20_lambda_0_is_the_one_step_target(bits, n_steps):
    with jax.enable_x64(bits == 64):
        r = rollout_in(bits)
        found = trace_target(*r, jnp.zeros_like(r.reward), lambda_=0.0, n_steps=n_steps)
        wanted = r.reward + r.discount * r.value_next
        np.testing.assert_allclose(found, wanted, **tolerance(bits))


@DOUBLE
def test_A17_one_step_is_the_one_step_target_whatever_lambda(bits):
    with jax.enable_x64(bits == 64):
        r = rollout_in(bits)
        for lambda_ in (0.0, 0.4, 1.0):
            found = trace_target(*r, jnp.zeros_like(r.reward), lambda_=lambda_, n_steps=1)
            wanted = r.reward + r.discount * r.value_next
            np.testing.assert_allclose(found, wanted, **tolerance(bits))


@DOUBLE
def test_A17_A20_lambda_1_and_infinitely_many_steps_are_monte_carlo(bits):
    with jax.enable_x64(bits == 64):
        r = rollout_in(bits)
        found = trace_target(*r, jnp.zeros_like(r.reward))
        np.testing.assert_allclose(found, reward_to_go(*r.without_value), **tolerance(bits))


@pytest.mark.parametrize("n_steps", [2, 5, 40])
def test_A17_with_lambda_1_it_is_the_n_step_target(n_steps):
    r = rollout_in(32)
    found = trace_target(*r, ON_POLICY, n_steps=n_steps)
    wanted = n_step_target(*r.without_value, n_steps)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("lambda_", [0.0, 0.3, 0.95, 1.0])
def test_A20_on_policy_it_is_the_lambda_return(lambda_):
    r = rollout_in(32)
    found = trace_target(*r, ON_POLICY, lambda_=lambda_)
    np.testing.assert_allclose(found, td_lambda_target(*r, lambda_), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("lambda_", [0.0, 0.7, 1.0])
def test_A35_with_ratio_1_it_is_vtrace(lambda_):
    r = rollout_in(32)
    log_rho = jax.random.normal(jax.random.key(0), SHAPE)
    found = trace_target(*r, log_rho, lambda_=lambda_)
    wanted = vtrace(*r, log_rho, lambda_=lambda_).value_target
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_what_would_never_be_done_now_teaches_nothing():
    r = rollout_in(32)
    found = trace_target(*r, jnp.full(SHAPE, -jnp.inf), lambda_=0.5)
    np.testing.assert_array_equal(found, r.value)


@pytest.mark.parametrize("ratio", [1.0, 3.0])
def test_targets_stay_in_the_range_of_what_can_be(ratio):
    # Values between 0 and 10, rewards up to 1, discount 0.9: so are all targets.
    rng = np.random.default_rng(0)
    value, elsewhere = 10 * rng.random((2, *SHAPE)).astype(np.float32)
    boundary = rng.random(SHAPE) < 0.2
    value_next = np.where(boundary, elsewhere, np.concatenate([value[1:], elsewhere[-1:]]))
    columns = (rng.random(SHAPE).astype(np.float32), value, value_next, np.full(SHAPE, 0.9, "f"))
    log_rho = 3 * rng.normal(size=SHAPE).astype(np.float32)
    found = trace_target(*map(jnp.asarray, (*columns, boundary, log_rho)), ratio=ratio)
    assert 0 <= found.min() <= found.max() <= 10


# A noisy chain: s0 -> s1 -> ... -> s7, each step pays 1 plus noise, with the true values as v.

LENGTH, NOISE = 8, 1.0


def chain(lambda_, n=4000):
    """Targets of the first state in n walks."""
    noise = NOISE * jax.random.normal(jax.random.key(1), (LENGTH, n))
    true = jnp.broadcast_to(jnp.arange(LENGTH, 0, -1.0)[:, None], noise.shape)
    discount = jnp.ones_like(noise).at[-1].set(0.0)
    boundary = discount == 0
    columns = (1 + noise, true, true - 1, discount, boundary, jnp.zeros_like(noise))
    return trace_target(*columns, lambda_=lambda_)[0]


def test_A20_the_variance_falls_monotonically_from_lambda_1_to_0_on_a_noisy_chain():
    # Of independent noises, weighed by lambda^k: the sum of lambda^2k over 8 steps.
    lambdas = [1.0, 0.8, 0.6, 0.4, 0.2, 0.0]
    variances = [float(jnp.var(chain(l))) for l in lambdas]  # noqa: E741
    assert variances == sorted(variances, reverse=True)
    wanted = [sum(l ** (2 * k) for k in range(LENGTH)) for l in lambdas]  # noqa: E741
    np.testing.assert_allclose(variances, wanted, rtol=0.1)
    for lambda_ in lambdas:
        assert float(jnp.mean(chain(lambda_))) == pytest.approx(LENGTH, abs=0.2)


# Two actions, one step, from a policy b; the value of pi where pi / b <= ratio.

PI, B, PAY = np.array([0.8, 0.2]), np.array([0.4, 0.6]), np.array([1.0, 5.0])


def fixed_point(ratio):
    """The v that is the mean of its own targets."""

    def mean_target(v):
        column = lambda x: jnp.asarray(x, jnp.float32)[None]  # noqa: E731
        zeros = jnp.zeros((1, 2))
        targets = trace_target(
            column(PAY), zeros + v, zeros, zeros, zeros == 0, column(np.log(PI / B)), ratio=ratio
        )
        return float(jnp.sum(B * targets[0]))

    low, high = mean_target(0.0), mean_target(1.0)  # linear in v
    return low / (1 - (high - low))


def test_a_ratio_never_exceeded_finds_the_value_of_pi_whoever_acted():
    assert fixed_point(2.0) == pytest.approx(PI @ PAY, rel=1e-5)
    assert fixed_point(5.0) == pytest.approx(PI @ PAY, rel=1e-5)


def test_A35_a_smaller_ratio_finds_that_of_a_policy_between():
    between = np.minimum(B, PI)
    assert fixed_point(1.0) == pytest.approx(between @ PAY / between.sum(), rel=1e-5)
