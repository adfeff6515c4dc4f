"""One description of a world, from which everything else is derived.

A world has two halves. Its `Model` is what computers need: a pure function from a state and a
joint action to the possible next states, on arrays, without names, so that it can be `jit`ted and
`vmap`ped and so that two worlds of the same shape share one compiled program. The `World` around
it is what people need: names, a description, where play begins, how a state is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from empo.core.errors import InputError
from empo.core.types import Array, Bool, Float, Int


class Situation(NamedTuple):
    """What the equations need to know of ONE state, besides where actions lead.

    Humans with fewer actions or goals than others are padded: padded actions are illegal, padded
    goals have weight 0 and no members. `nan` in `beta_h` and `nu_h` means "not given here": the
    value of the theory settings holds.
    """

    legal_r: Bool[Array, " a_r"]
    """Legal joint actions of the robot; at least one."""
    legal_h: Bool[Array, "h a_h"]
    """Legal actions per human; at least one each."""
    members: Bool[Array, "h g"]
    """Is this state in the goal?"""
    power: Float[Array, " h"]
    """Baseline power, added to X_h in equation (7)."""
    beta_h: Float[Array, " h"]
    """Rationality; `nan` where not given, `inf` allowed."""
    nu_h: Float[Array, " h"]
    """Weight of habit; `nan` where not given."""
    habit: Float[Array, "h g a_h"]
    """pi_h^0: each row sums to 1 over legal actions."""
    beliefs: Float[Array, "h h a_h"]
    """mu_-h: `beliefs[h, k]` is what h believes of k's action; row `[h, h]` is never read."""


class Goals(NamedTuple):
    """The possible goals of all humans, padded to the largest number."""

    weight: Float[Array, "h g"]
    """w_g > 0; 0 where there is no such goal."""
    repeat: Bool[Array, "h g"]
    """Does the goal pay at every step, instead of at its first attainment only?"""


@runtime_checkable
class Model(Protocol):
    """The dynamics of a world on arrays: a frozen dataclass registered as a JAX pytree.

    Its tables are leaves, its sizes static. A state is a vector of factors (the cell of an agent,
    a key's holder, a door's state); factor i takes the values 0 ... cardinalities[i] - 1.
    """

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Number of values of each factor."""
        ...

    @property
    def n_humans(self) -> int:
        """Number of humans, h."""
        ...

    @property
    def n_actions_r(self) -> int:
        """Number of the robot's joint actions, a_r (several bodies act as one player)."""
        ...

    @property
    def n_actions_h(self) -> int:
        """Number of actions of each human, a_h, padded to the largest."""
        ...

    @property
    def goals(self) -> Goals:
        """Weights and kinds of the goals."""
        ...

    def outcomes(
        self, state: Int[Array, " f"], a_r: Int[Array, ""], a_h: Int[Array, " h"]
    ) -> tuple[Int[Array, "k f"], Float[Array, " k"]]:
        """P(s' | s, a_r, a_H): k next states and their probabilities, which sum to 1.

        Next states may repeat and probabilities may be 0. The result for an illegal joint action
        is never used.
        """
        ...

    def situation(self, state: Int[Array, " f"]) -> Situation:
        """Everything else about the state."""
        ...


@dataclass(frozen=True)
class Thing:
    """Something to draw in a cell: `kind` is wall, lava, door, key, block, rock, bush, ..."""

    kind: str
    x: int
    y: int
    colour: str | None = None
    state: str | None = None
    """Of a door: locked, closed or open."""
    label: str | None = None
    """Of an agent: its name. Of a carried key: the name of its holder."""
    amount: float | None = None
    """Of a bush: its density between 0 and 1."""


@dataclass(frozen=True)
class Scene:
    """One state of a grid as things in cells; x grows right, y grows down, (0, 0) is top left.

    Cells without a thing are floor. Agents (kinds `robot` and `human`) come last.
    """

    width: int
    height: int
    things: tuple[Thing, ...]


@dataclass(frozen=True)
class World:
    """A model with its names. States are numpy vectors of factors here."""

    name: str
    description: str
    model: Model
    initial: np.ndarray
    """Initial states, int32 (n, f)."""
    initial_prob: np.ndarray
    """Their probabilities, float64 (n,)."""
    humans: tuple[str, ...]
    goals: tuple[tuple[str, ...], ...]
    """The names of each human's goals, without padding."""
    theory: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """The world's own theory settings, by name; flags and arguments go first."""
    data: Mapping[str, Any] | None = None
    """What the world was read from, as plain data; None for a world made in Python."""

    def state_name(self, state: np.ndarray) -> str:
        """A short name of the state, unique in this world."""
        return "(" + ", ".join(str(int(value)) for value in state) + ")"

    def find_state(self, name: str) -> np.ndarray:
        """The state of that name: the inverse of `state_name`."""
        try:
            state = np.array([int(part) for part in name.strip("() ").split(",")], np.int32)
        except (ValueError, OverflowError):
            state = np.empty(0, np.int32)
        if len(state) != len(self.model.cardinalities):
            raise InputError(f"{self.name}: no state is named {name!r}")
        return state

    def robot_action(self, state: np.ndarray, action: int) -> str:
        """The name of a joint action of the robot in this state."""
        raise NotImplementedError

    def human_action(self, state: np.ndarray, human: int, action: int) -> str:
        """The name of a human's action in this state."""
        raise NotImplementedError

    def scene(self, state: np.ndarray) -> Scene | None:
        """What to draw, for worlds that live on a grid; else None."""
        return None

    def goal_cells(self, human: int, goal: int) -> frozenset[tuple[int, int]] | None:
        """The cells (x, y) of a goal about this human's own place; None for any other goal."""
        return None
