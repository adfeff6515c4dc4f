"""The solution in a run's folder, be it one that was solved or one that was learned."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from empo.core.errors import InputError
from empo.learn.exact import LARGEST, is_small
from empo.runs.folder import VALUES, is_run, kind_of
from empo.runs.policies import TrainedRobot
from empo.runs.setup import is_world
from empo.runs.trained import load_trained
from empo.runs.training import Progress, silent
from empo.runs.training_folder import KIND, training_config
from empo.solver import Solution

What = Literal["solved", "learned", "task"]
"""A solved world, a robot that was learned in a world, or a run on an ordinary task."""


class Held(NamedTuple):
    """A folder's solution."""

    folder: Path
    what: What
    solution: Solution
    seed: int | None
    """Whose robot it is, where it was learned."""

    @property
    def label(self) -> str:
        """Where it comes from, in a word."""
        return "exact" if self.what == "solved" else "learned"


def what_is_in(folder: Path) -> What:
    """What a run's folder holds. Raises `InputError` if it holds no run."""
    if (folder / VALUES).is_file():
        return "solved"
    if not is_run(folder) or kind_of(folder) != KIND:
        raise InputError(
            f"{folder}: holds no run (wanted a folder that `empo solve` or `empo train` wrote)"
        )
    return "learned" if is_world(target_of(folder)) else "task"


def target_of(folder: Path) -> str:
    """What a training run's folder was trained on."""
    job = training_config(folder)["job"]
    target = job.get("target") if isinstance(job, dict) else None
    if not isinstance(target, str):
        raise InputError(f"{folder}: its config.json does not tell the target")
    return target


def read_solution(folder: Path, seed: int | None = None, progress: Progress = silent) -> Held:
    """The solution in a folder; `seed` says whose robot of a training run (default: the first).

    Raises `InputError` if there is none, or the world cannot be enumerated.
    """
    what = what_is_in(folder)
    if what == "task":
        raise InputError(f"{folder}: trains on {target_of(folder)} (wanted a world)")
    if what == "solved":
        return Held(folder, what, Solution.load(folder), None)
    trained = load_trained(folder, progress=progress)
    assert isinstance(trained, TrainedRobot)
    number = trained.number(seed)
    return Held(folder, what, trained.solution(seed=seed), trained.job.seeds[number])


def can_be_shown(trained: TrainedRobot) -> bool:
    """Are the world's states few enough to tell of each what was learned, just for a picture?"""
    if trained.exact is not None:
        return trained.exact.game.n_states <= LARGEST
    theory = trained.job.setup.theory
    assert theory is not None
    return is_small(trained.world, theory)
