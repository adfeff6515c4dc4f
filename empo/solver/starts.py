"""Does Phase 1 have more than one solution? Iteration from several starting points tells some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from empo.core.types import Array
from empo.solver.continuation import Progress, solve_humans
from empo.solver.cyclic import Cyclic
from empo.solver.fixed_point import Rules

_SAME = 1e-6
"""Solutions that differ by less everywhere count as one,"""
_LEFT_OPEN = 1e3
"""and so do those that differ by less than this many tolerances: iteration ends that far away."""


@dataclass(frozen=True)
class Starts:
    """What was found."""

    n: int
    """Number of different solutions."""
    range: Mapping[str, tuple[float, float]]
    """Per human, the least and the largest mean over states and goals of B_{V_h^m}."""


def several_starts(
    cyclic: Cyclic, from_zero: Array, rules: Rules, block: int, n: int, progress: Progress
) -> Starts:
    """Solve Phase 1 from the largest values and from n - 2 random ones beside those from 0."""
    solutions, same = [np.asarray(from_zero)], max(_SAME, _LEFT_OPEN * rules.tolerance)
    for start in _starting_points(cyclic, n - 1):
        found = np.asarray(solve_humans(cyclic, rules, block, progress, start)[0])
        if all(np.max(np.abs(found - known)) > same for known in solutions):
            solutions.append(found)
    means = np.array([found[: cyclic.layer.n_states].mean(axis=(0, 2)) for found in solutions])
    names = cyclic.problem.game.world.humans
    return Starts(
        n=len(solutions),
        range={name: (means[:, h].min(), means[:, h].max()) for h, name in enumerate(names)},
    )


def _starting_points(cyclic: Cyclic, n: int) -> list[np.ndarray]:
    """The largest possible values, then random ones; what is known of the solution stays."""
    zero = np.asarray(cyclic.start)
    rng = np.random.default_rng(0)
    shares = [np.ones(zero.shape), *(rng.random(zero.shape) for _ in range(n - 1))]
    starts = [np.maximum(zero, share * cyclic.most) for share in shares]
    for start in starts:
        start[: cyclic.layer.n_states][cyclic.for_ever] = zero[: cyclic.layer.n_states][
            cyclic.for_ever
        ]
    return starts
