"""A world written out: all states that can be reached, and where joint actions lead from each.

The states come in layers. Values are computed layer by layer, backward, so what the indices of the
next states refer to depends on the order in which that is possible:

- "horizon": layer t holds the states of time t; indices point into layer t + 1.
- "acyclic": every state of a layer leads to earlier layers only, or for ever to itself; indices
  point into all layers joined.
- "cyclic": one layer, whose indices point into itself.

Within a layer states are held in chunks of one size, so that one compiled program serves all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from empo.core.errors import InputError
from empo.core.types import AnyArray, Float, Int
from empo.worlds.packing import pack, unpack
from empo.worlds.world import World

Order = Literal["horizon", "acyclic", "cyclic"]


class Chunk(NamedTuple):
    """Equally many states of a layer; the last chunk repeats its last state to be full.

    The joint action axis runs over a_r, a_1, ..., a_n in C order. An illegal joint action repeats a
    legal one. Outcomes are padded with probability 0, repeating the first.
    """

    codes: Int[AnyArray, " s"]
    next: Int[AnyArray, "a k s"]
    prob: Float[AnyArray, "a k s"] | None
    """None where every joint action has one outcome."""


@dataclass(frozen=True)
class Layer:
    """States that are computed together."""

    codes: np.ndarray
    chunks: tuple[Chunk, ...]

    @property
    def n_states(self) -> int:
        """Number of states, without the padding of the last chunk."""
        return len(self.codes)

    @cached_property
    def _rank(self) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(self.codes)
        return self.codes[order], order

    def find(self, code: int) -> int | None:
        """The place of a state in this layer."""
        place = int(self.find_all(np.array([code]))[0])
        return None if place < 0 else place

    def find_all(self, codes: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
        """The places of states in this layer, -1 for those that are not there."""
        ordered, order = self._rank
        place = np.minimum(np.searchsorted(ordered, codes), max(len(ordered) - 1, 0))
        if not len(ordered):
            return np.full(len(codes), -1)
        return np.where(ordered[place] == codes, order[place], -1)


@dataclass(frozen=True)
class TabularGame:
    """A world, enumerated."""

    world: World
    order: Order
    layers: tuple[Layer, ...]
    end: Layer
    """With a horizon: the states at the end, from where nobody acts. Else empty."""
    n_transitions: int
    """Number of triples (state, joint action, next state) found."""

    @property
    def n_states(self) -> int:
        """Number of states from which somebody acts."""
        return sum(layer.n_states for layer in self.layers)

    @property
    def horizon(self) -> int | None:
        """Number of steps until the end."""
        return len(self.layers) if self.order == "horizon" else None

    def states(self, layer: int) -> np.ndarray:
        """The factor vectors of a layer's states, int32 (s, f)."""
        return np.asarray(unpack(self.layers[layer].codes, self.world.model.cardinalities))

    def state(self, layer: int, place: int) -> np.ndarray:
        """The factor vector of one state."""
        code = self.layers[layer].codes[place]
        return np.asarray(unpack(code, self.world.model.cardinalities))

    def find(self, state: np.ndarray | str, time: int = 0) -> tuple[int, int]:
        """The layer of a state and its place therein.

        Raises `InputError` if it cannot be reached (at that time).
        """
        vector = self.world.find_state(state) if isinstance(state, str) else np.asarray(state)
        sizes = self.world.model.cardinalities
        is_state = vector.shape == (len(sizes),) and vector.dtype.kind in "iu"
        is_state = is_state and bool(((vector >= 0) & (vector < sizes)).all())
        code = int(pack(vector, sizes)) if is_state else -1
        for layer in self.layers_at(time):
            if (place := self.layers[layer].find(code)) is not None:
                return layer, place
        when = f" at time {time}" if self.order == "horizon" else ""
        name = state if isinstance(state, str) else vector.tolist()
        raise InputError(f"{self.world.name}: state {name} cannot be reached{when}")

    def layers_at(self, time: int) -> range:
        """The layers that hold the states of a time; all of them without a horizon."""
        if self.order != "horizon":
            return range(len(self.layers))
        if 0 <= time < len(self.layers):
            return range(time, time + 1)
        raise InputError(f"time must be 0 ... {len(self.layers) - 1}, got {time}")
