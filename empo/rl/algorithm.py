"""What an algorithm is to whoever trains with it: four pure functions and a way to gather data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from empo.core.errors import InputError
from empo.core.types import Array, Float

Metrics = dict[str, Float[Array, ""]]


class Acted(NamedTuple):
    """One action, its log-probability when it was chosen, and what to remember until the next."""

    action: Any
    log_prob: Float[Array, ""]
    memory: Any = ()


@dataclass(frozen=True)
class Rollout:
    """Learn from what the present policy does: `n_steps` in each of `n_envs` worlds, used once."""

    n_envs: int = 8
    """Worlds stepped in parallel."""
    n_steps: int = 32
    """Steps in each of them between two updates."""
    gamma: float = 0.99
    """Discount factor of rewards."""

    def __post_init__(self) -> None:
        at_least("n_envs", self.n_envs, 1)
        at_least("n_steps", self.n_steps, 1)
        within("gamma", self.gamma, 0.0, 1.0)

    @property
    def steps_per_update(self) -> int:
        """Environment steps from one update to the next."""
        return self.n_envs * self.n_steps


@dataclass(frozen=True)
class Replay:
    """Learn from samples of all that was done so far."""

    n_envs: int = 1
    """Worlds stepped in parallel."""
    n_steps: int = 1
    """Steps in each of them between two rounds of updates."""
    n_updates: int = 1
    """Gradient steps in a round."""
    batch_size: int = 256
    """Steps in the sample of one gradient step."""
    capacity: int = 100_000
    """Steps remembered; the oldest go first."""
    warmup: int = 1_000
    """Steps of random actions before the first update."""
    gamma: float = 0.99
    """Discount factor of rewards."""

    def __post_init__(self) -> None:
        for name in ("n_envs", "n_steps", "n_updates", "batch_size", "warmup"):
            at_least(name, getattr(self, name), 1)
        at_least("capacity", self.capacity, self.n_envs * self.n_steps)
        within("gamma", self.gamma, 0.0, 1.0)

    @property
    def steps_per_update(self) -> int:
        """Environment steps from one round of updates to the next."""
        return self.n_envs * self.n_steps


@dataclass(frozen=True)
class Algorithm:
    """Pure functions; `learner` is a pytree of arrays that holds all that the algorithm knows.

    init(key=)                                   -> learner
    act(learner, observation, memory, key=)      -> Acted, exploring, for ONE world
    best(learner, observation)                   -> the action it would be judged by, for ONE world
    update(learner, data, key=)                  -> learner, metrics

    `data` are `Steps` with axes `t n` of a `Rollout`, or `n` of a sample from a `Replay`.
    `fresh_memory` is what `act` remembers at the beginning of an episode. `policy(learner)` is what
    is learned of how to act: a pytree that makes of an observation a distribution over actions.
    """

    init: Callable[..., Any]
    act: Callable[..., Acted]
    best: Callable[[Any, Any], Any]
    update: Callable[..., tuple[Any, Metrics]]
    gather: Rollout | Replay
    fresh_memory: Any = ()
    policy: Callable[[Any], Any] | None = None
    """None where none is learned, or one without chance."""


def at_least(name: str, found: float, least: float) -> None:
    """Raise `InputError` unless the setting is a number of at least that."""
    if not found >= least:
        raise InputError(f"{name}: found {found} (wanted at least {least:g})")


def within(name: str, found: float, low: float, high: float) -> None:
    """Raise `InputError` unless the setting lies between the two, or is one of them."""
    if not low <= found <= high:
        raise InputError(f"{name}: found {found} (wanted between {low:g} and {high:g})")
