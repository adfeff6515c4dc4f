"""The robot that learns Q_r and has no actor: its policy is equation (5) of what it learned.

All quantities learn side by side, each from the lagging copies of those that its equation reads;
the table of stages says which of them move, how fast, and how decisive the robot is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from empo.core.types import Array, Float, Int
from empo.learn.acting import played
from empo.learn.estimators import Batch, Estimator, Kept
from empo.learn.lessons import check_affordable, expected, joined, sampled, under_way
from empo.learn.novelty import novelty
from empo.learn.once import spread
from empo.learn.problem import Place, Problem
from empo.learn.quantities import Quantities, Weights
from empo.learn.restraint import FREE, Restraint, restraint
from empo.learn.settings import QUANTITIES, Exploration, RobotSettings
from empo.learn.stages import Moment, Stages, moment
from empo.learn.task import Seen
from empo.learn.trailing import Conduct, trailing
from empo.rl.algorithm import Acted, Algorithm, Metrics
from empo.rl.data import Steps
from empo.rl.minibatch import take
from empo.rl.optim import polyak
from empo.worlds.expand import joint_actions

APART = 100
"""Updates between two policies that are compared."""


class Past(NamedTuple):
    """What the policy was."""

    weights: dict[str, Any]
    """Of all that it is read from."""
    beta_r: Float[Array, ""]


Along = Callable[[Weights, Float[Array, ""]], dict[str, Batch]]
"""along(slow, beta_r): batches that take the place of others in Phase 2."""
AUXILIARY = {"q_h_r": "q_h_m"}
"""What has no settings of its own, and whose it shares."""


class Learner(NamedTuple):
    """All that is learned."""

    kept: dict[str, Kept]
    """By quantity."""
    n_updates: Int[Array, ""]
    past: Past
    novelty: Any
    """What is remembered of what was done, for the bonus of exploration."""
    policy_change: Float[Array, ""]
    """Total variation distance of pi_r to what it was `APART` updates before; mean over states."""
    policy: Any = ()
    """An explicit policy, where an actor has one: whom it belongs to sets it, it is as given."""
    trail: Any = ()
    """What was done, in order, where targets follow trajectories."""


def q_robot(
    problem: Problem, settings: RobotSettings, quantities: Quantities, stages: Stages
) -> Algorithm:
    """The algorithm for a run with that table of stages."""
    estimators = quantities.all_estimators
    lessons = sampled if settings.expectation == "sampled" else expected
    if settings.expectation == "exact":
        check_affordable(problem, settings)

    new = novelty(problem, settings.exploration)
    a_r = jnp.asarray(joint_actions(problem.model)[0])

    def init(*, key: Array) -> Learner:
        keys = jax.random.split(key, len(estimators))
        kept = {
            name: estimator.start(key=k)
            for (name, estimator), k in zip(estimators.items(), keys, strict=True)
        }
        past = Past({"q_r": kept["q_r"].now}, jnp.zeros(()))
        return Learner(kept, jnp.int32(0), past, new.start(key=key), jnp.zeros(()))

    def conduct(learner: Learner, seen: Seen) -> Conduct:
        now = moment(stages, settings, learner.n_updates)
        epsilon_r, epsilon_h = shares(settings.exploration, now)
        beta_r = now.beta_share * problem.parameters.beta_r
        bonus = settings.exploration.bonus_weight * new.bonus(learner.novelty, seen.place)
        return Conduct(present(learner), beta_r, epsilon_r, epsilon_h, bonus)

    def act(learner: Learner, seen: Seen, memory: Any, *, key: Array) -> Acted:
        how = conduct(learner, seen)
        action = played(
            quantities,
            problem,
            how.weights,
            seen,
            how.beta_r,
            how.epsilon_r,
            how.epsilon_h,
            how.bonus,
            key=key,
        )
        return Acted(action, jnp.zeros(()), memory)

    def best(learner: Learner, seen: Seen) -> Int[Array, ""]:
        return jnp.int32(0)

    def update(
        learner: Learner, data: Steps, *, key: Array, along: Along = _nothing_more
    ) -> tuple[Learner, Metrics]:
        now = moment(stages, settings, learner.n_updates)
        beta_r = now.beta_share * problem.parameters.beta_r
        key, key_spread = jax.random.split(key)
        factors = jax.vmap(problem.factors)(data.observation.place)
        rows = spread(factors, settings.n_places, key=key_spread)
        places = take(data.observation.place, rows)
        remembered = new.update(learner.novelty, places, a_r[data.action[rows]])
        slow = lagging(learner)
        phases = lessons(quantities, problem, slow, places, beta_r, key)
        batches = under_way(joined(phases, lambda: along(slow, beta_r)), now)
        heeded = {"q_r": _heeded(problem, settings, places, beta_r)}
        kept, metrics = {}, {"stage": now.stage, "beta_r": beta_r}
        for name, estimator in estimators.items():
            setting = AUXILIARY.get(name, name)
            place = QUANTITIES.index(setting)
            moved, told = _improved(
                estimator, learner.kept[name], batches[name], now, place, heeded.get(name, FREE)
            )
            kept[name] = followed(moved, settings.slow.of(setting), learner.n_updates + 1)
            told["rate"] = now.rate[place] * now.moves[place]
            metrics |= {f"{name}_{what}": value for what, value in told.items()}
        learner = learner._replace(kept=kept, novelty=remembered, n_updates=learner.n_updates + 1)
        learner = _compared(quantities, problem, learner, places, beta_r)
        metrics["policy_change"] = learner.policy_change
        return learner, {name: jnp.float32(value) for name, value in metrics.items()}

    if settings.hybrids.trajectories:
        return trailing(problem, settings, quantities, init, conduct, best, update)
    return Algorithm(init, act, best, update, settings.gather)


def _nothing_more(slow: Weights, beta_r: Float[Array, ""]) -> dict[str, Batch]:
    return {}


def shares(exploration: Exploration, now: Moment) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The shares of uniform actions of the robot and of the humans."""
    left = 1 + now.done * (exploration.epsilon_end - 1)
    return exploration.epsilon_r * left, exploration.epsilon_h * left


def present(learner: Learner) -> Weights:
    """What is learned of each quantity."""
    return {name: kept.now for name, kept in learner.kept.items()} | _explicit(learner)


def lagging(learner: Learner) -> Weights:
    """The lagging copy of each quantity."""
    return {name: kept.slow for name, kept in learner.kept.items()} | _explicit(learner)


def _explicit(learner: Learner) -> dict[str, Any]:
    return {} if isinstance(learner.policy, tuple) else {"policy": learner.policy}


def followed(kept: Kept, pace: float, count: Int[Array, ""]) -> Kept:
    """The lagging copy after so many updates: copied at every `pace`-th, or moved by it below 1."""
    if pace == 1:
        return kept._replace(slow=kept.now)
    if pace < 1:
        return kept._replace(slow=polyak(kept.now, kept.slow, pace))
    slow = jax.lax.cond(count % int(pace) == 0, lambda: kept.now, lambda: kept.slow)
    return kept._replace(slow=slow)


def _compared(
    quantities: Quantities, problem: Problem, learner: Learner, places: Place, beta_r: Array
) -> Learner:
    """Every so many updates, tell how far the policy has moved since the last time."""
    weights = present(learner)

    def compare() -> Learner:
        def policy(weights: Weights, beta_r: Array) -> Float[Array, "n a_r"]:
            return jax.vmap(lambda place: quantities.pi_r(problem, weights, place, beta_r))(places)

        before = policy({**weights, **learner.past.weights}, learner.past.beta_r)
        change = jnp.sum(jnp.abs(policy(weights, beta_r) - before), axis=-1) / 2
        past = Past({name: weights[name] for name in learner.past.weights}, beta_r)
        return learner._replace(past=past, policy_change=jnp.mean(change))

    return jax.lax.cond(learner.n_updates % APART == 0, compare, lambda: learner)


def _heeded(problem: Problem, settings: RobotSettings, places: Place, beta_r: Array) -> Restraint:
    """What updates of Q_r heed besides their targets."""
    legal_r = jax.vmap(problem.model.situation)(places.state).legal_r
    return restraint(settings.hybrids, legal_r, jax.vmap(problem.counts)(places), beta_r)


def _improved(
    estimator: Estimator, kept: Kept, batch: Batch, now: Moment, place: int, heeded: Restraint
) -> tuple[Kept, Metrics]:
    """One update, if it is this quantity's turn."""

    def improve() -> tuple[Kept, Metrics]:
        return estimator.improve(kept, batch, now.rate[place], heeded)

    nothing = {name: jnp.zeros(()) for name in jax.eval_shape(improve)[1]}
    return jax.lax.cond(now.moves[place], improve, lambda: (kept, nothing))
