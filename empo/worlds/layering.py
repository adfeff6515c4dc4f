"""The order of computation: levels of acyclic games, and layers cut into chunks of one size."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from empo.worlds.tabular import Chunk, Layer

_LARGEST_CHUNK = 8192
"""States per compiled call: enough to make the call's own cost vanish."""
_SMALLEST_CHUNK = 8
_WHOLE_LAYER = 128
"""Layers up to this size are one chunk."""


def acyclic_levels(next_states: np.ndarray) -> np.ndarray | None:
    """The level of each state, or None if there is a cycle.

    Level 0 can only stay where it is, for ever; all successors of level n are on lower levels, one
    of them on level n - 1. `next_states` is (s, a, k). Costs one pass over the undecided per level.
    """
    n_states = len(next_states)
    rows = next_states.reshape(n_states, -1)
    here = np.arange(n_states, dtype=np.int32)
    decided = (rows == here[:, None]).all(axis=1)
    levels = np.zeros(n_states, np.int32)
    undecided, level = here[~decided], 0
    while len(undecided):
        level += 1
        ready = decided[rows[undecided]].all(axis=1)
        if not ready.any():
            return None
        levels[undecided[ready]] = level
        decided[undecided[ready]] = True
        undecided = undecided[~ready]
    return levels


def by_outcomes(prob: np.ndarray) -> np.ndarray:
    """An order of the states, those with few possible outcomes first; `prob` is (s, a, k).

    Chunks of states where nothing is left to chance then need no probabilities.
    """
    return np.argsort(np.count_nonzero(prob, axis=2).max(axis=1), kind="stable")


def to_layer(
    codes: np.ndarray, next_states: np.ndarray, prob: np.ndarray | None, size: int
) -> Layer:
    """A layer in chunks of `size`, from arrays over (s), (s, a, k) and (s, a, k)."""
    rows = [slice(begin, begin + size) for begin in range(0, len(codes), size)]
    chunks = [
        _to_chunk(codes[r], next_states[r], None if prob is None else prob[r], size) for r in rows
    ]
    return Layer(codes, tuple(chunks))


def _to_chunk(
    codes: np.ndarray, next_states: np.ndarray, prob: np.ndarray | None, size: int
) -> Chunk:
    if prob is not None:
        n_outcomes = np.count_nonzero(prob, axis=2).max()
        next_states = next_states[..., :n_outcomes]
        prob = prob[..., :n_outcomes] if n_outcomes > 1 else None
    return Chunk(
        codes=_filled(codes, size),
        next=_states_last(next_states, size),
        prob=None if prob is None else _states_last(prob, size),
    )


def chunk_size(layers: Iterable[np.ndarray]) -> int:
    """One size of chunks for layers of all their sizes: few, without much padding; a power of 2."""
    whole = 1 << max(max(map(len, layers)) - 1, _SMALLEST_CHUNK - 1).bit_length()
    return min(max(whole // 4, min(whole, _WHOLE_LAYER)), _LARGEST_CHUNK)


def _states_last(x: np.ndarray, size: int) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(_filled(x, size), 0, -1))


def _filled(x: np.ndarray, size: int) -> np.ndarray:
    """Repeat the last row until there are `size`."""
    missing = size - len(x)
    return np.concatenate([x, np.repeat(x[-1:], missing, axis=0)]) if missing else x
