"""Training on Gymnasium environments: they step on the host, all learning is compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.spaces import ActionSpace, Box
from empo.core.types import AnyArray, Array, Bool, Float, Int
from empo.rl.algorithm import Acted, Algorithm, Metrics, Replay
from empo.rl.data import Steps, flat
from empo.rl.replay import Buffer, add, empty
from empo.tasks.device import random_actor, relearn, repeated
from empo.tasks.gymnasium import HostEnvs
from empo.tasks.trainer import (
    Chunk,
    Judged,
    all_finite,
    check_finite,
    updates_within,
    warmup_rounds,
)


class HostRun(NamedTuple):
    """What can be saved of one seed's run; its environments cannot."""

    learner: Any
    memory: Any
    replay: Buffer | tuple[()]
    key: Array
    n_steps: Int[AnyArray, ""]


class Ended(NamedTuple):
    """Sums over the episodes that ended."""

    number: float = 0.0
    total: float = 0.0
    length: float = 0.0


class HostTrainer:
    """A `Trainer` of one algorithm on one Gymnasium environment, one seed after the other."""

    exact = False
    compile_seconds = 0.0

    def __init__(self, algorithm: Algorithm, env_id: str, seeds: Sequence[int]) -> None:
        self.n_seeds = len(seeds)
        self._seeds = tuple(seeds)
        self._algorithm = algorithm
        self._env_id = env_id
        self._envs = [HostEnvs(env_id, algorithm.gather.n_envs, seed=seed) for seed in seeds]
        self._observations: list[np.ndarray | None] = [None] * len(seeds)
        self._judges: dict[int, HostEnvs] = {}
        self._act = jax.jit(self._act_in_all)
        self._random = jax.jit(self._random_in_all)
        self._learn = jax.jit(self._update, donate_argnums=(0,))
        self._relearn = jax.jit(self._remember_and_update, donate_argnums=(0,))
        self._remember = jax.jit(lambda replay, data: add(replay, flat(data)), donate_argnums=(0,))
        self._best = jax.jit(jax.vmap(algorithm.best, in_axes=(None, 0)))

    def n_updates(self, n_steps: int) -> int:
        """Updates that use at most so many environment steps, at least one."""
        return updates_within(self._algorithm.gather, n_steps)

    def start(self) -> tuple[HostRun, ...]:
        """Runs before their first update, their replay buffers warmed up."""
        return tuple(self._start(number) for number in range(self.n_seeds))

    def shape(self) -> tuple[HostRun, ...]:
        """Runs as pytrees of shapes and types, found without any work."""
        return tuple(jax.eval_shape(self._empty, jax.random.key(0)) for _ in self._seeds)

    def advance(
        self, run: tuple[HostRun, ...], n_updates: int
    ) -> tuple[tuple[HostRun, ...], Chunk]:
        """Make so many updates of each seed. Raises `Diverged`."""
        runs, columns, n_ended = [], [], []
        for number, one in enumerate(run):
            one, metrics, ended = self._advance_one(number, one, n_updates)
            runs.append(one)
            n_ended.append(ended.number)
            over = (ended.total, ended.length) if ended.number else (np.nan, np.nan)
            n = ended.number or 1.0
            columns.append(metrics | {"episode_return": over[0] / n, "episode_length": over[1] / n})
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
        played = [self._play(one, n_episodes, seed) for one in learner]
        returns, lengths = zip(*played, strict=True)
        return Judged(np.stack(returns), np.stack(lengths))

    def act(self, learner: Any, observation: np.ndarray, number: int) -> np.ndarray:
        """What the learner of that seed, counted from 0, does at ONE observation."""
        action = np.asarray(self._best(learner[number], observation[None]))[0]
        return bounded_action(self._envs[0].action, action)

    def pick(self, chosen: Bool[np.ndarray, " seed"], learner: Any, other: Any) -> Any:
        """For each seed the first learner where `chosen`, else the other."""
        # A copy, since the learner that goes on is given away with its next update.
        return tuple(
            jax.tree.map(jnp.copy, a) if first else b
            for first, a, b in zip(chosen, learner, other, strict=True)
        )

    def close(self) -> None:
        """Close the environments."""
        for envs in (*self._envs, *self._judges.values()):
            envs.close()

    def _start(self, number: int) -> HostRun:
        plan = self._algorithm.gather
        run = jax.jit(self._empty)(jax.random.key(self._seeds[number]))
        if isinstance(plan, Replay):
            for _ in range(warmup_rounds(plan)):
                run, data, _ = self._gather(number, run, self._random)
                run = run._replace(replay=self._remember(run.replay, data))
        return run

    def _empty(self, key: Array) -> HostRun:
        """A run that has seen nothing yet."""
        plan = self._algorithm.gather
        key, key_init = jax.random.split(key)
        learner = self._algorithm.init(key=key_init)
        memory = repeated(self._algorithm.fresh_memory, plan.n_envs)
        run = HostRun(learner, memory, (), key, jnp.int32(0))
        if not isinstance(plan, Replay):
            return run
        number = jax.ShapeDtypeStruct((), jnp.float32)
        observation = jax.ShapeDtypeStruct((self._envs[0].observation_size,), jnp.float32)
        action = jax.eval_shape(
            self._act_in_all, learner, memory, key, _batched(observation, plan.n_envs)
        )[0].action
        row = Steps(
            observation,
            jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape[1:], x.dtype), action),
            number,
            number,
            number,
            jax.ShapeDtypeStruct((), jnp.bool_),
            observation,
        )
        return run._replace(replay=empty(row, plan.capacity))

    def _advance_one(
        self, number: int, run: HostRun, n_updates: int
    ) -> tuple[HostRun, dict[str, float], Ended]:
        found, ended = [], Ended()
        for _ in range(n_updates):
            run, data, more = self._gather(number, run, self._act)
            ended = Ended(*(a + b for a, b in zip(ended, more, strict=True)))
            if isinstance(run.replay, Buffer):
                changed, metrics, healthy = self._relearn((run.learner, run.replay, run.key), data)
            else:
                changed, metrics, healthy = self._learn((run.learner, run.replay, run.key), data)
            learner, replay, key = changed
            run = run._replace(learner=learner, replay=replay, key=key)
            if not healthy:
                check_finite(run.learner, int(run.n_steps))
            found.append(metrics)
        means = jax.tree.map(lambda *x: float(np.mean(jax.device_get(x))), *found)
        return run, means, ended

    def _gather(self, number: int, run: HostRun, act: Any) -> tuple[HostRun, Steps, Ended]:
        """`n_steps` steps in each environment of one seed."""
        plan, envs = self._algorithm.gather, self._envs[number]
        observation = self._observations[number]
        if observation is None:  # the first time, or after a run was resumed
            observation = envs.reset(seed=_mixed(self._seeds[number], int(run.n_steps)))
        memory, key = run.memory, run.key
        rows, ended = [], Ended()
        for _ in range(plan.n_steps):
            acted, memory, key = act(run.learner, memory, key, observation)
            action = np.asarray(acted.action)
            stepped = envs.step(bounded_action(envs.action, action))
            boundary = stepped.terminated | stepped.truncated
            if boundary.any():
                memory = _refreshed(memory, self._algorithm.fresh_memory, boundary)
                ended = _counted(ended, stepped, boundary)
            rows.append(
                Steps(
                    observation,
                    action,
                    np.asarray(acted.log_prob),
                    stepped.reward,
                    np.where(stepped.terminated, 0.0, plan.gamma).astype(np.float32),
                    boundary,
                    stepped.next_observation,
                )
            )
            observation = stepped.observation
        self._observations[number] = observation
        data = jax.tree.map(lambda *x: np.stack(x), *rows)
        n_steps = run.n_steps + plan.steps_per_update
        return run._replace(memory=memory, key=key, n_steps=n_steps), data, ended

    def _act_in_all(
        self, learner: Any, memory: Any, key: Array, observation: Array
    ) -> tuple[Acted, Any, Array]:
        def act(observation: Any, memory: Any, key: Array) -> Acted:
            return self._algorithm.act(learner, observation, memory, key=key)

        return _in_all(act, memory, key, observation)

    def _random_in_all(
        self, learner: Any, memory: Any, key: Array, observation: Array
    ) -> tuple[Acted, Any, Array]:
        random = random_actor(self._envs[0].action)
        return _in_all(lambda o, m, k: random(o, m, key=k), memory, key, observation)

    def _update(self, state: tuple[Any, Any, Array], data: Steps) -> tuple[Any, Metrics, Array]:
        learner, replay, key = state
        key, key_update = jax.random.split(key)
        learner, metrics = self._algorithm.update(learner, data, key=key_update)
        return (learner, replay, key), metrics, all_finite(learner)

    def _remember_and_update(
        self, state: tuple[Any, Any, Array], data: Steps
    ) -> tuple[Any, Metrics, Array]:
        learner, replay, key = state
        key, key_update = jax.random.split(key)
        replay = add(replay, flat(data))
        learner, metrics = relearn(self._algorithm, learner, replay, key=key_update)
        return (learner, replay, key), metrics, all_finite(learner)

    def _play(
        self, learner: Any, n_episodes: int, seed: int
    ) -> tuple[Float[np.ndarray, " episode"], Float[np.ndarray, " episode"]]:
        """The first episode of each of so many environments."""
        envs = self._judges[n_episodes]
        observation = envs.reset(seed=seed)
        returns, lengths = np.zeros(n_episodes), np.zeros(n_episodes)
        going_on = np.ones(n_episodes, bool)
        while going_on.any():
            action = bounded_action(envs.action, np.asarray(self._best(learner, observation)))
            stepped = envs.step(action)
            returns += np.where(going_on, stepped.reward, 0.0)
            lengths += going_on
            going_on &= ~(stepped.terminated | stepped.truncated)
            observation = stepped.observation
        return returns, lengths


def bounded_action(space: ActionSpace, action: np.ndarray) -> np.ndarray:
    """The action as the environment takes it: a Gaussian policy knows no bounds."""
    if not isinstance(space, Box):
        return action
    return np.clip(action, np.array(space.low, np.float32), np.array(space.high, np.float32))


def _in_all(act: Any, memory: Any, key: Array, observation: Array) -> tuple[Acted, Any, Array]:
    key, key_act = jax.random.split(key)
    acted = jax.vmap(act)(observation, memory, jax.random.split(key_act, len(observation)))
    return acted, acted.memory, key


def _refreshed(memory: Any, fresh: Any, boundary: Bool[np.ndarray, " n"]) -> Any:
    return jax.tree.map(
        lambda new, old: jax.vmap(jnp.where)(boundary, new, old),
        repeated(fresh, len(boundary)),
        memory,
    )


def _batched(one: jax.ShapeDtypeStruct, n: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((n, *one.shape), one.dtype)


def _counted(ended: Ended, stepped: Any, boundary: Bool[np.ndarray, " n"]) -> Ended:
    return Ended(
        ended.number + boundary.sum(),
        ended.total + stepped.episode_return[boundary].sum(),
        ended.length + stepped.episode_length[boundary].sum(),
    )


def _mixed(seed: int, n_steps: int) -> int:
    """A seed of its own for every place at which a run may begin."""
    return int(np.random.SeedSequence([seed, n_steps]).generate_state(1)[0])
