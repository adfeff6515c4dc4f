"""What is to be solved, and what a solution of one layer consists of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from empo.core.errors import InputError
from empo.solver.sweep import Weights
from empo.theory import Parameters, Theory
from empo.worlds.tabular import TabularGame
from empo.worlds.world import Model

Prior = Literal["computed", "shortest-path"]
"""How humans act: equations (1)-(3), or straight towards their goal."""


@dataclass(frozen=True)
class Problem:
    """A game with the settings of the theory."""

    game: TabularGame
    theory: Theory
    prior: Prior = "computed"

    def __post_init__(self) -> None:
        """Refuse a prior that the world does not have."""
        if self.prior == "shortest-path" and not hasattr(self.model, "shortest_path"):
            raise InputError(
                f"{self.game.world.name}: prior shortest-path needs a world on a grid; "
                f"this one has only: computed"
            )

    @property
    def model(self) -> Model:
        """The world's dynamics."""
        return self.game.world.model

    @cached_property
    def parameters(self) -> Parameters:
        """The numbers of the theory."""
        return self.theory.parameters

    @cached_property
    def weights(self) -> Weights:
        """How goals and humans are weighed."""
        return weights_of(self.model, self.theory)


def weights_of(model: Model, theory: Theory) -> Weights:
    """How a theory weighs the goals and humans of a world."""
    goal = np.asarray(model.goals.weight, float)
    share = goal / goal.sum(axis=1, keepdims=True)
    n_humans = model.n_humans
    human = 1.0 if theory.human_aggregation == "sum" else 1.0 / n_humans
    return Weights(
        goal=goal if theory.goal_aggregation == "sum" else share,
        goal_prob=share,
        human=np.full(n_humans, human),
    )


class Values(NamedTuple):
    """Every quantity of the theory on the states of one layer; None where it is not kept.

    `pi_h`, `q_h_m` have the axes s h g a_h; `v_h_m`, `v_h_e`: s h g; `x_h`: s h;
    `q_r`, `pi_r`: s a_r; `u_r`, `v_r`: s. Illegal actions have probability 0.
    """

    q_h_m: np.ndarray | None
    pi_h: np.ndarray | None
    v_h_m: np.ndarray | None
    q_r: np.ndarray
    pi_r: np.ndarray
    v_h_e: np.ndarray | None
    x_h: np.ndarray
    u_r: np.ndarray
    v_r: np.ndarray


Keep = frozenset[str]
"""Which of the optional fields of `Values` are kept; the others are None."""
OPTIONAL: Keep = frozenset(("q_h_m", "pi_h", "v_h_m", "v_h_e"))
"""The large fields of `Values`, which memory may not have room for."""


class NoPower(InputError):
    """Somebody can attain nothing somewhere, or so little that V_r is no finite number."""


def check_power(problem: Problem, layer: int, x_h: np.ndarray) -> None:
    """Raise `NoPower` where a human has no power at all."""
    powerless = np.argwhere(x_h == 0)
    if len(powerless):
        state, human = powerless[0].tolist()
        name = problem.game.world.humans[human]
        raise NoPower(
            f"{_where(problem, layer, state)}: human {name} can attain none of their goals, so "
            f"X_h = 0 and U_r is infinite (equation 8). Add a goal that covers what happens to "
            f"{name} there, or set x_h_floor > 0"
        )


def check_values(problem: Problem, layer: int, values: Values) -> None:
    """Raise `NoPower` where a human has no power, or a value is not a negative number."""
    check_power(problem, layer, values.x_h)
    for quantity, wrong in (
        ("U_r", ~np.isfinite(values.u_r)),
        ("V_r", ~(np.isfinite(values.v_r) & (values.v_r < 0))),
        ("Q_r", ~(np.isfinite(values.q_r) & (values.q_r <= 0)).all(axis=-1)),
    ):
        if wrong.any():
            state = int(np.argmax(wrong))
            found = getattr(values, quantity.lower())[state]
            raise NoPower(
                f"{_where(problem, layer, state)}: {quantity} is {found}, where a negative number "
                f"is wanted; zeta, xi or eta are too large for powers this small"
            )


def _where(problem: Problem, layer: int, state: int) -> str:
    game = problem.game
    name = game.world.state_name(game.states(layer)[state])
    when = f" at time {layer}" if game.order == "horizon" else ""
    return f"{game.world.name}: state {name}{when}"
