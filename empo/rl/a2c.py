"""Advantage actor-critic, synchronous (Mnih et al. 2016): one gradient step per rollout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import optax

from empo.core.types import Array, Float
from empo.nets import Networks
from empo.rl import losses
from empo.rl.actor_critic import ActorCritic, Nets, mode, policy_of, sample, start, values
from empo.rl.algorithm import Algorithm, Metrics, Rollout, at_least, within
from empo.rl.data import Steps, flat
from empo.rl.optim import Optim, descend, optimiser
from empo.rl.returns import gae


@dataclass(frozen=True)
class A2C:
    """n-step advantages (lambda 1) of short rollouts; with `n_envs` = 1 and one step, online."""

    lambda_: float = 1.0
    """Of generalised advantage estimation: 1 is the return of the rollout and the critic after."""
    entropy_coef: float = 0.0
    """Weight of the entropy bonus."""
    value_coef: float = 0.5
    """Weight of the value loss."""
    standardise: bool = False
    """Give the advantages of each batch mean 0 and standard deviation 1."""
    rollout: Rollout = Rollout(n_envs=8, n_steps=5)
    optim: Optim = Optim(learning_rate=7e-4)

    def __post_init__(self) -> None:
        within("lambda_", self.lambda_, 0.0, 1.0)
        at_least("entropy_coef", self.entropy_coef, 0.0)
        at_least("value_coef", self.value_coef, 0.0)


def a2c(settings: A2C, networks: Networks, n_steps: int) -> Algorithm:
    """The algorithm for a training run of `n_steps` environment steps."""
    adam = optimiser(settings.optim, n_steps // settings.rollout.steps_per_update)

    def init(*, key: Array) -> ActorCritic:
        return start(networks, adam, key=key)

    def update(learner: ActorCritic, data: Steps, *, key: Array) -> tuple[ActorCritic, Metrics]:
        # A barrier, so that gradients are the same numbers as those an asynchronous worker sends.
        message = jax.lax.optimization_barrier(a2c_gradient(settings, learner.nets, data))
        return applied(adam, learner, *message)

    return Algorithm(init, sample, mode, update, settings.rollout, policy=policy_of)


def a2c_gradient(settings: A2C, nets: Nets, data: Steps) -> tuple[Any, Metrics]:
    """The gradient of `loss`, and what there is to say of it; asynchronous workers send this."""
    return jax.grad(loss, argnums=1, has_aux=True)(settings, nets, data)


def applied(
    adam: optax.GradientTransformation, learner: ActorCritic, gradient: Any, metrics: Metrics
) -> tuple[ActorCritic, Metrics]:
    """The learner after a step along a gradient, be it of its present networks or of older ones."""
    nets, state, norm = descend(adam, gradient, learner.optimiser, learner.nets)
    return ActorCritic(nets, state), metrics | {"grad_norm": norm}


def loss(settings: A2C, nets: Nets, data: Steps) -> tuple[Float[Array, ""], Metrics]:
    """-E[A log pi] - entropy_coef H + value_coef value loss; A and the targets are constants."""
    value, value_next = values(nets.value, data)
    advantage = jax.lax.stop_gradient(
        gae(data.reward, value, value_next, data.discount, data.boundary, settings.lambda_)
    )
    value_target = jax.lax.stop_gradient(advantage + value)
    policy = jax.vmap(nets.policy)(flat(data.observation))
    log_prob = policy.log_prob(flat(data.action))
    weight = losses.standardised(advantage) if settings.standardise else advantage
    policy_loss = losses.policy_gradient_loss(log_prob, weight.reshape(-1))
    entropy = jnp.mean(policy.entropy())
    error = losses.value_loss(value.reshape(-1), value_target.reshape(-1))
    total = policy_loss - settings.entropy_coef * entropy + settings.value_coef * error
    return total, {
        "policy_loss": policy_loss,
        "value_loss": error,
        "entropy": entropy,
        "explained_variance": losses.explained_variance(value, value_target),
    }
