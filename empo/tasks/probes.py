"""Five tiny tasks, each of which breaks one thing and has a known answer (Jones 2021, "Debugging
reinforcement learning systems").

A learner that fails the first cannot learn a value at all; the second, a value that depends on the
observation; the third, one that comes through the next state's; the fourth, a choice; the fifth, a
choice that depends on the observation. Each comes with two actions and with a continuous one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from empo.core.spaces import ActionSpace, Box, Discrete
from empo.core.types import Array, Bool, Float, Scalar
from empo.tasks.task import Task

Step = tuple[Array, Float[Array, ""], Bool[Array, ""]]
TIME_LIMIT = 10
"""Never reached: the probes end by themselves after one step or two."""
TWO_ACTIONS = Discrete(2)
BETWEEN_ONES = Box((-1.0,), (1.0,))
TARGET = 0.5
"""The best continuous action, or its magnitude: neither in the middle of the box nor at an end."""


@dataclass(frozen=True)
class Probe:
    """A task, and what a learner should find."""

    task: Task
    observations: tuple[tuple[float, ...], ...]
    """Those whose value and best action are known."""
    value: Callable[[Float[Array, " o"], Scalar], Float[Array, ""]]
    """value(observation, gamma) of whoever acts best."""
    best: Callable[[Float[Array, " o"]], Array] | None
    """The only best action after an observation; None where all actions are equally good."""


def nothing(**_: Array) -> Float[Array, " o"]:
    """The state that there is only one of."""
    return jnp.zeros(1)


def coin(*, key: Array) -> Float[Array, " o"]:
    """-1 or 1."""
    return jax.random.rademacher(key, (1,), dtype=float)


def one_step(
    name: str,
    action: ActionSpace,
    reset: Callable[..., Float[Array, " o"]],
    reward: Callable[[Float[Array, " o"], Array], Float[Array, ""]],
) -> Task:
    """A task that ends after a step, in which the state is seen and pays reward(state, action)."""

    def step(state: Float[Array, " o"], action: Array, **_: Array) -> Step:
        return state, reward(state, action), jnp.bool_(True)

    return Task(name, 1, action, TIME_LIMIT, reset, seen, step)


def worth(number: float) -> Callable[[Float[Array, " o"], Scalar], Float[Array, ""]]:
    """A value that is the same after every observation."""

    def value(observation: Float[Array, " o"], _gamma: Scalar) -> Float[Array, ""]:
        return jnp.full_like(observation[0], number)

    return value


def seen(state: Float[Array, " o"]) -> Float[Array, " o"]:
    """The whole state."""
    return state


def _constant(name: str, action: ActionSpace) -> Probe:
    def reward(state: Array, _action: Array) -> Array:
        return jnp.ones_like(state[0])

    return Probe(one_step(name, action, nothing, reward), ((0.0,),), worth(1.0), None)


def _observation(name: str, action: ActionSpace) -> Probe:
    def what_is_seen(state: Array, _: Array | Scalar) -> Array:
        return state[0]

    task = one_step(name, action, coin, what_is_seen)
    return Probe(task, ((-1.0,), (1.0,)), what_is_seen, None)


def _delay(name: str, action: ActionSpace) -> Probe:
    def step(state: Array, _action: Array, **_: Array) -> Step:
        return jnp.ones_like(state), state[0], state[0] > 0

    def value(observation: Array, gamma: Scalar) -> Array:
        return jnp.where(observation[0] > 0, 1.0, gamma)

    task = Task(name, 1, action, TIME_LIMIT, nothing, seen, step)
    return Probe(task, ((0.0,), (1.0,)), value, None)


def _action(name: str, action: ActionSpace) -> Probe:
    def best(observation: Array) -> Array:
        return _towards(action, jnp.ones_like(observation[0]))

    def reward(state: Array, action: Array) -> Array:
        return _nearness(action, jnp.ones_like(state[0]))

    return Probe(one_step(name, action, nothing, reward), ((0.0,),), worth(1.0), best)


def _both(name: str, action: ActionSpace) -> Probe:
    def best(observation: Array) -> Array:
        return _towards(action, observation[0])

    def reward(state: Array, action: Array) -> Array:
        return _nearness(action, state[0])

    return Probe(one_step(name, action, coin, reward), ((-1.0,), (1.0,)), worth(1.0), best)


def _towards(action: ActionSpace, side: Float[Array, ""]) -> Array:
    """The best action if it is to be on this side, -1 or 1."""
    return jnp.int32(side > 0) if isinstance(action, Discrete) else TARGET * side[None]


def _nearness(action: Array, side: Float[Array, ""]) -> Float[Array, ""]:
    """1 for the best action; the other of two pays -1, others less by their squared distance."""
    if action.ndim == 0:
        return jnp.where(action == (side > 0), 1.0, -jnp.ones_like(side))
    return 1.0 - (action[0] - TARGET * side) ** 2


_KINDS = {
    "probe-constant": _constant,
    "probe-observation": _observation,
    "probe-delay": _delay,
    "probe-action": _action,
    "probe-both": _both,
}
DISCRETE_PROBES = tuple(make(name, TWO_ACTIONS) for name, make in _KINDS.items())
CONTINUOUS_PROBES = tuple(make(f"{name}-continuous", BETWEEN_ONES) for name, make in _KINDS.items())
PROBES = DISCRETE_PROBES + CONTINUOUS_PROBES
