"""Training runs side by side: final returns, how soon they came, and how long they took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from empo.core.errors import InputError
from empo.core.store import read_json
from empo.core.types import Float
from empo.runs.folder import CONFIG, REPORT
from empo.runs.history import Curve, read_history
from empo.runs.stats import Estimate, over_seeds
from empo.runs.training_folder import training_config


@dataclass(frozen=True)
class Compared:
    """One run, read from its folder."""

    folder: Path
    target: str
    algorithm: str
    seeds: tuple[int, ...]
    returns: Curve
    """Mean return of each evaluation."""
    report: Mapping[str, Any] | None
    """None while the run goes on."""
    threshold: float | None
    """The return from which on the task counts as solved, if there is one."""

    @property
    def final(self) -> Float[np.ndarray, " seed"]:
        """Return of each seed's last evaluation."""
        held = self.returns.held()
        return held.values[:, -1]

    @property
    def estimate(self) -> Estimate:
        """Interquartile mean of the final returns over the seeds, with its 95% interval."""
        return over_seeds(self.final)

    @property
    def steps_to_threshold(self) -> Float[np.ndarray, " seed"] | None:
        """Environment steps until each seed's first evaluation that reached it; inf: never."""
        return None if self.threshold is None else self.returns.steps_to(self.threshold)

    def record(self) -> dict[str, Any]:
        """All that is compared, as JSON can hold it: never is null."""
        estimate, reached = self.estimate, self.steps_to_threshold
        report = self.report or {}
        return {
            "folder": str(self.folder),
            "algorithm": self.algorithm,
            "target": self.target,
            "seeds": list(self.seeds),
            "steps": int(self.returns.steps[-1]),
            "finished": self.report is not None,
            "final_return_iqm": float(estimate.centre),
            "final_return_low": _finite(estimate.low),
            "final_return_high": _finite(estimate.high),
            "final_returns": self.final.tolist(),
            "threshold": self.threshold,
            "steps_to_threshold": None if reached is None else [_finite(x) for x in reached],
            "seconds": report.get("seconds"),
            "steps_per_second": report.get("steps_per_second"),
        }


def read_runs(folders: Sequence[Path], thresholds: Mapping[str, float | None]) -> list[Compared]:
    """All runs, ordered by target and then as given; `thresholds` by target.

    Raises `InputError` that lists everything wrong with any of the folders.
    """
    problems: list[str] = []
    runs: list[Compared] = []
    seen: dict[Path, Path] = {}
    for folder in folders:
        try:
            if folder.resolve() in seen:
                raise InputError(f"{folder}: is named twice")
            seen[folder.resolve()] = folder
            runs.append(_read(folder, thresholds))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return sorted(runs, key=lambda run: run.target)


def read_targets(folders: Iterable[Path]) -> set[str]:
    """The targets of those folders that hold training runs."""
    found = set()
    for folder in folders:
        try:
            found.add(_head(folder)[0])
        except InputError:
            continue  # `read_runs` tells of it
    return found


def labels(runs: Sequence[Compared]) -> list[str]:
    """A name for each: its algorithm, with the folder's name or its path where others share it."""
    named = [(run.algorithm, run.folder.name, str(run.folder)) for run in runs]
    shared = [sum(other[0] == one[0] for other in named) > 1 for one in named]
    alike = [sum(other[:2] == one[:2] for other in named) > 1 for one in named]
    return [
        f"{algorithm} ({path if same else name})" if several else algorithm
        for (algorithm, name, path), several, same in zip(named, shared, alike, strict=True)
    ]


def _read(folder: Path, thresholds: Mapping[str, float | None]) -> Compared:
    target, algorithm = _head(folder)
    history = read_history(folder)
    returns = history.returns()
    if returns is None or not len(returns.held().steps):
        raise InputError(f"{folder}: has no evaluation of every seed yet")
    path = folder / REPORT
    report = read_json(path) if path.exists() else None
    return Compared(
        folder, target, algorithm, history.seeds, returns, report, thresholds.get(target)
    )


def _head(folder: Path) -> tuple[str, str]:
    """Target and algorithm. All other settings may be those of another version of empo."""
    job = training_config(folder)["job"]
    names = [job.get(name) if isinstance(job, dict) else None for name in ("target", "algorithm")]
    target, algorithm = names
    if not isinstance(target, str) or not isinstance(algorithm, str):
        raise InputError(f"{folder / CONFIG}: does not tell target and algorithm")
    return target, algorithm


def _finite(number: Any) -> float | None:
    return float(number) if np.isfinite(number) else None
