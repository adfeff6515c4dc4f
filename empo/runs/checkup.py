"""What `empo debug` measures, and debug.json, where it is kept beside a training run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from empo.core.errors import InputError
from empo.core.store import read_json, write_text
from empo.runs.health import HEALTH, Finding

CHECKUP = "debug.json"
_FORMAT = "empo debug 1"

_ALIKE = 0.1
"""Cosine of two updates from independent data below which chance has most of the say in each."""
_GAIN = 0.1
"""How much more alike updates must become for a larger batch to be worth a try."""


@dataclass(frozen=True)
class Update:
    """One of the first updates: medians over seeds of all that the algorithm tells of it."""

    step: int
    """Environment steps until then."""
    numbers: dict[str, float]


@dataclass(frozen=True)
class Batch:
    """Updates of the same networks from independent data, for one size of the batch."""

    factor: int
    """Times the size that is set."""
    size: int
    """Environment steps of data in an update."""
    alike: dict[str, float]
    """For each network the mean cosine between two updates: 1 if chance has no say in them."""
    kl: float | None
    """Step of the policy, where the algorithm tells of it."""


@dataclass(frozen=True)
class Move:
    """One step of an episode, to look at."""

    step: int
    observation: tuple[float, ...]
    action: tuple[float, ...]
    reward: float


@dataclass(frozen=True)
class Watched:
    """An episode after so many updates: its first steps and its last ones."""

    n_updates: int
    total: float
    length: int
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class Checkup:
    """All five points of the checklist."""

    target: str
    algorithm: str
    n_seeds: int
    untrained: tuple[float, ...]
    """Returns of policies before their first update, played without exploring."""
    random: tuple[float, ...]
    """Returns of uniformly random actions."""
    updates: tuple[Update, ...]
    batches: tuple[Batch, ...]
    watched: tuple[Watched, ...]

    def series(self, name: str) -> np.ndarray:
        """A quantity over the first updates that tell of it."""
        return np.array([u.numbers[name] for u in self.updates if name in u.numbers])

    def findings(self) -> dict[str, Finding]:
        """What is found of each point, by a name; those of the updates are named as in `HEALTH`."""
        found = {"returns": _of_returns(self)}
        for quantity in HEALTH:
            for name in quantity.names:
                if len(numbers := self.series(name)):
                    found[name] = quantity.judge(numbers)
        if self.batches:
            found["batch"] = _of_batches(self.batches)
        return found


def write_checkup(folder: Path, checkup: Checkup) -> None:
    """Keep it as debug.json. Raises `InputError` if the disk refuses."""
    record = {"format": _FORMAT, **asdict(checkup)}
    write_text(folder / CHECKUP, json.dumps(record, allow_nan=False) + "\n")


def read_checkup(folder: Path) -> Checkup | None:
    """What is kept in the folder, or None. Raises `InputError` if it is damaged."""
    path = folder / CHECKUP
    if not path.exists():
        return None
    record = read_json(path)
    if record.pop("format", None) != _FORMAT:
        raise InputError(f"{path}: is nothing that `empo debug` wrote")
    try:
        return _checkup(record)
    except (TypeError, KeyError) as error:
        raise InputError(f"{path}: is damaged: {error}") from error


def _checkup(record: dict[str, Any]) -> Checkup:
    watched = [
        {**one, "moves": tuple(Move(**_tuples(move)) for move in one["moves"])}
        for one in record.pop("watched")
    ]
    return Checkup(
        updates=tuple(Update(**update) for update in record.pop("updates")),
        batches=tuple(Batch(**batch) for batch in record.pop("batches")),
        watched=tuple(Watched(**one) for one in watched),
        **_tuples(record),
    )


def _tuples(record: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(value) if isinstance(value, list) else value for k, value in record.items()}


def _of_returns(checkup: Checkup) -> Finding:
    untrained, random = np.array(checkup.untrained), np.array(checkup.random)
    said = f"{untrained.mean():.4g} on average, random actions {random.mean():.4g}."
    together = np.concatenate([untrained, random])
    if np.ptp(together) == 0:
        advice = "Every episode has the same return: there is nothing to learn from by chance."
        return Finding(f"{said} {advice}", suspect=True)
    return Finding(said)


def _of_batches(batches: tuple[Batch, ...]) -> Finding:
    small, large = batches[0], batches[-1]
    name = "policy" if "policy" in small.alike else next(iter(small.alike))
    before, after = small.alike[name], large.alike[name]
    said = (
        f"Two updates of the {name} network from independent data have cosine {before:.2f} with "
        f"{small.size:,} steps, {after:.2f} with {large.size:,}."
    )
    if before < _ALIKE and after - before > _GAIN:
        return Finding(f"{said} Chance has most of the say: try larger batches.", suspect=True)
    if before < _ALIKE:
        return Finding(f"{said} Both are mostly chance: is there a reward to be found?", True)
    return Finding(said)
