"""Two rods that hang from one another, with a motor at the elbow; to be swung up above a line.

The equations of motion of Sutton & Barto (2018, "Reinforcement Learning", 2nd edition, section
11.10 of the first) for rods of mass 1, length 1, moment of inertia 1 and centres half way, by one
Runge-Kutta step of fourth order. Equal step by step to Gymnasium's Acrobot-v1.
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
SECONDS = 0.2
"""From one step to the next."""
SPIN_LIMIT_1 = 4 * math.pi
SPIN_LIMIT_2 = 9 * math.pi
START = 0.1
"""Each number of the first state lies between -START and START, uniformly."""


class State(NamedTuple):
    """The upper rod's angle from hanging, the lower rod's from the upper, and their spins."""

    angle_1: Float[Array, ""]
    angle_2: Float[Array, ""]
    spin_1: Float[Array, ""]
    spin_2: Float[Array, ""]


def reset(*, key: Array) -> State:
    """Nearly hanging, nearly at rest."""
    return State(*jax.random.uniform(key, (4,), minval=-START, maxval=START))


def observe(state: State) -> Float[Array, " o"]:
    """Cosine and sine of both angles, and the spins."""
    angle_1, angle_2, spin_1, spin_2 = state
    cosines_and_sines = [f(angle) for angle in (angle_1, angle_2) for f in (jnp.cos, jnp.sin)]
    return jnp.stack([*cosines_and_sines, spin_1, spin_2])


def step(
    state: State, action: Int[Array, ""], **_: Array
) -> tuple[State, Float[Array, ""], Bool[Array, ""]]:
    """Turn the elbow by a torque of -1, 0 or 1 (actions 0, 1, 2).

    Pays -1 for every step until the tip is more than one rod's length above the upper end.
    """
    torque = (action - 1).astype(state.angle_1.dtype)
    angle_1, angle_2, spin_1, spin_2 = _runge_kutta(state, torque)
    after = State(
        _within_a_turn(angle_1),
        _within_a_turn(angle_2),
        jnp.clip(spin_1, -SPIN_LIMIT_1, SPIN_LIMIT_1),
        jnp.clip(spin_2, -SPIN_LIMIT_2, SPIN_LIMIT_2),
    )
    up = -jnp.cos(after.angle_1) - jnp.cos(after.angle_1 + after.angle_2) > 1.0
    return after, jnp.where(up, 0.0, -jnp.ones_like(angle_1)), up


def _runge_kutta(state: State, torque: Float[Array, ""]) -> State:
    rate_1 = _rates(state, torque)
    rate_2 = _rates(_moved(state, rate_1, SECONDS / 2), torque)
    rate_3 = _rates(_moved(state, rate_2, SECONDS / 2), torque)
    rate_4 = _rates(_moved(state, rate_3, SECONDS), torque)
    mean = jax.tree.map(
        lambda a, b, c, d: (a + 2 * b + 2 * c + d) / 6, rate_1, rate_2, rate_3, rate_4
    )
    return _moved(state, mean, SECONDS)


def _moved(state: State, rate: State, seconds: float) -> State:
    return jax.tree.map(lambda x, x_rate: x + seconds * x_rate, state, rate)


def _rates(state: State, torque: Float[Array, ""]) -> State:
    angle_1, angle_2, spin_1, spin_2 = state
    sine, cosine = jnp.sin(angle_2), jnp.cos(angle_2)
    inertia_1 = 3.5 + cosine
    inertia_12 = 1.25 + 0.5 * cosine
    inertia_2 = 1.25
    weight_2 = 0.5 * GRAVITY * jnp.sin(angle_1 + angle_2)
    load_1 = (
        1.5 * GRAVITY * jnp.sin(angle_1)
        + weight_2
        - 0.5 * spin_2**2 * sine
        - spin_1 * spin_2 * sine
    )
    load_2 = weight_2 + 0.5 * spin_1**2 * sine
    spin_2_rate = (torque + inertia_12 / inertia_1 * load_1 - load_2) / (
        inertia_2 - inertia_12**2 / inertia_1
    )
    spin_1_rate = -(inertia_12 * spin_2_rate + load_1) / inertia_1
    return State(spin_1, spin_2, spin_1_rate, spin_2_rate)


def _within_a_turn(angle: Float[Array, ""]) -> Float[Array, ""]:
    return angle - 2 * math.pi * jnp.round(angle / (2 * math.pi))


ACROBOT = Task("acrobot", 6, Discrete(3), 500, reset, observe, step, gym_id="Acrobot-v1")
