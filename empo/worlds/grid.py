"""The dynamics of grid worlds with cardinal motion: one step of all agents at once.

The state is a vector of factors in this order: the cell of each agent (robot bodies, then humans),
the cell of each thing that can be pushed, where each key is (0: on the floor at its own cell,
1 + i: with agent i), whether each door that began shut has been opened (0 or 1), and whether each
bush has been cleared (0 or 1). Cells are numbered over the cells that are not wall.

Actions are 0 stay, 1 north, 2 east, 3 south, 4 west, for every body and every human. A joint action
of several robot bodies is a number in base 5 whose first digit is the first body's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import AnyArray, Array, Bool, Float, Int
from empo.worlds.contests import Contests, first_winners, random_winners
from empo.worlds.moves import Ground, Things, attempt, step
from empo.worlds.placed import Humans, goals_of, joint_legal, situation, split_joint
from empo.worlds.priors import shortest_path
from empo.worlds.terrain import ACTIONS, LAVA, STAY
from empo.worlds.world import Goals, Situation


@partial(
    jax.tree_util.register_dataclass,
    data_fields=("ground", "things", "contests", "humans"),
    meta_fields=("n_robots", "cardinalities"),
)
@dataclass(frozen=True, eq=False)
class GridModel:
    """A grid world on arrays; see the module for its factors and actions."""

    ground: Ground
    things: Things
    contests: Contests | None
    """How random contests end; None: the first agent wins."""
    humans: Humans
    n_robots: int
    cardinalities: tuple[int, ...]

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
        """Stay, north, east, south, west."""
        return len(ACTIONS)

    @property
    def goals(self) -> Goals:
        """Weights and kinds of the goals."""
        return goals_of(self.humans)

    def outcomes(
        self, state: Int[AnyArray, " f"], a_r: Int[AnyArray, ""], a_h: Int[AnyArray, " h"]
    ) -> tuple[Int[Array, "k f"], Float[Array, " k"]]:
        """P(s' | s, a_r, a_H); k = 1 by priority, 2 for two agents in random contests."""
        actions = jnp.concatenate([split_joint(a_r, self.n_robots, len(ACTIONS)), a_h])
        tries = attempt(self.ground, self.things, state, actions)
        if self.contests is None:
            winners, prob = first_winners(tries.able, tries.clash)
        else:
            winners, prob = random_winners(self.contests, tries.clash)
        after = partial(step, self.ground, self.things, state, actions, tries)
        return jax.vmap(after)(winners), prob

    def situation(self, state: Int[AnyArray, " f"]) -> Situation:
        """Everything else about the state; who stands in lava can only stay."""
        cells, legal = self._agents(state)
        robots, humans = slice(self.n_robots), slice(self.n_robots, None)
        return situation(self.humans, cells[humans], joint_legal(legal[robots]), legal[humans])

    def shortest_path(
        self, state: Int[AnyArray, " f"], beta_h: Float[AnyArray, " h"]
    ) -> Float[Array, "h g a_h"]:
        """The policy that walks straight to the goal; see `priors.shortest_path`."""
        cells, legal = self._agents(state)
        reached = jnp.asarray(self.ground.target)[cells[self.n_robots :]]
        return shortest_path(self.humans, reached, legal[self.n_robots :], beta_h)

    def _agents(self, state: Int[AnyArray, " f"]) -> tuple[Int[AnyArray, " n"], Bool[Array, "n a"]]:
        """The cells of all agents, and their legal actions."""
        cells = state[: self.n_robots + self.n_humans]
        ended = jnp.asarray(self.ground.kind)[cells] == LAVA
        return cells, ~ended[:, None] | (np.arange(len(ACTIONS)) == STAY)[None]
