"""A pendulum that hangs from a motor too weak to lift it at once; to be swung up and kept up.

Equal step by step to Gymnasium's Pendulum-v1, but for whole turns of the angle: here it stays
between -pi and pi, where 32 bits tell angles apart equally well after any number of turns.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp

from empo.core.spaces import Box
from empo.core.types import Array, Bool, Float
from empo.tasks.task import Task

GRAVITY = 10.0
TORQUE_LIMIT = 2.0
SPIN_LIMIT = 8.0
SECONDS = 0.05
"""From one step to the next."""
SPIN_COST = 0.1
TORQUE_COST = 0.001


class State(NamedTuple):
    """The angle from upright and its rate of change, of a rod of mass 1 and length 1."""

    angle: Float[Array, ""]
    spin: Float[Array, ""]


def reset(*, key: Array) -> State:
    """Any angle, and a spin between -1 and 1."""
    angle, spin = jax.random.uniform(key, (2,), minval=-1.0, maxval=1.0)
    return State(math.pi * angle, spin)


def observe(state: State) -> Float[Array, " o"]:
    """The angle's cosine and sine, and the spin."""
    return jnp.stack([jnp.cos(state.angle), jnp.sin(state.angle), state.spin])


def step(
    state: State, action: Float[Array, " a"], **_: Array
) -> tuple[State, Float[Array, ""], Bool[Array, ""]]:
    """Turn by a torque within the limits; pays -(angle^2 + 0.1 spin^2 + 0.001 torque^2).

    Angle and spin of the payment are those before the step. It never ends.
    """
    angle, spin = state
    (torque,) = action
    cost = angle**2 + SPIN_COST * spin**2 + TORQUE_COST * torque**2
    # One product to each sum: of a sum of two the compiler rounds either, and not always the same.
    spin = spin + SECONDS * 1.5 * GRAVITY * jnp.sin(angle)
    spin = jnp.clip(spin + SECONDS * 3.0 * torque, -SPIN_LIMIT, SPIN_LIMIT)
    after = State(within_a_turn(angle + SECONDS * spin), spin)
    return after, -cost, jnp.zeros_like(angle, dtype=bool)


def within_a_turn(angle: Float[Array, ""]) -> Float[Array, ""]:
    """The same angle, between -pi and pi."""
    return angle - 2 * math.pi * jnp.round(angle / (2 * math.pi))


_TORQUE = Box((-TORQUE_LIMIT,), (TORQUE_LIMIT,))
PENDULUM = Task("pendulum", 3, _TORQUE, 200, reset, observe, step, gym_id="Pendulum-v1")
