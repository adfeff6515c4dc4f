"""Learners from their own data solve the classic tasks: five fixed seeds each, all of them.

A seed's result is the mean return of 20 fresh episodes, played by the best of the learners that
were looked at on the way.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.nets import NetSettings, ordinary_networks
from empo.rl.a2c import A2C, a2c
from empo.rl.a3c import A3C, a3c
from empo.rl.adaptive_trpo import AdaptiveTRPO, adaptive_trpo
from empo.rl.algorithm import Rollout
from empo.rl.halves import of_data
from empo.rl.impala import Impala, impala
from empo.rl.normalise import InputSettings, normalised
from empo.rl.npg import NPG, npg
from empo.rl.optim import Optim
from empo.rl.ppo import PPO, ppo
from empo.rl.q_actor_critic import QActorCritic, q_actor_critic
from empo.rl.reinforce import Reinforce, reinforce
from empo.rl.trpo import TRPO, trpo
from empo.tasks.asynchronous import AsynchronousTrainer
from empo.tasks.device_trainer import DeviceTrainer
from empo.tasks.registry import device_task

SEEDS = (0, 1, 2, 3, 4)
INF = float("inf")

pytestmark = pytest.mark.slow


def networks(task):
    return ordinary_networks(task.observation_size, task.action, NetSettings())


def results(trainer, n_steps, n_looks=20, n_episodes=20):
    """For each seed the mean return of 20 fresh episodes of the best learner."""
    run = trainer.start()
    best, best_score = None, np.full(len(SEEDS), -INF)
    n_updates = trainer.n_updates(n_steps)
    for look in range(n_looks):
        run, _ = trainer.advance(run, n_updates // n_looks)
        score = trainer.judge(trainer.learner(run), n_episodes, seed=look).returns.mean(axis=1)
        better = score > best_score
        learner = trainer.learner(run)
        # Copied: the next chunk uses up the run.
        best = trainer.pick(better, learner, jax.tree.map(jnp.copy, best or learner))
        best_score = np.maximum(score, best_score)
    return trainer.judge(best, 20, seed=1000).returns.mean(axis=1)


def trained(build, settings, name, n_steps, inputs=InputSettings(), **looks):
    task = device_task(name)
    algorithm = build(settings, networks(task), n_steps)
    algorithm = normalised(algorithm, inputs, task.observation_size)
    return results(DeviceTrainer(algorithm, task, SEEDS), n_steps, **looks)


def ppo_cartpole(**changes):
    return PPO(
        **({"n_epochs": 10, "n_minibatches": 2, "lambda_": 0.9} | changes),
        rollout=Rollout(8, 64, 0.98),
        optim=Optim(1e-3, anneal=1.0),
    )


STEADY = {"rollout": Rollout(8, 32, 0.98), "optim": Optim(3e-3, anneal=1.0), "standardise": True}
LAGGING = {
    "rollout": Rollout(8, 32, 0.98),
    "lambda_": 0.9,
    "optim": Optim(1.5e-3, anneal=1.0),
    "standardise": True,
}
REGION = {"rollout": Rollout(8, 64, 0.98)}

CARTPOLE = {
    "a2c": (a2c, A2C(**STEADY), 150_000),
    "impala": (impala, Impala(lag=1, **LAGGING), 200_000),
    "npg": (npg, NPG(delta=0.02, **REGION), 40_000),
    "trpo": (trpo, TRPO(delta=0.02, **REGION), 40_000),
    "adaptive trpo": (adaptive_trpo, AdaptiveTRPO(kl_target=0.02, **REGION), 40_000),
    "ppo: clip": (ppo, ppo_cartpole(), 60_000),
    "ppo: penalty": (ppo, ppo_cartpole(clip=INF, kl_coef=1.0, kl_target=0.01), 60_000),
    "ppo: both": (ppo, ppo_cartpole(kl_coef=1.0, kl_target=0.01), 60_000),
    "ppo: both, entropy": (
        ppo,
        ppo_cartpole(kl_coef=1.0, kl_target=0.01, entropy_coef=0.005),
        60_000,
    ),
}


@pytest.mark.parametrize("name", CARTPOLE)
def test_cartpole_is_solved_by_all_seeds(name):
    build, settings, n_steps = CARTPOLE[name]
    assert trained(build, settings, "cartpole", n_steps).min() >= 475


@pytest.mark.parametrize("baseline", ["none", "mean", "leave-one-out", "optimal", "value"])
def test_reinforce_learns_cartpole_with_each_baseline(baseline):
    settings = Reinforce(baseline, rollout=Rollout(16, 128, 0.98), optim=Optim(5e-3))
    assert trained(reinforce, settings, "cartpole", 100_000).min() >= 195


def test_the_critic_of_actions_learns_cartpole():
    settings = QActorCritic(
        n_critic_steps=20,
        standardise=True,
        rollout=Rollout(8, 64, 0.98),
        optim=Optim(3e-3, max_grad_norm=10.0),
    )
    assert trained(q_actor_critic, settings, "cartpole", 60_000).min() >= 195


def test_A15_a3c_solves_cartpole():
    task, n_steps = device_task("cartpole"), 150_000
    halves = a3c(A3C(2, A2C(**STEADY)), networks(task), n_steps)
    assert results(AsynchronousTrainer(halves, task, SEEDS, 2), n_steps).min() >= 475


def test_impala_solves_cartpole_with_workers_that_lag_by_themselves():
    task, n_steps = device_task("cartpole"), 200_000
    halves = of_data(impala(Impala(lag=0, **LAGGING), networks(task), n_steps))
    assert results(AsynchronousTrainer(halves, task, SEEDS, 2), n_steps).min() >= 475


def test_ppo_solves_pendulum():
    settings = PPO(
        n_epochs=10,
        n_minibatches=8,
        value_coef=1.0,
        rollout=Rollout(16, 128, 0.95),
        optim=Optim(1e-3, anneal=1.0),
    )
    inputs = InputSettings(scale_rewards=True)
    found = trained(ppo, settings, "pendulum", 200_000, inputs, n_looks=5, n_episodes=60)
    assert found.min() >= -200


ACROBOT = {
    "ppo": (
        ppo,
        PPO(rollout=Rollout(16, 64, 0.99), optim=Optim(1e-3, anneal=1.0)),
        150_000,
    ),
    "trpo": (trpo, TRPO(delta=0.02, rollout=Rollout(16, 64, 0.99)), 100_000),
    "npg": (npg, NPG(delta=0.02, rollout=Rollout(16, 64, 0.99)), 100_000),
}


@pytest.mark.parametrize("name", ACROBOT)
def test_acrobot_is_solved_by_all_seeds(name):
    build, settings, n_steps = ACROBOT[name]
    assert trained(build, settings, "acrobot", n_steps, n_looks=10).min() >= -100
