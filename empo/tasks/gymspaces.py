"""Gymnasium's spaces as plain vectors: what learners see and what they may do."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.spaces.utils import flatdim, flatten

from empo.core.errors import InputError
from empo.core.spaces import ActionSpace, Box, Discrete

MAX_JOINT_ACTIONS = 4096
"""Combinations of a MultiDiscrete space that are still numbered one by one."""

Encode = Callable[[Any], np.ndarray]
"""From an observation to a vector, (o,)."""
Decode = Callable[[np.ndarray], Iterable[Any]]
"""From actions (n, ...) to what each of n environments is given."""


def encoder(env_id: str, space: spaces.Space) -> tuple[int, Encode]:
    """The size of observations as vectors, and how to make one.

    Numbers stay as they are, in reading order; what is one of n becomes a one-hot vector; parts of
    a dictionary or tuple follow one another. Raises `InputError` if the size is not fixed.
    """
    if not space.is_np_flattenable:
        raise InputError(f"{env_id}: observations in {space} cannot be made vectors of one size")
    if isinstance(space, spaces.Box):
        return math.prod(space.shape), np.ravel
    return flatdim(space), lambda observation: np.asarray(flatten(space, observation))


def decoder(env_id: str, space: spaces.Space) -> tuple[ActionSpace, Decode]:
    """The space of actions, and how to hand them over; raises `InputError` on other spaces."""
    if isinstance(space, spaces.Discrete):
        n, start = int(space.n), int(space.start)
        return Discrete(n), lambda action: _numbers(action, n) + start
    if isinstance(space, spaces.MultiDiscrete):
        return _joint(env_id, space)
    if isinstance(space, spaces.Box) and np.issubdtype(space.dtype, np.floating):
        return _vectors(env_id, space)
    raise InputError(
        f"{env_id}: actions in {space} are not supported (wanted Discrete, MultiDiscrete or Box of "
        "floating-point numbers)"
    )


def _joint(env_id: str, space: spaces.MultiDiscrete) -> tuple[ActionSpace, Decode]:
    """Combinations of actions as one number each, the last one's running fastest."""
    sizes, start = space.nvec.ravel().tolist(), space.start
    n = math.prod(sizes)
    if n > MAX_JOINT_ACTIONS:
        raise InputError(
            f"{env_id}: actions in {space} have {n:,} combinations (wanted at most "
            f"{MAX_JOINT_ACTIONS:,})"
        )

    def decode(action: np.ndarray) -> np.ndarray:
        each = np.stack(np.unravel_index(_numbers(action, n), sizes), axis=-1)
        return each.reshape(-1, *space.shape).astype(space.dtype) + start

    return Discrete(n), decode


def _vectors(env_id: str, space: spaces.Box) -> tuple[ActionSpace, Decode]:
    low, high = (tuple(map(float, bound.ravel())) for bound in (space.low, space.high))
    if not low:
        raise InputError(f"{env_id}: actions in {space} have no components")

    def decode(action: np.ndarray) -> np.ndarray:
        if action.shape[1:] != (len(low),) or action.dtype.kind not in "fiu":
            raise InputError(f"wanted actions of {len(low)} numbers each, got {_described(action)}")
        if not np.isfinite(action).all():
            i, place = np.argwhere(~np.isfinite(action))[0].tolist()
            raise InputError(f"action[{place}] for environment {i} is {action[i, place]}")
        return action.reshape(-1, *space.shape).astype(space.dtype)

    return Box(low, high), decode


def _numbers(action: np.ndarray, n: int) -> np.ndarray:
    if action.ndim != 1 or action.dtype.kind not in "iu":
        raise InputError(f"wanted a whole number for each environment, got {_described(action)}")
    if action.min() < 0 or action.max() >= n:
        raise InputError(f"actions must be 0 ... {n - 1}, got {action.min()} ... {action.max()}")
    return action.astype(np.int64)


def _described(action: np.ndarray) -> str:
    return f"an array of {action.dtype} with shape {action.shape}"
