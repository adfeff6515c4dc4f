"""Fixed points x = F(x) by iteration, accelerated where that is safe.

Plain iteration comes first, until its residual max |F(x) - x| falls at a steady rate: then x lies
in the basin of the solution that plain iteration would reach, and Anderson's method (Anderson 1965;
Walker & Ni 2011), which combines the last few steps by least squares, takes over. An accelerated
step that leaves the admissible set or makes the residual grow is taken back and the history
forgotten. Where the residual stops falling, the search goes back to where acceleration began and on
in plain steps; where that does not help, these are damped more and more; in the end it gives up and
says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Operator = Callable[[np.ndarray], np.ndarray]
Progress = Callable[[int, float], None]
"""Gets the number of sweeps so far and the residual."""

_GROWTH = 2.0
"""An accelerated step may enlarge the residual by this factor at most."""
_STEADY = 0.02
"""Plain iteration is steady when the rate of its residual changes by less than this."""
_LEAST_DAMPING = 1 / 64
_CACHED = 1 << 15
"""Numbers of a vector worked on at a time."""
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
    patience: int = 300
    """Sweeps without a smaller residual after which another way of iterating is tried."""


@dataclass(frozen=True)
class Result:
    """The last iterate, whether it counts as a fixed point, and what it took."""

    x: np.ndarray
    residual: float
    sweeps: int
    converged: bool


def fixed_point(
    operator: Operator,
    x: np.ndarray,
    rules: Rules,
    admissible: Callable[[np.ndarray], bool],
    progress: Progress = lambda _sweeps, _residual: None,
) -> Result:
    """Look for a fixed point from x on. `admissible` says whether F may be applied to a guess."""
    watch = _Watch(rules)
    mixer = _Mixer(rules.memory, len(x))
    step = operator(x) - x
    residual, sweeps = _norm(step), 1
    plain = x, step
    while residual > rules.tolerance and sweeps < rules.max_sweeps:
        progress(sweeps, residual)
        was_accelerated = watch.accelerate
        watch.see(residual)
        if watch.damping < _LEAST_DAMPING or not np.isfinite(residual):
            break
        if was_accelerated and not watch.accelerate:
            x, step = plain
        mixed = mixer.mix(x, step) if watch.accelerate else None
        accelerated = mixed is not None and admissible(mixed)
        guess = x + watch.damping * step if mixed is None or not accelerated else mixed
        guess_step = operator(guess) - guess
        sweeps += 1
        if accelerated and not _norm(guess_step) <= _GROWTH * residual:
            mixer.forget()
            guess = x + step
            guess_step = operator(guess) - guess
            sweeps += 1
        mixer.remember(guess - x, guess_step - step)
        x, step = guess, guess_step
        residual = _norm(step)
        if not watch.accelerate:
            plain = x, step
    return Result(x, residual, sweeps, bool(residual <= rules.tolerance))


class _Watch:
    """Follows the residual, to say how to go on: accelerated, plain, or damped more and more."""

    def __init__(self, rules: Rules) -> None:
        self.damping = 1.0
        """The fraction of a plain step to take."""
        self._patience = rules.patience
        self._settle = rules.settle
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
        rates = np.diff(np.log(self._recent))
        falling = len(rates) == 5 and bool(rates.max() < 0 and np.ptp(rates) < _STEADY)
        self._n_seen += 1
        self._steady = self._steady or falling or self._n_seen >= self._settle
        self._since_best = 0 if residual < 0.999 * self._best else self._since_best + 1
        self._best = min(self._best, residual)
        longest = 0 if self.accelerate else _SLOW_PASSAGE * self._n_seen
        if self._since_best > max(self._patience, longest):
            if self._may_accelerate:
                self._may_accelerate = False
            else:
                self.damping /= 2
            self._change_course()

    def _change_course(self) -> None:
        self._best = np.inf
        self._since_best = 0
        self._n_seen = 0


class _Mixer:
    """Anderson's least squares over the last few steps, by normal equations kept up to date."""

    def __init__(self, memory: int, size: int) -> None:
        self._ends = np.empty((memory, size))
        self._changes = np.empty((memory, size))
        self._gram = np.zeros((memory, memory))
        self._n_seen = 0

    def remember(self, move: np.ndarray, change: np.ndarray) -> None:
        """Between two iterates: how x moved, and how F(x) - x changed."""
        memory = len(self._gram)
        if not memory or not change.any():
            return
        place = self._n_seen % memory
        self._changes[place] = change
        np.add(move, change, out=self._ends[place])  # how F(x) changed
        self._n_seen += 1
        products = _products(self._changes[: self._n_used], change)
        self._gram[place, : self._n_used] = products
        self._gram[: self._n_used, place] = products

    def forget(self) -> None:
        """Start anew."""
        self._n_seen = 0

    def mix(self, x: np.ndarray, step: np.ndarray) -> np.ndarray | None:
        """Where the combined step leads, or None without a history."""
        used = slice(self._n_used)
        if not self._n_used:
            return None
        scale = np.sqrt(np.diag(self._gram[used, used]))
        target = _products(self._changes[used], step) / scale
        gram = self._gram[used, used] / np.outer(scale, scale)
        weights = np.linalg.lstsq(gram, target, rcond=1e-12)[0] / scale
        mixed = x + step
        for part in _parts(len(x)):
            mixed[part] -= np.einsum("m,mi->i", weights, self._ends[used, part])
        return mixed

    @property
    def _n_used(self) -> int:
        return min(self._n_seen, len(self._gram))


def _products(rows: np.ndarray, x: np.ndarray) -> np.ndarray:
    """rows @ x, without BLAS: its threads would compete with those of the sweeps."""
    parts = [np.einsum("mi,i->m", rows[:, part], x[part]) for part in _parts(len(x))]
    return np.sum(parts, axis=0)


def _parts(size: int) -> list[slice]:
    """Pieces of a long vector that stay in cache."""
    return [slice(begin, begin + _CACHED) for begin in range(0, size, _CACHED)]


def _norm(x: np.ndarray) -> float:
    return float(np.max(np.abs(x)))
