"""Starting values of Q_h^m that know where the goals are: potential-based shaping of Phase 1.

To add gamma Phi(s') - Phi(s) to what pays, with any potential Phi, leaves the solutions as they are
(Ng, Harada and Russell 1999), and is, update by update, the same as to begin with Phi instead of 0
(Wiewiora 2003). The latter is what is done here: nothing has to be subtracted afterwards.

It helps where the robot can do little harm. Where it can stand in somebody's way, in Phase 1 it
does; then the goals behind are worth less than their distance says, and shaping costs time.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from empo.core.errors import InputError
from empo.core.types import Array, Float, Int
from empo.learn.problem import Problem
from empo.worlds.world import Model

FAR = 0.02
"""The potential where a goal is far away, about; and as far it stays below 1 where one is near."""


def distance_potential(problem: Problem, state: Int[Array, " f"]) -> Float[Array, "h g"]:
    """Phi(s, g), about gamma_h ** (1 + distance to the goal), but strictly between 0 and 1.

    The distance is that on the empty map. Where equations (1)-(3) have several solutions, from
    starting values above the least of them another one may be reached.
    """
    near = problem.parameters.gamma_h ** (1 + _distance(problem.model, state))
    return (FAR + near) / (1 + 2 * FAR)


def check_distance(model: Model) -> None:
    """Raise `InputError` if the world does not know how far people are from their goals."""
    if not (hasattr(model, "humans") and hasattr(model, "n_robots")):
        raise InputError("shaping: found distance (wanted none: only worlds on a grid have one)")


def _distance(model: Any, state: Int[Array, " f"]) -> Int[Array, "h g"]:
    """Each human's own; the first factors of a grid are the cells of the robots, then of humans."""
    cells = state[model.n_robots : model.n_robots + model.n_humans]
    return jnp.asarray(model.humans.distance, jnp.int32)[np.arange(model.n_humans), cells]
