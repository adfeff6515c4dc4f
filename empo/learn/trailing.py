"""The robot without an actor as one that remembers trajectories, and follows them to its targets.

It gathers like any algorithm that learns from rollouts, but remembers what was done, in order, and
how likely each joint action was; `Replay` says how much is gathered, remembered and drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import Array, Bool, Float, Scalar
from empo.learn.acting import mixed
from empo.learn.problem import Problem
from empo.learn.quantities import Quantities, Weights
from empo.learn.settings import RobotSettings
from empo.learn.task import Seen, blank_step, drawn, joint_index
from empo.learn.trail_targets import trail_batches
from empo.rl.algorithm import Acted, Algorithm, Metrics, Rollout
from empo.rl.data import Steps, flat
from empo.rl.replay import add, empty
from empo.rl.sequences import sequences
from empo.tasks.trainer import warmup_rounds
from empo.theory import goal_average


class Conduct(NamedTuple):
    """What decides how all act, as `played` takes it."""

    weights: Weights
    beta_r: Float[Array, ""]
    epsilon_r: Scalar
    epsilon_h: Scalar
    bonus: Float[Array, " a_r"]


class Chances(NamedTuple):
    """The probabilities of what each player does."""

    robot: Float[Array, " a_r"]
    humans: Float[Array, "h a_h"]


def trailing(
    problem: Problem,
    settings: RobotSettings,
    quantities: Quantities,
    init: Callable[..., Any],
    conduct: Callable[[Any, Seen], Conduct],
    best: Callable[[Any, Seen], Any],
    learn: Callable[..., tuple[Any, Metrics]],
) -> Algorithm:
    """The algorithm. `learn(learner, data, key=, along=)` is an update of the robot as it was."""
    plan, hybrids = settings.gather, settings.hybrids
    n_rows = plan.capacity // plan.n_envs
    n_random = warmup_rounds(plan) * plan.n_steps
    n_sequences = plan.batch_size // hybrids.sequence_steps

    def begin(*, key: Array) -> Any:
        blank = blank_step(problem)
        row = jax.tree.map(lambda x: jax.ShapeDtypeStruct((plan.n_envs, *x.shape), x.dtype), blank)
        return init(key=key)._replace(trail=empty(row, n_rows))

    def act(learner: Any, seen: Seen, memory: Any, *, key: Array) -> Acted:
        random = learner.trail.n_added < n_random
        found = chances(
            quantities, problem, conduct(learner, seen), seen, hybrids.fresh_goals, random
        )
        key_r, key_h = jax.random.split(key)
        a_r, a_h = drawn(found.robot[None], key=key_r)[0], drawn(found.humans, key=key_h)
        log_prob = jnp.log(found.robot[a_r])
        log_prob += jnp.sum(jnp.log(found.humans[np.arange(len(a_h)), a_h]))
        return Acted(joint_index(problem, a_r, a_h), log_prob, memory)

    def update(learner: Any, data: Steps, *, key: Array) -> tuple[Any, Metrics]:
        """As many updates as `plan` has in a round, once the random steps are made."""
        random = learner.trail.n_added < n_random
        learner = learner._replace(trail=add(learner.trail, data))

        def step(learner: Any, key: Array) -> tuple[Any, Metrics]:
            key_draw, key_learn = jax.random.split(key)
            walked = sequences(learner.trail, n_sequences, hybrids.sequence_steps, key=key_draw)

            def along(slow: Weights, beta_r: Array) -> Any:
                return trail_batches(quantities, problem, slow, walked, beta_r, hybrids)

            return learn(learner, flat(walked), key=key_learn, along=along)

        def learning() -> tuple[Any, Metrics]:
            learnt, metrics = jax.lax.scan(step, learner, jax.random.split(key, plan.n_updates))
            return learnt, jax.tree.map(jnp.mean, metrics)

        nothing = {name: jnp.zeros(()) for name in jax.eval_shape(learning)[1]}
        return jax.lax.cond(random, lambda: (learner, nothing), learning)

    return Algorithm(begin, act, best, update, Rollout(plan.n_envs, plan.n_steps))


def chances(
    quantities: Quantities,
    problem: Problem,
    how: Conduct,
    seen: Seen,
    fresh_goals: float,
    random: Bool[Array, ""],
) -> Chances:
    """Those of `played`, with a share of human actions for a goal drawn afresh; or all uniform.

    A human who acts both for the own goal and for any is not much less likely than one of either
    kind to do what was done: weights relative to such a one are at most 1 / share.
    """
    situation = problem.model.situation(seen.place.state)
    pi_r = quantities.pi_r(problem, how.weights, seen.place, how.beta_r)
    lured = pi_r * jnp.exp(how.bonus)
    pi_h = quantities.pi_h(problem, how.weights, seen.place)
    own = pi_h[np.arange(len(seen.goals)), seen.goals]
    mean = goal_average(pi_h, problem.weights.goal_prob)
    blend = (1 - fresh_goals) * own + fresh_goals * mean
    epsilon_r = jnp.where(random, 1.0, how.epsilon_r)
    epsilon_h = jnp.where(random, 1.0, how.epsilon_h)
    robot = mixed(lured[None] / jnp.sum(lured), situation.legal_r[None], epsilon_r)[0]
    return Chances(robot, mixed(blend, situation.legal_h, epsilon_h))
