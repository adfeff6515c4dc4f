"""The fixed point that plain iteration x, F(x), F(F(x)), ... from a given x ends at.

Where F has several fixed points, an accelerated search may end at any of them, stable or not. So
what it found is put to the test: the way there from where acceleration began is gone in plain
sweeps with leaps. An unknown leaps when it is on its way to the alleged end; one that plain
iteration takes elsewhere, or that would come to rest before, does not. If some never leap, plain
iteration goes on for a while from where acceleration began, and the test is made again from there:
either it is passed in the end, or plain iteration has found its fixed point by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from empo.solver.fixed_point import Operator, Progress, Result, Rules, fixed_point

_LEAP = 0.25
"""The share of the distance that a leap leaves."""
_SAME = 1e-6
"""Fixed points nearer than this count as one."""
_PAIRS = 4
"""Pairs of sweeps in which all unknowns must have come nearer by a leap."""
_LAST_SWEEPS = 6
"""Sweeps without leaps that must lead nearer in the end."""
_REACH = 4.0
"""How much farther an unknown may seem to go than if its steps kept shrinking as they do."""
_FIRST_STRETCH = 20
"""Plain sweeps between the first test and the next..."""
_LONGER = 1.5
"""...and how many times more between any two later ones."""


def plain_limit(
    operator: Operator,
    x: np.ndarray,
    rules: Rules,
    admissible: Callable[[np.ndarray], bool],
    progress: Progress = lambda _sweeps, _residual: None,
) -> Result:
    """Like `fixed_point`, but finds no other one than plain iteration from x would.

    Vectors whose unknowns lie between those of admissible ones must be admissible.
    """
    found = fixed_point(operator, x, rules, admissible, progress)
    if found.before is None or not found.converged:
        return found
    plain, done = found.before, found.sweeps
    stretch = float(_FIRST_STRETCH)
    while True:
        walk = _Walk(operator, plain.x, found.x, rules.max_sweeps - done)
        arrives = walk.arrives()
        done += walk.sweeps
        if arrives:
            return replace(found, sweeps=done)
        if done == rules.max_sweeps:
            return replace(plain, sweeps=done)
        limits = replace(rules, memory=0, max_sweeps=min(int(stretch), rules.max_sweeps - done))
        plain = fixed_point(operator, plain.x, limits, admissible, _after(done, progress))
        done += plain.sweeps
        if plain.converged or plain.sweeps < limits.max_sweeps:
            return replace(plain, sweeps=done)
        stretch *= _LONGER


def _after(done: int, progress: Progress) -> Progress:
    """Counts the sweeps done before."""
    return lambda sweeps, residual: progress(done + sweeps, residual)


class _Walk:
    """From x in plain sweeps, with leaps, to an alleged end."""

    def __init__(self, operator: Operator, x: np.ndarray, end: np.ndarray, max_sweeps: int) -> None:
        self.sweeps = 0
        """Done so far."""
        self._operator = operator
        self._x, self._end = x, end
        self._max_sweeps = max_sweeps

    def arrives(self) -> bool:
        """Does it end there?"""
        size = self._distance()
        while size > _SAME:
            size *= _LEAP
            if not self._comes_within(size):
                return False
        begin = self._distance()
        for _ in range(_LAST_SWEEPS):
            if self.sweeps == self._max_sweeps:
                return False
            self._x = self._sweep(self._x)
        return self._distance() < begin or begin == 0

    def _comes_within(self, size: float) -> bool:
        """Do all unknowns soon come within this distance of the end?"""
        for _ in range(min(_PAIRS, (self._max_sweeps - self.sweeps) // 2)):
            one = self._sweep(self._x)
            two = self._sweep(one)
            leap = self._end + _LEAP * (two - self._end)
            self._x = np.where(_on_the_way(self._x, one, two, self._end), leap, two)
            if self._distance() <= size:
                return True
        return False

    def _sweep(self, x: np.ndarray) -> np.ndarray:
        self.sweeps += 1
        return self._operator(x)

    def _distance(self) -> float:
        return float(np.max(np.abs(self._x - self._end)))


def _on_the_way(x: np.ndarray, one: np.ndarray, two: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Which unknowns, at x and then after one and two sweeps, may be going to the end?"""
    left = np.abs(x - end)
    first, second = np.abs(one - x), np.abs(two - one)
    # The sum of all steps to come, if each is to the one before as the second to the first.
    reach = np.full_like(left, np.inf)
    np.divide(first**2, first - second, out=reach, where=first > second)
    return (np.abs(two - end) < left) & (_REACH * reach >= left)
