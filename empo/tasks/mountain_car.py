"""A car in a valley, too weak to climb the hill without a run-up (Moore 1990, PhD thesis).

Equal step by step to Gymnasium's MountainCar-v0 and MountainCarContinuous-v0.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from empo.core.spaces import Box, Discrete
from empo.core.types import Array, Bool, Float, Int
from empo.tasks.task import Task

GRAVITY = 0.0025
SPEED_LIMIT = 0.07
LEFT_WALL, RIGHT_END = -1.2, 0.6
START = (-0.6, -0.4)
"""Between which the first position lies, uniformly: around the bottom at -pi / 6."""
FORCE, GOAL = 0.001, 0.5
"""Of the task with three actions."""
CONTINUOUS_FORCE, CONTINUOUS_GOAL = 0.0015, 0.45
FORCE_COST = 0.1
PRIZE = 100.0


class State(NamedTuple):
    """Where the car is along the valley, and how fast it goes right."""

    position: Float[Array, ""]
    velocity: Float[Array, ""]


def reset(*, key: Array) -> State:
    """At rest near the bottom."""
    position = jax.random.uniform(key, (), minval=START[0], maxval=START[1])
    return State(position, jnp.zeros_like(position))


def observe(state: State) -> Float[Array, " o"]:
    """The whole state."""
    return jnp.stack(state)


def step(
    state: State, action: Int[Array, ""], **_: Array
) -> tuple[State, Float[Array, ""], Bool[Array, ""]]:
    """Push left, not at all or right (0, 1, 2); pays -1 for every step until the goal."""
    after = driven(state, FORCE * (action - 1).astype(state.position.dtype))
    return after, -jnp.ones_like(after.position), arrived(after, GOAL)


def step_continuous(
    state: State, action: Float[Array, " a"], **_: Array
) -> tuple[State, Float[Array, ""], Bool[Array, ""]]:
    """Push with a force between -1 and 1; pays 100 at the goal, less 0.1 force^2 at every step."""
    (force,) = action
    after = driven(state, CONTINUOUS_FORCE * force)
    over = arrived(after, CONTINUOUS_GOAL)
    return after, jnp.where(over, PRIZE, 0.0) - FORCE_COST * force**2, over


def driven(state: State, push: Float[Array, ""]) -> State:
    """The state after one step; the left wall stops the car."""
    velocity = state.velocity + push - GRAVITY * jnp.cos(3 * state.position)
    velocity = jnp.clip(velocity, -SPEED_LIMIT, SPEED_LIMIT)
    position = jnp.clip(state.position + velocity, LEFT_WALL, RIGHT_END)
    stopped = (position == LEFT_WALL) & (velocity < 0)
    return State(position, jnp.where(stopped, 0.0, velocity))


def arrived(state: State, goal: float) -> Bool[Array, ""]:
    """Is the car at the goal, or beyond it and not rolling back?"""
    return (state.position >= goal) & (state.velocity >= 0)


MOUNTAIN_CAR = Task(
    "mountain-car", 2, Discrete(3), 200, reset, observe, step, gym_id="MountainCar-v0"
)
MOUNTAIN_CAR_CONTINUOUS = Task(
    "mountain-car-continuous",
    2,
    Box((-1.0,), (1.0,)),
    999,
    reset,
    observe,
    step_continuous,
    gym_id="MountainCarContinuous-v0",
)
