"""Anderson's method: where the last few steps towards a fixed point, combined, would lead.

Anderson 1965; Walker & Ni 2011, "Anderson acceleration for fixed-point iterations".
"""

from __future__ import annotations

import numpy as np

_CACHED = 1 << 15
"""Numbers of a vector worked on at a time."""


class Mixer:
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
        """Where the combined step leads, or None without a history of finite steps."""
        used = slice(self._n_used)
        if not self._n_used or not np.isfinite(self._gram[used, used]).all():
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
