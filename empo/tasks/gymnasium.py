"""Several copies of a Gymnasium environment, stepped together on the host.

An episode that ends or is cut begins anew within the same step. What a learner bootstraps from is
the true last observation, `next_observation`; what it acts on next is `observation`. To end
(`terminated`) and to be cut (`truncated`) are told apart as the environment tells them.

Note: the copies are stepped one by one. Where an environment comes with a vectorised version of its
own (CartPole does), that version loses a step at every reset, so it cannot be used here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from empo.core.errors import InputError
from empo.core.spaces import ActionSpace
from empo.core.types import AnyArray, Bool, Float, Int
from empo.tasks.gymmake import EnvironmentFailed, make_env, told
from empo.tasks.gymspaces import decoder, encoder


class HostStep(NamedTuple):
    """One step of each environment; `episode_*` count where an episode is over."""

    observation: Float[AnyArray, "n o"]
    """What to act on next: the first of a new episode where the old one is over."""
    reward: Float[AnyArray, " n"]
    terminated: Bool[AnyArray, " n"]
    """The world ended: nothing comes after, so the value is 0."""
    truncated: Bool[AnyArray, " n"]
    """Cut, as by a time limit: the value goes on."""
    next_observation: Float[AnyArray, "n o"]
    """What the step led to, even where a new episode has begun."""
    episode_return: Float[AnyArray, " n"]
    """Sum of the rewards since the beginning."""
    episode_length: Int[AnyArray, " n"]
    """Steps since the beginning."""

    @property
    def over(self) -> Bool[AnyArray, " n"]:
        """Terminated or truncated."""
        return self.terminated | self.truncated


class HostEnvs:
    """`n_envs` copies of the environment that `gymnasium.make` gives for an id and keywords.

    Observations are float32 vectors, see `gymspaces.encoder`. Actions in a Box go to the
    environment as they are, so the caller clips them to the bounds of `action`.
    """

    def __init__(self, env_id: str, n_envs: int, seed: int, **kwargs: Any) -> None:
        if n_envs < 1:
            raise InputError(f"n_envs must be at least 1, got {n_envs}")
        self.env_id = env_id
        self.n_envs = n_envs
        self._seed = _checked(seed)
        self._envs = [make_env(env_id, **kwargs) for _ in range(n_envs)]
        first = self._envs[0]
        self.observation_size, self._encode = encoder(env_id, first.observation_space)
        action, self._decode = decoder(env_id, first.action_space)
        self.action: ActionSpace = action
        self.time_limit: int | None = first.spec.max_episode_steps if first.spec else None
        self._n_steps = 0
        self._return = np.zeros(n_envs)
        self._length = np.zeros(n_envs, np.int64)

    def reset(self, seed: int | None = None) -> Float[AnyArray, "n o"]:
        """Begin everywhere anew, with all randomness from `seed` or that of the constructor.

        So the same actions after it have the same consequences. Copies get seeds that share
        nothing, also not with those of another `seed`.
        """
        entropy = self._seed if seed is None else _checked(seed)
        seeds = np.random.SeedSequence(entropy).generate_state(self.n_envs).tolist()
        self._n_steps = 0
        self._return[:], self._length[:] = 0.0, 0
        observation = self._vectors()
        for i, own in enumerate(seeds):
            self._begin(i, observation, own)
        self._check("observation", observation)
        return observation

    def step(self, action: AnyArray) -> HostStep:
        """One step of every environment.

        `action` is (n,) whole numbers or (n, a). Raises `InputError` if it does not fit,
        `EnvironmentFailed` if an environment raises an error or gives a number that is not finite.
        """
        given = np.asarray(action)
        if given.shape[:1] != (self.n_envs,):
            wanted = f"wanted actions for {self.n_envs} environments"
            raise InputError(f"{self.env_id}: {wanted}, got an array of shape {given.shape}")
        self._n_steps += 1
        found, reward = self._vectors(), np.empty(self.n_envs)
        terminated, truncated = np.empty(self.n_envs, bool), np.empty(self.n_envs, bool)
        for i, one in enumerate(self._decode(given)):
            try:
                seen, reward[i], terminated[i], truncated[i], _ = self._envs[i].step(one)
                self._write(found[i], seen)
            except Exception as error:
                raise self._failed(i, error) from error
        self._check("observation", found)
        self._check("reward", reward)
        self._return += reward
        self._length += 1
        totals = self._return.copy(), self._length.copy()
        observation = self._renewed(found, np.flatnonzero(terminated | truncated))
        small = reward.astype(np.float32)
        return HostStep(observation, small, terminated, truncated, found, *totals)

    def close(self) -> None:
        """Free what the environments hold."""
        for env in self._envs:
            env.close()

    def _renewed(self, found: np.ndarray, over: np.ndarray) -> np.ndarray:
        """The observations after new episodes have begun where the old ones are over."""
        observation = found.copy()
        for i in over.tolist():
            self._begin(i, observation)
            self._return[i], self._length[i] = 0.0, 0
        if len(over):
            self._check("observation", observation)
        return observation

    def _begin(self, i: int, observation: np.ndarray, seed: int | None = None) -> None:
        try:
            seen, _ = self._envs[i].reset(seed=seed)
            self._write(observation[i], seen)
        except Exception as error:
            raise self._failed(i, error) from error

    def _write(self, row: np.ndarray, seen: Any) -> None:
        vector = self._encode(seen)
        if len(vector) != len(row):
            raise ValueError(f"the observation has {len(vector)} components, not {len(row)}")
        row[:] = vector

    def _vectors(self) -> np.ndarray:
        return np.empty((self.n_envs, self.observation_size), np.float32)

    def _check(self, what: str, numbers: np.ndarray) -> None:
        """Raises `EnvironmentFailed` at a number that is not finite."""
        if np.isfinite(numbers).all():
            return
        i, *place = np.argwhere(~np.isfinite(numbers))[0].tolist()
        value = numbers[(i, *place)]
        name = f"{what}{place}" if place else what
        raise EnvironmentFailed(f"{self._where(i)}: {name} is {value}")

    def _failed(self, i: int, error: Exception) -> EnvironmentFailed:
        return EnvironmentFailed(f"{self._where(i)}: {told(error)}")

    def _where(self, i: int) -> str:
        when = f"at step {self._n_steps:,}" if self._n_steps else "at its reset"
        return f"{self.env_id}: environment {i} failed {when}"


def spaces_of(env_id: str, **kwargs: Any) -> tuple[int, ActionSpace]:
    """What `HostEnvs` would have as `observation_size` and `action`."""
    env = make_env(env_id, **kwargs)
    try:
        size, _ = encoder(env_id, env.observation_space)
        action, _ = decoder(env_id, env.action_space)
    finally:
        env.close()
    return size, action


def _checked(seed: int) -> int:
    if seed < 0:
        raise InputError(f"seed must be at least 0, got {seed}")
    return seed
