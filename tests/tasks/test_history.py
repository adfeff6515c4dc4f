"""Policies of a history (E04): what is remembered, and what it is good for."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.core.spaces import Discrete
from empo.nets import NetSettings, ordinary_networks
from empo.rl.algorithm import Rollout
from empo.rl.optim import Optim
from empo.rl.ppo import PPO, ppo
from empo.tasks.cartpole import CARTPOLE
from empo.tasks.device import iterate, start
from empo.tasks.history import remembering
from empo.tasks.task import Task


def test_the_last_observations_are_shown_the_newest_last():
    task, key = remembering(CARTPOLE, 3), jax.random.key(0)
    assert task.observation_size == 12
    state, plain = task.reset(key=key), CARTPOLE.reset(key=key)
    seen = [np.zeros(4), np.zeros(4), CARTPOLE.observe(plain)]
    for action in (1, 0, 1, 1):
        np.testing.assert_array_equal(task.observe(state), np.concatenate(seen[-3:]))
        state, reward, terminated = task.step(state, jnp.int32(action), key=key)
        plain, *wanted = CARTPOLE.step(plain, jnp.int32(action), key=key)
        assert (reward, terminated) == tuple(wanted)
        seen.append(CARTPOLE.observe(plain))


def cue_reset(*, key):
    """The cue, -1 or 1, and how often it was answered."""
    return jnp.append(jax.random.rademacher(key, (), dtype=float), 0.0)


def cue_observe(state):
    """The cue at the first step, nothing at the second."""
    return jnp.where(state[1] == 0, state[0], 0.0)[None]


def cue_step(state, action, *, key):
    right = (2.0 * action - 1.0) == state[0]
    second = state[1] == 1
    reward = jnp.where(second, jnp.where(right, 1.0, -1.0), 0.0)
    return state + jnp.array([0.0, 1.0]), reward, second


CUE = Task("cue", 1, Discrete(2), 5, cue_reset, cue_observe, cue_step)


@pytest.mark.parametrize(("n_observations", "answers"), [(1, False), (2, True)])
def test_E04_only_a_policy_of_the_history_can_answer_a_cue_that_is_gone(n_observations, answers):
    task = remembering(CUE, n_observations)
    settings = PPO(2, 2, rollout=Rollout(16, 8, 0.9), optim=Optim(1e-2))
    networks = ordinary_networks(n_observations, task.action, NetSettings(hidden=(8,)))
    algorithm = ppo(settings, networks, 20_000)

    @jax.jit
    def learn(key):
        body = lambda _, run: iterate(algorithm, task, run)[0]  # noqa: E731
        return jax.lax.fori_loop(0, 150, body, start(algorithm, task, key=key)).learner

    learner = learn(jax.random.key(0))

    def answer(cue):
        seen = jnp.array([cue, 0.0])[-n_observations:]  # at the second step
        return int(algorithm.best(learner, seen))

    assert ((answer(-1.0), answer(1.0)) == (0, 1)) == answers


def test_at_least_one_observation_is_shown():
    with pytest.raises(InputError, match="n_observations"):
        remembering(CARTPOLE, 0)
