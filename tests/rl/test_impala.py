"""IMPALA: A2C if nothing lags; a policy that acts exactly so many updates behind otherwise."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.rl import a2c as a2c_module
from empo.rl.a2c import A2C
from empo.rl.algorithm import Rollout
from empo.rl.impala import Impala, impala, loss
from empo.rl.vtrace import vtrace
from tests.rl.drawn_steps import drawn_steps, largest_difference, networks

ROLLOUT = Rollout(n_envs=3, n_steps=5)


def begun(settings):
    algorithm = impala(settings, networks(), 10_000)
    return algorithm, algorithm.init(key=jax.random.key(0))


def test_on_its_own_data_it_is_a2c():
    _, learner = begun(Impala(lag=0))
    data = drawn_steps(learner.nets.policy, 5, 3)
    found = jax.grad(lambda nets: loss(Impala(entropy_coef=0.1), nets, data)[0])(learner.nets)
    wanted = jax.grad(lambda nets: a2c_module.loss(A2C(entropy_coef=0.1), nets, data)[0])(
        learner.nets
    )
    assert largest_difference(found, wanted) < 1e-6


@pytest.mark.parametrize("lag", [0, 1, 3])
def test_the_acting_policy_is_that_of_so_many_updates_ago(lag):
    algorithm, learner = begun(Impala(lag=lag, rollout=ROLLOUT))
    update, policies = jax.jit(algorithm.update), [learner.nets.policy]
    observation, key = jnp.array([0.3, -1.0, 2.0]), jax.random.key(5)
    for number in range(1, 6):
        data = drawn_steps(learner.nets.policy, 5, 3, seed=number)
        learner, _ = update(learner, data, key=key)
        policies.append(learner.nets.policy)
        acting = policies[max(number - lag, 0)]
        acted = algorithm.act(learner, observation, (), key=key)
        assert acted.log_prob == acting(observation).log_prob(acted.action)
        assert algorithm.best(learner, observation) == policies[-1](observation).mode()


def test_old_data_are_weighted_by_clipped_ratios():
    _, learner = begun(Impala())
    old = jax.tree.map(lambda x: 2.0 * x + 0.5, learner.nets.policy)
    data = drawn_steps(old, 5, 3)
    value = jax.vmap(jax.vmap(learner.nets.value))
    log_prob = jax.vmap(jax.vmap(learner.nets.policy))(data.observation).log_prob(data.action)
    settings = Impala(rho_bar=1.5, c_bar=1.2, lambda_=0.9)
    target, advantage = vtrace(
        data.reward,
        value(data.observation),
        value(data.next_observation),
        data.discount,
        data.boundary,
        log_prob - data.log_prob,
        lambda_=0.9,
        rho_bar=1.5,
        c_bar=1.2,
    )
    _, metrics = loss(settings, learner.nets, data)
    assert metrics["policy_loss"] == pytest.approx(-float(np.mean(advantage * log_prob)), rel=1e-4)
    error = 0.5 * np.mean((value(data.observation) - target) ** 2)
    assert metrics["value_loss"] == pytest.approx(float(error), rel=1e-4)
    assert metrics["kl"] > 0


def test_rho_bar_may_not_be_below_c_bar():
    with pytest.raises(InputError, match="rho_bar"):
        Impala(rho_bar=0.5)
    with pytest.raises(InputError, match="lag"):
        Impala(lag=-1)
