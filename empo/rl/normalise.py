"""Observations and rewards of a size that networks like, around any algorithm.

What is known of their size is learned along with the rest. An observation is used as it was seen
when the policy acted: its statistics move at the end of an update, so that the first ratio of new
to old probabilities within it is exactly 1. (Engstrom et al. 2020, "Implementation matters".)
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from empo.core.errors import InputError
from empo.core.types import Array, Bool, Float
from empo.rl.algorithm import Acted, Algorithm, Metrics, Replay
from empo.rl.data import Steps


@dataclass(frozen=True)
class InputSettings:
    """With all of it off the algorithm is left as it is."""

    normalise_observations: bool = False
    """Give each component mean 0 and standard deviation 1 over all that was seen."""
    clip_observations: float = math.inf
    """Then keep each component between minus this and this."""
    scale_rewards: bool = False
    """Divide by the standard deviation of the discounted sums of rewards since an episode began."""
    clip_rewards: float = math.inf
    """Then keep rewards between minus this and this."""

    def __post_init__(self) -> None:
        for name in ("clip_observations", "clip_rewards"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name}: found {getattr(self, name)} (wanted more than 0)")


class Statistics(NamedTuple):
    """Of a stream of numbers; before the first one they are as if it had the standard size."""

    number: Float[Array, ""]
    mean: Float[Array, "*o"]
    variance: Float[Array, "*o"]


class Normalised(NamedTuple):
    """The algorithm's own learner, and the size of what comes in."""

    inner: Any
    observation: Statistics
    total: Statistics
    """Of the discounted sums of rewards since an episode began."""
    total_now: Float[Array, " n"]
    """That sum in each environment, as the last data left it."""


def normalised(algorithm: Algorithm, settings: InputSettings, observation_size: int) -> Algorithm:
    """The algorithm with inputs changed as set; the very same one if nothing is set."""
    if settings == InputSettings():
        return algorithm
    if settings.scale_rewards and isinstance(algorithm.gather, Replay):
        raise InputError(
            "scale_rewards: found an algorithm that learns from samples (wanted one that learns "
            "from rollouts: the sum of rewards since an episode began is not known of a sample)"
        )

    def init(*, key: Array) -> Normalised:
        n_envs = algorithm.gather.n_envs
        return Normalised(
            algorithm.init(key=key), unknown(observation_size), unknown(), jnp.zeros(n_envs)
        )

    def act(learner: Normalised, observation: Array, memory: Any, *, key: Array) -> Acted:
        return algorithm.act(learner.inner, seen(settings, learner, observation), memory, key=key)

    def best(learner: Normalised, observation: Array) -> Any:
        return algorithm.best(learner.inner, seen(settings, learner, observation))

    def update(learner: Normalised, data: Steps, *, key: Array) -> tuple[Normalised, Metrics]:
        learner, reward = _paid(settings, algorithm, learner, data)
        inner, metrics = algorithm.update(
            learner.inner,
            data._replace(
                observation=seen(settings, learner, data.observation),
                next_observation=seen(settings, learner, data.next_observation),
                reward=reward,
            ),
            key=key,
        )
        if settings.scale_rewards:
            metrics = metrics | {"reward_scale": deviation(learner.total)}
        observation = learner.observation
        if settings.normalise_observations:
            observation = learned(observation, data.observation.reshape(-1, observation_size))
        return learner._replace(inner=inner, observation=observation), metrics

    return replace(algorithm, init=init, act=act, best=best, update=update, policy=None)


def seen(
    settings: InputSettings, learner: Normalised, observation: Float[Array, "*tn o"]
) -> Float[Array, "*tn o"]:
    """Observations as the inner learner gets them."""
    if settings.normalise_observations:
        shape = (1,) * (observation.ndim - 1) + (-1,)
        mean, spread = learner.observation.mean, deviation(learner.observation)
        observation = (observation - mean.reshape(shape)) / spread.reshape(shape)
    limit = settings.clip_observations
    return observation if math.isinf(limit) else jnp.clip(observation, -limit, limit)


def unknown(*shape: int) -> Statistics:
    """Nothing was seen yet."""
    return Statistics(jnp.zeros(()), jnp.zeros(shape), jnp.ones(shape))


def learned(statistics: Statistics, rows: Float[Array, " n *o"]) -> Statistics:
    """With more rows: mean and variance of all together (Chan, Golub and LeVeque 1983)."""
    n_old, n_new = statistics.number, float(len(rows))
    number = n_old + n_new
    shift = jnp.mean(rows, axis=0) - statistics.mean
    share = n_new / number
    return Statistics(
        number,
        statistics.mean + share * shift,
        (1 - share) * statistics.variance
        + share * jnp.var(rows, axis=0)
        + share * (1 - share) * shift**2,
    )


def deviation(statistics: Statistics) -> Float[Array, "*o"]:
    """The standard deviation; 1 for what has never varied."""
    some = statistics.variance > 0
    return jnp.where(some, jnp.sqrt(jnp.where(some, statistics.variance, 1.0)), 1.0)


def totals_so_far(
    reward: Float[Array, "t n"],
    boundary: Bool[Array, "t n"],
    total: Float[Array, " n"],
    gamma: float,
) -> tuple[Float[Array, "t n"], Float[Array, " n"]]:
    """R_t = r_t + gamma R_{t-1}, which begins anew after a cut.

    `total` is R before the first row. The second result is R after the last row, 0 after a cut.
    """

    def step(total: Array, row: tuple[Array, Array]) -> tuple[Array, Array]:
        reward, boundary = row
        total = gamma * total + reward
        return jnp.where(boundary, 0.0, total), total

    total, totals = jax.lax.scan(step, total, (reward, boundary))
    return totals, total


def _paid(
    settings: InputSettings, algorithm: Algorithm, learner: Normalised, data: Steps
) -> tuple[Normalised, Float[Array, "*tn"]]:
    """The rewards as the inner learner gets them, and the learner that knows their size."""
    reward = data.reward
    if settings.scale_rewards:
        totals, now = totals_so_far(
            reward, data.boundary, learner.total_now, algorithm.gather.gamma
        )
        learner = learner._replace(total=learned(learner.total, totals.reshape(-1)), total_now=now)
        reward = reward / deviation(learner.total)
    if not math.isinf(settings.clip_rewards):
        reward = jnp.clip(reward, -settings.clip_rewards, settings.clip_rewards)
    return learner, reward
