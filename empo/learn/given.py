"""What is not learned but given: numbers of the exact solution, looked up place by place."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import Array
from empo.learn.problem import Place, Problem
from empo.solver import Solution
from empo.worlds.packing import pack, strides


@partial(jax.tree_util.register_dataclass, data_fields=["rows"], meta_fields=["sizes"])
@dataclass(frozen=True)
class Rows:
    """A row for every combination of a place's factors; zeros where a place cannot be reached."""

    rows: Array
    sizes: tuple[int, ...] = field(default=())

    def __call__(self, problem: Problem, place: Place) -> Array:
        """The row of ONE place."""
        return self.rows[jnp.sum(problem.factors(place) * strides(self.sizes).astype("int32"))]


def rows_of(problem: Problem, solution: Solution, name: str) -> Rows | None:
    """A quantity of the solution by its name; None if the solution does not hold it."""
    sizes, found = problem.cardinalities, None
    for time, values in enumerate(solution.values):
        held = getattr(values, name)
        if held is None:
            return None
        states = np.asarray(solution.game.states(time), np.int64)
        if problem.horizon is not None:
            states = np.concatenate([states, np.full((len(states), 1), time)], axis=1)
        if found is None:
            found = np.zeros((int(np.prod(sizes)), *held.shape[1:]), np.float32)
        found[pack(states, sizes)] = held
    return Rows(jnp.asarray(found), sizes)
