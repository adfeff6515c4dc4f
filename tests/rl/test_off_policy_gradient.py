"""Weighted by importance, trajectories of another policy have the gradient of this one."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.dists import Categorical
from empo.core.errors import InputError
from empo.rl.actor_critic import Nets
from empo.rl.algorithm import Rollout
from empo.rl.data import Steps
from empo.rl.off_policy_gradient import (
    OffPolicyGradient,
    log_weight_before,
    loss,
    off_policy_gradient,
)
from tests.rl.batches import THREE, networks, trees_equal
from tests.rl.tabular import (
    all_trajectories,
    drawn_mdp,
    drawn_policy,
    gradient_samples,
    mean_and_variance,
    values_to_go,
)

HORIZON = 3
GAMMA = 0.9
START = np.array([0.4, 0.6])
BOTH = pytest.mark.parametrize("full_product", [False, True], ids=["per-decision", "full-product"])


class Table(NamedTuple):
    """A policy or a value, looked up by the number of the state."""

    rows: jax.Array

    def __call__(self, state):
        row = self.rows[state]
        return Categorical(row) if row.ndim else row


@pytest.fixture(autouse=True)
def _in_64_bits():
    with jax.enable_x64(True):
        yield


def setting(seed):
    mdp, pi, b = drawn_mdp(seed), drawn_policy(seed), drawn_policy(seed + 50)
    trajectories = all_trajectories(mdp, b, START, HORIZON)
    s, a = trajectories.states, trajectories.actions
    terminal = np.arange(HORIZON)[:, None] == HORIZON - 1 + np.zeros_like(a)
    data = Steps(
        jnp.asarray(s[:-1]),
        jnp.asarray(a),
        jnp.log(b[s[:-1], a]),
        jnp.asarray(trajectories.reward),
        jnp.where(terminal, 0.0, GAMMA),
        jnp.asarray(terminal),
        jnp.asarray(s[1:]),
    )
    return mdp, pi, trajectories, data


def weighted_mean(settings, pi, value, trajectories, data):
    """The gradient of the loss of each trajectory by the logits: mean and variance under b."""

    def one(number):
        column = jax.tree.map(lambda x: x[:, number][:, None], data)
        nets = Nets(Table(jnp.log(pi)), Table(jnp.asarray(value)))
        gradient, _ = jax.grad(loss, argnums=1, has_aux=True)(settings, nets, column)
        return -HORIZON * gradient.policy.rows

    samples = np.asarray(jax.jit(jax.vmap(one))(jnp.arange(trajectories.prob.size)))
    return mean_and_variance(samples, trajectories.prob)


def on_policy_gradient(mdp, pi):
    """E_pi[sum of grad log pi Q_t], Q_t with what is left of the horizon: as sums over all."""
    trajectories = all_trajectories(mdp, pi, START, HORIZON)
    _, q = values_to_go(mdp, pi, HORIZON)
    t = np.arange(HORIZON)[:, None]
    weight = q[t, trajectories.states[:-1], trajectories.actions]
    return mean_and_variance(gradient_samples(pi, trajectories, weight), trajectories.prob)[0]


@BOTH
@pytest.mark.parametrize("baseline", [False, True])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_mean_is_the_gradient_of_the_policy_that_learns(full_product, baseline, seed):
    mdp, pi, trajectories, data = setting(seed)
    settings = OffPolicyGradient(full_product=full_product, baseline=baseline, value_coef=0.0)
    mean, _ = weighted_mean(settings, pi, [0.3, -0.7], trajectories, data)
    np.testing.assert_allclose(mean, on_policy_gradient(mdp, pi), atol=1e-10)


def test_F25_a_baseline_lowers_the_variance_and_so_does_weighting_each_reward():
    mdp, pi, trajectories, data = setting(2)
    paid = data._replace(reward=data.reward + 5.0)
    v, _ = values_to_go(mdp, pi, HORIZON)
    value = v[0] + 5 * (1 - GAMMA**HORIZON) / (1 - GAMMA)
    plain = OffPolicyGradient(value_coef=0.0)
    per_decision = weighted_mean(plain, pi, value, trajectories, paid)[1]
    without = weighted_mean(replace(plain, baseline=False), pi, value, trajectories, paid)[1]
    product = weighted_mean(
        replace(plain, baseline=False, full_product=True), pi, value, trajectories, paid
    )[1]
    assert per_decision < 0.5 * without
    assert without < product


def test_ratios_count_from_the_start_of_their_own_trajectory():
    boundary = jnp.array([False, True, False, False])[:, None]
    log_rho = jnp.array([1.0, 2.0, 4.0, 8.0])[:, None]
    np.testing.assert_array_equal(log_weight_before(boundary, log_rho)[:, 0], [0, 1, 0, 4])


def test_C11_little_that_is_effective_is_noticed():
    _, _, _, data = setting(0)
    near = Nets(Table(jnp.zeros((2, 2))), Table(jnp.zeros(2)))
    same = data._replace(log_prob=jnp.full(data.log_prob.shape, jnp.log(0.5)))
    first = jnp.broadcast_to(jnp.arange(data.log_prob.shape[1]) == 0, data.log_prob.shape)
    far = data._replace(log_prob=jnp.where(first, -9.0, -0.1))
    metrics = loss(OffPolicyGradient(), near, same)[1]
    assert metrics["effective_fraction"] == pytest.approx(1.0)
    assert metrics["few_effective"] == 0
    metrics = loss(OffPolicyGradient(), near, far)[1]
    assert metrics["effective_fraction"] < 0.1
    assert metrics["few_effective"] == 1


def test_the_policy_that_acts_lags():
    settings = OffPolicyGradient(lag=2, rollout=Rollout(n_envs=4, n_steps=4))
    with jax.enable_x64(False):
        algorithm = off_policy_gradient(settings, networks(THREE), 1000)
        learner = algorithm.init(key=jax.random.key(0))
        old = learner.behaviour
        shape = (4, 4)
        data = Steps(
            jnp.ones((*shape, 3)), jnp.zeros(shape, int), jnp.full(shape, -1.1), jnp.ones(shape),
            jnp.full(shape, 0.9), jnp.zeros(shape, bool), jnp.ones((*shape, 3)),
        )  # fmt: skip
        update = jax.jit(algorithm.update)
        learner, metrics = update(learner, data, key=jax.random.key(1))
        assert trees_equal(learner.behaviour, old)
        assert not trees_equal(learner.nets.policy, old)
        learner, _ = update(learner, data, key=jax.random.key(2))
        assert trees_equal(learner.behaviour, learner.nets.policy)
        assert all(np.isfinite(value) for value in metrics.values())
        acted = algorithm.act(learner, jnp.ones(3), (), key=jax.random.key(3))
        wanted = learner.behaviour(jnp.ones(3)).log_prob(acted.action)
        assert acted.log_prob == wanted


@pytest.mark.parametrize("changes", [{"lag": 0}, {"value_coef": -1.0}])
def test_settings_that_make_no_sense_are_refused(changes):
    with pytest.raises(InputError, match=next(iter(changes))):
        OffPolicyGradient(**changes)
