"""One algorithm on one device task with several seeds at once: what all its trainers share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import Array, Bool
from empo.rl.algorithm import Algorithm, Metrics
from empo.tasks.device import Ended, play
from empo.tasks.episodes import clipped
from empo.tasks.programs import Programs
from empo.tasks.task import Task
from empo.tasks.trainer import Chunk, Judged, Verdict, updates_within


class Seeds:
    """The half of a `Trainer` that does not train. With several seeds arrays have an axis more."""

    def __init__(self, algorithm: Algorithm, task: Task, seeds: Sequence[int]) -> None:
        self.n_seeds = len(seeds)
        self._programs = Programs()
        self._algorithm = algorithm
        self._task = task
        self._keys = self._over_seeds(jax.random.key)(jnp.array(seeds).squeeze(axis=_single(seeds)))

    @property
    def compile_seconds(self) -> float:
        """Spent compiling so far."""
        return self._programs.seconds

    def n_updates(self, n_steps: int) -> int:
        """Updates that use at most so many environment steps, at least one."""
        return updates_within(self._algorithm.gather, n_steps)

    def learner(self, run: Any) -> Any:
        """What has been learned; with several seeds every array has an axis more."""
        return run.learner

    def judge(self, learner: Any, n_episodes: int, *, seed: int) -> Verdict:
        """Play fresh episodes, the same number for each seed."""

        def episodes(learner: Any, key: Array) -> tuple[Array, Array]:
            return play(self._algorithm, self._task, learner, n_episodes, key=key)

        key = jax.random.fold_in(jax.random.key(seed), n_episodes)
        keys = jax.random.split(key, self.n_seeds) if self.n_seeds > 1 else key
        judge = self._over_seeds(episodes)
        returns, lengths = self._programs.call(("judge", n_episodes), judge, learner, keys)
        shape = (self.n_seeds, n_episodes)
        exact = (np.asarray(x, np.float64).reshape(shape) for x in (returns, lengths))
        return Judged(*exact)

    def act(self, learner: Any, observation: np.ndarray, number: int) -> np.ndarray:
        """What the learner of that seed, counted from 0, does at ONE observation."""
        one = jax.tree.map(lambda x: x[number], learner) if self.n_seeds > 1 else learner
        action = self._programs.call(
            ("act", observation.shape), self._algorithm.best, one, observation
        )
        return np.asarray(clipped(self._task, action))

    def pick(self, chosen: Bool[np.ndarray, " seed"], learner: Any, other: Any) -> Any:
        """For each seed the first learner where `chosen`, else the other."""
        which = jnp.asarray(chosen if self.n_seeds > 1 else chosen[0])
        pick = self._over_seeds(
            lambda which, a, b: jax.tree.map(lambda a, b: jnp.where(which, a, b), a, b)
        )
        return self._programs.call("pick", pick, which, learner, other)

    def close(self) -> None:
        """There is nothing to let go of."""

    def _chunk(self, sums: Metrics, ended: Ended, n_updates: float) -> Chunk:
        """What updates brought, from the sums over them."""
        metrics = {name: self._column(total) / n_updates for name, total in sums.items()}
        n_ended = self._column(ended.number)
        with np.errstate(invalid="ignore"):
            metrics["episode_return"] = self._column(ended.total) / n_ended
            metrics["episode_length"] = self._column(ended.length) / n_ended
        return Chunk(metrics, n_ended)

    def _over_seeds(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return jax.vmap(function) if self.n_seeds > 1 else function

    def _column(self, values: Array) -> np.ndarray:
        return np.asarray(values, np.float64).reshape(self.n_seeds)


def _single(seeds: Sequence[int]) -> tuple[int, ...]:
    return (0,) if len(seeds) == 1 else ()
