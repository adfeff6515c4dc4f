"""The order of computation: levels of acyclic games, and layers cut into chunks of one size."""

from __future__ import annotations

import numpy as np

from empo.worlds.tabular import Chunk, Layer

_LARGEST_CHUNK = 8192
"""States per compiled call: enough to make the call's own cost vanish."""
_SMALLEST_CHUNK = 8
_WHOLE_LAYER = 64
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


def to_layer(
    codes: np.ndarray, next_states: np.ndarray, prob: np.ndarray | None, largest: int
) -> Layer:
    """A layer from arrays over (s), (s, a, k) and (s, a, k).

    `largest` is the size of the game's largest layer, which decides the size of all chunks.
    """
    size = chunk_size(largest)
    chunks = tuple(
        Chunk(
            codes=_filled(codes[begin : begin + size], size),
            next=_states_last(next_states[begin : begin + size], size),
            prob=None if prob is None else _states_last(prob[begin : begin + size], size),
        )
        for begin in range(0, len(codes), size)
    )
    return Layer(codes, chunks)


def chunk_size(largest: int) -> int:
    """States per chunk: a power of 2, small enough that padding costs little."""
    whole = 1 << max(largest - 1, 0).bit_length()
    return min(max(whole // 4, min(whole, _WHOLE_LAYER), _SMALLEST_CHUNK), _LARGEST_CHUNK)


def _states_last(x: np.ndarray, size: int) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(_filled(x, size), 0, -1))


def _filled(x: np.ndarray, size: int) -> np.ndarray:
    """Repeat the last row until there are `size`."""
    missing = size - len(x)
    return np.concatenate([x, np.repeat(x[-1:], missing, axis=0)]) if missing else x
