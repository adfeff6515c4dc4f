"""Rollouts of the past (A32, A35): which are kept, which are drawn, and what weighs them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.nets import NetSettings, ordinary_networks
from empo.rl.algorithm import Replay, Rollout
from empo.rl.dqn import DQN, dqn
from empo.rl.impala import Impala, impala
from empo.rl.ppo import PPO, ppo
from empo.rl.replay import n_filled
from empo.rl.rollout_memory import drawn, remembering
from empo.rl.vtrace import vtrace
from empo.tasks.cartpole import CARTPOLE
from empo.tasks.device import iterate, start
from tests.rl.drawn_steps import N_IN, drawn_steps, networks

ROLLOUT = Rollout(n_envs=3, n_steps=5)
OBSERVATION = jnp.zeros(N_IN)
PLAIN = {
    "ppo": ppo(PPO(n_epochs=2, n_minibatches=3, rollout=ROLLOUT), networks(), 10_000),
    "impala": impala(Impala(lag=0, rollout=ROLLOUT), networks(), 10_000),
}
BOTH = pytest.mark.parametrize("name", PLAIN)


def rollout(learner, seed):
    """Steps of the present policy; the reward tells rollout, step and world."""
    nets = learner.nets if hasattr(learner, "nets") else learner.inner.nets
    data = drawn_steps(nets.policy, 5, 3, seed=seed)
    step, world = np.indices((5, 3))
    return data._replace(reward=jnp.asarray(100.0 * seed + 10 * step + world))


def remembered(name, n_rollouts, n_updates):
    """The learner after updates from rollouts 0, 1, 2 ..., and the metrics of the last."""
    algorithm = remembering(PLAIN[name], n_rollouts, OBSERVATION)
    learner, update = algorithm.init(key=jax.random.key(0)), jax.jit(algorithm.update)
    metrics = {}
    for number in range(n_updates):
        learner, metrics = update(learner, rollout(learner, number), key=jax.random.key(number))
    return learner, metrics


def equal(a, b):
    jax.tree.map(np.testing.assert_array_equal, a, b)


@BOTH
def test_A32_a_memory_of_one_rollout_is_the_plain_algorithm_bit_for_bit(name):
    plain = PLAIN[name]
    same = remembering(plain, 1, OBSERVATION)
    learners = [algorithm.init(key=jax.random.key(0)) for algorithm in (plain, same)]
    for number in range(3):
        data, key = rollout(learners[0], number), jax.random.key(number)
        learners = [
            jax.jit(algorithm.update)(learner, data, key=key)[0]
            for algorithm, learner in zip((plain, same), learners, strict=True)
        ]
    equal(*learners)


@BOTH
def test_A32_what_is_drawn_is_what_the_plain_algorithm_learns_from(name):
    plain = PLAIN[name]
    algorithm = remembering(plain, 3, OBSERVATION)
    learner, _ = remembered(name, 3, 2)
    key = jax.random.key(9)
    found, metrics = jax.jit(algorithm.update)(learner, rollout(learner, 2), key=key)
    key_update, key_draw = jax.random.split(key)
    data, age = drawn(found.rollouts, key=key_draw)
    wanted, _ = jax.jit(plain.update)(learner.inner, data, key=key_update)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7),
                 found.inner, wanted)  # fmt: skip
    assert metrics["replay_age"] == age


def test_A32_the_last_rollouts_remain_and_their_trajectories_stay_whole():
    learner, _ = remembered("impala", 3, 5)
    assert int(n_filled(learner.rollouts)) == 3
    seen, step = set(), np.arange(5)
    for number in range(40):
        data, age = drawn(learner.rollouts, key=jax.random.key(number))
        source = np.asarray(data.reward) // 100
        assert np.all(source == source[0])
        np.testing.assert_array_equal(data.reward % 100, 10 * step[:, None] + np.arange(3))
        assert float(age) == pytest.approx(np.mean(4 - source[0]))
        seen |= set(source[0].tolist())
    assert seen == {2, 3, 4}


def test_A32_all_that_are_remembered_are_drawn_equally_often():
    learner, _ = remembered("impala", 4, 6)
    keys = jax.random.split(jax.random.key(0), 2000)
    data = jax.jit(jax.vmap(lambda key: drawn(learner.rollouts, key=key)[0]))(keys)
    counts = np.bincount((np.asarray(data.reward)[:, 0] // 100).astype(int).ravel())[2:]
    mean = counts.sum() / 4
    assert np.sum((counts - mean) ** 2 / mean) < 16.3  # p > 0.001, three degrees of freedom


def test_what_was_never_gathered_is_never_drawn():
    learner, metrics = remembered("ppo", 50, 2)
    data = [drawn(learner.rollouts, key=jax.random.key(k))[0] for k in range(30)]
    assert {int(r) // 100 for d in data for r in np.asarray(d.reward).flat} == {0, 1}
    assert 0 <= metrics["replay_age"] <= 1


def test_A32_A35_the_weights_are_what_the_stored_log_probabilities_say():
    # Ratios of the learning policy to the one that took the action, however long ago.
    learner, _ = remembered("impala", 3, 3)
    nets = learner.inner.nets
    data, _ = drawn(learner.rollouts, key=jax.random.key(1))
    policy = jax.vmap(jax.vmap(nets.policy))(data.observation)
    value = jax.vmap(jax.vmap(nets.value))
    log_rho = policy.log_prob(data.action) - data.log_prob
    assert float(jnp.max(jnp.abs(log_rho))) > 0
    _, metrics = PLAIN["impala"].update(learner.inner, data, key=jax.random.key(2))
    _, advantage = vtrace(
        data.reward, value(data.observation), value(data.next_observation),
        data.discount, data.boundary, log_rho,
    )  # fmt: skip
    wanted = -jnp.mean(advantage * policy.log_prob(data.action))
    assert metrics["policy_loss"] == pytest.approx(float(wanted), rel=1e-4)


@BOTH
def test_A32_a_task_is_trained_on_from_memory(name):
    plan = Rollout(n_envs=2, n_steps=4)
    made = ordinary_networks(CARTPOLE.observation_size, CARTPOLE.action, NetSettings(hidden=(4,)))
    if name == "ppo":
        plain = ppo(PPO(n_epochs=1, n_minibatches=1, rollout=plan), made, 1000)
    else:
        plain = impala(Impala(rollout=plan), made, 1000)
    algorithm = remembering(plain, 3, jnp.zeros(CARTPOLE.observation_size))
    run = start(algorithm, CARTPOLE, key=jax.random.key(0))
    step = jax.jit(lambda run: iterate(algorithm, CARTPOLE, run)[:2])
    metrics = {}
    for _ in range(5):
        run, metrics = step(run)
    assert int(run.learner.rollouts.n_added) == 5
    assert np.isfinite(list(metrics.values())).all()


def test_an_algorithm_with_a_memory_of_its_own_is_refused():
    algorithm = dqn(DQN(replay=Replay()), networks(), 10_000)
    with pytest.raises(InputError, match=r"n_rollouts: .*replay buffer"):
        remembering(algorithm, 2, OBSERVATION)
    with pytest.raises(InputError, match=r"n_rollouts: found 0"):
        remembering(PLAIN["ppo"], 0, OBSERVATION)
