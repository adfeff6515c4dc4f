"""V-trace: by its sum, on policy, and the policy whose value it finds (Espeholt 2018)."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.rl import returns
from empo.rl.vtrace import vtrace
from tests.rl.rollouts import Rollout, drawn
from tests.rl.tabular import all_trajectories, drawn_mdp, drawn_policy, state_values

compiled = jax.jit(vtrace)


@pytest.fixture(autouse=True)
def _in_64_bits():
    with jax.enable_x64(True):
        yield


def close(found, wanted, tolerance=1e-12):
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=0, atol=tolerance)


def log_ratios(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).normal(scale=0.7, size=shape))


def by_its_sum(rollout, log_rho, lambda_, rho_bar, c_bar):
    """v_s = v + sum over t of gamma^(t-s) (prod of c) rho_t delta_t, for one trajectory."""
    reward, value, value_next, discount, boundary = map(np.asarray, rollout)
    ratio = np.exp(log_rho)
    rho, c = np.minimum(rho_bar, ratio), lambda_ * np.minimum(c_bar, ratio)
    n_rows = len(reward)
    target, advantage = value.copy(), np.zeros(n_rows)
    for s in range(n_rows):
        factor = 1.0
        for t in range(s, n_rows):
            delta = rho[t] * (reward[t] + discount[t] * value_next[t] - value[t])
            target[s] += factor * delta
            factor *= discount[t] * c[t]
            if boundary[t]:
                break
    for s in range(n_rows):
        ahead = value_next[s]
        if not boundary[s] and s + 1 < n_rows:
            ahead = (1 - lambda_) * value_next[s] + lambda_ * target[s + 1]
        advantage[s] = rho[s] * (reward[s] + discount[s] * ahead - value[s])
    return target, advantage


@pytest.mark.parametrize("bars", [(1.0, 1.0), (2.0, 1.0), (1.0, 0.5), (math.inf, 3.0)])
@pytest.mark.parametrize("lambda_", [0.0, 0.9, 1.0])
def test_A35_it_is_the_sum_of_the_paper(bars, lambda_):
    for seed in range(3):
        rollout, log_rho = drawn(seed, 20), log_ratios(seed, 20)
        rho_bar, c_bar = bars
        found = compiled(*rollout, log_rho, lambda_=lambda_, rho_bar=rho_bar, c_bar=c_bar)
        target, advantage = by_its_sum(rollout, log_rho, lambda_, rho_bar, c_bar)
        close(found.value_target, target)
        close(found.advantage, advantage)


def test_A35_by_hand():
    # Ratios 2 (clipped to 1) and 1/2; v = 0 but v' = 4 at the end; gamma = .9. The last row:
    # delta = .5 (3 + 3.6) = 3.3. The first: 1 + .9 * 3.3 = 3.97. As v = 0, so are the advantages.
    zeros = jnp.zeros(2)
    rollout = Rollout(
        jnp.array([1.0, 3.0]),
        zeros,
        jnp.array([0.0, 4.0]),
        jnp.full(2, 0.9),
        jnp.zeros(2, bool),
    )
    found = compiled(*rollout, jnp.log(jnp.array([2.0, 0.5])))
    close(found.value_target, [3.97, 3.3])
    close(found.advantage, [3.97, 3.3])


@pytest.mark.parametrize("shape", [(1,), (25,), (13, 4)])
def test_A35_on_policy_it_is_the_n_step_return(shape):
    rollout = drawn(4, *shape)
    found = compiled(*rollout, jnp.zeros(shape))
    until_the_cut = returns.n_step_target(*rollout.without_value, math.inf)
    close(found.value_target, until_the_cut, 1e-10)
    close(found.advantage, until_the_cut - rollout.value, 1e-10)


@pytest.mark.parametrize("lambda_", [0.0, 0.5, 0.95])
def test_A35_on_policy_with_lambda_it_is_td_lambda_and_gae(lambda_):
    rollout = drawn(5, 18, 3)
    found = compiled(*rollout, jnp.zeros((18, 3)), lambda_=lambda_)
    advantage = jax.jit(returns.gae)(*rollout, lambda_)
    close(found.value_target, rollout.value + advantage, 1e-10)
    close(found.advantage, advantage, 1e-10)


def fixed_point(mdp, pi, mu, rho_bar, c_bar, n_steps=3):
    """Where expected V-trace targets of all trajectories that mu can take leave v as it is."""
    n_states = len(pi)
    paths = all_trajectories(mdp, mu, np.full(n_states, 1 / n_states), n_steps)
    here, there = paths.states[:-1], paths.states[1:]
    log_rho = jnp.asarray(np.log(pi / mu)[here, paths.actions])
    prob = jnp.asarray(np.eye(n_states)[:, paths.states[0]] * paths.prob * n_states)
    reward, discount = jnp.asarray(paths.reward), jnp.full(here.shape, mdp.gamma)

    def operator(_, v):
        found = vtrace(
            reward,
            v[here],
            v[there],
            discount,
            paths.unmarked,
            log_rho,
            rho_bar=rho_bar,
            c_bar=c_bar,
        )
        return prob @ found.value_target[0]

    return jax.jit(lambda v: jax.lax.fori_loop(0, 400, operator, v))(jnp.zeros(n_states))


def policy_of(rho_bar, pi, mu):
    """Equation (3) of the paper: proportional to min(rho_bar mu, pi)."""
    clipped = np.minimum(rho_bar * mu, pi)
    return clipped / clipped.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("rho_bar", [math.inf, 1.0, 0.5, 1.5])
@pytest.mark.parametrize("c_bar", [1.0, 0.3])
def test_A35_rho_bar_decides_whose_value_is_found_and_c_bar_does_not(rho_bar, c_bar):
    mdp, pi, mu = drawn_mdp(1), drawn_policy(2), drawn_policy(3)
    found = fixed_point(mdp, pi, mu, rho_bar, min(c_bar, rho_bar))
    towards = pi if math.isinf(rho_bar) else policy_of(rho_bar, pi, mu)
    close(found, state_values(mdp, towards), 1e-10)
    if rho_bar == 1.0:
        assert np.abs(found - state_values(mdp, pi)).max() > 0.05
        assert np.abs(found - state_values(mdp, mu)).max() > 0.05


def test_nothing_leaks_across_a_boundary():
    rollout, log_rho = drawn(6, 20, cuts=0.0), log_ratios(6, 20)
    rollout = rollout._replace(boundary=jnp.arange(20) == 9)
    later = jnp.arange(20) >= 10
    changed = Rollout(*(jnp.where(later, 1e5 - x, x) for x in rollout[:3]), *rollout[3:])
    before = compiled(*rollout, log_rho)
    after = compiled(*changed, jnp.where(later, 0.3, log_rho))
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one[:10], other[:10])
        assert np.all(one[10:] != other[10:])


def test_a_ratio_beyond_the_range_of_numbers_is_clipped_and_has_a_gradient():
    # The second action is one that pi never takes.
    rollout = drawn(7, 3, cuts=0.0)
    log_rho = jnp.array([1e4, -jnp.inf, 0.2])

    def total(log_rho):
        return jnp.sum(compiled(*rollout, log_rho).value_target)

    found = compiled(*rollout, log_rho)
    same = compiled(*rollout, jnp.array([0.0, -1e4, 0.0]))
    close(found.value_target, same.value_target)
    close(found.advantage, same.advantage)
    assert found.advantage[1] == 0
    assert np.all(np.isfinite(jax.grad(total)(log_rho)))


def test_trajectories_side_by_side_are_what_each_is_alone():
    rollout, log_rho = drawn(8, 12, 2, 2), log_ratios(8, 12, 2, 2)
    together = compiled(*rollout, log_rho)
    for column in np.ndindex(2, 2):
        pick = (slice(None), *column)
        target, advantage = by_its_sum(
            [np.asarray(x)[pick] for x in rollout], np.asarray(log_rho)[pick], 1.0, 1.0, 1.0
        )
        close(np.asarray(together.value_target)[pick], target)
        close(np.asarray(together.advantage)[pick], advantage)
