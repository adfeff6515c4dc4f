"""What an agent may do: one of finitely many actions, or a vector within bounds."""

from __future__ import annotations

import operator
from dataclasses import dataclass

from empo.core.errors import InputError


@dataclass(frozen=True)
class Discrete:
    """The actions 0, ..., n - 1."""

    n: int

    def __post_init__(self) -> None:
        if self.n < 1:
            raise InputError(f"action space: found {self.n} actions (wanted at least 1)")


@dataclass(frozen=True)
class Box:
    """Vectors between two bounds, component by component; a bound may be infinite."""

    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        n, room = len(self.low), map(operator.lt, self.low, self.high)
        if n == 0 or len(self.high) != n or not all(room):
            raise InputError(
                f"action space: found bounds {self.low} and {self.high} "
                f"(wanted as many lower as upper ones, at least one, and each lower one below)"
            )


ActionSpace = Discrete | Box
