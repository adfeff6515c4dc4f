"""Learners from replay solve the classic tasks, with each of five fixed seeds."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.nets import NetSettings, ordinary_networks
from empo.rl.algorithm import Replay
from empo.rl.ddpg import DDPG, TD3, ddpg, td3
from empo.rl.dqn import DQN, dqn
from empo.rl.optim import Optim
from empo.rl.sac import SAC, sac
from empo.tasks.device import iterate, play, start
from empo.tasks.registry import device_task

pytestmark = pytest.mark.slow

N_SEEDS = 5
PENDULUM_SOLVED, CARTPOLE_SOLVED = -200.0, 475.0
PENDULUM_NETS = NetSettings(hidden=(64, 64), activation="relu")
CARTPOLE_NETS = NetSettings(hidden=(256, 256), activation="relu")
PENDULUM = {
    "tau": 0.01,
    "replay": Replay(batch_size=128, capacity=10_000, warmup=500),
    "optim": Optim(learning_rate=1e-3, max_grad_norm=float("inf")),
}
CARTPOLE_REPLAY = Replay(
    n_envs=8, n_steps=32, n_updates=128, batch_size=64, capacity=50_000, warmup=1000
)


class Outcome(NamedTuple):
    fresh: np.ndarray
    """Mean return of 20 fresh episodes of each seed's best policy."""
    first_solved: np.ndarray
    """Steps after which each seed's policy was first judged good enough."""


def trained(build, settings, nets, name, *, n_steps, every, solved):
    """Judged by 10 episodes every so many steps; each seed's last best policy is kept."""
    task = device_task(name)
    networks = ordinary_networks(task.observation_size, task.action, nets)
    algorithm = build(settings, networks, n_steps)
    n_rounds = every // algorithm.gather.steps_per_update

    def many(run):
        return jax.lax.fori_loop(0, n_rounds, lambda _, run: iterate(algorithm, task, run)[0], run)

    def judged(n):
        return jax.jit(jax.vmap(lambda learner, key: play(algorithm, task, learner, n, key=key)[0]))

    def keys(first):
        return jax.vmap(jax.random.key)(jnp.arange(first, first + N_SEEDS))

    advance, judge = jax.jit(jax.vmap(many), donate_argnums=0), judged(10)
    keep = jax.jit(
        jax.vmap(lambda better, a, b: jax.tree.map(lambda a, b: jnp.where(better, a, b), a, b))
    )
    run = jax.jit(jax.vmap(lambda key: start(algorithm, task, key=key)))(keys(0))
    best, score = None, np.full(N_SEEDS, -np.inf)
    first_solved = np.full(N_SEEDS, np.inf)
    while int(run.n_steps[0]) < n_steps:
        run = advance(run)
        found = np.asarray(judge(run.learner, keys(100))).mean(axis=1)
        best = keep(jnp.asarray(found >= score), run.learner, run.learner if best is None else best)
        score = np.maximum(score, found)
        first = np.isinf(first_solved) & (found >= solved)
        first_solved[first] = int(run.n_steps[0])
    fresh = np.asarray(judged(20)(best, keys(200))).mean(axis=1)
    return Outcome(fresh, first_solved)


def on_pendulum(build, settings, n_steps=6000):
    return trained(
        build,
        settings,
        PENDULUM_NETS,
        "pendulum",
        n_steps=n_steps,
        every=500,
        solved=PENDULUM_SOLVED,
    )


def on_cartpole(build, settings, n_steps):
    return trained(
        build,
        settings,
        CARTPOLE_NETS,
        "cartpole",
        n_steps=n_steps,
        every=2560,
        solved=CARTPOLE_SOLVED,
    )


def test_sac_swings_the_pendulum_up_within_3500_steps():
    outcome = on_pendulum(sac, SAC(**PENDULUM))
    assert np.all(outcome.fresh >= PENDULUM_SOLVED), outcome
    assert np.median(outcome.first_solved) <= 3500, outcome


def test_D37_sac_with_a_value_network_swings_the_pendulum_up():
    outcome = on_pendulum(sac, SAC(separate_value=True, **PENDULUM))
    assert np.all(outcome.fresh >= PENDULUM_SOLVED), outcome


def test_D29_ddpg_swings_the_pendulum_up():
    outcome = on_pendulum(ddpg, DDPG(**PENDULUM))
    assert np.all(outcome.fresh >= PENDULUM_SOLVED), outcome


def test_td3_swings_the_pendulum_up():
    outcome = on_pendulum(td3, TD3(**PENDULUM), n_steps=8000)
    assert np.all(outcome.fresh >= PENDULUM_SOLVED), outcome


def test_C19_dqn_keeps_the_pole_upright():
    settings = DQN(
        replay=CARTPOLE_REPLAY,
        optim=Optim(learning_rate=2.3e-3, max_grad_norm=10.0),
        exploration=0.2,
        epsilon_final=0.04,
        slow_every=128,
    )
    outcome = on_cartpole(dqn, settings, n_steps=50_000)
    assert np.all(outcome.fresh >= CARTPOLE_SOLVED), outcome


def test_D43_discrete_sac_keeps_the_pole_upright():
    settings = SAC(
        tau=0.02,
        replay=CARTPOLE_REPLAY,
        optim=Optim(learning_rate=2e-3, max_grad_norm=float("inf")),
    )
    outcome = on_cartpole(sac, settings, n_steps=33_000)
    assert np.all(outcome.fresh >= CARTPOLE_SOLVED), outcome
