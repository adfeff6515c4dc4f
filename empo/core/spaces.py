"""What an agent may do: one of finitely many actions, or a vector within bounds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Discrete:
    """The actions 0, ..., n - 1."""

    n: int


@dataclass(frozen=True)
class Box:
    """Vectors between two bounds, component by component; a bound may be infinite."""

    low: tuple[float, ...]
    high: tuple[float, ...]


ActionSpace = Discrete | Box
