"""Training a robot in a world, several seeds at once, each judged by the exact solution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.errors import InputError
from empo.core.types import AnyArray
from empo.learn.exact import exact_solution, tabulated
from empo.learn.gap import Described, describe
from empo.learn.judging import JudgedRobots, judged, visited
from empo.learn.prior import Learned, Prior, ShortestPath, check_shortest_path
from empo.learn.problem import Place, Problem, problem_of
from empo.learn.q_robot import Learner, present, q_robot
from empo.learn.quantities import Quantities, Weights, quantities
from empo.learn.settings import RobotSettings
from empo.learn.stages import RAMP, Stages, stage_table
from empo.learn.task import world_task
from empo.nets import NetSettings
from empo.rl.replay import Buffer
from empo.solver import Solution
from empo.solver.solve import Progress
from empo.tasks.device import Run
from empo.tasks.device_trainer import DeviceTrainer
from empo.tasks.trainer import Chunk, updates_within
from empo.theory import Theory
from empo.worlds.world import World


@dataclass(frozen=True)
class Assignment:
    """What is to be learned, and by what means."""

    world: World
    theory: Theory
    problem: Problem
    settings: RobotSettings
    quantities: Quantities
    solution: Solution | None
    """The exact one, where there is one."""


def assignment(
    world: World,
    theory: Theory,
    settings: RobotSettings,
    nets: NetSettings,
    progress: Progress,
) -> Assignment:
    """Everything that is there before training. Raises `InputError` for what cannot be learned."""
    problem = problem_of(world, theory)
    if settings.prior == "shortest-path":
        check_shortest_path(world.model, world.name)
    solution = exact_solution(world, theory, settings.prior, settings.exact, progress)
    prior = _prior(world, problem, settings, solution)
    return Assignment(
        world, theory, problem, settings, quantities(problem, settings, nets, prior), solution
    )


class RobotTrainer(DeviceTrainer):
    """A `Trainer` of the robot that has no actor; `n_steps` is how long it will train."""

    def __init__(self, assigned: Assignment, seeds: Sequence[int], n_steps: int) -> None:
        self.assigned = assigned
        settings = assigned.settings
        n_updates = updates_within(settings.gather, n_steps) * settings.gather.n_updates
        self.stages: Stages = stage_table(settings, n_updates)
        algorithm = q_robot(assigned.problem, settings, assigned.quantities, self.stages)
        task = world_task(assigned.world, assigned.problem, settings.pace)
        super().__init__(algorithm, task, seeds)

    def advance(self, run: Run, n_updates: int) -> tuple[Run, Chunk]:
        """Make so many rounds of updates; the old `run` is used up. Raises `Diverged`."""
        before = self._rounds_to_the_end_of_the_ramp(run)
        if self.assigned.settings.warm_up.clear_replay and 0 <= before < n_updates:
            run, chunk = self._forgetting(run, before, n_updates - before)
        else:
            run, chunk = super().advance(run, n_updates)
        # Nobody is paid here.
        del chunk.metrics["episode_return"]
        return run, chunk

    def _rounds_to_the_end_of_the_ramp(self, run: Run) -> int:
        left = int(self.stages.end[RAMP]) - int(np.asarray(run.learner.n_updates).flat[0])
        return -(-left // self.assigned.settings.gather.n_updates)

    def _forgetting(self, run: Run, before: int, after: int) -> tuple[Run, Chunk]:
        """Rounds before and after what is remembered is cleared."""
        if before == 0:
            return super().advance(_forgetful(run), after)
        run, first = super().advance(run, before)
        run, second = super().advance(_forgetful(run), after)
        share = before / (before + after)
        metrics = {
            name: share * first.metrics[name] + (1 - share) * second.metrics[name]
            for name in first.metrics
        }
        return run, Chunk(metrics, first.n_ended + second.n_ended)

    def judge(self, learner: Learner, n_episodes: int, *, seed: int) -> JudgedRobots:
        """Play fresh episodes, and compare what was learned of the places visited."""
        assigned = self.assigned
        found = []
        for number in range(self.n_seeds):
            weights = self.weights(learner, number)
            visits = visited(
                assigned.quantities,
                assigned.problem,
                self._task,
                assigned.settings.pace,
                weights,
                n_episodes,
                self._programs,
                seed=seed + number,
            )
            found.append(
                judged(
                    assigned.quantities,
                    assigned.problem,
                    weights,
                    visits,
                    assigned.solution,
                    self._programs,
                )[0]
            )
        n_updates = int(np.asarray(learner.n_updates).flat[0])
        return JudgedRobots(tuple(found), n_updates)

    def describe(self, learner: Learner, places: Place, number: int = 0) -> Described:
        """What the learner of that seed, counted from 0, has learned about places."""
        assigned = self.assigned
        weights = self.weights(learner, number)
        return describe(assigned.quantities, assigned.problem, weights, places, self._programs)

    def weights(self, learner: Learner, number: int) -> Weights:
        """What the learner of that seed, counted from 0, has learned."""
        found = present(learner)
        return jax.tree.map(lambda x: x[number], found) if self.n_seeds > 1 else found

    def act(self, learner: Any, observation: AnyArray, number: int) -> np.ndarray:
        """The robot's most probable action in a state, given as its vector of factors."""
        place = Place(np.asarray(observation, np.int32)[None], np.zeros(1, np.int32))
        return np.asarray(np.argmax(self.describe(learner, place, number).values.pi_r[0]))


def _prior(
    world: World, problem: Problem, settings: RobotSettings, solution: Solution | None
) -> Prior:
    if settings.prior == "learned":
        return Learned()
    if settings.prior == "shortest-path":
        return ShortestPath()
    return tabulated(problem, _wanted(world, solution))


def _wanted(world: World, solution: Solution | None) -> Solution:
    if solution is None:
        raise InputError(
            f"{world.name}: prior computed needs an exact solution (wanted a smaller world, "
            f"a folder of `empo solve` as exact, or prior learned)"
        )
    return solution


def _forgetful(run: Run) -> Run:
    """The run without what it remembers of the states it saw."""
    assert isinstance(run.replay, Buffer)
    nothing = jnp.zeros_like(run.replay.n_added)
    return run._replace(replay=run.replay._replace(n_added=nothing))
