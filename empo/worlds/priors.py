"""The human prior that walks straight to its goal, blind to everything in the way."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import AnyArray, Array, Bool, Float, Int
from empo.worlds.placed import Humans


def shortest_path(
    humans: Humans,
    reached: Int[Array, "h a_h"],
    legal: Bool[Array, "h a_h"],
    beta_h: Float[AnyArray, " h"],
) -> Float[Array, "h g a_h"]:
    """pi_h(s, g): softmax of -beta_h d(a), with d(a) the distance to the goal after action a.

    `reached` is the cell each action would lead to on the empty map: its own cell where there is
    a wall or the edge. `beta_h` = inf shares 1 equally among the nearest. A human without a part
    in a goal chooses uniformly.
    """
    own = np.arange(len(reached))[:, None]
    distance = jnp.swapaxes(jnp.asarray(humans.distance)[own, reached], 1, 2)
    beyond = (distance - _nearest(distance, legal)).astype(beta_h.dtype)
    # inf * 0 is nan, so the nearest actions get their 0 by name.
    loss = jnp.where(beyond == 0, 0.0, beta_h[:, None, None] * beyond)
    return jax.nn.softmax(jnp.where(legal[:, None], -loss, -jnp.inf), axis=-1)


def manhattan(xy: np.ndarray, goal_xy: np.ndarray) -> np.ndarray:
    """int32 (c,): steps from each cell to the nearest of the goal's cells, walls ignored.

    The nearest cell within each row first, then the nearest over all rows: linear in the map.
    """
    width, height = xy.max(axis=0) + 1
    far = np.int32(width + height)
    steps = np.full((height, width), far, np.int32)
    steps[goal_xy[:, 1], goal_xy[:, 0]] = 0
    within_rows = _one_way(_one_way(steps)[:, ::-1])[:, ::-1]
    over_rows = _one_way(_one_way(within_rows.T)[:, ::-1])[:, ::-1].T
    return over_rows[xy[:, 1], xy[:, 0]]


def _one_way(steps: np.ndarray) -> np.ndarray:
    """The least of each value and those before it in its row, plus the steps from there."""
    place = np.arange(steps.shape[1], dtype=np.int32)
    return np.minimum.accumulate(steps - place, axis=1) + place


def _nearest(distance: Int[Array, "h g a_h"], legal: Bool[Array, "h a_h"]) -> Int[Array, "h g 1"]:
    far = jnp.iinfo(distance.dtype).max
    return jnp.min(jnp.where(legal[:, None], distance, far), axis=-1, keepdims=True)
