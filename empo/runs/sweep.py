"""Carrying a sweep out: each trial a run folder, all of them and their ranks in sweep.json.

sweep.json is written anew whenever a trial begins or ends. So a sweep that was killed goes on:
what is finished, or has diverged, is left as it is, and what was begun goes on from its checkpoint.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from empo.core.errors import InputError
from empo.core.store import read_json, write_text
from empo.runs.measures import read_finished
from empo.runs.setup import Job
from empo.runs.sweep_crew import Crew, Processes, RayTasks
from empo.runs.sweep_file import Sweep, read_sweep
from empo.runs.sweep_result import FORMAT, SUMMARY, Swept, Trial, from_record, summary
from empo.runs.sweep_space import Chosen, Search, holds
from empo.runs.training import Progress, silent
from empo.runs.trials import begun, check_free

_LOOK_EVERY = 1.0


def sweep(
    source: str | os.PathLike[str] | Mapping[str, Any],
    *,
    out: str | Path,
    processes: int | None = None,
    ray: str | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Swept:
    """Train with many settings, and rank them; `source` is a sweep file or a mapping of its form.

    `processes` is how many trials go on at once, if it is not to be what the file says. With `ray`,
    "local" or an address, they are tasks of a Ray cluster. The same call again goes on where it was
    interrupted. Raises `InputError` for anything that is wrong, before anything is trained.
    """
    asked = read_sweep(source)
    if processes is not None:
        if processes < 1:
            raise InputError(f"processes: found {processes} (wanted at least 1)")
        asked = replace(asked, processes=processes)
    return carry_out(asked, Path(out), ray=ray, overwrite=overwrite, progress=progress)


def carry_out(
    asked: Sweep,
    out: Path,
    *,
    ray: str | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Swept:
    """Train what is not trained yet, and read the results."""
    if overwrite:
        (out / SUMMARY).unlink(missing_ok=True)
    known = _known(asked, out)
    search = asked.search({number: {**trial.chosen} for number, trial in known.items()})
    state = _Progress(asked, search, out, known, overwrite)
    if asked.method != "optuna":  # all are known beforehand, so all folders can be looked at
        state.check(range(search.n_trials))
    crew = Processes() if ray is None else RayTasks(ray, asked.processes)
    try:
        _go_on(state, crew, progress)
    finally:
        crew.close()
    return state.swept


@dataclass
class _Progress:
    """A sweep under way."""

    asked: Sweep
    search: Search
    out: Path
    trials: dict[int, Trial]
    overwrite: bool
    _next: int = 0

    @property
    def swept(self) -> Swept:
        """What is known so far."""
        trials = tuple(self.trials[number] for number in sorted(self.trials))
        return Swept(self.asked, self.out, self.search.n_trials, trials)

    def check(self, numbers: range) -> None:
        """Raise `InputError` that lists all folders that hold something else."""
        problems: list[str] = []
        for number in numbers:
            job = self._job(self.search.propose(number))
            try:
                if isinstance(job, Job):
                    check_free(job, self.folder(number), overwrite=self.overwrite)
            except InputError as error:
                problems += error.problems
        if problems:
            raise InputError(problems)

    def begin(self) -> tuple[int, Job] | None:
        """The next trial that is to be trained; None if there is none."""
        while self._next < self.search.n_trials:
            number = self._next
            self._next += 1
            chosen = self.search.propose(number)
            fresh = Trial(number, self.folder(number), chosen)
            job = self._job(chosen)
            if isinstance(job, str):  # what was chosen does not go together
                self.trials[number] = replace(fresh, state="failed", trouble=job)
            elif not self._is_over(number, job):
                check_free(job, fresh.folder, overwrite=self.overwrite)
                self.trials[number] = fresh
                self.save()
                return number, job
            self._tell(number)
            self.save()
        return None

    def end(self, number: int, job: Job, state: str, trouble: str) -> None:
        """A trial has ended."""
        trial = replace(self.trials[number], state=state, trouble=trouble)
        self.trials[number] = self._measured(trial, job) if state == "finished" else trial
        self._tell(number)
        self.save()

    def save(self) -> None:
        """Write sweep.json."""
        write_text(self.out / SUMMARY, json.dumps(summary(self.swept), indent=1) + "\n")

    def folder(self, number: int) -> Path:
        """A trial's folder."""
        return self.out / f"trial-{number:03}"

    def _job(self, chosen: Chosen) -> Job | str:
        """The job, or why there is none."""
        try:
            return self.asked.job(chosen)
        except InputError as error:
            return "; ".join(error.problems)

    def _is_over(self, number: int, job: Job) -> bool:
        trial = self.trials.get(number)
        if trial is None or not trial.is_over or not begun(job, self.folder(number)):
            return False
        if trial.state == "finished":
            self.trials[number] = self._measured(trial, job)
        return True

    def _measured(self, trial: Trial, job: Job) -> Trial:
        run = read_finished(job, trial.folder)
        scores = self.asked.measure.of(run)
        return replace(trial, scores=scores, run=run)

    def _tell(self, number: int) -> None:
        self.search.tell(number, self.trials[number].merit(self.asked.measure))


def _go_on(state: _Progress, crew: Crew, progress: Progress) -> None:
    n_at_once = state.asked.processes
    with ThreadPoolExecutor(n_at_once, thread_name_prefix="trial") as pool:
        running: dict[Future[Any], tuple[int, Job]] = {}
        try:
            while True:
                while len(running) < n_at_once and (one := state.begin()) is not None:
                    number, job = one
                    running[pool.submit(crew.run, job, state.folder(number))] = one
                if not running:
                    return
                for future in wait(running, _LOOK_EVERY, FIRST_COMPLETED).done:
                    number, job = running.pop(future)
                    state.end(number, job, *future.result())
                progress("Sweeping", state.swept.share, state.swept.in_words)
        except BaseException:
            crew.close()  # else the pool would wait for all that is under way
            raise


def _known(asked: Sweep, out: Path) -> dict[int, Trial]:
    """The trials of an earlier session. Raises `InputError` if it was another sweep's."""
    path = out / SUMMARY
    if not path.exists():
        return {}
    record = read_json(path)
    if record.get("format") != FORMAT:
        raise InputError(f"{path}: holds no sweep (wanted another --out)")
    found = [one for one in from_record(record, out, str(path)) if one.number < asked.n_trials]
    for trial in found:
        if not holds(asked.space, trial.chosen):
            raise InputError(
                f"{path}: trial {trial.number} has settings {trial.chosen} (wanted the sweep of "
                f"before, another --out, or --overwrite to begin anew)"
            )
    return {trial.number: trial for trial in found}
