"""The solution of a world: every quantity by name, for people and for files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from empo.core.errors import InputError
from empo.core.store import read_arrays, write_arrays
from empo.solver.describe import describe
from empo.solver.problem import OPTIONAL, Prior, Values
from empo.solver.sweep import situations
from empo.theory import Theory
from empo.worlds.load import load
from empo.worlds.packing import unpack
from empo.worlds.tabular import Layer, TabularGame
from empo.worlds.world import World

State = str | np.ndarray
"""A state's name, or its vector of factors."""

_FILE = "values"
_TOGETHER = 512
"""States that are described by one call."""
_FORMAT = 1


@dataclass(frozen=True)
class Effort:
    """How a solution was found and how good it is."""

    enumerate_seconds: float
    """From the world to the enumerated game."""
    seconds: float
    """From the enumerated game to the solution."""
    sweeps: int
    """Sweeps over all states, of both phases."""
    planned_gib: float = 0.0
    """The peak of memory that was predicted before solving began."""
    residuals: Mapping[str, float] = field(default_factory=dict)
    """The residual of each quantity's equation, relative for Q_r, U_r and V_r.

    Empty after a single backward sweep, which computes each left side from its right side.
    """
    lipschitz: float | None = 0.0
    """Local Lipschitz constant of Phase 2's operator; 0 where nothing is iterated.

    None where the operator has no finite derivative, and of a given policy.
    """
    leap_at: float | None = None
    """The beta_r up to which Phase 2's solution could be followed from 0, if it ended before."""
    n_phase1_solutions: int | None = None
    """How many solutions of equations (1)-(3) were found from several starting points."""
    phase1_range: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """With several: the least and the largest sum of V_h^m of each human among them."""

    @property
    def residual(self) -> float:
        """The largest residual."""
        return max(self.residuals.values(), default=0.0)


@dataclass(frozen=True)
class Solution:
    """Equations (1)-(9), solved on all states that can be reached.

    With a horizon values belong to a time: 0 unless told otherwise.
    """

    game: TabularGame
    theory: Theory
    prior: Prior
    values: tuple[Values, ...]
    """One for each of the game's layers."""
    effort: Effort

    @property
    def world(self) -> World:
        """The world that was solved."""
        return self.game.world

    def policy(self, state: State, time: int = 0) -> dict[str, float]:
        """The robot's probability of each legal action: equation (5)."""
        return self.at(state, time)["pi_r"]

    def power(self, state: State, time: int = 0) -> dict[str, float]:
        """The power X_h of each human: equation (7)."""
        return self.at(state, time)["x_h"]

    def at(self, state: State, time: int = 0) -> dict[str, Any]:
        """Every quantity at a state, by the names of actions, humans and goals."""
        layer, place = self.game.find(state, time)
        return next(self._describe(layer, place, place + 1))

    def states(self, time: int = 0) -> list[np.ndarray]:
        """All states (with a horizon: at that time), as vectors of factors."""
        return [state for i in self.game.layers_at(time) for state in self.game.states(i)]

    def to_dict(self, time: int = 0) -> dict[str, Any]:
        """The whole solution in plain numbers, as `solution.json` holds it."""
        states = {
            self.world.state_name(state): described
            for layer in self.game.layers_at(time)
            for state, described in zip(
                self.game.states(layer),
                self._describe(layer, 0, self.game.layers[layer].n_states),
                strict=True,
            )
        }
        return {
            "world": self.world.name,
            "theory": _plain({**asdict(self.theory), "prior": self.prior}),
            "converged": True,
            "residual": self.effort.residual,
            "residuals": dict(self.effort.residuals),
            "sweeps": self.effort.sweeps,
            "lipschitz": self.effort.lipschitz,
            "seconds": self.effort.seconds,
            "states": states,
        }

    def save(self, folder: str | Path) -> None:
        """Write values.safetensors and its manifest values.json into a folder."""
        arrays = {}
        for i, (layer, values) in enumerate(zip(self.game.layers, self.values, strict=True)):
            arrays[f"{i}/codes"] = layer.codes
            kept = {name: x for name, x in values._asdict().items() if x is not None}
            arrays |= {f"{i}/{name}": x for name, x in kept.items()}
        manifest = {
            "format": _FORMAT,
            "world": None if self.world.data is None else json.dumps(self.world.data),
            "world_name": self.world.name,
            "theory": _plain(asdict(self.theory)),
            "prior": self.prior,
            "order": self.game.order,
            "n_layers": len(self.game.layers),
            "n_transitions": self.game.n_transitions,
            "effort": asdict(self.effort),
        }
        write_arrays(Path(folder), _FILE, arrays, manifest)

    @classmethod
    def load(cls, folder: str | Path, world: World | None = None) -> Solution:
        """The solution saved in a folder. Raises `InputError` if it is missing or damaged.

        `world` is needed only where the solved world came from Python instead of a file.
        """
        arrays, manifest = read_arrays(Path(folder), _FILE)
        try:
            return _from_arrays(arrays, manifest, world)
        except (KeyError, TypeError, ValueError) as error:
            what = f"{type(error).__name__}: {error}"
            raise InputError(f"{folder}: the manifest {_FILE}.json is damaged ({what})") from error

    def _describe(self, layer: int, begin: int, end: int) -> Iterator[dict[str, Any]]:
        """Every quantity of the states at these places of a layer, some at a time."""
        for first in range(begin, end, _TOGETHER):
            codes = self.game.layers[layer].codes[first : min(first + _TOGETHER, end)]
            states = np.asarray(unpack(codes, self.world.model.cardinalities))
            size = 1 << (len(codes) - 1).bit_length()
            with jax.enable_x64(True):
                padded = np.pad(codes, (0, size - len(codes)), mode="edge")
                found = situations(self.world.model, padded)
            parts = jax.tree.map(np.asarray, found), self.values[layer]
            for row, state in enumerate(states):
                situation = jax.tree.map(lambda x, row=row: x[row], parts[0])
                values = jax.tree.map(lambda x, place=first + row: x[place], parts[1])
                with jax.enable_x64(True):
                    described = describe(self.world, state, situation, values)
                yield described


def _from_arrays(
    arrays: Mapping[str, np.ndarray], manifest: Mapping[str, Any], world: World | None
) -> Solution:
    if manifest["format"] != _FORMAT:
        raise InputError(f"this is format {manifest['format']} of a solution, not {_FORMAT}")
    if world is None and manifest["world"] is None:
        raise InputError(f"world {manifest['world_name']} came from Python: pass it as `world`")
    world = world or replace(load(json.loads(manifest["world"])), name=manifest["world_name"])
    indices = range(manifest["n_layers"])
    layers = tuple(Layer(arrays[f"{i}/codes"], ()) for i in indices)
    values = tuple(_values_of(arrays, i) for i in indices)
    nothing = Layer(np.empty(0, np.int64), ())
    theory: dict[str, Any] = {
        name: math.inf if value == "inf" else value for name, value in manifest["theory"].items()
    }
    effort = dict(manifest["effort"])
    effort["phase1_range"] = {name: tuple(ends) for name, ends in effort["phase1_range"].items()}
    return Solution(
        game=TabularGame(world, manifest["order"], layers, nothing, manifest["n_transitions"]),
        theory=Theory(**theory),
        prior=manifest["prior"],
        values=values,
        effort=Effort(**effort),
    )


def _values_of(arrays: Mapping[str, np.ndarray], layer: int) -> Values:
    found: dict[str, Any] = {
        name: arrays.get(f"{layer}/{name}") if name in OPTIONAL else arrays[f"{layer}/{name}"]
        for name in Values._fields
    }
    return Values(**found)


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON can hold them: infinity as a word."""
    return {k: "inf" if v == math.inf else v for k, v in settings.items()}
