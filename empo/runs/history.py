"""metrics.jsonl of a training run, read back: curves over environment steps, one row per seed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from empo.core.errors import InputError
from empo.core.types import Float, Int
from empo.runs.folder import METRICS

KINDS = ("train", "evaluate")
_HEAD = ("step", "seed", "kind")


@dataclass(frozen=True)
class Curve:
    """A quantity of each seed against environment steps; nan where a seed has no number."""

    steps: Int[np.ndarray, " point"]
    values: Float[np.ndarray, "seed point"]

    def held(self) -> Curve:
        """Each seed's last number until it has a new one; what precedes all seeds' first is cut.

        Between two rows no episode may have ended, and then there is no return to tell.
        """
        known = np.isfinite(self.values)
        latest = np.maximum.accumulate(np.where(known, np.arange(len(self.steps)), -1), axis=1)
        values = np.take_along_axis(self.values, np.maximum(latest, 0), axis=1)
        begun = (latest >= 0).all(axis=0)
        return Curve(self.steps[begun], values[:, begun])

    def steps_to(self, threshold: float) -> Float[np.ndarray, " seed"]:
        """Environment steps when each seed first reached that; infinite where none did."""
        reached = self.values >= threshold
        first = self.steps[np.argmax(reached, axis=1)].astype(float)
        return np.where(reached.any(axis=1), first, math.inf)


@dataclass(frozen=True)
class History:
    """All rows of a run; `numbers` by kind and name, then by step and seed."""

    seeds: tuple[int, ...]
    numbers: Mapping[str, Mapping[str, Mapping[tuple[int, int], Any]]]

    def names(self, kind: str) -> tuple[str, ...]:
        """The quantities of a kind, in the order in which they first came."""
        return tuple(self.numbers[kind])

    def curve(self, kind: str, name: str) -> Curve | None:
        """A quantity that is one number per row; None if there is none in any row."""
        found = self.numbers[kind].get(name)
        if not found:
            return None
        steps = sorted({step for step, _ in found})
        column = {step: i for i, step in enumerate(steps)}
        row = {seed: i for i, seed in enumerate(self.seeds)}
        values = np.full((len(row), len(column)), np.nan)
        for (step, seed), value in found.items():
            if isinstance(value, int | float):
                values[row[seed], column[step]] = value
        return Curve(np.array(steps, np.int64), values)

    def returns(self) -> Curve | None:
        """Mean returns of the evaluations; None if there was no evaluation."""
        return self.curve("evaluate", "return_mean")

    def episode_returns(
        self, when: Literal["first", "last"]
    ) -> list[Float[np.ndarray, " episode"]]:
        """For each seed the returns of all episodes of its first or last evaluation."""
        found = self.numbers["evaluate"].get("returns", {})
        ordered = sorted(found, reverse=when == "first")
        chosen = {seed: found[step, seed] for step, seed in ordered}
        return [np.array(chosen[seed], float) for seed in sorted(chosen)]


def read_history(folder: Path) -> History:
    """The metrics in a run's folder, those of a run that still goes on included.

    Raises `InputError` that names file and line.
    """
    path = folder / METRICS
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read: {reason}") from error
    # What follows the last end of a line is nothing, or a line that is just being written.
    return history_of(
        _row(line, f"{path}, line {number}") for number, line in enumerate(lines[:-1], 1)
    )


def history_of(rows: Iterable[Mapping[str, Any]]) -> History:
    """The history that these rows, in order, tell."""
    numbers: dict[str, dict[str, dict[tuple[int, int], Any]]] = {kind: {} for kind in KINDS}
    seeds = set()
    for row in rows:
        seeds.add(row["seed"])
        for name, value in row.items():
            if name not in _HEAD:
                numbers[row["kind"]].setdefault(name, {})[row["step"], row["seed"]] = value
    return History(tuple(sorted(seeds)), numbers)


def _row(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: is damaged: {error}") from error
    if not isinstance(row, dict) or row.get("kind") not in KINDS:
        raise InputError(f"{where}: is no row of a training run (wanted step, seed and kind)")
    if not all(type(row.get(name)) is int for name in ("step", "seed")):
        raise InputError(f"{where}: step and seed must be whole numbers")
    wrong = [name for name, value in row.items() if name not in _HEAD and not _is_number(value)]
    if wrong:
        raise InputError(f"{where}: {wrong[0]} is {row[wrong[0]]!r} (wanted a number)")
    return row


def _is_number(value: Any) -> bool:
    """A number, null, or a list of those."""
    if isinstance(value, list):
        return all(map(_is_number, value))
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
