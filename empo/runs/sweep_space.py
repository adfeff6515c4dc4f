"""What a sweep may choose from, and who chooses: a grid, chance, or Optuna."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from empo.core.errors import InputError

Chosen = dict[str, Any]
"""Values of the settings that a sweep varies, by name."""


@dataclass(frozen=True)
class Choices:
    """One of several values."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`, both included."""

    low: float
    high: float
    log: bool = False
    """Are factors as likely as each other, rather than differences?"""
    whole: bool = False

    def at(self, share: float) -> float:
        """The number so far into the range, from 0 to 1."""
        low, high = (self.low, self.high + 1) if self.whole else (self.low, self.high)
        found = low * (high / low) ** share if self.log else low + (high - low) * share
        return min(math.floor(found), int(self.high)) if self.whole else found


Space = Mapping[str, Choices | Range]


class Search(Protocol):
    """Chooses the settings of one trial after the other."""

    n_trials: int

    def propose(self, number: int) -> Chosen:
        """The settings of that trial; they are asked for in order."""
        ...

    def tell(self, number: int, score: float | None) -> None:
        """How good a trial was, the more the better; None if it came to nothing."""
        ...


class Grid:
    """Every combination of choices; the last setting varies fastest."""

    def __init__(self, space: Mapping[str, Choices]) -> None:
        values = [choices.values for choices in space.values()]
        self._all = [
            dict(zip(space, combination, strict=True)) for combination in itertools.product(*values)
        ]
        self.n_trials = len(self._all)

    def propose(self, number: int) -> Chosen:
        """The combination of that number."""
        return self._all[number]

    def tell(self, number: int, score: float | None) -> None:
        """It makes no difference."""


class Chance:
    """Each trial by chance, the same in every sweep with the seed."""

    def __init__(self, space: Space, n_trials: int, seed: int) -> None:
        self.n_trials = n_trials
        self._space = space
        self._seed = seed

    def propose(self, number: int) -> Chosen:
        """Drawn for that number, whatever came before."""
        shares = np.random.default_rng([self._seed, number]).random(len(self._space))
        return {
            name: _drawn(among, share)
            for (name, among), share in zip(self._space.items(), shares.tolist(), strict=True)
        }

    def tell(self, number: int, score: float | None) -> None:
        """It makes no difference."""


class Optuna:
    """Optuna's tree-structured Parzen estimator: it looks where earlier trials were good.

    `recorded` are the settings of trials that it has chosen in an earlier session.
    """

    def __init__(
        self,
        space: Space,
        n_trials: int,
        seed: int,
        recorded: Mapping[int, Chosen],
        *,
        parallel: bool,
    ) -> None:
        """Raises `InputError`, which names the extra, without Optuna."""
        self.n_trials = n_trials
        self._optuna = _imported()
        self._space = space
        self._recorded = recorded
        self._trials: dict[int, Any] = {}
        self._optuna.logging.set_verbosity(self._optuna.logging.WARNING)
        with warnings.catch_warnings():
            # It is experimental that trials under way count as bad, so that others look elsewhere.
            warnings.simplefilter("ignore", self._optuna.exceptions.ExperimentalWarning)
            sampler = self._optuna.samplers.TPESampler(
                seed=seed + len(recorded), constant_liar=parallel
            )
        self._study = self._optuna.create_study(direction="maximize", sampler=sampler)

    def propose(self, number: int) -> Chosen:
        """What was chosen for it before, or what Optuna thinks best."""
        if number in self._recorded:
            self._study.enqueue_trial(self._as_optuna(self._recorded[number]))
        trial = self._trials[number] = self._study.ask(
            {name: self._distribution(among) for name, among in self._space.items()}
        )
        return {name: self._as_ours(name, trial.params[name]) for name in self._space}

    def tell(self, number: int, score: float | None) -> None:
        """Later trials are chosen by it."""
        if score is None:
            self._study.tell(self._trials[number], state=self._optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(self._trials[number], score)

    def _distribution(self, among: Choices | Range) -> Any:
        kinds = self._optuna.distributions
        if isinstance(among, Choices):  # by place: Optuna knows no tuples
            return kinds.CategoricalDistribution(range(len(among.values)))
        if among.whole:
            return kinds.IntDistribution(int(among.low), int(among.high), log=among.log)
        return kinds.FloatDistribution(among.low, among.high, log=among.log)

    def _as_optuna(self, chosen: Chosen) -> Chosen:
        return {
            name: among.values.index(chosen[name]) if isinstance(among, Choices) else chosen[name]
            for name, among in self._space.items()
        }

    def _as_ours(self, name: str, value: Any) -> Any:
        among = self._space[name]
        return among.values[value] if isinstance(among, Choices) else value


def holds(space: Space, chosen: Mapping[str, Any]) -> bool:
    """Can these settings have been chosen from the space?"""
    return space.keys() == chosen.keys() and all(
        chosen[name] in among.values
        if isinstance(among, Choices)
        else isinstance(chosen[name], int | float) and among.low <= chosen[name] <= among.high
        for name, among in space.items()
    )


def ends_of(among: Choices | Range) -> Sequence[Any]:
    """Values of which all others are fit if these are."""
    return among.values if isinstance(among, Choices) else (among.at(0.0), among.at(1.0))


def _drawn(among: Choices | Range, share: float) -> Any:
    if isinstance(among, Range):
        return among.at(share)
    return among.values[int(share * len(among.values))]


def _imported() -> Any:
    try:
        import optuna
    except ImportError:
        raise InputError(
            "method: found optuna, which is not here (wanted `pip install 'empo[optuna]'`, or "
            "method: random)"
        ) from None
    return optuna
