"""What learners share whose policy makes one considered step per rollout, its critic many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from empo.core.types import Array, Float
from empo.nets import Networks
from empo.rl import losses
from empo.rl.actor_critic import Nets, mode, policy_of, sample, values
from empo.rl.algorithm import Algorithm, Metrics, Rollout, at_least, within
from empo.rl.data import Steps, flat
from empo.rl.minibatch import check_division, passes
from empo.rl.optim import Optim, descend, optimiser
from empo.rl.returns import gae
from empo.rl.trust_region import Vector, mean_kl


@dataclass(frozen=True)
class Critic:
    """How advantages are estimated, and how the value function is fitted after each step."""

    lambda_: float = 0.95
    """Of generalised advantage estimation: 0 trusts the critic, 1 the returns."""
    n_epochs: int = 10
    """Passes of the critic over each batch."""
    n_minibatches: int = 4
    """Parts of the batch, each with its own gradient step."""
    optim: Optim = Optim(learning_rate=1e-3)

    def __post_init__(self) -> None:
        within("lambda_", self.lambda_, 0.0, 1.0)
        at_least("n_epochs", self.n_epochs, 1)

    def check(self, rollout: Rollout) -> None:
        """Raise `InputError` unless the batch can be cut into equal parts."""
        check_division(rollout.steps_per_update, self.n_minibatches)


class Choices(NamedTuple):
    """What a policy did, and how much better it was than its average; `n` steps."""

    observation: Any
    action: Any
    log_prob: Float[Array, " n"]
    policy_old: Any
    """Its distributions at the observations."""
    advantage: Float[Array, " n"]


class Learner(NamedTuple):
    """The networks, the critic's optimiser and what the policy's step remembers."""

    nets: Nets
    optimiser: Any
    memory: Any


PolicyStep = Callable[[Any, Any, Choices], tuple[Any, Any, Metrics]]
"""policy, memory, choices -> policy, memory, metrics"""


def stepwise(
    step: PolicyStep,
    memory: Any,
    critic: Critic,
    rollout: Rollout,
    networks: Networks,
    n_steps: int,
) -> Algorithm:
    """The algorithm whose policy moves by `step`, for `n_steps` environment steps.

    `memory` is what the step remembers at first. KL and the norm of the step in parameters are
    logged side by side: a small one of the latter may be a large one of the former.
    """
    critic.check(rollout)
    n_updates = n_steps // rollout.steps_per_update
    adam = optimiser(critic.optim, n_updates * critic.n_epochs * critic.n_minibatches)

    def init(*, key: Array) -> Learner:
        key_policy, key_value = jax.random.split(key)
        nets = Nets(networks.policy(key_policy), networks.value(key_value))
        return Learner(nets, adam.init(nets.value), memory)

    def update(learner: Learner, data: Steps, *, key: Array) -> tuple[Learner, Metrics]:
        policy, value = learner.nets
        choices, value_target = judged(critic, learner.nets, data)
        policy, memory, metrics = step(policy, learner.memory, choices)

        def fit(state: tuple[Any, Any], batch: tuple[Any, Array]) -> tuple[Any, Array]:
            value, state_adam = state
            error, gradient = jax.value_and_grad(_error)(value, *batch)
            value, state_adam, _ = descend(adam, gradient, state_adam, value)
            return (value, state_adam), error

        (value, state_adam), errors = passes(
            fit,
            (value, learner.optimiser),
            (choices.observation, value_target),
            n_epochs=critic.n_epochs,
            n_minibatches=critic.n_minibatches,
            key=key,
        )
        metrics = moved(learner.nets.policy, policy, choices) | metrics
        metrics["value_loss"] = jnp.mean(errors)
        return Learner(Nets(policy, value), state_adam, memory), metrics

    return Algorithm(init, sample, mode, update, rollout, policy=policy_of)


def judged(critic: Critic, nets: Nets, data: Steps) -> tuple[Choices, Float[Array, " n"]]:
    """Every choice with its standardised advantage, and the targets of the critic."""
    value, value_next = values(nets.value, data)
    advantage = gae(data.reward, value, value_next, data.discount, data.boundary, critic.lambda_)
    rows = flat(data)
    choices = Choices(
        rows.observation,
        rows.action,
        rows.log_prob,
        jax.vmap(nets.policy)(rows.observation),
        losses.standardised(advantage.reshape(-1)),
    )
    return choices, (advantage + value).reshape(-1)


def surrogate(policy: Any, choices: Choices) -> Float[Array, ""]:
    """L = E[pi(a|s) / pi_old(a|s) A], over states the old policy came to."""
    log_prob = jax.vmap(policy)(choices.observation).log_prob(choices.action)
    return jnp.mean(jnp.exp(log_prob - choices.log_prob) * choices.advantage)


def flat_gradient(policy: Any, choices: Choices) -> Vector:
    """The gradient of `surrogate` by the policy's parameters in one row."""
    return ravel_pytree(jax.grad(surrogate)(policy, choices))[0]


def moved(policy_old: Any, policy: Any, choices: Choices) -> Metrics:
    """How far a step went: in choices, in parameters, and in what it promises."""
    theta_old, theta = ravel_pytree(policy_old)[0], ravel_pytree(policy)[0]
    return {
        "kl": mean_kl(choices.policy_old, policy, choices.observation),
        "step_norm": jnp.linalg.norm(theta - theta_old),
        "surrogate_gain": surrogate(policy, choices) - surrogate(policy_old, choices),
        "entropy": jnp.mean(choices.policy_old.entropy()),
    }


def _error(value: Any, observation: Any, value_target: Float[Array, " n"]) -> Float[Array, ""]:
    return losses.value_loss(jax.vmap(value)(observation), value_target)
