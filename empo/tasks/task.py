"""A task on the device: pure functions of one state, for training in one compiled program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from empo.core.spaces import ActionSpace
from empo.core.types import Array, Bool, Float, Int


@dataclass(frozen=True)
class Task:
    """For ONE environment; `state` is a pytree of arrays.

    reset(key=)              -> state
    observe(state)           -> observation
    step(state, action, key=) -> state, reward, terminated
    """

    name: str
    observation_size: int
    action: ActionSpace
    time_limit: int | Callable[[Any], Int[Array, ""]]
    """Steps after which an episode is cut, or what tells them from a state.

    That is a truncation and no end of the world.
    """
    reset: Callable[..., Any]
    observe: Callable[[Any], Float[Array, " o"]]
    step: Callable[..., tuple[Any, Float[Array, ""], Bool[Array, ""]]]
    gym_id: str | None = None
    """The Gymnasium environment that it equals step by step."""
