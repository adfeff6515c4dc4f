"""Breadth-first search: from a world to a `TabularGame`, whole frontiers at a time.

A frontier's successors are computed as codes by compiled calls of one size; what is new among them
is found by sorting. Each call's successors are kept as small integers into its own sorted codes
until all states are known, so no array of 8-byte codes outlives its call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import jax
import numpy as np

from empo.core.errors import InputError
from empo.worlds.expand import Successors, expand, joint_actions
from empo.worlds.layering import acyclic_levels, by_outcomes, chunk_size, to_layer
from empo.worlds.packing import pack, unpack
from empo.worlds.tabular import Layer, TabularGame
from empo.worlds.world import World

_OUTCOMES_PER_CALL = 1 << 19
"""(state, joint action) pairs that one call expands: some 10 MB for each possible outcome."""
_SMALLER_CALLS = (256, 4096)
"""Frontiers up to one of these sizes are expanded by a call of that size."""
_AHEAD = 8
"""Calls under way at a time."""
_GIB = 2.0**30


@dataclass(frozen=True)
class Search:
    """What a search may use, and whom it tells."""

    world: World
    memory: float = float("inf")
    """Bytes that the transitions may take; beyond that `InputError`."""
    progress: Callable[[int, int], None] = lambda _expanded, _found: None
    """Called with the numbers of states expanded and found so far."""


@dataclass(frozen=True)
class _Part:
    """The successors of one call's states: codes[local] are those of (state, joint action, k)."""

    codes: np.ndarray
    local: np.ndarray
    prob: np.ndarray | None
    n_transitions: int

    @property
    def nbytes(self) -> int:
        return self.local.nbytes + (0 if self.prob is None else self.prob.nbytes)


def compile_world(search: Search, horizon: int | None = None) -> TabularGame:
    """Enumerate all states that can be reached from the initial ones.

    With a `horizon` the states of each time are found apart. Raises `InputError` if probabilities
    do not sum to 1, a factor leaves its range, or more memory would be needed than is allowed.
    """
    with jax.enable_x64(True), ThreadPoolExecutor(2) as pool:
        start = _initial_codes(search.world)
        if horizon is None:
            return _endless(search, start, pool)
        return _until(search, start, horizon, pool)


def _initial_codes(world: World) -> np.ndarray:
    sizes = world.model.cardinalities
    possible = world.initial[world.initial_prob > 0]
    outside = ((possible < 0) | (possible >= np.array(sizes))).any(axis=1)
    if outside.any():
        wrong = possible[outside][0].tolist()
        raise InputError(
            f"{world.name}: initial state {wrong} has a factor outside of its range "
            f"(the factors have {sizes} values)"
        )
    return np.unique(pack(possible, sizes))


def _endless(search: Search, start: np.ndarray, pool: ThreadPoolExecutor) -> TabularGame:
    frontiers, parts = [start], []
    ordered = start
    while len(frontiers[-1]):
        found = _expand_all(search, frontiers[-1], pool, parts)
        candidates = np.unique(np.concatenate([part.codes for part in found]))
        frontiers.append(candidates[~_contains(ordered, candidates)])
        ordered = np.sort(np.concatenate([ordered, frontiers[-1]]))
        search.progress(len(ordered) - len(frontiers[-1]), len(ordered))
    codes = np.concatenate(frontiers)
    place = np.argsort(codes)
    n_transitions = sum(part.n_transitions for part in parts)
    next_states, prob = _join(parts, lambda known: place[np.searchsorted(ordered, known)])
    levels = acyclic_levels(next_states)
    if levels is None:
        groups = [np.arange(len(codes)) if prob is None else by_outcomes(prob)]
    else:
        groups = [np.flatnonzero(levels == level) for level in range(levels.max() + 1)]
    renumbered = np.empty(len(codes), np.int32)
    renumbered[np.concatenate(groups)] = np.arange(len(codes), dtype=np.int32)
    next_states = renumbered[next_states]
    size = chunk_size(groups)
    layers = tuple(
        to_layer(codes[group], next_states[group], None if prob is None else prob[group], size)
        for group in groups
    )
    end = Layer(codes[:0], ())
    order = "cyclic" if levels is None else "acyclic"
    return TabularGame(search.world, order, layers, end, n_transitions)


def _until(
    search: Search, start: np.ndarray, horizon: int, pool: ThreadPoolExecutor
) -> TabularGame:
    codes, arrays = [start], deque[tuple[np.ndarray, np.ndarray | None]]()
    everything: list[_Part] = []
    for _ in range(horizon):
        before = len(everything)
        found = _expand_all(search, codes[-1], pool, everything)
        ordered = np.unique(np.concatenate([part.codes for part in found]))
        n_found = sum(part.n_transitions for part in found)
        next_states, prob = _join(found, lambda known, o=ordered: np.searchsorted(o, known))
        everything[before:] = [_Part(ordered[:0], next_states, prob, n_found)]
        arrays.append((next_states, prob))
        codes.append(ordered)
        search.progress(sum(map(len, codes[:-1])), sum(map(len, codes)))
    n_transitions = sum(part.n_transitions for part in everything)
    everything.clear()
    size = chunk_size(codes[:-1])
    layers: list[Layer] = []
    for layer_codes in codes[:-1]:
        next_states, prob = arrays.popleft()
        layers.append(to_layer(layer_codes, next_states, prob, size))
    end = Layer(codes[-1], ())
    return TabularGame(search.world, "horizon", tuple(layers), end, n_transitions)


def _expand_all(
    search: Search, frontier: np.ndarray, pool: ThreadPoolExecutor, kept: list[_Part]
) -> list[_Part]:
    """Expand a frontier and add the parts to those kept, within the memory allowed."""
    n_joint = len(joint_actions(search.world.model)[0])
    largest = max(1, _OUTCOMES_PER_CALL // n_joint)
    size = next((min(n, largest) for n in _SMALLER_CALLS if len(frontier) <= n), largest)
    pieces = [frontier[begin : begin + size] for begin in range(0, len(frontier), size)]
    used = sum(part.nbytes for part in kept)
    found: list[_Part] = []
    for part in _in_order(pool, pieces, lambda piece: _expand(search.world, piece, size)):
        found.append(part)
        used += part.nbytes
        if used > search.memory:
            raise InputError(
                f"{search.world.name}: the transitions found so far take {used / _GIB:.1f} GiB and "
                f"more states wait; {search.memory / _GIB:.1f} GiB are allowed"
            )
    kept.extend(found)
    return found


def _expand(world: World, codes: np.ndarray, size: int) -> _Part:
    successors = expand(world.model, np.pad(codes, (0, size - len(codes)), mode="edge"))
    successors = Successors(*(np.asarray(x)[: len(codes)] if x.ndim else x for x in successors))
    _check(world, codes, successors)
    k = int(successors.n_outcomes)
    known, local = np.unique(successors.codes[..., :k], return_inverse=True)
    prob = np.ascontiguousarray(successors.prob[..., :k]) if k > 1 else None
    local = local.astype(np.int32).reshape(len(codes), -1, k)
    return _Part(known, local, prob, int(successors.n_transitions.sum()))


def _check(world: World, codes: np.ndarray, successors: Successors) -> None:
    unsure = ~(np.abs(np.asarray(successors.total) - 1) <= 1e-9)
    for wrong, what in ((unsure, "sum"), (~np.asarray(successors.in_range), "range")):
        if not wrong.any():
            continue
        place, joint = np.argwhere(wrong)[0]
        state = np.asarray(unpack(codes[place], world.model.cardinalities))
        a_r, a_h = (actions[joint] for actions in joint_actions(world.model))
        action = (int(a_r), *map(int, a_h))
        where = f"{world.name}: state {world.state_name(state)}, joint action {action}"
        if what == "sum":
            total = successors.total[place, joint]
            if np.isnan(total):
                raise InputError(f"{where}: a probability is negative or not a number")
            raise InputError(f"{where}: probabilities sum to {total:.12g}, not 1")
        raise InputError(
            f"{where}: leads to a state with a factor outside of its range "
            f"(the factors have {world.model.cardinalities} values)"
        )


def _in_order(
    pool: ThreadPoolExecutor, pieces: Sequence[np.ndarray], work: Callable[[np.ndarray], _Part]
) -> Iterator[_Part]:
    def in_64_bits(piece: np.ndarray) -> _Part:
        with jax.enable_x64(True):
            return work(piece)

    for begin in range(0, len(pieces), _AHEAD):  # not all at once: a refusal should come soon
        yield from pool.map(in_64_bits, pieces[begin : begin + _AHEAD])


def _join(
    parts: list[_Part], index_of: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray | None]:
    """One array of indices and one of probabilities, (s, a, k), from parts; empties the list."""
    n_outcomes = max(part.local.shape[-1] for part in parts)
    n_states = sum(len(part.local) for part in parts)
    shape = (n_states, parts[0].local.shape[1], n_outcomes)
    next_states = np.empty(shape, np.int32)
    prob = np.zeros(shape) if n_outcomes > 1 else None
    begin = 0
    while parts:
        part = parts.pop(0)
        rows, k = slice(begin, begin + len(part.local)), part.local.shape[-1]
        index = index_of(part.codes).astype(np.int32)
        next_states[rows, :, :k] = index[part.local]
        next_states[rows, :, k:] = next_states[rows, :, :1]
        if prob is not None:
            prob[rows, :, :k] = 1.0 if part.prob is None else part.prob
        begin = rows.stop
    return next_states, prob


def _contains(ordered: np.ndarray, codes: np.ndarray) -> np.ndarray:
    place = np.minimum(np.searchsorted(ordered, codes), len(ordered) - 1)
    return ordered[place] == codes
