"""The dynamics of BushWorld: robots clear bushes so that humans can walk.

The state is the cell of each agent (robot bodies, then humans) and the density of each bush that
the map began with, cells numbered in reading order. Actions are 0 north, 1 west, 2 south, 3 east,
4 pass; a joint action of several robot bodies is a number in base 5, the first body's digit first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import AnyArray, Array, Bool, Float, Int
from empo.worlds.placed import Humans, goals_of, situation, split_joint
from empo.worlds.priors import shortest_path
from empo.worlds.terrain import EAST, NORTH, SOUTH, STAY, WEST, Cells, targets
from empo.worlds.world import Goals, Situation

ACTIONS = ("N", "W", "S", "E", "pass")
PASS = 4


@partial(
    jax.tree_util.register_dataclass,
    data_fields=("target", "bush_cell", "bush_at", "chance", "humans"),
    meta_fields=("n_robots", "cardinalities", "certain"),
)
@dataclass(frozen=True, eq=False)
class BushModel:
    """A BushWorld on arrays; see the module for its factors and actions."""

    target: Int[AnyArray, "c 5"]
    """The cell that an action leads to; the own cell at the edge."""
    bush_cell: Int[AnyArray, " bush"]
    """Where the bushes are."""
    bush_at: Int[AnyArray, " c"]
    """The factor that holds the density of the cell; else -1: no bush."""
    chance: Float[AnyArray, " density"]
    """How likely a human gets through a bush of each density."""
    humans: Humans
    n_robots: int
    cardinalities: tuple[int, ...]
    certain: bool
    """B = 1: no try is left to chance."""

    @property
    def n_humans(self) -> int:
        """Number of humans."""
        return self.humans.weight.shape[0]

    @property
    def n_actions_r(self) -> int:
        """5 actions for each body."""
        return len(ACTIONS) ** self.n_robots

    @property
    def n_actions_h(self) -> int:
        """North, west, south, east, pass."""
        return len(ACTIONS)

    @property
    def goals(self) -> Goals:
        """Weights and kinds of the goals."""
        return goals_of(self.humans)

    def outcomes(
        self, state: Int[AnyArray, " f"], a_r: Int[AnyArray, ""], a_h: Int[AnyArray, " h"]
    ) -> tuple[Int[Array, "k f"], Float[Array, " k"]]:
        """P(s' | s, a_r, a_H); k = 1 if B = 1, else 2 ** h: each human's try succeeds or fails."""
        actions = jnp.concatenate([split_joint(a_r, self.n_robots, len(ACTIONS)), a_h])
        cells, density = jnp.split(state, [self.n_robots + self.n_humans])
        dest = jnp.asarray(self.target)[cells, actions]
        tries = _tries(cells, dest)
        thinner = jnp.maximum(density - self._cut(cells, actions, dest, tries), 0)
        factor = jnp.asarray(self.bush_at)[dest]
        found = jnp.where(factor < 0, 0, state[factor])[self.n_robots :]
        chance = jnp.asarray(self.chance, float)[found]
        lucky, prob = self._luck(jnp.where(tries[self.n_robots :], chance, 0.0))
        robots = jnp.broadcast_to(tries[: self.n_robots], (len(prob), self.n_robots))
        after = jnp.where(jnp.concatenate([robots, lucky], axis=1), dest[None], cells[None])
        densities = jnp.broadcast_to(thinner, (len(prob), len(thinner)))
        return jnp.concatenate([after, densities], axis=1).astype(jnp.int32), prob

    def situation(self, state: Int[AnyArray, " f"]) -> Situation:
        """Everything else about the state; every action is always legal."""
        legal_r = jnp.ones(self.n_actions_r, bool)
        legal_h = jnp.ones((self.n_humans, len(ACTIONS)), bool)
        return situation(self.humans, self._human_cells(state), legal_r, legal_h)

    def shortest_path(
        self, state: Int[AnyArray, " f"], beta_h: Float[AnyArray, " h"]
    ) -> Float[Array, "h g a_h"]:
        """The policy that walks straight to the goal; see `priors.shortest_path`."""
        reached = jnp.asarray(self.target)[self._human_cells(state)]
        return shortest_path(self.humans, reached, jnp.ones(reached.shape, bool), beta_h)

    def _human_cells(self, state: Int[AnyArray, " f"]) -> Int[AnyArray, " h"]:
        return state[self.n_robots : self.n_robots + self.n_humans]

    def _cut(
        self,
        cells: Int[Array, " n"],
        actions: Int[Array, " n"],
        dest: Int[Array, " n"],
        tries: Bool[Array, " n"],
    ) -> Int[Array, " bush"]:
        """1 for every bush that a robot enters or, passing, stands in."""
        worked = jnp.where(actions == PASS, cells, jnp.where(tries, dest, -1))[: self.n_robots]
        return jnp.any(worked[:, None] == self.bush_cell[None], axis=0).astype(jnp.int32)

    def _luck(self, chance: Float[Array, " h"]) -> tuple[Bool[Array, "k h"], Float[Array, " k"]]:
        """All ways in which the humans' independent tries may end."""
        if self.certain:
            return (chance > 0)[None], jnp.ones(1, float)
        ends = np.array(list(product((True, False), repeat=self.n_humans)))
        return jnp.asarray(ends), jnp.prod(jnp.where(ends, chance[None], 1 - chance[None]), axis=1)


def bush_model(
    cells: Cells, density: np.ndarray, most: int, n_robots: int, humans: Humans
) -> BushModel:
    """The dynamics of a map with these initial densities per cell; `most` is B."""
    n = n_robots + humans.weight.shape[0]
    bush_cell = np.flatnonzero(density).astype(np.int32)
    bush_at = np.full(len(density), -1, np.int32)
    bush_at[bush_cell] = np.arange(n, n + len(bush_cell))
    sizes = [len(density)] * n + [int(density[cell]) + 1 for cell in bush_cell]
    order = (NORTH, WEST, SOUTH, EAST, STAY)
    return BushModel(
        target=targets(cells)[:, order],
        bush_cell=bush_cell,
        bush_at=bush_at,
        # Divided here and not in compiled code, where 1 - 3/3 may come out just above 0.
        chance=1 - np.arange(most + 1) / most,
        humans=humans,
        n_robots=n_robots,
        cardinalities=tuple(sizes),
        certain=most == 1,
    )


def _tries(cells: Int[Array, " n"], dest: Int[Array, " n"]) -> Bool[Array, " n"]:
    """Who may try to move: the first in order for each cell that was empty."""
    empty = ~jnp.any(dest[:, None] == cells[None], axis=1)  # at the edge dest is one's own cell
    n = len(cells)
    earlier = np.tri(n, k=-1, dtype=bool)
    return empty & ~jnp.any((dest[:, None] == dest[None]) & earlier, axis=1)
