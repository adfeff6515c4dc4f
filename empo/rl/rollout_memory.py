"""Rollouts of the past, for any algorithm that learns from rollouts of the present.

What was done long ago was done by another policy. The `log_prob` that is stored with each action
says by which: PPO and IMPALA weigh by it, and are off-policy algorithms then. REINFORCE, A2C and
others that ask for no ratio take old data for new ones, and are biased by that.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from empo.core.errors import InputError
from empo.core.types import Array, Float
from empo.rl.algorithm import Acted, Algorithm, Metrics, Rollout, at_least
from empo.rl.data import Steps
from empo.rl.replay import Buffer, add, empty, n_filled, n_places


class Remembering(NamedTuple):
    """The algorithm's own learner, and the last rollouts."""

    inner: Any
    rollouts: Buffer
    """Its rows are `Steps` of axes `t n`."""


def remembering(algorithm: Algorithm, n_rollouts: int, observation: Any) -> Algorithm:
    """The algorithm, learning from the last `n_rollouts` of its rollouts; with 1 the very same.

    In each update every world's trajectory comes from a rollout drawn uniformly. `observation` is
    one that the algorithm gets, or its shapes and types. Raises `InputError` for algorithms that
    have a memory of their own.
    """
    at_least("n_rollouts", n_rollouts, 1)
    plan = algorithm.gather
    if not isinstance(plan, Rollout):
        raise InputError(
            "n_rollouts: found an algorithm with a replay buffer (wanted one that learns from "
            "rollouts)"
        )
    if n_rollouts == 1:
        return algorithm
    rollout = _shapes(algorithm, plan, observation)

    def init(*, key: Array) -> Remembering:
        return Remembering(algorithm.init(key=key), empty(rollout, n_rollouts))

    def act(learner: Remembering, observation: Any, memory: Any, *, key: Array) -> Acted:
        return algorithm.act(learner.inner, observation, memory, key=key)

    def best(learner: Remembering, observation: Any) -> Any:
        return algorithm.best(learner.inner, observation)

    def update(learner: Remembering, data: Steps, *, key: Array) -> tuple[Remembering, Metrics]:
        key, key_draw = jax.random.split(key)
        rollouts = add(learner.rollouts, jax.tree.map(lambda x: x[None], data))
        old, age = drawn(rollouts, key=key_draw)
        inner, metrics = algorithm.update(learner.inner, old, key=key)
        return Remembering(inner, rollouts), metrics | {"replay_age": age}

    policy_of = algorithm.policy
    policy = None if policy_of is None else lambda learner: policy_of(learner.inner)
    return Algorithm(init, act, best, update, plan, algorithm.fresh_memory, policy)


def drawn(rollouts: Buffer, *, key: Array) -> tuple[Steps, Float[Array, ""]]:
    """A rollout put together from whole trajectories, each of one drawn uniformly.

    The second result is the mean number of rollouts since theirs; 0 is the newest.
    """
    n_steps, n_envs = rollouts.rows.reward.shape[1:]
    age = jax.random.randint(key, (n_envs,), 0, n_filled(rollouts))
    place = (rollouts.n_added - 1 - age) % n_places(rollouts)
    step, world = jnp.arange(n_steps)[:, None], jnp.arange(n_envs)[None]
    found = jax.tree.map(lambda x: x[place[None], step, world], rollouts.rows)
    return found, jnp.mean(age.astype(float))


def _shapes(algorithm: Algorithm, plan: Rollout, observation: Any) -> Steps:
    """Those of a rollout, found without any work."""

    def one(observation: Any, key: Array) -> Steps:
        learner = algorithm.init(key=key)
        acted = algorithm.act(learner, observation, algorithm.fresh_memory, key=key)
        number = jnp.zeros(())
        log_prob = jnp.asarray(acted.log_prob)
        return Steps(observation, acted.action, log_prob, number, number, number > 0, observation)

    shapes = jax.eval_shape(one, observation, jax.random.key(0))
    axes = plan.n_steps, plan.n_envs
    return jax.tree.map(lambda x: jax.ShapeDtypeStruct((*axes, *x.shape), x.dtype), shapes)
