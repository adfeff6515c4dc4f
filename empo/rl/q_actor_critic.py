"""Actor-critic with a critic of actions: E[(Q(s, a) - E_pi Q(s, .)) grad log pi(a|s)].

Q is learned on the policy's own steps: Q(s, a) -> r + gamma E_pi Q(s', .), which is expected SARSA
(van Seijen et al. 2009). Of continuous actions one is drawn instead of the mean, which is SARSA
(Rummery and Niranjan 1994). With `n_envs` = 1 and one step it is online.

The critic must be ahead of the policy (Konda and Tsitsiklis 2000): it makes several steps for one.
"""

from __future__ import annotations

import operator
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
    """Some gradient steps of the critic per rollout, then one of the policy."""

    n_critic_steps: int = 8
    """Steps of the critic on each batch, each with targets of its own."""
    entropy_coef: float = 0.0
    """Weight of the entropy bonus."""
    standardise: bool = False
    """Give the advantages of each batch mean 0 and standard deviation 1."""
    rollout: Rollout = Rollout(n_envs=8, n_steps=32)
    optim: Optim = Optim(learning_rate=1e-3)

    def __post_init__(self) -> None:
        at_least("n_critic_steps", self.n_critic_steps, 1)
        at_least("entropy_coef", self.entropy_coef, 0.0)


class Learner(NamedTuple):
    """The two networks, and the states of their optimisers."""

    policy: Any
    q: Any
    policy_optimiser: Any
    q_optimiser: Any


class Critic(NamedTuple):
    """How a network of action values is read; it differs with the kind of actions."""

    of_one: Callable[[Any, Any, Any], Float[Array, ""]]
    """q, observation, action -> Q(s, a)"""
    mean: Callable[..., Float[Array, ""]]
    """q, observation, policy's distribution, key= -> E_pi Q(s, .), or Q of an action drawn"""


def q_actor_critic(settings: QActorCritic, networks: Networks, n_steps: int) -> Algorithm:
    """The algorithm for a training run of `n_steps` environment steps."""
    n_updates = n_steps // settings.rollout.steps_per_update
    adam = optimiser(settings.optim, n_updates)
    adam_q = optimiser(settings.optim, n_updates * settings.n_critic_steps)
    critic = _DISCRETE if isinstance(networks.action, Discrete) else _CONTINUOUS

    def init(*, key: Array) -> Learner:
        key_policy, key_q = jax.random.split(key)
        policy, q = networks.policy(key_policy), networks.q(key_q)
        return Learner(policy, q, adam.init(policy), adam_q.init(q))

    def update(learner: Learner, data: Steps, *, key: Array) -> tuple[Learner, Metrics]:
        rows = flat(data)
        policy, _, state, state_q = learner
        key, key_policy = jax.random.split(key)

        def fit(carry: tuple[Any, Any], key: Array) -> tuple[tuple[Any, Any], Metrics]:
            by_q = jax.grad(critic_loss, argnums=1, has_aux=True)
            gradient, metrics = by_q(critic, carry[0], policy, rows, key=key)
            q, state_q, _ = descend(adam_q, gradient, carry[1], carry[0])
            return (q, state_q), metrics

        (q, state_q), fitted = jax.lax.scan(
            fit, (learner.q, state_q), jax.random.split(key, settings.n_critic_steps)
        )
        by_policy = jax.grad(policy_loss, argnums=2, has_aux=True)
        gradient, metrics = by_policy(settings, critic, policy, q, rows, key=key_policy)
        policy, state, norm = descend(adam, gradient, state, policy)
        metrics |= jax.tree.map(jnp.mean, fitted) | {"grad_norm": norm}
        return Learner(policy, q, state, state_q), metrics

    policy_of = operator.attrgetter("policy")
    return Algorithm(init, act, best, update, settings.rollout, policy=policy_of)


def act(learner: Learner, observation: Any, memory: Any, *, key: Array) -> Acted:
    """Draw from the policy."""
    distribution = learner.policy(observation)
    action = distribution.sample(key=key)
    return Acted(action, distribution.log_prob(action), memory)


def best(learner: Learner, observation: Any) -> Any:
    """The policy's most probable action."""
    return learner.policy(observation).mode()


def critic_loss(
    critic: Critic, q: Any, policy: Any, data: Steps, *, key: Array
) -> tuple[Float[Array, ""], Metrics]:
    """E[(Q(s, a) - r - gamma E_pi Q(s', .))^2] / 2; the target is a constant."""
    taken = _taken(critic, q, data)
    q_next = _mean(critic, q, policy, data.next_observation, key=key)
    q_target = jax.lax.stop_gradient(data.reward + data.discount * q_next)
    error = losses.value_loss(taken, q_target)
    explained = losses.explained_variance(taken, q_target)
    return error, {"value_loss": error, "explained_variance": explained}


def policy_loss(
    settings: QActorCritic, critic: Critic, policy: Any, q: Any, data: Steps, *, key: Array
) -> tuple[Float[Array, ""], Metrics]:
    """-E[A log pi] - entropy_coef H, with A = Q(s, a) - E_pi Q(s, .) a constant.

    Where E_pi Q(s, .) is an action drawn, it is drawn independently of a: no bias comes of it.
    """
    mean = _mean(critic, q, policy, data.observation, key=key)
    advantage = jax.lax.stop_gradient(_taken(critic, q, data) - mean)
    weight = losses.standardised(advantage) if settings.standardise else advantage
    distribution = jax.vmap(policy)(data.observation)
    loss = losses.policy_gradient_loss(distribution.log_prob(data.action), weight)
    entropy = jnp.mean(distribution.entropy())
    return loss - settings.entropy_coef * entropy, {"policy_loss": loss, "entropy": entropy}


def _taken(critic: Critic, q: Any, data: Steps) -> Float[Array, " n"]:
    return jax.vmap(lambda *row: critic.of_one(q, *row))(data.observation, data.action)


def _mean(critic: Critic, q: Any, policy: Any, observation: Any, *, key: Array) -> Array:
    def one(observation: Any, key: Array) -> Float[Array, ""]:
        return critic.mean(q, observation, policy(observation), key=key)

    return jax.vmap(one)(observation, jax.random.split(key, len(jax.tree.leaves(observation)[0])))


def _mean_of_all(q: Any, observation: Any, policy: Any, *, key: Array) -> Float[Array, ""]:
    return jnp.sum(policy.probs() * q(observation))


def _of_a_draw(q: Any, observation: Any, policy: Any, *, key: Array) -> Float[Array, ""]:
    return q(observation, policy.sample(key=key))


_DISCRETE = Critic(lambda q, observation, action: jnp.take(q(observation), action), _mean_of_all)
_CONTINUOUS = Critic(lambda q, observation, action: q(observation, action), _of_a_draw)
