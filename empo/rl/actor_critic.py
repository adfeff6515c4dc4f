"""What all learners with a policy and a value function of states share."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import optax

from empo.core.types import Array, Float
from empo.nets import Networks
from empo.rl.algorithm import Acted
from empo.rl.data import Steps


class Nets(NamedTuple):
    """The two networks; gradients have the same shape."""

    policy: Any
    value: Any


class ActorCritic(NamedTuple):
    """The networks and the state of their common optimiser."""

    nets: Nets
    optimiser: Any


def start(
    networks: Networks, optimiser: optax.GradientTransformation, *, key: Array
) -> ActorCritic:
    """Fresh networks."""
    key_policy, key_value = jax.random.split(key)
    nets = Nets(networks.policy(key_policy), networks.value(key_value))
    return ActorCritic(nets, optimiser.init(nets))


def sample(learner: ActorCritic, observation: Any, memory: Any, *, key: Array) -> Acted:
    """Draw from the policy."""
    distribution = learner.nets.policy(observation)
    action = distribution.sample(key=key)
    return Acted(action, distribution.log_prob(action), memory)


def mode(learner: ActorCritic, observation: Any) -> Any:
    """The policy's most probable action."""
    return learner.nets.policy(observation).mode()


def values(value: Any, data: Steps) -> tuple[Float[Array, "t n"], Float[Array, "t n"]]:
    """V(s) and V(s') of every step."""
    over_steps = jax.vmap(jax.vmap(value))
    return over_steps(data.observation), over_steps(data.next_observation)


def policy_of(learner: Any) -> Any:
    """The policy among a learner's networks."""
    return learner.nets.policy
