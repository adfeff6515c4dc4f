"""Playing in a target's environments from the host, whatever kind they are, and looking on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np

from empo.core.spaces import ActionSpace, Discrete
from empo.core.types import AnyArray, Bool, Float
from empo.runs.checkup import Move, Watched
from empo.tasks.episodes import Episode, advance, begin
from empo.tasks.registry import device_task
from empo.tasks.task import Task

LONGEST = 10_000
"""Steps after which an episode is cut where there is no time limit."""
_FIRST, _LAST = 4, 2
"""Moves that are kept of an episode."""
_MOST_NUMBERS = 6
"""Components that are kept of an observation or an action."""

Choose = Callable[[Float[AnyArray, "n o"]], AnyArray]
"""The actions for the observations of all environments."""


class Step(Protocol):
    """What one step of every environment brought."""

    @property
    def observation(self) -> AnyArray:
        """What to act on next."""
        ...

    @property
    def reward(self) -> AnyArray:
        """Of this step."""
        ...

    @property
    def over(self) -> AnyArray:
        """Has the episode ended, or been cut?"""
        ...


class Envs(Protocol):
    """Several copies of one environment; where an episode is over, a new one begins."""

    n_envs: int
    action: ActionSpace

    def reset(self, seed: int | None = None) -> AnyArray:
        """Begin everywhere anew; the first observations."""
        ...

    def step(self, action: AnyArray) -> Step:
        """One step in each."""
        ...

    def close(self) -> None:
        """Let go of what they hold."""
        ...


class TaskStep(NamedTuple):
    """A step of a device task's copies."""

    observation: Float[AnyArray, "n o"]
    reward: Float[AnyArray, " n"]
    over: Bool[AnyArray, " n"]


class TaskEnvs:
    """Copies of a device task, stepped from the host."""

    def __init__(self, task: Task, n_envs: int, seed: int) -> None:
        self.n_envs, self.action = n_envs, task.action
        self._seed = seed
        self._begin = jax.jit(jax.vmap(lambda key: begin(task, key=key)))
        self._observe = jax.jit(jax.vmap(lambda episode: task.observe(episode.state)))
        self._advance = jax.jit(jax.vmap(lambda e, a, key: advance(task, e, a, key=key)))

    def reset(self, seed: int | None = None) -> Float[np.ndarray, "n o"]:
        """Begin everywhere anew."""
        self._key, key = jax.random.split(jax.random.key(self._seed if seed is None else seed))
        self._episodes: Episode = self._begin(jax.random.split(key, self.n_envs))
        return np.asarray(self._observe(self._episodes))

    def step(self, action: AnyArray) -> TaskStep:
        """One step in each."""
        self._key, key = jax.random.split(self._key)
        keys = jax.random.split(key, self.n_envs)
        self._episodes, stepped = self._advance(self._episodes, action, keys)
        observation = np.asarray(self._observe(self._episodes))
        return TaskStep(observation, np.asarray(stepped.reward), np.asarray(stepped.boundary))

    def close(self) -> None:
        """There is nothing to let go of."""


def open_envs(target: str, n_envs: int, *, seed: int) -> Envs:
    """Copies of the environment of task:NAME or gym:ENV-ID."""
    kind, _, name = target.partition(":")
    if kind == "task":
        return TaskEnvs(device_task(name), n_envs, seed)
    from empo.tasks.gymnasium import HostEnvs  # slow to import

    return HostEnvs(name, n_envs, seed=seed)


def random_returns(target: str, n_episodes: int, *, seed: int) -> Float[np.ndarray, " episode"]:
    """The returns of fresh episodes with uniformly random actions."""
    envs = open_envs(target, n_episodes, seed=seed)
    random = np.random.default_rng(seed)
    try:
        return _first_episodes(envs, lambda _: random_actions(envs.action, n_episodes, random))
    finally:
        envs.close()


def watch(target: str, act: Callable[[Any], Any], n_updates: int, *, seed: int) -> Watched:
    """One episode of a policy that acts on ONE observation: its return, its first and last moves.

    `n_updates` is what the policy had behind it.
    """
    envs = open_envs(target, 1, seed=seed)
    moves: list[Move] = []
    try:
        observation, total, over = envs.reset(), 0.0, False
        while not over and len(moves) < LONGEST:
            action = np.asarray(act(observation[0]))
            stepped = envs.step(action[None])
            reward = float(stepped.reward[0])
            moves.append(Move(len(moves), _few(observation[0]), _few(action), reward))
            observation, over = stepped.observation, bool(stepped.over[0])
            total += reward
    finally:
        envs.close()
    kept = moves if len(moves) <= _FIRST + _LAST else [*moves[:_FIRST], *moves[-_LAST:]]
    return Watched(n_updates, total, len(moves), tuple(kept))


def random_actions(space: ActionSpace, n: int, random: np.random.Generator) -> np.ndarray:
    """Uniform ones; components without bounds are drawn from [-1, 1]."""
    if isinstance(space, Discrete):
        return random.integers(0, space.n, n)
    low, high = np.array(space.low, np.float32), np.array(space.high, np.float32)
    low, high = np.where(np.isfinite(low), low, -1.0), np.where(np.isfinite(high), high, 1.0)
    return random.uniform(low, high, (n, len(low))).astype(np.float32)


def _first_episodes(envs: Envs, choose: Choose) -> Float[np.ndarray, " episode"]:
    """The return of the first episode in each environment."""
    observation = envs.reset()
    returns, going_on = np.zeros(envs.n_envs), np.ones(envs.n_envs, bool)
    for _ in range(LONGEST):
        stepped = envs.step(choose(observation))
        returns += np.where(going_on, stepped.reward, 0.0)
        going_on &= ~stepped.over
        observation = stepped.observation
        if not going_on.any():
            break
    return returns


def _few(numbers: AnyArray) -> tuple[float, ...]:
    return tuple(np.asarray(numbers, float).reshape(-1)[:_MOST_NUMBERS].tolist())
