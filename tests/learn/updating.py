"""Updates of the q-robot from chosen places, without playing."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from empo.learn.q_robot import q_robot
from empo.learn.stages import stage_table
from empo.learn.task import Seen
from empo.rl.data import Steps


def steps_at(places, n_humans):
    """Data that says where somebody was, and nothing else."""
    n = len(places.time)
    nothing = jnp.zeros(n)
    goals = jnp.zeros((n, n_humans), jnp.int32)
    clock = jnp.zeros(n, jnp.int32)
    seen = Seen(places, goals, clock, clock)
    return Steps(seen, clock, nothing, nothing, nothing, nothing > 0, seen)


def algorithm_of(problem, settings, quantities, n_updates):
    """The q-robot of a run of so many updates."""
    return q_robot(problem, settings, quantities, stage_table(settings, n_updates))


def course(algorithm, data, n_updates, key=0):
    """The learner at the beginning and after each update from the same data, along the first axis;
    and the metrics of all updates."""

    def update(learner, key):
        learner, metrics = algorithm.update(learner, data, key=key)
        return learner, (learner, metrics)

    @jax.jit
    def run(key):
        key, key_init = jax.random.split(key)
        first = algorithm.init(key=key_init)
        _, (after, metrics) = jax.lax.scan(update, first, jax.random.split(key, n_updates))
        joined = jax.tree.map(lambda x, y: jnp.concatenate([x[None], y]), first, after)
        return joined, metrics

    return run(jax.random.key(key))


def after(algorithm, data, n_updates, key=0):
    """The learner after so many updates from the same data."""

    @jax.jit
    def run(key):
        key, key_init = jax.random.split(key)
        first = algorithm.init(key=key_init)
        step = lambda learner, key: (algorithm.update(learner, data, key=key)[0], None)  # noqa: E731
        return jax.lax.scan(step, first, jax.random.split(key, n_updates))[0]

    return run(jax.random.key(key))
