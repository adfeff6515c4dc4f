"""What a training run has learned, as something that acts, is judged and answers questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from empo.core.errors import InputError
from empo.core.types import AnyArray
from empo.learn.judging import JudgedRobots
from empo.learn.problem import Place
from empo.learn.tabulate import tabulate
from empo.learn.trainer import RobotTrainer
from empo.runs.setup import Job
from empo.solver import Solution
from empo.tasks.trainer import Judged, Trainer, Verdict
from empo.worlds import World


@dataclass(frozen=True)
class Trained:
    """What a training run has learned: for each seed the learner of its best evaluation."""

    job: Job
    trainer: Trainer
    learner: Any
    report: Mapping[str, Any]
    """What stands in report.json."""
    verdict: Verdict | None = None
    """What fresh episodes of these learners told, if they were played."""

    @property
    def judged(self) -> Judged | None:
        """The returns of those episodes, of tasks that have any."""
        return self.verdict if isinstance(self.verdict, Judged) else None

    def act(self, observation: AnyArray, *, seed: int | None = None) -> AnyArray:
        """The action for ONE observation, without exploring; `seed` says whose (default: first)."""
        return self.trainer.act(self.learner, np.asarray(observation), self.number(seed))

    def evaluate(self, n_episodes: int = 20, *, seed: int = 0) -> Any:
        """Play fresh episodes of each seed's learner: `Judged`, or `JudgedRobots` of a world."""
        return self.trainer.judge(self.learner, n_episodes, seed=seed)

    def number(self, seed: int | None) -> int:
        """The place of a seed among those of the run. Raises `InputError` if it has none."""
        if seed is None:
            return 0
        if seed not in self.job.seeds:
            raise InputError(
                f"seed: found {seed} (the run has {', '.join(map(str, self.job.seeds))})"
            )
        return self.job.seeds.index(seed)


@dataclass(frozen=True)
class TrainedRobot(Trained):
    """What was learned about a world; it answers as an exact `Solution` does."""

    @property
    def world(self) -> World:
        """The world."""
        return self._robots.assigned.world

    def policy(
        self, state: str | np.ndarray, time: int = 0, *, seed: int | None = None
    ) -> dict[str, float]:
        """The robot's probability of each legal action."""
        world = self.world
        vector = world.find_state(state) if isinstance(state, str) else np.asarray(state)
        self._check(vector, time)
        place = Place(vector.astype(np.int32)[None], np.array([time], np.int32))
        told = self._robots.describe(self.learner, place, self.number(seed))
        legal = np.flatnonzero(told.legal_r[0]).tolist()
        return {world.robot_action(vector, a): float(told.values.pi_r[0, a]) for a in legal}

    def evaluate(self, n_episodes: int = 256, *, seed: int = 0) -> JudgedRobots:
        """Play fresh episodes of each seed's robot, and compare it with the exact solution."""
        return self._robots.judge(self.learner, n_episodes, seed=seed)

    def solution(self, *, seed: int | None = None) -> Solution:
        """Everything that was learned, at all states that can be reached.

        Raises `InputError` if the world cannot be enumerated.
        """
        number = self.number(seed)
        return tabulate(
            self._robots.assigned,
            lambda places: self._robots.describe(self.learner, places, number),
        )

    @property
    def exact(self) -> Solution | None:
        """The exact solution, where there is one."""
        return self._robots.assigned.solution

    @property
    def _robots(self) -> RobotTrainer:
        assert isinstance(self.trainer, RobotTrainer)
        return self.trainer

    def _check(self, vector: np.ndarray, time: int) -> None:
        """Raise `InputError` for what is no state; or cannot be reached, if that is known."""
        if self.exact is not None:
            self.exact.game.find(vector, time)
            return
        world, horizon = self.world, self._robots.assigned.theory.horizon
        sizes = np.array(world.model.cardinalities)
        fits = vector.shape == sizes.shape and vector.dtype.kind in "iu"
        if not (fits and ((vector >= 0) & (vector < sizes)).all()):
            raise InputError(
                f"{world.name}: found state {vector.tolist()} (wanted whole numbers from 0 on and "
                f"below {sizes.tolist()})"
            )
        last = 0 if horizon is None else horizon - 1
        if not 0 <= time <= last:
            raise InputError(f"time must be 0 ... {last}, got {time}")
