"""Sweep files: what is trained, and from what its settings are chosen; all mistakes at once.

    target: task:cartpole
    algorithm: ppo
    seeds: 5
    n_steps: 50000
    settings: {n_envs: 8}                      # of every trial
    grid: {learning_rate: [3e-4, 1e-3]}        # every combination

or, in place of `grid`, `search` with `method` (random or optuna) and `trials`:

    search: {learning_rate: {low: 1e-5, high: 1e-2, log: true}, hidden: [[64], [64, 64]]}
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from empo.core.errors import InputError
from empo.runs.jobs import OF_THE_RUN, default_algorithm, job_of, task_setup, world_setup
from empo.runs.measures import Measure, yardstick
from empo.runs.setting_kinds import is_number, read_setting, setting_kinds, wanted
from empo.runs.setup import Job, is_world
from empo.runs.sweep_space import Chance, Choices, Chosen, Grid, Optuna, Range, Search, ends_of
from empo.runs.targets import check_target
from empo.worlds.document import (
    Document,
    Problems,
    Where,
    as_document,
    describe,
    read_document,
)

Method = Literal["grid", "random", "optuna"]

MOST_TRIALS = 10_000
_KEYS = (
    *("target", "algorithm", "preset", "seed", "seeds", "n_steps", "processes", "settings"),
    *("grid", "search", "method", "trials", "measure"),
)


@dataclass(frozen=True)
class Sweep:
    """What a sweep file says."""

    target: str
    algorithm: str
    preset: str | None = None
    seed: int = 0
    n_seeds: int = 1
    n_steps: int | None = None
    processes: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Of every trial."""
    method: Method = "grid"
    space: Mapping[str, Choices | Range] = field(default_factory=dict)
    n_trials: int = 1
    measure: Measure = field(kw_only=True)
    """What trials are ranked by."""

    def job(self, chosen: Chosen) -> Job:
        """The job of a trial. Raises `InputError` for settings that do not go together."""
        return job_of(
            self.target,
            self.algorithm,
            preset=self.preset,
            n_steps=self.n_steps,
            seed=self.seed,
            n_seeds=self.n_seeds,
            settings={**self.settings, **chosen},
        )

    def search(self, recorded: Mapping[int, Chosen]) -> Search:
        """Who chooses the settings of trials. `recorded` are those of trials begun before."""
        if self.method == "grid":
            return Grid({n: among for n, among in self.space.items() if isinstance(among, Choices)})
        if self.method == "random":
            return Chance(self.space, self.n_trials, self.seed)
        parallel = self.processes > 1
        return Optuna(self.space, self.n_trials, self.seed, recorded, parallel=parallel)


def read_sweep(source: str | os.PathLike[str] | Mapping[str, Any]) -> Sweep:
    """A sweep from its file, or from a mapping of the same form. Raises `InputError`."""
    if isinstance(source, Mapping):
        document = as_document(source, "sweep")
    else:
        document = read_document(Path(source), "sweep")
    return _Reader(document).sweep()


class _Reader:
    """Reads one document; what is wrong is collected."""

    def __init__(self, document: Document) -> None:
        self.data = document.data
        self.problems = Problems(document)

    def sweep(self) -> Sweep:
        """What it says. Raises `InputError` with all that is wrong."""
        self.problems.keys((), self.data, _KEYS)
        target, algorithm = self._text("target"), self._text("algorithm", needed=False)
        if target and self._fits(("target",), lambda: check_target(target)):
            algorithm = algorithm or default_algorithm(target)
            preset = self._text("preset", needed=False)
            kinds = self._kinds(target, algorithm, preset)
            if kinds is not None:
                made = self._made(target, algorithm, preset, kinds)
                self.problems.raise_if_any()
                self._check_jobs(made)
                self.problems.raise_if_any()
                return made
        self.problems.raise_if_any()
        raise AssertionError("a document without a problem is a sweep")

    def _made(self, target: str, algorithm: str, preset: str | None, kinds: Chosen) -> Sweep:
        method, space = self._space(kinds)
        return Sweep(
            target,
            algorithm,
            preset,
            seed=self._whole("seed", 0, 0) or 0,
            n_seeds=self._whole("seeds", 1, 1) or 1,
            n_steps=self._whole("n_steps", 1, None),
            processes=self._whole("processes", 1, 1) or 1,
            settings=self._values("settings", kinds),
            method=method,
            space=space,
            n_trials=self._n_trials(method, space),
            measure=self._measure(target),
        )

    def _kinds(self, target: str, algorithm: str, preset: str | None) -> Chosen | None:
        """The types of all settings there are, by name."""
        found: Chosen = {}

        def look() -> None:
            if is_world(target):
                setup, _ = world_setup(target, algorithm, preset, {})
            else:
                setup = task_setup(target, algorithm, preset)
            found.update(setting_kinds(setup), **dict.fromkeys(OF_THE_RUN, int))

        return found if self._fits(("algorithm",), look) else None

    def _space(self, kinds: Chosen) -> tuple[Method, dict[str, Choices | Range]]:
        if ("grid" in self.data) == ("search" in self.data):
            both = "both grid and search" if "grid" in self.data else "neither grid nor search"
            self.problems.add((), f"found {both}", "wanted one of them")
            return "grid", {}
        if "grid" in self.data:
            return "grid", self._among("grid", kinds)
        method = self.data.get("method", "random")
        if method not in ("random", "optuna"):
            self.problems.add(("method",), f"found {describe(method)}", "wanted random or optuna")
            method = "random"
        return method, self._among("search", kinds)

    def _among(self, key: str, kinds: Chosen) -> dict[str, Choices | Range]:
        found: dict[str, Choices | Range] = {}
        entries = self.problems.mapping((key,), self.data[key], "setting: values")
        if not entries and isinstance(self.data[key], dict):
            self.problems.add((key,), "found no settings", "wanted at least one")
        for name, value in entries.items():
            where = (key, name)
            if name not in kinds:
                self.problems.unknown(where, "setting", name, kinds)
            elif name in self._entries("settings"):
                self.problems.add(where, "stands under settings, too", "wanted it once")
            elif key == "search" and isinstance(value, dict):
                found |= self._range(where, name, value, kinds[name])
            else:
                form = "values" + ", or {low: , high: , log: }" * (key == "search")
                values = self.problems.sequence(where, value, form)
                if isinstance(value, list) and not values:
                    self.problems.add(where, "found an empty list", "wanted at least one value")
                read = [self._read((*where, i), v, kinds[name]) for i, v in enumerate(values)]
                found[name] = Choices(tuple(read))
        return found

    def _range(self, where: Where, name: str, value: dict[str, Any], kind: Any) -> dict[str, Range]:
        n_before = self.problems.n_errors
        self.problems.keys(where, value, ("low", "high", "log"))
        if not is_number(kind):
            self.problems.add(where, "found a range", f"wanted a list, each of it {wanted(kind)}")
            return {}
        low, high = (
            self._read((*where, end), value.get(end), kind) if end in value else None
            for end in ("low", "high")
        )
        for end, found in (("low", low), ("high", high)):
            if end not in value:
                self.problems.add(where, f"has no {end}", f"wanted {wanted(kind)}")
            elif isinstance(found, float) and math.isinf(found):
                self.problems.add((*where, end), "found inf", "wanted a finite number")
        log = value.get("log", False)
        if not isinstance(log, bool):
            self.problems.add((*where, "log"), f"found {describe(log)}", "wanted true or false")
        if self.problems.n_errors > n_before or low is None or high is None:
            return {}
        if low > high or (log and low <= 0):
            more = ", above 0 as log is true" if log else ""
            self.problems.add(where, f"found {low} to {high}", f"wanted low to high{more}")
            return {}
        return {name: Range(low, high, log, isinstance(low, int))}

    def _values(self, key: str, kinds: Chosen) -> Chosen:
        found = {}
        for name, value in self._entries(key, told=True).items():
            if name not in kinds:
                self.problems.unknown((key, name), "setting", name, kinds)
            else:
                found[name] = self._read((key, name), value, kinds[name])
        return found

    def _n_trials(self, method: Method, space: Mapping[str, Choices | Range]) -> int:
        if method != "grid":
            if "trials" not in self.data:
                self.problems.add((), "has no trials", "wanted how many are to be searched")
            return self._whole("trials", 1, None, MOST_TRIALS) or 1
        for key in ("trials", "method"):
            if key in self.data:
                self.problems.add((key,), "stands beside a grid", "wanted search, or none")
        n = math.prod(len(among.values) for among in space.values() if isinstance(among, Choices))
        if n > MOST_TRIALS:
            self.problems.add(
                ("grid",), f"found {n:,} combinations", f"wanted at most {MOST_TRIALS:,}"
            )
        return n

    def _measure(self, target: str) -> Measure:
        there_are = {measure.name: measure for measure in yardstick(target).measures}
        first = next(iter(there_are))
        name = self.data.get("measure", first)
        if name not in there_are:
            self.problems.unknown(("measure",), "measure", str(name), there_are)
            return there_are[first]
        return there_are[name]

    def _check_jobs(self, sweep: Sweep) -> None:
        """Every combination of a grid; of a search the ends, one setting at a time."""
        if sweep.method == "grid":
            grid = sweep.search({})
            trials = [grid.propose(number) for number in range(grid.n_trials)]
        else:
            first = {name: ends_of(among)[0] for name, among in sweep.space.items()}
            trials = [first]
            for name, among in sweep.space.items():
                trials += [{**first, name: value} for value in ends_of(among)[1:]]
        key = "grid" if sweep.method == "grid" else "search"
        told: set[str] = set()
        for chosen in trials:
            try:
                sweep.job(chosen)
            except InputError as error:
                for problem in error.problems:
                    self._tell_once(problem, key, sweep, told)

    def _tell_once(self, problem: str, key: str, sweep: Sweep, told: set[str]) -> None:
        name, _, rest = problem.partition(": ")
        if problem in told:
            return
        told.add(problem)
        if name in sweep.space:
            self.problems.add((key, name), rest)
        elif name in sweep.settings:
            self.problems.add(("settings", name), rest)
        elif name in self.data:
            self.problems.add((name,), rest)
        else:
            self.problems.add((key,), problem)

    def _fits(self, where: Where, check: Any) -> bool:
        """Is there nothing wrong with it? What is wrong is told."""
        try:
            check()
        except InputError as error:
            for problem in error.problems:
                name, _, rest = problem.partition(": ")
                if name in self.data:
                    self.problems.add((name,), rest)
                else:
                    self.problems.add(where, problem)
            return False
        return True

    def _read(self, where: Where, value: Any, kind: Any) -> Any:
        try:
            return read_setting(value, kind)
        except ValueError:
            self.problems.add(where, f"found {describe(value)}", f"wanted {wanted(kind)}")
            return None

    def _entries(self, key: str, *, told: bool = False) -> dict[str, Any]:
        value = self.data.get(key, {})
        if told:
            return self.problems.mapping((key,), value, "setting: value")
        return value if isinstance(value, dict) else {}

    def _text(self, key: str, *, needed: bool = True) -> str | None:
        if key not in self.data:
            if needed:
                self.problems.add((), f"has no {key}", "wanted what is trained on")
            return None
        if not isinstance(self.data[key], str):
            self.problems.add((key,), f"found {describe(self.data[key])}", "wanted text")
            return None
        return self.data[key]

    def _whole(
        self, key: str, low: int, otherwise: int | None, high: int | None = None
    ) -> int | None:
        if key not in self.data:
            return otherwise
        return self.problems.whole((key,), self.data[key], low, high)
