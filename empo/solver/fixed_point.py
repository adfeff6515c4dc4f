"""Fixed points x = F(x) by iteration, accelerated where that is safe.

Plain iteration comes first, until its residual max |F(x) - x| falls at a steady rate, so that x is
near some solution; then Anderson's method, which combines the last few steps by least squares,
takes over. An accelerated step that leaves the admissible set or makes the residual grow is taken
back and the history forgotten. Where the residual stops falling, the search goes back to where
acceleration began and on in plain steps; where that does not help, these are damped more and more;
in the end it gives up and says so.

Acceleration may lead to another fixed point than plain iteration would, or to an unstable one:
`empo.solver.basin` takes care of that where it matters.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from empo.solver.anderson import Mixer

Operator = Callable[[np.ndarray], np.ndarray]
Progress = Callable[[int, float], None]
"""Gets the number of sweeps so far and the residual."""

_GROWTH = 2.0
"""An accelerated step may enlarge the residual by this factor at most."""
_STEADY = 0.02
"""Plain iteration is steady when the rate of its residual changes by less than this."""
_LEAST_DAMPING = 1 / 64
_SLOW_PASSAGE = 0.95
"""The share of its sweeps that plain iteration may spend on a rising residual."""


@dataclass(frozen=True)
class Rules:
    """When to stop, and what to try on the way."""

    tolerance: float = 1e-13
    """The residual at which an iterate counts as a fixed point."""
    max_sweeps: int = 20_000
    """Give up after so many applications of F."""
    memory: int = 8
    """Steps that Anderson's method combines; 0 for plain iteration."""
    settle: int = 200
    """Plain sweeps to wait at most for a steady rate before accelerating."""
    worthwhile: int = 0
    """Go on in plain steps if at their steady rate no more than so many are missing."""
    patience: int = 300
    """Sweeps without a smaller residual after which another way of iterating is tried."""


@dataclass(frozen=True)
class Result:
    """The last iterate, whether it counts as a fixed point, and what it took."""

    x: np.ndarray
    residual: float
    sweeps: int
    converged: bool
    before: Result | None = None
    """The plain iterate from where acceleration led to x; none if no acceleration did."""


def fixed_point(
    operator: Operator,
    x: np.ndarray,
    rules: Rules,
    admissible: Callable[[np.ndarray], bool],
    progress: Progress = lambda _sweeps, _residual: None,
) -> Result:
    """Look for a fixed point from x on. `admissible` says whether F may be applied to a guess."""
    watch = _Watch(rules)
    mixer = Mixer(rules.memory, len(x))
    step = operator(x) - x
    residual, sweeps = _norm(step), 1
    plain = x, step, sweeps
    while residual > rules.tolerance and sweeps < rules.max_sweeps:
        progress(sweeps, residual)
        was_accelerated = watch.accelerate
        watch.see(residual)
        if watch.damping < _LEAST_DAMPING or not np.isfinite(residual):
            break
        if was_accelerated and not watch.accelerate:
            x, step, _ = plain
        mixed = mixer.mix(x, step) if watch.accelerate else None
        if mixed is not None and not (_is_fine(mixed, rules.tolerance) and admissible(mixed)):
            mixed = None
        guess = x + watch.damping * step if mixed is None else mixed
        guess_step = operator(guess) - guess
        sweeps += 1
        if mixed is not None and not _norm(guess_step) <= _GROWTH * residual:
            mixer.forget()
            continue
        mixer.remember(guess - x, guess_step - step)
        x, step = guess, guess_step
        residual = _norm(step)
        if not watch.accelerate:
            plain = x, step, sweeps
    before = _result(*plain, rules) if watch.accelerate else None
    return replace(_result(x, step, sweeps, rules), before=before)


def _result(x: np.ndarray, step: np.ndarray, sweeps: int, rules: Rules) -> Result:
    residual = _norm(step)
    return Result(x, residual, sweeps, bool(residual <= rules.tolerance))


def _is_fine(x: np.ndarray, tolerance: float) -> bool:
    """Can steps of the size of the tolerance be told from none at x?

    Where floating-point numbers lie farther apart, x + 1 may be x.
    """
    return bool(np.spacing(_norm(x)) <= tolerance)


class _Watch:
    """Follows the residual, to say how to go on: accelerated, plain, or damped more and more."""

    def __init__(self, rules: Rules) -> None:
        self.damping = 1.0
        """The fraction of a plain step to take."""
        self._rules = rules
        self._may_accelerate = rules.memory > 0
        self._steady = rules.settle == 0
        self._recent: deque[float] = deque(maxlen=6)
        self._change_course()

    @property
    def accelerate(self) -> bool:
        """Is it time for combined steps?"""
        return self._may_accelerate and self._steady

    def see(self, residual: float) -> None:
        """Take note of the residual, and change course if it has not fallen for long.

        Plain iteration gets much more time to rise again than it had to fall: where two solutions
        have just met and vanished it slows down as if to converge, and passes.
        """
        self._recent.append(residual)
        self._n_seen += 1
        self._steady = self._steady or self._is_slow() or self._n_seen >= self._rules.settle
        self._since_best = 0 if residual < 0.999 * self._best else self._since_best + 1
        self._best = min(self._best, residual)
        is_plain = self.damping == 1 and not self.accelerate
        longest = _SLOW_PASSAGE * self._n_seen if is_plain else 0
        if self._since_best > max(self._rules.patience, longest):
            if self._may_accelerate:
                self._may_accelerate = False
            else:
                self.damping /= 2
            self._change_course()

    def _is_slow(self) -> bool:
        """Has the residual been falling at a steady rate that acceleration could improve on?"""
        rates = np.diff(np.log(self._recent))
        if len(rates) < 5 or rates.max() >= 0 or np.ptp(rates) >= _STEADY:
            return False
        missing = np.log(self._rules.tolerance / self._recent[-1]) / rates.mean()
        return bool(missing > self._rules.worthwhile)

    def _change_course(self) -> None:
        self._best = np.inf
        self._since_best = 0
        self._n_seen = 0


def _norm(x: np.ndarray) -> float:
    return float(np.max(np.abs(x)))
