"""Policies of a history: a task whose observation is that of several steps.

Nothing in learning needs the Markov property of what is observed; only what a policy may depend on
decides how well it can do. pi(a_t | o_{t-n+1}, ..., o_t) is a policy of this task's observations.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import jax.numpy as jnp

from empo.core.types import Array, Bool, Float
from empo.rl.algorithm import at_least
from empo.tasks.task import Task


class Remembered(NamedTuple):
    """A state, and what was observed up to it, the newest last; zeros before the beginning."""

    state: Any
    observations: Float[Array, "n o"]


def remembering(task: Task, n_observations: int) -> Task:
    """The task that shows its last so many observations, joined to one; with 1 it is as it was."""
    at_least("n_observations", n_observations, 1)

    def reset(*, key: Array) -> Remembered:
        state = task.reset(key=key)
        newest = task.observe(state)
        before = jnp.zeros((n_observations - 1, *newest.shape), newest.dtype)
        return Remembered(state, jnp.concatenate([before, newest[None]]))

    def observe(remembered: Remembered) -> Float[Array, " o"]:
        return remembered.observations.reshape(-1)

    def step(
        remembered: Remembered, action: Array, *, key: Array
    ) -> tuple[Remembered, Float[Array, ""], Bool[Array, ""]]:
        state, reward, terminated = task.step(remembered.state, action, key=key)
        observations = jnp.concatenate([remembered.observations[1:], task.observe(state)[None]])
        return Remembered(state, observations), reward, terminated

    return replace(
        task,
        name=f"{task.name}-remembering-{n_observations}",
        observation_size=n_observations * task.observation_size,
        reset=reset,
        observe=observe,
        step=step,
        gym_id=None,
    )
