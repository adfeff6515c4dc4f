"""One seed's run on Gymnasium environments: they step on the host, all learning is compiled."""

from __future__ import annotations

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
from empo.tasks.gymnasium import HostEnvs, HostStep
from empo.tasks.programs import Programs
from empo.tasks.trainer import all_finite, check_finite, warmup_rounds


class HostRun(NamedTuple):
    """What can be saved of a run; its environments cannot."""

    learner: Any
    memory: Any
    replay: Buffer | tuple[()]
    key: Array
    n_steps: Int[AnyArray, ""]
    """Environment steps so far."""


class Ended(NamedTuple):
    """The episodes that ended during some steps: how many, and sums over them."""

    number: float = 0.0
    total: float = 0.0
    length: float = 0.0


class Host:
    """Environments, and what is compiled to act and to learn in them.

    A run that did not begin here, because it was resumed, begins new episodes.
    """

    def __init__(self, algorithm: Algorithm, env_id: str, seed: int, programs: Programs) -> None:
        self._algorithm = algorithm
        self._seed = seed
        self._programs = programs
        self._envs = HostEnvs(env_id, algorithm.gather.n_envs, seed=seed)
        self._observation: Float[np.ndarray, "n o"] | None = None

    def start(self) -> HostRun:
        """A run before its first update, its replay buffer warmed up with random actions."""
        plan = self._algorithm.gather
        run = self._programs.once(self.empty, jax.random.key(self._seed))
        if isinstance(plan, Replay):
            for _ in range(warmup_rounds(plan)):
                run, data, _ = self._gather(run, "random", self._random)
                replay = self._programs.call("add", _remember, run.replay, data, donate=True)
                run = run._replace(replay=replay)
        return run

    def empty(self, key: Array) -> HostRun:
        """A run that has seen nothing yet."""
        plan = self._algorithm.gather
        key, key_init = jax.random.split(key)
        learner = self._algorithm.init(key=key_init)
        memory = repeated(self._algorithm.fresh_memory, plan.n_envs)
        run = HostRun(learner, memory, (), key, jnp.int32(0))
        if not isinstance(plan, Replay):
            return run
        observation = jax.ShapeDtypeStruct((plan.n_envs, self._envs.observation_size), jnp.float32)
        acted, _, _ = jax.eval_shape(self._act, learner, memory, key, observation)
        number, flag = acted.log_prob, jax.ShapeDtypeStruct((plan.n_envs,), jnp.bool_)
        rows = Steps(observation, acted.action, number, number, number, flag, observation)
        row = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape[1:], x.dtype), rows)
        return run._replace(replay=empty(row, plan.capacity))

    def update(self, run: HostRun) -> tuple[HostRun, Metrics, Ended]:
        """Gather data once and learn from it; the old `run` is used up. Raises `Diverged`."""
        run, data, ended = self._gather(run, "act", self._act)
        state = (run.learner, run.replay, run.key)
        state, metrics, healthy = self._programs.call(
            "learn", self._learn, state, data, donate=True
        )
        run = run._replace(learner=state[0], replay=state[1], key=state[2])
        if not healthy:
            check_finite(run.learner, int(run.n_steps))
        return run, metrics, ended

    @property
    def action(self) -> ActionSpace:
        """What may be done in the environments."""
        return self._envs.action

    def close(self) -> None:
        """Close the environments."""
        self._envs.close()

    def _gather(self, run: HostRun, name: str, act: Any) -> tuple[HostRun, Steps, Ended]:
        """`n_steps` steps in each environment."""
        plan, envs = self._algorithm.gather, self._envs
        if self._observation is None:
            self._observation = envs.reset(seed=_mixed(self._seed, int(run.n_steps)))
        observation, memory, key = self._observation, run.memory, run.key
        rows, ended = [], Ended()
        for _ in range(plan.n_steps):
            acted, memory, key = self._programs.call(
                name, act, run.learner, memory, key, observation
            )
            action = np.asarray(acted.action)
            stepped = envs.step(bounded_action(envs.action, action))
            if stepped.over.any():
                memory = _refreshed(memory, self._algorithm.fresh_memory, stepped.over)
                ended = _counted(ended, stepped)
            rows.append(_row(observation, action, acted.log_prob, stepped, plan.gamma))
            observation = stepped.observation
        self._observation = observation
        data = jax.tree.map(lambda *x: np.stack(x), *rows)
        n_steps = np.int32(run.n_steps + plan.steps_per_update)
        return run._replace(memory=memory, key=key, n_steps=n_steps), data, ended

    def _act(
        self, learner: Any, memory: Any, key: Array, observation: Array
    ) -> tuple[Acted, Any, Array]:
        def act(observation: Any, memory: Any, key: Array) -> Acted:
            return self._algorithm.act(learner, observation, memory, key=key)

        return _in_all(act, memory, key, observation)

    def _random(
        self, learner: Any, memory: Any, key: Array, observation: Array
    ) -> tuple[Acted, Any, Array]:
        random = random_actor(self._envs.action)
        return _in_all(lambda o, m, k: random(o, m, key=k), memory, key, observation)

    def _learn(self, state: tuple[Any, Any, Array], data: Steps) -> tuple[Any, Metrics, Array]:
        learner, replay, key = state
        key, key_update = jax.random.split(key)
        if isinstance(replay, Buffer):
            replay = _remember(replay, data)
            learner, metrics = relearn(self._algorithm, learner, replay, key=key_update)
        else:
            learner, metrics = self._algorithm.update(learner, data, key=key_update)
        return (learner, replay, key), metrics, all_finite(learner)


def bounded_action(space: ActionSpace, action: np.ndarray) -> np.ndarray:
    """The action as the environment takes it: a Gaussian policy knows no bounds."""
    if not isinstance(space, Box):
        return action
    return np.clip(action, np.array(space.low, np.float32), np.array(space.high, np.float32))


def _remember(replay: Buffer, data: Steps) -> Buffer:
    return add(replay, flat(data))


def _row(
    observation: AnyArray, action: AnyArray, log_prob: Array, stepped: HostStep, gamma: float
) -> Steps:
    return Steps(
        observation,
        action,
        np.asarray(log_prob),
        stepped.reward,
        np.where(stepped.terminated, 0.0, gamma).astype(np.float32),
        stepped.over,
        stepped.next_observation,
    )


def _in_all(act: Any, memory: Any, key: Array, observation: Array) -> tuple[Acted, Any, Array]:
    key, key_act = jax.random.split(key)
    acted = jax.vmap(act)(observation, memory, jax.random.split(key_act, len(observation)))
    return acted, acted.memory, key


def _refreshed(memory: Any, fresh: Any, over: Bool[np.ndarray, " n"]) -> Any:
    return jax.tree.map(
        lambda new, old: jax.vmap(jnp.where)(over, new, old), repeated(fresh, len(over)), memory
    )


def _counted(ended: Ended, stepped: HostStep) -> Ended:
    over = stepped.over
    return Ended(
        ended.number + over.sum(),
        ended.total + stepped.episode_return[over].sum(),
        ended.length + stepped.episode_length[over].sum(),
    )


def _mixed(seed: int, n_steps: int) -> int:
    """A seed of its own for every place at which a run may begin."""
    return int(np.random.SeedSequence([seed, n_steps]).generate_state(1)[0])
