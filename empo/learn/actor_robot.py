"""The robot with an explicit policy: any actor-critic algorithm of `rl`, paid by evaluators.

The evaluators are those of the robot without an actor, with the actor's policy in place of
equation (5). One update: the worker's half pays for what was done, by the evaluators as they are;
the master's half lets the evaluators learn, and then the actor, once the ramp has begun.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from empo.core.types import Array, Int
from empo.learn.acting import moved_by
from empo.learn.actor_settings import ActorSettings
from empo.learn.observed import Observed, observed
from empo.learn.payment import over_steps, payment
from empo.learn.problem import Place, Problem
from empo.learn.q_robot import Learner, Past, lagging, present, q_robot, shares
from empo.learn.quantities import Quantities
from empo.learn.stages import RAMP, Moment, Stages, moment
from empo.learn.task import Seen, blank_step
from empo.rl.algorithm import Acted, Algorithm, Metrics, Replay
from empo.rl.data import Steps, flat
from empo.rl.halves import Halves
from empo.rl.replay import Buffer, add, empty, sample
from empo.worlds.expand import joint_actions


class ActorLearner(NamedTuple):
    """All that is learned."""

    evaluators: Learner
    """With the policy that they judge, which may be a little old."""
    actor: Any
    """What the algorithm of `rl` knows."""
    n_updates: Int[Array, ""]
    """Of the actor."""
    remembered: Buffer | tuple[()]
    """What the evaluators learn from; () where the actor is sent samples of the past anyway."""


class Work(NamedTuple):
    """What a worker sends."""

    message: Any
    """The actor's, made of data that is paid for."""
    data: Steps
    """As it was gathered, for the evaluators."""


def actor_robot(
    problem: Problem,
    settings: ActorSettings,
    quantities: Quantities,
    stages: Stages,
    made: Algorithm | Halves,
    *,
    soft: bool,
) -> Algorithm | Halves:
    """The robot whose actor is the algorithm made; `soft` ones add entropy to rewards themselves.

    It comes in `Halves` if that does.
    """
    actor = made.algorithm if isinstance(made, Halves) else made
    assert actor.policy is not None
    policy_of = actor.policy
    evaluators = q_robot(problem, settings.evaluators, quantities, stages)
    on_policy = not isinstance(actor.gather, Replay)
    a_r = jnp.asarray(joint_actions(problem.model)[0])

    def now_of(learner: ActorLearner) -> Moment:
        return moment(stages, settings.evaluators, learner.evaluators.n_updates)

    def beta_of(learner: ActorLearner) -> Array:
        return now_of(learner).beta_share * problem.parameters.beta_r

    def init(*, key: Array) -> ActorLearner:
        key_actor, key_evaluators = jax.random.split(key)
        acting = actor.init(key=key_actor)
        judging, policy = evaluators.init(key=key_evaluators), policy_of(acting)
        judging = judging._replace(policy=policy, past=Past({"policy": policy}, jnp.zeros(())))
        seen = empty(blank_step(problem), settings.places_remembered) if on_policy else ()
        return ActorLearner(judging, acting, jnp.int32(0), seen)

    def act(learner: ActorLearner, seen: Seen, memory: Any, *, key: Array) -> Acted:
        key_robot, key_humans = jax.random.split(key)
        _, epsilon_h = shares(settings.exploration, now_of(learner))
        view = observed(problem, seen.place, beta_of(learner))
        acted = actor.act(learner.actor, view, memory, key=key_robot)
        joint = moved_by(
            quantities,
            problem,
            present(learner.evaluators),
            seen,
            acted.action,
            epsilon_h,
            key=key_humans,
        )
        return Acted(joint, acted.log_prob, acted.memory)

    def best(learner: ActorLearner, seen: Seen) -> Int[Array, ""]:
        return jnp.int32(0)

    def paid(learner: ActorLearner, data: Steps) -> Steps:
        """The data as the actor is to see them."""
        beta_r = beta_of(learner)
        weights = {**lagging(learner.evaluators), "policy": policy_of(learner.actor)}
        taken = a_r[data.action]
        pay = payment(
            quantities,
            problem,
            weights,
            data,
            taken,
            beta_r,
            reward=settings.reward,
            lambda_=settings.reward_lambda,
            soft=soft,
        )

        def view(seen: Seen) -> Observed:
            def of_one(place: Place) -> Observed:
                return observed(problem, place, beta_r)

            return over_steps(of_one, taken.ndim)(seen.place)

        return data._replace(
            observation=view(data.observation),
            next_observation=view(data.next_observation),
            action=taken,
            reward=pay.reward,
            discount=pay.discount,
        )

    def send(learner: ActorLearner, data: Steps) -> Work:
        seen = paid(learner, data)
        return Work(made.send(learner.actor, seen) if isinstance(made, Halves) else seen, data)

    def receive(learner: ActorLearner, work: Work, *, key: Array) -> tuple[ActorLearner, Metrics]:
        key_actor, key_evaluators = jax.random.split(key)
        now = now_of(learner)
        judging, remembered, metrics = _judged(
            evaluators, settings, learner, work.data, key=key_evaluators
        )

        def improve() -> tuple[Any, Metrics]:
            step = made.receive if isinstance(made, Halves) else actor.update
            return step(learner.actor, work.message, key=key_actor)

        nothing = {name: jnp.zeros(()) for name in jax.eval_shape(improve)[1]}
        acting, told = jax.lax.cond(now.stage >= RAMP, improve, lambda: (learner.actor, nothing))
        count = learner.n_updates + 1
        policy = jax.tree.map(
            lambda new, old: jnp.where(count % settings.frozen_for == 0, new, old),
            policy_of(acting),
            judging.policy,
        )
        metrics |= {f"actor_{name}": jnp.float32(value) for name, value in told.items()}
        judging = judging._replace(policy=policy)
        return ActorLearner(judging, acting, count, remembered), metrics

    def update(learner: ActorLearner, data: Steps, *, key: Array) -> tuple[ActorLearner, Metrics]:
        # A barrier, so that the numbers are those of workers that send what they made.
        work = jax.lax.optimization_barrier(send(learner, data))
        return receive(learner, work, key=key)

    whole = Algorithm(
        init,
        act,
        best,
        update,
        actor.gather,
        actor.fresh_memory,
        policy=lambda learner: policy_of(learner.actor),
    )
    return Halves(whole, send, receive) if isinstance(made, Halves) else whole


def _judged(
    evaluators: Algorithm,
    settings: ActorSettings,
    learner: ActorLearner,
    data: Steps,
    *,
    key: Array,
) -> tuple[Learner, Buffer | tuple[()], Metrics]:
    """The evaluators after some updates, each on a sample of its own, and what they remember."""
    judging, remembered = learner.evaluators, learner.remembered
    if isinstance(remembered, Buffer):
        remembered = add(remembered, flat(data))

    def step(judging: Learner, key: Array) -> tuple[Learner, Metrics]:
        if not isinstance(remembered, Buffer):
            return evaluators.update(judging, data, key=key)
        key_sample, key_update = jax.random.split(key)
        drawn = sample(remembered, settings.places_drawn, key=key_sample)
        return evaluators.update(judging, drawn, key=key_update)

    keys = jax.random.split(key, settings.evaluator_updates)
    judging, metrics = jax.lax.scan(step, judging, keys)
    return judging, remembered, jax.tree.map(jnp.mean, metrics)
