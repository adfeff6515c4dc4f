"""What a sweep has found: its trials, their ranks, and sweep.json, which holds all of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from empo.core.errors import InputError
from empo.runs.measures import Finished, Measure, PerSeed
from empo.runs.stats import Estimate, over_seeds
from empo.runs.sweep_file import Sweep

FORMAT = "empo sweep 1"
SUMMARY = "sweep.json"
OVER = ("finished", "diverged")
"""States of a trial that is not trained again. One that has failed is tried anew."""


@dataclass(frozen=True)
class Trial:
    """One choice of settings, and what came of it."""

    number: int
    folder: Path
    chosen: Mapping[str, Any]
    """The settings that the sweep varies."""
    state: str = "begun"
    """begun, finished, diverged or failed."""
    trouble: str = ""
    """How it has diverged or failed."""
    scores: PerSeed | None = None
    run: Finished | None = None

    @property
    def is_over(self) -> bool:
        """Is there nothing to be done any more?"""
        return self.state in OVER

    @property
    def estimate(self) -> Estimate | None:
        """The interquartile mean over seeds with its 95% interval."""
        return None if self.scores is None else over_seeds(self.scores)

    def merit(self, measure: Measure) -> float | None:
        """The more the better; None without a result that is a number."""
        if self.estimate is None or not math.isfinite(centre := float(self.estimate.centre)):
            return None
        return centre if measure.better == "high" else -centre

    @property
    def label(self) -> str:
        """Its settings in a line."""
        return ", ".join(f"{name} {spelled(value)}" for name, value in self.chosen.items())


@dataclass(frozen=True)
class Swept:
    """A sweep and all its trials that have begun."""

    asked: Sweep
    folder: Path
    n_trials: int
    """Of the whole sweep."""
    trials: tuple[Trial, ...]
    """In the order of their numbers."""

    @property
    def ranked(self) -> tuple[Trial, ...]:
        """Those with a result, the best first; of equals the earlier."""
        measured = [(trial.merit(self.asked.measure), trial) for trial in self.trials]
        found = [(merit, trial) for merit, trial in measured if merit is not None]
        return tuple(trial for _, trial in sorted(found, key=lambda one: -one[0]))

    @property
    def others(self) -> tuple[Trial, ...]:
        """Those without a result."""
        ranked = {trial.number for trial in self.ranked}
        return tuple(trial for trial in self.trials if trial.number not in ranked)

    @property
    def best(self) -> Trial | None:
        """The first in rank; None if there is none."""
        return self.ranked[0] if self.ranked else None

    @property
    def share(self) -> float:
        """How much of it is over."""
        return sum(trial.state != "begun" for trial in self.trials) / max(self.n_trials, 1)

    @property
    def in_words(self) -> str:
        """How far it is."""
        n_over = sum(trial.state != "begun" for trial in self.trials)
        said = f"{n_over} of {self.n_trials} trials"
        best = self.best
        if best is None or best.estimate is None:
            return said
        centre = float(best.estimate.centre)
        return f"{said}, best {self.asked.measure.symbol} {centre:.4g} with {best.label}"


def spelled(value: Any) -> str:
    """A setting's value in few characters."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def summary(swept: Swept) -> dict[str, Any]:
    """sweep.json."""
    asked = swept.asked
    ranks = {trial.number: rank for rank, trial in enumerate(swept.ranked, 1)}
    return {
        "format": FORMAT,
        "target": asked.target,
        "algorithm": asked.algorithm,
        "preset": asked.preset,
        "seed": asked.seed,
        "seeds": asked.n_seeds,
        "n_steps": asked.n_steps,
        "settings": _plain(asked.settings),
        "method": asked.method,
        "measure": asked.measure.name,
        "better": asked.measure.better,
        "n_trials": swept.n_trials,
        "best": None if swept.best is None else swept.best.number,
        "trials": [_record(trial, asked.measure, ranks) for trial in swept.trials],
    }


def from_record(record: Mapping[str, Any], out: Path, where: str) -> list[Trial]:
    """The trials that sweep.json tells of, without their results: those are in their folders."""
    try:
        return [
            Trial(
                int(one["number"]),
                out / one["folder"],
                {name: _read(value) for name, value in one["settings"].items()},
                str(one["state"]),
                str(one["trouble"] or ""),
            )
            for one in record["trials"]
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{where}: does not describe a sweep: {error!r}") from error


def _record(trial: Trial, measure: Measure, ranks: Mapping[int, int]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "number": trial.number,
        "folder": trial.folder.name,
        "settings": _plain(trial.chosen),
        "state": trial.state,
        "trouble": trial.trouble or None,
        "rank": ranks.get(trial.number),
    }
    if trial.scores is None or trial.estimate is None:
        return found
    ends = zip(("", "_low", "_high"), trial.estimate, strict=True)
    return found | {
        "per_seed": [_finite(x) for x in trial.scores.tolist()],
        **{f"iqm{end}": _finite(float(number)) for end, number in ends},
        "worst_seed": _finite(measure.worst(trial.scores)),
        "steps": trial.run.report["steps"] if trial.run else None,
        "seconds": trial.run.report["seconds"] if trial.run else None,
    }


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: "inf" if value == math.inf else list(value) if isinstance(value, tuple) else value
        for name, value in settings.items()
    }


def _read(value: Any) -> Any:
    return math.inf if value == "inf" else tuple(value) if isinstance(value, list) else value
