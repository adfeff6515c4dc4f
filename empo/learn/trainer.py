"""Training a robot in a world, several seeds at once, each judged by the exact solution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import AnyArray
from empo.learn.actor_robot import ActorLearner
from empo.learn.assignment import Assignment
from empo.learn.gap import Described, describe
from empo.learn.judging import JudgedRobots, judged, visited
from empo.learn.problem import Place
from empo.learn.q_robot import Learner, present
from empo.learn.quantities import Weights
from empo.learn.stages import RAMP, Stages
from empo.learn.task import world_task
from empo.rl.algorithm import Algorithm
from empo.rl.halves import Halves
from empo.rl.rollout_memory import Remembering
from empo.tasks.asynchronous import COUNTS, AsynchronousTrainer
from empo.tasks.device_trainer import DeviceTrainer
from empo.tasks.seeds import Seeds
from empo.tasks.trainer import Chunk


class RobotTrainer(Seeds):
    """The half of a `Trainer` that judges robots, and knows of their warm-up."""

    assigned: Assignment
    stages: Stages

    def advance(self, run: Any, n_updates: int) -> tuple[Any, Chunk]:
        """Make so many rounds of updates; the old `run` is used up. Raises `Diverged`."""
        before = self._rounds_to_the_end_of_the_ramp(run)
        if self.assigned.settings.warm_up.clear_replay and 0 <= before < n_updates:
            run, chunk = self._forgetting(run, before, n_updates - before)
        else:
            run, chunk = self._train(run, n_updates)
        # Nobody is paid here.
        del chunk.metrics["episode_return"]
        return run, chunk

    def _train(self, run: Any, n_updates: int) -> tuple[Any, Chunk]:
        return super().advance(run, n_updates)  # pyright: ignore[reportAttributeAccessIssue]

    def _rounds_to_the_end_of_the_ramp(self, run: Any) -> int:
        done = int(np.asarray(evaluators_of(run.learner).n_updates).flat[0])
        left = int(self.stages.end[RAMP]) - done
        return -(-left // self.assigned.settings.evaluators.gather.n_updates)

    def _forgetting(self, run: Any, before: int, after: int) -> tuple[Any, Chunk]:
        """Rounds before and after what is remembered is cleared."""
        if before == 0:
            return self._train(_forgetful(run), after)
        run, first = self._train(run, before)
        run, second = self._train(_forgetful(run), after)
        share = before / (before + after)
        metrics = {
            name: told + second.metrics[name]
            if name in COUNTS
            else share * told + (1 - share) * second.metrics[name]
            for name, told in first.metrics.items()
        }
        return run, Chunk(metrics, first.n_ended + second.n_ended)

    def judge(self, learner: Any, n_episodes: int, *, seed: int) -> JudgedRobots:
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
        n_updates = int(np.asarray(evaluators_of(learner).n_updates).flat[0])
        return JudgedRobots(tuple(found), n_updates)

    def describe(self, learner: Any, places: Place, number: int = 0) -> Described:
        """What the learner of that seed, counted from 0, has learned about places."""
        assigned = self.assigned
        weights = self.weights(learner, number)
        return describe(assigned.quantities, assigned.problem, weights, places, self._programs)

    def weights(self, learner: Any, number: int) -> Weights:
        """What the learner of that seed, counted from 0, has learned."""
        found = present(evaluators_of(learner))
        if self._algorithm.policy is not None:
            found = {**found, "policy": self._algorithm.policy(learner)}
        return jax.tree.map(lambda x: x[number], found) if self.n_seeds > 1 else found

    def act(self, learner: Any, observation: AnyArray, number: int) -> np.ndarray:
        """The robot's most probable action in a state, given as its vector of factors."""
        place = Place(np.asarray(observation, np.int32)[None], np.zeros(1, np.int32))
        return np.asarray(np.argmax(self.describe(learner, place, number).values.pi_r[0]))


class SynchronousRobotTrainer(RobotTrainer, DeviceTrainer):
    """All in one program."""

    def __init__(
        self, assigned: Assignment, stages: Stages, algorithm: Algorithm, seeds: Sequence[int]
    ) -> None:
        self.assigned, self.stages = assigned, stages
        task = world_task(assigned.world, assigned.problem, assigned.settings.pace)
        super().__init__(algorithm, task, seeds)


class AsynchronousRobotTrainer(RobotTrainer, AsynchronousTrainer):
    """Workers of their own gather data."""

    def __init__(
        self,
        assigned: Assignment,
        stages: Stages,
        halves: Halves,
        seeds: Sequence[int],
        n_workers: int,
    ) -> None:
        self.assigned, self.stages = assigned, stages
        task = world_task(assigned.world, assigned.problem, assigned.settings.pace)
        super().__init__(halves, task, seeds, n_workers)


def evaluators_of(learner: Any) -> Learner:
    """Those who judge the actor, or who learn all where there is none."""
    learner = learner.inner if isinstance(learner, Remembering) else learner
    return learner.evaluators if isinstance(learner, ActorLearner) else learner


def network_sizes(learner: Any, n_seeds: int) -> dict[str, int]:
    """Parameters of the network of each quantity, and of an actor's policy; tables have none."""
    evaluators = evaluators_of(learner)
    nets = {name: kept.now for name, kept in evaluators.kept.items() if kept.moments != ()}
    if evaluators.policy != ():
        nets["policy"] = evaluators.policy
    return {
        name: sum(np.size(x) for x in jax.tree.leaves(net)) // n_seeds for name, net in nets.items()
    }


def _forgetful(run: Any) -> Any:
    """The run without what it remembers of the states it saw."""
    if isinstance(run.learner, Learner):
        return run._replace(replay=_emptied(run.replay))
    return run._replace(learner=_forgetful_actor(run.learner))


def _forgetful_actor(learner: Any) -> Any:
    if isinstance(learner, Remembering):
        return Remembering(_forgetful_actor(learner.inner), _emptied(learner.rollouts))
    return learner._replace(remembered=_emptied(learner.remembered))


def _emptied(buffer: Any) -> Any:
    return buffer._replace(n_added=jnp.zeros_like(buffer.n_added))
