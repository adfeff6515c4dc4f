"""Training on Gymnasium environments, one seed after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import Bool, Float
from empo.rl.algorithm import Algorithm
from empo.tasks.gymnasium import HostEnvs
from empo.tasks.host import Ended, Host, HostRun, bounded_action
from empo.tasks.programs import Programs
from empo.tasks.trainer import Chunk, Judged, updates_within

LONGEST = 10_000
"""Steps after which an episode is cut when a policy is judged, where there is no time limit."""


class HostTrainer:
    """A `Trainer` of one algorithm on one Gymnasium environment."""

    exact = False

    def __init__(self, algorithm: Algorithm, env_id: str, seeds: Sequence[int]) -> None:
        self.n_seeds = len(seeds)
        self._algorithm = algorithm
        self._env_id = env_id
        self._programs = Programs()
        self._hosts = [Host(algorithm, env_id, seed, self._programs) for seed in seeds]
        self._judges: dict[int, HostEnvs] = {}

    @property
    def compile_seconds(self) -> float:
        """Spent compiling so far."""
        return self._programs.seconds

    def n_updates(self, n_steps: int) -> int:
        """Updates that use at most so many environment steps, at least one."""
        return updates_within(self._algorithm.gather, n_steps)

    def start(self) -> tuple[HostRun, ...]:
        """Runs before their first update, their replay buffers warmed up."""
        return tuple(host.start() for host in self._hosts)

    def shape(self) -> tuple[HostRun, ...]:
        """Runs as pytrees of shapes and types, found without any work."""
        return tuple(jax.eval_shape(host.empty, jax.random.key(0)) for host in self._hosts)

    def advance(
        self, run: tuple[HostRun, ...], n_updates: int
    ) -> tuple[tuple[HostRun, ...], Chunk]:
        """Make so many updates of each seed. Raises `Diverged`."""
        runs, columns, n_ended = [], [], []
        for host, one in zip(self._hosts, run, strict=True):
            found, ended = [], Ended()
            for _ in range(n_updates):
                one, metrics, more = host.update(one)
                found.append(metrics)
                ended = Ended(*(a + b for a, b in zip(ended, more, strict=True)))
            runs.append(one)
            columns.append(_means(found) | _mean_episode(ended))
            n_ended.append(ended.number)
        rows = {name: np.array([c[name] for c in columns]) for name in columns[0]}
        return tuple(runs), Chunk(rows, np.array(n_ended))

    def n_steps(self, run: tuple[HostRun, ...]) -> int:
        """Environment steps so far, of each seed."""
        return int(run[0].n_steps)

    def learner(self, run: tuple[HostRun, ...]) -> Any:
        """What has been learned: a tuple with one pytree for each seed."""
        return tuple(one.learner for one in run)

    def judge(self, learner: Any, n_episodes: int, *, seed: int) -> Judged:
        """Play fresh episodes, the same number for each seed, in environments of their own."""
        if n_episodes not in self._judges:
            self._judges[n_episodes] = HostEnvs(self._env_id, n_episodes, seed=seed)
        played = [self._play(one, self._judges[n_episodes], seed) for one in learner]
        returns, lengths = zip(*played, strict=True)
        return Judged(np.stack(returns), np.stack(lengths))

    def act(self, learner: Any, observation: np.ndarray, number: int) -> np.ndarray:
        """What the learner of that seed, counted from 0, does at ONE observation."""
        return self._best(learner[number], observation[None])[0]

    def pick(self, chosen: Bool[np.ndarray, " seed"], learner: Any, other: Any) -> Any:
        """For each seed the first learner where `chosen`, else the other."""
        # A copy, since the learner that goes on is given away with its next update.
        return tuple(
            jax.tree.map(jnp.copy, a) if first else b
            for first, a, b in zip(chosen, learner, other, strict=True)
        )

    def close(self) -> None:
        """Close the environments."""
        for envs in (*self._hosts, *self._judges.values()):
            envs.close()

    def _play(
        self, learner: Any, envs: HostEnvs, seed: int
    ) -> tuple[Float[np.ndarray, " episode"], Float[np.ndarray, " episode"]]:
        """The first episode of each of the environments."""
        observation = envs.reset(seed=seed)
        returns, lengths = np.zeros(envs.n_envs), np.zeros(envs.n_envs)
        going_on = np.ones(envs.n_envs, bool)
        while going_on.any() and lengths.max() < (envs.time_limit or LONGEST):
            stepped = envs.step(self._best(learner, observation))
            returns += np.where(going_on, stepped.reward, 0.0)
            lengths += going_on
            going_on &= ~stepped.over
            observation = stepped.observation
        return returns, lengths

    def _best(self, learner: Any, observation: Float[np.ndarray, "n o"]) -> np.ndarray:
        best = jax.vmap(self._algorithm.best, in_axes=(None, 0))
        observation = observation.astype(np.float32)
        action = self._programs.call(("best", len(observation)), best, learner, observation)
        return bounded_action(self._hosts[0].action, np.asarray(action))


def _means(found: list[dict[str, Any]]) -> dict[str, float]:
    return {name: float(np.mean([float(m[name]) for m in found])) for name in found[0]}


def _mean_episode(ended: Ended) -> dict[str, float]:
    if not ended.number:
        return {"episode_return": np.nan, "episode_length": np.nan}
    return {
        "episode_return": ended.total / ended.number,
        "episode_length": ended.length / ended.number,
    }
