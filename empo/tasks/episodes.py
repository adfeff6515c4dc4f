"""Episodes of a device task: ended or cut, they begin anew within the same step."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from empo.core.spaces import Box
from empo.core.types import Array, Bool, Float, Int
from empo.tasks.task import Task


class Episode(NamedTuple):
    """Where one environment stands."""

    state: Any
    age: Int[Array, ""]
    """Steps since the beginning."""
    total: Float[Array, ""]
    """Sum of the rewards since the beginning."""


class Stepped(NamedTuple):
    """What one step brought; `length` and `total` count where an episode is over."""

    reward: Float[Array, ""]
    terminated: Bool[Array, ""]
    boundary: Bool[Array, ""]
    """Terminated or cut by the time limit."""
    next_observation: Float[Array, " o"]
    """The true one: that of the old episode, even where a new one has begun."""
    length: Int[Array, ""]
    total: Float[Array, ""]


def begin(task: Task, *, key: Array) -> Episode:
    """A new episode."""
    return Episode(task.reset(key=key), jnp.int32(0), jnp.zeros(()))


def advance(task: Task, episode: Episode, action: Array, *, key: Array) -> tuple[Episode, Stepped]:
    """One step, and a new episode if this one is over. Actions are clipped to the task's bounds."""
    key_step, key_reset = jax.random.split(key)
    here, stepped = move(task, episode, action, key=key_step)
    return renewed(here, begin(task, key=key_reset), stepped), stepped


def move(task: Task, episode: Episode, action: Array, *, key: Array) -> tuple[Episode, Stepped]:
    """One step; an episode that is over then is not to be moved again."""
    state, reward, terminated = task.step(episode.state, clipped(task, action), key=key)
    here = Episode(state, episode.age + 1, episode.total + reward)
    limit = task.time_limit(state) if callable(task.time_limit) else task.time_limit
    boundary = terminated | (here.age >= limit)
    observation = task.observe(state)
    return here, Stepped(reward, terminated, boundary, observation, here.age, here.total)


def renewed(episode: Episode, fresh: Episode, stepped: Stepped) -> Episode:
    """The fresh episode where the other is over."""
    return jax.tree.map(lambda new, old: jnp.where(stepped.boundary, new, old), fresh, episode)


def clipped(task: Task, action: Array) -> Array:
    """The action as the task takes it: a Gaussian policy knows no bounds."""
    if not isinstance(task.action, Box):
        return action
    return jnp.clip(action, jnp.array(task.action.low), jnp.array(task.action.high))
