"""A pole on a cart, to be kept upright by pushing the cart left or right (Barto et al. 1983).

Equal step by step to Gymnasium's CartPole-v1, whose equations of motion are those of Florian (2007,
"Correct equations for the dynamics of the cart-pole system") without friction.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp

from empo.core.spaces import Discrete
from empo.core.types import Array, Bool, Float, Int
from empo.tasks.task import Task

GRAVITY = 9.8
POLE_MASS = 0.1
TOTAL_MASS = 1.0 + POLE_MASS
HALF_LENGTH = 0.5
"""Of the pole."""
FORCE = 10.0
SECONDS = 0.02
"""From one step to the next, by Euler's method."""
POSITION_LIMIT = 2.4
ANGLE_LIMIT = math.radians(12.0)
START = 0.05
"""Each number of the first state lies between -START and START, uniformly."""


class State(NamedTuple):
    """The cart's position and the pole's angle from upright, each with its rate of change."""

    position: Float[Array, ""]
    velocity: Float[Array, ""]
    angle: Float[Array, ""]
    spin: Float[Array, ""]


def reset(*, key: Array) -> State:
    """Nearly upright in the middle, nearly at rest."""
    return State(*jax.random.uniform(key, (4,), minval=-START, maxval=START))


def observe(state: State) -> Float[Array, " o"]:
    """The whole state."""
    return jnp.stack(state)


def step(
    state: State, action: Int[Array, ""], **_: Array
) -> tuple[State, Float[Array, ""], Bool[Array, ""]]:
    """Push left (0) or right (1); 1 for every step, the one on which the pole falls included."""
    position, velocity, angle, spin = state
    force = jnp.where(action == 1, FORCE, -FORCE)
    sine, cosine = jnp.sin(angle), jnp.cos(angle)
    push = (force + POLE_MASS * HALF_LENGTH * spin**2 * sine) / TOTAL_MASS
    spin_rate = (GRAVITY * sine - cosine * push) / (
        HALF_LENGTH * (4 / 3 - POLE_MASS * cosine**2 / TOTAL_MASS)
    )
    velocity_rate = push - POLE_MASS * HALF_LENGTH * spin_rate * cosine / TOTAL_MASS
    after = State(
        position + SECONDS * velocity,
        velocity + SECONDS * velocity_rate,
        angle + SECONDS * spin,
        spin + SECONDS * spin_rate,
    )
    fallen = (jnp.abs(after.position) > POSITION_LIMIT) | (jnp.abs(after.angle) > ANGLE_LIMIT)
    return after, jnp.ones_like(after.position), fallen


CARTPOLE = Task("cartpole", 4, Discrete(2), 500, reset, observe, step, gym_id="CartPole-v1")
