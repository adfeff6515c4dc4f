"""The parameters of the theory, with their meaning, range and default."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from empo.core.errors import InputError
from empo.core.types import Scalar

Aggregation = Literal["sum", "mean"]


class Parameters(NamedTuple):
    """The numbers of the theory, as the equations take them: Python floats or traced scalars."""

    gamma_h: Scalar
    gamma_r: Scalar
    beta_h: Scalar
    nu_h: Scalar
    beta_r: Scalar
    zeta: Scalar
    xi: Scalar
    eta: Scalar
    x_h_floor: Scalar


@dataclass(frozen=True, kw_only=True)
class Theory:
    """What the equations (1)-(9) leave to the user.

    Raises `InputError` that lists all that is wrong.
    """

    gamma_h: float = 0.99
    """Discount factor of the humans, in [0, 1)."""
    gamma_r: float = 0.99
    """Discount factor of the robot, in [0, 1)."""
    beta_h: float = 5.0
    """Rationality of the humans, 0 (random) ... inf (always the best action)."""
    nu_h: float = 0.0
    """Weight of the humans' habits, in [0, 1]."""
    beta_r: float = 5.0
    """Decisiveness of the robot, 0 (random) ... inf (always the best action)."""
    zeta: float = 2.0
    """Preference for reliability, >= 1: above 1, a sure goal is worth more than two coin tosses."""
    xi: float = 1.0
    """Inequality aversion between humans, > 0."""
    eta: float = 1.1
    """Aversion to inequality over time, > 0."""
    goal_aggregation: Aggregation = "sum"
    """Equation (7) sums over goals, or takes their weighted mean."""
    human_aggregation: Aggregation = "sum"
    """Equation (8) sums over humans, or takes their mean."""
    horizon: int | None = None
    """Number of steps until the end of the game; none: it never ends."""
    x_h_floor: float = 0.0
    """Least power that X_h counts as, >= 0; 0: a human without any power is an error."""

    def __post_init__(self) -> None:
        """Check every setting."""
        problems = [
            f"{name} must be {wanted}, got {value!r}"
            for name, (holds, wanted) in _RANGES.items()
            if not (_is_number(value := getattr(self, name)) and holds(value))
        ]
        for name in ("goal_aggregation", "human_aggregation"):
            if (value := getattr(self, name)) not in get_args(Aggregation):
                problems.append(f"{name} must be sum or mean, got {value!r}")
        if self.horizon is not None and not (type(self.horizon) is int and self.horizon >= 1):
            problems.append(f"horizon must be a whole number >= 1 or none, got {self.horizon!r}")
        if problems:
            raise InputError(problems)

    @property
    def parameters(self) -> Parameters:
        """The numbers alone."""
        return Parameters(*(float(getattr(self, name)) for name in Parameters._fields))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)


_RANGES = {
    "gamma_h": (lambda x: 0 <= x < 1, "in [0, 1)"),
    "gamma_r": (lambda x: 0 <= x < 1, "in [0, 1)"),
    "beta_h": (lambda x: x >= 0, ">= 0 (inf allowed)"),
    "nu_h": (lambda x: 0 <= x <= 1, "in [0, 1]"),
    "beta_r": (lambda x: x >= 0, ">= 0 (inf allowed)"),
    "zeta": (lambda x: 1 <= x < math.inf, ">= 1 and finite"),
    "xi": (lambda x: 0 < x < math.inf, "> 0 and finite"),
    "eta": (lambda x: 0 < x < math.inf, "> 0 and finite"),
    "x_h_floor": (lambda x: 0 <= x < math.inf, ">= 0 and finite"),
}
