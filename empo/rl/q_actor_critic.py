"""Actor-critic with a critic of actions: E[(Q(s, a) - E_pi Q(s, .)) grad log pi(a|s)].

Q is learned on the policy's own steps: Q(s, a) -> r + gamma Q(s', a') with a' drawn from the
policy, which is SARSA (Rummery and Niranjan 1994). With `n_envs` = 1 and one step it is online.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from empo.core.spaces import Discrete
from empo.core.types import Array, Float
from empo.nets import Networks
from empo.rl import losses
from empo.rl.algorithm import Acted, Algorithm, Metrics, Rollout, at_least
from empo.rl.data import Steps, flat
from empo.rl.optim import Optim, descend, optimiser


@dataclass(frozen=True)
class QActorCritic:
    """One gradient step per rollout."""

    entropy_coef: float = 0.0
    """Weight of the entropy bonus."""
    value_coef: float = 0.5
    """Weight of the loss of Q."""
    standardise: bool = False
    """Give the advantages of each batch mean 0 and standard deviation 1."""
    rollout: Rollout = Rollout(n_envs=8, n_steps=5)
    optim: Optim = Optim(learning_rate=1e-3)

    def __post_init__(self) -> None:
        at_least("entropy_coef", self.entropy_coef, 0.0)
        at_least("value_coef", self.value_coef, 0.0)


class Nets(NamedTuple):
    """The two networks; gradients have the same shape."""

    policy: Any
    q: Any


class Learner(NamedTuple):
    """The networks and the state of their common optimiser."""

    nets: Nets
    optimiser: Any


Critic = Callable[[Any, Any, Any], Float[Array, ""]]
"""q, observation, action -> Q(s, a)"""


def q_actor_critic(settings: QActorCritic, networks: Networks, n_steps: int) -> Algorithm:
    """The algorithm for a training run of `n_steps` environment steps."""
    adam = optimiser(settings.optim, n_steps // settings.rollout.steps_per_update)
    critic = _one_of_all if isinstance(networks.action, Discrete) else _of_one

    def init(*, key: Array) -> Learner:
        key_policy, key_q = jax.random.split(key)
        nets = Nets(networks.policy(key_policy), networks.q(key_q))
        return Learner(nets, adam.init(nets))

    def update(learner: Learner, data: Steps, *, key: Array) -> tuple[Learner, Metrics]:
        by_nets = jax.grad(loss, argnums=2, has_aux=True)
        gradient, metrics = by_nets(settings, critic, learner.nets, flat(data), key=key)
        nets, state, norm = descend(adam, gradient, learner.optimiser, learner.nets)
        return Learner(nets, state), metrics | {"grad_norm": norm}

    return Algorithm(init, act, best, update, settings.rollout)


def act(learner: Learner, observation: Any, memory: Any, *, key: Array) -> Acted:
    """Draw from the policy."""
    distribution = learner.nets.policy(observation)
    action = distribution.sample(key=key)
    return Acted(action, distribution.log_prob(action), memory)


def best(learner: Learner, observation: Any) -> Any:
    """The policy's most probable action."""
    return learner.nets.policy(observation).mode()


def loss(
    settings: QActorCritic, critic: Critic, nets: Nets, data: Steps, *, key: Array
) -> tuple[Float[Array, ""], Metrics]:
    """-E[A log pi] - entropy_coef H + value_coef E[(Q - target)^2] / 2; A and targets constant.

    E_pi Q(s, .) is estimated by one action of its own, drawn independently of a: the gradient has
    no bias by it, whatever the actions are.
    """
    key_next, key_other = jax.random.split(key)
    q = jax.vmap(lambda observation, action: critic(nets.q, observation, action))
    policy, policy_next = (
        jax.vmap(nets.policy)(o) for o in (data.observation, data.next_observation)
    )
    q_taken = q(data.observation, data.action)
    q_next = q(data.next_observation, policy_next.sample(key=key_next))
    q_target = jax.lax.stop_gradient(data.reward + data.discount * q_next)
    other = q(data.observation, policy.sample(key=key_other))
    advantage = jax.lax.stop_gradient(q_taken - other)
    weight = losses.standardised(advantage) if settings.standardise else advantage
    policy_loss = losses.policy_gradient_loss(policy.log_prob(data.action), weight)
    entropy, error = jnp.mean(policy.entropy()), losses.value_loss(q_taken, q_target)
    total = policy_loss - settings.entropy_coef * entropy + settings.value_coef * error
    return total, {
        "policy_loss": policy_loss,
        "value_loss": error,
        "entropy": entropy,
        "explained_variance": losses.explained_variance(q_taken, q_target),
    }


def _one_of_all(q: Any, observation: Any, action: Any) -> Float[Array, ""]:
    return jnp.take(q(observation), action)


def _of_one(q: Any, observation: Any, action: Any) -> Float[Array, ""]:
    return q(observation, action)
