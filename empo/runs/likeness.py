"""How alike two solutions of one world are, state by state: one of them may have been learned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import jax
import numpy as np

from empo.core.errors import InputError
from empo.core.types import Bool, Float
from empo.runs.rollout import Rollout
from empo.solver import Solution
from empo.solver.problem import Values
from empo.solver.sweep import situations
from empo.worlds.rules import rule_hash
from empo.worlds.tabular import Layer

_BLOCK = 8192
"""States whose legal actions are found by one call."""
_MOST_DRAWN = 20_000
"""States of which it is asked who is in which cell; of more, so many evenly spread ones."""

Cell = tuple[int, int]


@dataclass(frozen=True)
class Distance:
    """How far apart a quantity is in every state."""

    quantity: str
    measure: str
    """What the numbers are, in words."""
    by_layer: tuple[Float[np.ndarray, " s"], ...]
    """For each layer of the first solution's game."""

    @property
    def mean(self) -> float:
        """Over all states (with a horizon: at all times), each counting once."""
        total = sum(float(layer.sum()) for layer in self.by_layer)
        return total / sum(map(len, self.by_layer))

    @property
    def worst(self) -> tuple[int, int]:
        """The layer and the place therein of the largest."""
        largest = [float(layer.max(initial=-1.0)) for layer in self.by_layer]
        layer = int(np.argmax(largest))
        return layer, int(np.argmax(self.by_layer[layer]))

    @property
    def largest(self) -> float:
        """In any state."""
        layer, place = self.worst
        return float(self.by_layer[layer][place])


@dataclass(frozen=True)
class Moment:
    """Both policies in one state of a rollout."""

    step: int
    state: np.ndarray
    time: int
    first: dict[str, float]
    second: dict[str, float]

    @property
    def distance(self) -> float:
        """Total variation."""
        return 0.5 * sum(abs(prob - self.second[name]) for name, prob in self.first.items())

    @property
    def uniform(self) -> float:
        """From the first policy to a uniform one."""
        return 0.5 * sum(abs(prob - 1 / len(self.first)) for prob in self.first.values())


@dataclass(frozen=True)
class Likeness:
    """Two solutions of one world, and the distances between them."""

    first: Solution
    second: Solution
    distances: tuple[Distance, ...]
    uniform: Distance
    """From the first solution's robot to one that acts uniformly: the measure of all the others."""

    @cached_property
    def settings(self) -> dict[str, tuple[Any, Any]]:
        """The settings of the theory in which they differ."""
        pairs = [asdict(side.theory) | {"prior": side.prior} for side in (self.first, self.second)]
        return {
            name: (value, pairs[1][name])
            for name, value in pairs[0].items()
            if value != pairs[1][name]
        }

    def name_of(self, layer: int, place: int) -> str:
        """The name of a state of the first solution's game, with its time if there is a horizon."""
        game = self.first.game
        time = f"t={layer} " if game.horizon is not None else ""
        return time + game.world.state_name(game.state(layer, place))

    def along(self, path: Rollout) -> list[Moment]:
        """Both policies in each state of a rollout in which the robot acts, on the first visit."""
        timed = self.first.game.horizon is not None
        found: dict[tuple[int, ...], Moment] = {}
        for step, state in enumerate(path.states[: max(path.n_steps, 1)]):
            time = step if timed else 0
            place = (time, *state.tolist())
            if place not in found:
                policies = (side.policy(state, time) for side in (self.first, self.second))
                found[place] = Moment(step, state, time, *policies)
        return list(found.values())

    def record(self) -> dict[str, Any]:
        """The distances as JSON can hold them: infinite ones are null."""
        return {
            "world": self.first.world.name,
            "n_states": self.first.game.n_states,
            "settings": {name: list(map(str, pair)) for name, pair in self.settings.items()},
            "uniform": self.uniform.mean,
            "quantities": {
                distance.quantity: {
                    "difference": distance.measure,
                    "mean": _finite(distance.mean),
                    "largest": _finite(distance.largest),
                    "state": self.name_of(*distance.worst),
                }
                for distance in self.distances
            },
        }

    def by_cell(self, distance: Distance) -> dict[str, dict[Cell, float]]:
        """For each agent: the mean distance over all states in which it is in a cell.

        Empty where the world is no grid. Several bodies of the robot count as one agent.
        """
        sums: dict[str, dict[Cell, list[float]]] = {}
        for state, value in self._spread(distance):
            scene = self.first.world.scene(state)
            if scene is None:
                return {}
            for thing in scene.things:
                if thing.kind in ("robot", "human"):
                    agent = "robot" if thing.kind == "robot" else thing.label or "human"
                    here = sums.setdefault(agent, {}).setdefault((thing.x, thing.y), [])
                    here.append(value)
        return {
            agent: {cell: float(np.mean(values)) for cell, values in cells.items()}
            for agent, cells in sums.items()
        }

    def _spread(self, distance: Distance) -> Iterator[tuple[np.ndarray, float]]:
        """States with their distances: all of them, or evenly spread ones."""
        apart = -(-self.first.game.n_states // _MOST_DRAWN)
        for number, values in enumerate(distance.by_layer):
            states = self.first.game.states(number)[::apart]
            yield from zip(states, values[::apart].tolist(), strict=True)


def likeness(first: Solution, second: Solution) -> Likeness:
    """Compare them. Raises `InputError` if they are not of the same world, or unlike in horizon."""
    _check(first, second)
    of_second = [_gathered(first, number, second) for number in range(len(first.game.layers))]
    legal = [_legal(first, layer) for layer in first.game.layers]
    real = np.asarray(first.world.model.goals.weight) > 0
    pairs = list(zip(first.values, of_second, legal, strict=True))

    def apart(
        quantity: str, measure: str, of_layer: Callable[[Values, Values, np.ndarray], np.ndarray]
    ) -> Distance:
        return Distance(quantity, measure, tuple(of_layer(*pair) for pair in pairs))

    def in_log(quantity: str) -> Distance:
        return apart(
            quantity,
            "of the logarithm",
            lambda a, b, _: _log_distance(getattr(a, quantity), getattr(b, quantity)),
        )

    found = [
        apart("pi_r", "total variation", lambda a, b, _: _variation(a.pi_r, b.pi_r)),
        apart("v_r", "relative", lambda a, b, _: _relative(a.v_r, b.v_r)),
    ]
    if all(values.v_h_e is not None for pair in pairs for values in pair[:2]):
        found.append(apart("v_h_e", "absolute", lambda a, b, _: _of_goals(a, b, real)))
    found += [in_log("x_h"), in_log("u_r")]
    found.append(
        apart("q_r", "of the logarithm", lambda a, b, legal: _log_distance(a.q_r, b.q_r, legal))
    )
    uniform = apart(
        "pi_r",
        "total variation",
        lambda a, _, legal: _variation(a.pi_r, legal / legal.sum(axis=1, keepdims=True)),
    )
    return Likeness(first, second, tuple(found), uniform)


def _check(first: Solution, second: Solution) -> None:
    names = first.world.name, second.world.name
    if rule_hash(first.world) != rule_hash(second.world):
        raise InputError(
            f"worlds: found {names[0]} and {names[1]}, whose rules differ (wanted the same world)"
        )
    if first.game.horizon != second.game.horizon:
        raise InputError(
            f"horizon: found {first.game.horizon} and {second.game.horizon} (wanted the same)"
        )


def _gathered(first: Solution, number: int, second: Solution) -> Values:
    """The second solution's values of the states of a layer of the first one."""
    codes = first.game.layers[number].codes
    layers = second.game.layers_at(number if first.game.horizon is not None else 0)
    found: dict[str, np.ndarray] = {}
    for i in layers:
        places = second.game.layers[i].find_all(codes)
        here = places >= 0
        for name, x in second.values[i]._asdict().items():
            if x is not None:
                room = found.setdefault(name, np.full((len(codes), *x.shape[1:]), np.nan))
                room[here] = x[places[here]]
    return Values(**{name: found.get(name) for name in Values._fields})  # pyright: ignore


def _legal(solution: Solution, layer: Layer) -> Bool[np.ndarray, "s a_r"]:
    """The robot's legal actions, block by block."""
    parts = []
    for begin in range(0, layer.n_states, _BLOCK):
        codes = layer.codes[begin : begin + _BLOCK]
        size = 1 << (len(codes) - 1).bit_length()
        padded = np.pad(codes, (0, size - len(codes)), mode="edge")
        with jax.enable_x64(True):
            legal = np.asarray(situations(solution.world.model, padded).legal_r)
        parts.append(legal[: len(codes)])
    return np.concatenate(parts)


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None


def _variation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return 0.5 * np.abs(a - b).sum(axis=1)


def _relative(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """|b / a - 1|: infinite where a alone is 0."""
    nothing = a == 0
    return np.where(nothing, _unless_equal(a, b), np.abs(b / np.where(nothing, 1.0, a) - 1))


def _of_goals(a: Values, b: Values, real: np.ndarray) -> np.ndarray:
    assert a.v_h_e is not None
    assert b.v_h_e is not None
    return np.abs(a.v_h_e - b.v_h_e)[:, real].mean(axis=1)


def _log_distance(a: np.ndarray, b: np.ndarray, counted: np.ndarray | None = None) -> np.ndarray:
    """Mean |log a - log b| over a state's numbers: infinite where one of them alone is 0."""
    nothing = (a == 0) | (b == 0)
    logs = np.abs(np.log(np.where(nothing, 1.0, b) / np.where(nothing, 1.0, a)))
    apart = np.where(nothing, _unless_equal(a, b), logs).reshape(len(a), -1)
    if counted is None:
        return apart.mean(axis=1)
    return np.where(counted, apart, 0.0).sum(axis=1) / counted.sum(axis=1)


def _unless_equal(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.where(a == b, 0.0, np.inf)
