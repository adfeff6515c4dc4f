"""A world as tables: one factor, the number of the state. Game files become this."""

from __future__ import annotations

from dataclasses import dataclass, fields

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import Array, Float, Int
from empo.worlds.world import Goals, Situation

Table = np.ndarray | Array


@dataclass(frozen=True, eq=False)
class TableModel:
    """The dynamics of a game file. Actions are numbered within each state, legal ones first.

    Joint actions that lead to the same distribution share one row of outcomes; habits and beliefs
    share rows likewise. The entry of joint action (a_r, a_1, ..., a_h) of state s in `row_of` is
    `start[s]` plus its number in mixed radix, the last human's action running fastest.
    """

    n_r: Table
    """Number of the robot's legal actions, (s,)."""
    n_h: Table
    """Number of each human's legal actions, (s, h)."""
    start: Table
    """First entry of a state in `row_of`, (s,)."""
    row_of: Table
    """Row of outcomes of a joint action, (entries,)."""
    row_next: Table
    """Next states, (rows, k)."""
    row_prob: Table
    """Their probabilities, (rows, k)."""
    members: Table
    """Which states a goal has, (s, h, g)."""
    power: Table
    """Baseline power, (s, h)."""
    beta_h: Table
    """Rationality, nan where not given, (s, h)."""
    nu_h: Table
    """Weight of habit, nan where not given, (s, h)."""
    habit_of: Table
    """Row of `choices` of a habit, (s, h, g)."""
    belief_of: Table
    """Row of `choices` that h believes of k, (s, h, h)."""
    choices: Table
    """Distributions over a human's actions, (rows, a_h)."""
    weight: Table
    """Weight of a goal, 0 for padding, (h, g)."""
    repeat: Table
    """Whether a goal pays at every step, (h, g)."""
    n_actions_r: int
    """Largest number of legal robot actions."""

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """One factor: the number of the state. Sizes are rounded up, see `rounded`."""
        return (self.n_r.shape[0],)

    @property
    def n_humans(self) -> int:
        """Number of humans."""
        return self.n_h.shape[1]

    @property
    def n_actions_h(self) -> int:
        """Largest number of legal actions of a human."""
        return self.choices.shape[1]

    @property
    def goals(self) -> Goals:
        """Weights and kinds of the goals."""
        return Goals(jnp.asarray(self.weight, float), jnp.asarray(self.repeat))

    def outcomes(
        self, state: Int[Array, " f"], a_r: Int[Array, ""], a_h: Int[Array, " h"]
    ) -> tuple[Int[Array, "k f"], Float[Array, " k"]]:
        """P(s' | s, a_r, A_H), looked up."""
        s = state[0]
        number = a_r
        for human in range(self.n_humans):
            number = number * jnp.asarray(self.n_h)[s, human] + a_h[human]
        row = jnp.asarray(self.row_of)[jnp.asarray(self.start)[s] + number]
        prob = jnp.asarray(self.row_prob, float)[row]
        return jnp.asarray(self.row_next)[row][:, None], prob

    def situation(self, state: Int[Array, " f"]) -> Situation:
        """Legal actions, goals, habits and beliefs, looked up."""
        s = state[0]
        choices = jnp.asarray(self.choices, float)
        return Situation(
            legal_r=jnp.arange(self.n_actions_r) < jnp.asarray(self.n_r)[s],
            legal_h=jnp.arange(self.n_actions_h)[None] < jnp.asarray(self.n_h)[s][:, None],
            members=jnp.asarray(self.members)[s],
            power=jnp.asarray(self.power, float)[s],
            beta_h=jnp.asarray(self.beta_h, float)[s],
            nu_h=jnp.asarray(self.nu_h, float)[s],
            habit=choices[jnp.asarray(self.habit_of)[s]],
            beliefs=choices[jnp.asarray(self.belief_of)[s]],
        )


jax.tree_util.register_dataclass(
    TableModel,
    data_fields=[f.name for f in fields(TableModel) if f.name != "n_actions_r"],
    meta_fields=["n_actions_r"],
)


def rounded(table: np.ndarray) -> np.ndarray:
    """The table with rows added up to the next power of two, at least 256: copies of the last.

    So games of nearly the same size share one compiled program. No state leads to a row added.
    """
    n = len(table)
    n_more = max(256, 1 << (n - 1).bit_length()) - n
    return np.pad(table, [(0, n_more), *[(0, 0)] * (table.ndim - 1)], "edge")
