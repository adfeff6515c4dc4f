"""Data of many environments side by side are less alike than as many steps of one."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from empo.nets import NetSettings, ordinary_networks
from empo.rl.a2c import A2C, a2c
from empo.rl.algorithm import Rollout
from empo.tasks.cartpole import CARTPOLE
from empo.tasks.device import gather, random_actor, start

ROUNDS = 400


def batch_means(n_envs, n_steps):
    """The mean pole angle of each of many batches of the same size, with random actions."""
    settings = A2C(rollout=Rollout(n_envs, n_steps))
    networks = ordinary_networks(4, CARTPOLE.action, NetSettings(hidden=(4,)))
    algorithm = a2c(settings, networks, 1000)
    act = random_actor(CARTPOLE.action)

    @partial(jax.jit, static_argnums=1)
    def rounds(run, n):
        def one(run, key):
            run, data, _ = gather(algorithm, CARTPOLE, act, run, key=key)
            return run, jnp.mean(data.observation[..., 2])

        return jax.lax.scan(one, run, jax.random.split(run.key, n))

    run, _ = rounds(start(algorithm, CARTPOLE, key=jax.random.key(n_envs)), 50)
    return np.asarray(rounds(run._replace(key=jax.random.key(1)), ROUNDS)[1])


def test_A18_a_batch_of_many_environments_tells_more_than_one_of_the_same_size():
    # The variance of a batch's mean is that of one step times the share of it that is told twice:
    # the less correlated the steps of a batch, the smaller it is.
    one, many = batch_means(1, 32), batch_means(32, 1)
    assert one.shape == many.shape == (ROUNDS,)
    assert many.var() < 0.5 * one.var()
