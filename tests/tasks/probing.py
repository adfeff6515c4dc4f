"""What is known of a probe, checked against its task."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.spaces import Box


def all_actions(task):
    """Every action, or those on a grid of 81 that contains all the probes' best ones."""
    if isinstance(task.action, Box):
        return jnp.linspace(-1.0, 1.0, 81)[:, None]
    return jnp.arange(task.action.n)


def backups(probe, state, gamma, *, key):
    """r + gamma V(s') of every action, and V of the state itself; V of an end is 0."""

    def backup(action):
        state_next, reward, terminated = probe.task.step(state, action, key=key)
        value_next = probe.value(probe.task.observe(state_next), gamma)
        return reward + gamma * jnp.where(terminated, 0.0, value_next)

    value = probe.value(probe.task.observe(state), gamma)
    return np.asarray(jax.vmap(backup)(all_actions(probe.task))), float(value)


def first_states(task, n=20):
    """One state for each first observation that occurs among n."""
    states = jax.vmap(lambda key: task.reset(key=key))(jax.random.split(jax.random.key(0), n))
    found = {}
    for number in range(n):
        state = jax.tree.map(lambda x, number=number: x[number], states)
        found.setdefault(tuple(np.asarray(task.observe(state)).tolist()), state)
    return found
