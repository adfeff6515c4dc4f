"""All settings of a training run, and how they are written to a file and read back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from typing import Any, get_type_hints

from empo.core.errors import InputError
from empo.learn.registry import robot_recipe
from empo.nets import NetSettings
from empo.rl.algorithm import at_least
from empo.rl.normalise import InputSettings
from empo.rl.registry import recipe
from empo.theory import Theory


@dataclass(frozen=True)
class Setup:
    """The settings of the algorithm, of its networks, and of the run."""

    algorithm: Any
    """Settings of the algorithm's own, with those of gathering data and of gradient steps."""
    nets: NetSettings = NetSettings()
    """Size and kind of all networks."""
    inputs: InputSettings = InputSettings()
    """What is done to observations and rewards before anything is learned from them."""
    theory: Theory | None = None
    """What the equations leave to the user; of worlds alone."""

    def groups(self) -> dict[str, Any]:
        """The groups of settings that mean something: tasks have inputs, worlds have a theory."""
        rest = {"inputs": self.inputs} if self.theory is None else {"theory": self.theory}
        return {"algorithm": self.algorithm, "nets": self.nets, **rest}


@dataclass(frozen=True)
class Job:
    """One training run: with the same job come the same numbers."""

    target: str
    """What is trained on: task:NAME, gym:ENV-ID, or a world by its name or file."""
    algorithm: str
    """The algorithm's name."""
    setup: Setup
    """All settings."""
    seed: int = 0
    """Of everything random; the further seeds of a run follow it."""
    n_seeds: int = 1
    """Independent runs side by side."""
    n_steps: int = 100_000
    """Environment steps of each."""
    n_evaluations: int = 20
    """How often the policy is judged, and the run saved, after the beginning."""
    n_episodes: int = 20
    """Fresh episodes by which it is judged."""

    def __post_init__(self) -> None:
        for name in ("n_seeds", "n_steps", "n_evaluations", "n_episodes"):
            at_least(name, getattr(self, name), 1)
        at_least("seed", self.seed, 0)

    @property
    def seeds(self) -> tuple[int, ...]:
        """All seeds."""
        return tuple(range(self.seed, self.seed + self.n_seeds))


def is_world(target: str) -> bool:
    """Does the target stand for a world, and not for an ordinary task?"""
    return not target.startswith(("task:", "gym:"))


def to_record(job: Job) -> dict[str, Any]:
    """The job as JSON can hold it."""
    return _spelled(asdict(job))


def from_record(record: Mapping[str, Any], where: str) -> Job:
    """The job that was written. Raises `InputError`, which names the file, if it is none."""
    try:
        find = robot_recipe if is_world(record["target"]) else recipe
        settings = find(record["algorithm"]).settings
        setup = record["setup"]
        theory = setup.get("theory") if isinstance(setup, Mapping) else None
        known = {f.name: record[f.name] for f in fields(Job) if f.name != "setup"}
        return Job(
            **known,
            setup=Setup(
                _read(settings, setup["algorithm"], where),
                _read(NetSettings, setup["nets"], where),
                _read(InputSettings, setup["inputs"], where),
                None if theory is None else _read(Theory, theory, where),
            ),
        )
    except (KeyError, TypeError) as error:
        raise InputError(f"{where}: does not describe a training run: {error}") from error


def changed(settings: Any, changes: Mapping[str, Any]) -> Any:
    """The settings with some of them replaced, wherever in their groups those are.

    Raises `InputError` that names all settings there are not.
    """
    known = setting_names(settings)
    unknown = sorted(changes.keys() - known)
    if unknown:
        there_are = ", ".join(sorted(known))
        raise InputError([f"setting {n!r}: there is none (there are {there_are})" for n in unknown])
    return _changed(settings, changes)


def with_workers(job: Job, n_workers: int) -> Job:
    """The job with another number of workers. Raises `InputError` if it has none."""
    found = workers_of(job.setup.algorithm)
    if not found:
        raise InputError(
            f"workers: found {job.algorithm} without workers (wanted a run of a3c, or of impala "
            f"with workers)"
        )
    at_least("workers", n_workers, 1)
    return replace(job, setup=changed(job.setup, {"n_workers": n_workers}))


def workers_of(settings: Any) -> int | None:
    """How many workers the settings of an algorithm ask for; None if it can have none."""
    found = [getattr(settings, "n_workers", None)]
    found += [workers_of(value) for value in _parts(settings).values() if is_dataclass(value)]
    return next((number for number in found if number is not None), None)


def setting_names(settings: Any) -> set[str]:
    """The names of all settings, those of the groups within included."""
    names: set[str] = set()
    for name, value in _parts(settings).items():
        names |= setting_names(value) if is_dataclass(value) else {name}
    return names


def _changed(settings: Any, changes: Mapping[str, Any]) -> Any:
    new = {}
    for name, old in _parts(settings).items():
        if is_dataclass(old):
            new[name] = _changed(old, changes)
        elif name in changes:
            new[name] = changes[name]
    return replace(settings, **new)


def _parts(settings: Any) -> dict[str, Any]:
    if isinstance(settings, Setup):
        return settings.groups()
    return {f.name: getattr(settings, f.name) for f in fields(settings)}


def _read(kind: type[Any], record: Any, where: str) -> Any:
    """A dataclass from a mapping that must hold each of its fields and nothing else."""
    hints = get_type_hints(kind)
    names = {f.name for f in fields(kind)}
    if not isinstance(record, Mapping) or set(record) != names:
        found = sorted(record) if isinstance(record, Mapping) else record
        raise InputError(f"{where}: {kind.__name__}: found {found} (wanted {sorted(names)})")
    values = {}
    for name, value in record.items():
        if is_dataclass(hints[name]):
            values[name] = _read(hints[name], value, where)
        elif value == "inf":
            values[name] = math.inf
        else:
            values[name] = tuple(value) if isinstance(value, list) else value
    return kind(**values)


def _spelled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _spelled(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_spelled(item) for item in value]
    return "inf" if value == math.inf else value
