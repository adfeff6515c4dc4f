"""Deep Q-learning (Mnih et al. 2015), and double Q-learning (van Hasselt et al. 2016).

Q(s, a) = r + gamma max over a' of Q_slow(s', a'). In the double form Q chooses a', and Q_slow only
says what it is worth. This is the family's yardstick that learns no policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from empo.core.errors import InputError
from empo.core.spaces import ActionSpace, Discrete
from empo.core.types import Array, Float, Int
from empo.nets import Networks
from empo.rl.algorithm import Acted, Algorithm, Metrics, Replay, at_least, within
from empo.rl.critics import bellman_target, critic_loss, of_action, q_values, start_critics
from empo.rl.data import Steps
from empo.rl.optim import Optim, descend, follow, optimiser


@dataclass(frozen=True)
class DQN:
    """For discrete actions."""

    double: bool = True
    """Let Q choose the next action that Q_slow values; otherwise Q_slow does both."""
    epsilon: float = 1.0
    """Share of random actions at first."""
    epsilon_final: float = 0.05
    """Share of random actions in the end."""
    exploration: float = 0.1
    """Part of the training in which the share falls from the one to the other, evenly."""
    tau: float = 1.0
    """Share of the way that the slow network goes towards the other; 1 copies it."""
    slow_every: int = 500
    """Updates from one such move to the next."""
    replay: Replay = Replay(n_envs=4, batch_size=64)
    optim: Optim = Optim(learning_rate=1e-3, max_grad_norm=10.0)

    def __post_init__(self) -> None:
        for name in ("epsilon", "epsilon_final", "exploration", "tau"):
            within(name, getattr(self, name), 0.0, 1.0)
        at_least("slow_every", self.slow_every, 1)


class Learner(NamedTuple):
    """Q and Q_slow, each with an axis in front for the only one that there is."""

    q: Any
    slow: Any
    optimiser: Any
    n_updates: Int[Array, ""]


def dqn(settings: DQN, networks: Networks, n_steps: int) -> Algorithm:
    """The algorithm for a training run of `n_steps` environment steps."""
    n_actions = discrete(networks.action).n
    replay = settings.replay
    n_updates = n_steps // replay.steps_per_update * replay.n_updates
    adam = optimiser(settings.optim, n_updates)

    def init(*, key: Array) -> Learner:
        q = start_critics(networks, 1, key=key)
        return Learner(q, q, adam.init(q), jnp.int32(0))

    def act(learner: Learner, observation: Any, memory: Any, *, key: Array) -> Acted:
        epsilon = random_share(settings, learner.n_updates, n_updates)
        return explored(best(learner, observation), epsilon, n_actions, memory, key=key)

    def best(learner: Learner, observation: Any) -> Int[Array, ""]:
        q = q_values(learner.q, jax.tree.map(lambda x: x[None], observation))
        return jnp.argmax(q[0, 0])

    def update(learner: Learner, data: Steps, *, key: Array) -> tuple[Learner, Metrics]:
        target = bellman_target(data, value_next(settings, learner, data))
        gradient, metrics = jax.grad(critic_loss, has_aux=True)(learner.q, data, target)
        q, state, norm = descend(adam, gradient, learner.optimiser, learner.q)
        count = learner.n_updates + 1
        slow = follow(q, learner.slow, settings.tau, count, settings.slow_every)
        epsilon = random_share(settings, learner.n_updates, n_updates)
        metrics |= {"grad_norm": norm, "epsilon": epsilon}
        return Learner(q, slow, state, count), metrics

    return Algorithm(init, act, best, update, replay)


def value_next(settings: DQN, learner: Learner, data: Steps) -> Float[Array, " n"]:
    """What the next state is worth: max Q_slow, or in the double form Q_slow(argmax Q)."""
    (slow,) = q_values(learner.slow, data.next_observation)
    if not settings.double:
        return jnp.max(slow, axis=-1)
    (quick,) = q_values(learner.q, data.next_observation)
    return of_action(slow, jnp.argmax(quick, axis=-1))


def random_share(settings: DQN, n_done: Int[Array, ""], n_updates: int) -> Float[Array, ""]:
    """The share of random actions after so many of all updates."""
    period = settings.exploration * n_updates
    gone = jnp.clip(n_done / period, 0.0, 1.0) if period > 0 else jnp.float32(1.0)
    return settings.epsilon + gone * (settings.epsilon_final - settings.epsilon)


def explored(
    action: Int[Array, ""], epsilon: Float[Array, ""], n_actions: int, memory: Any, *, key: Array
) -> Acted:
    """The action, or with probability epsilon any of all."""
    key_whether, key_which = jax.random.split(key)
    random = jax.random.randint(key_which, (), 0, n_actions)
    chosen = jnp.where(jax.random.bernoulli(key_whether, epsilon), random, action)
    prob = epsilon / n_actions + jnp.where(chosen == action, 1 - epsilon, 0.0)
    return Acted(chosen, jnp.log(prob), memory)


def discrete(action: ActionSpace) -> Discrete:
    """The action space as a discrete one. Raises `InputError` if it is not."""
    if not isinstance(action, Discrete):
        raise InputError(
            f"action space: {len(action.low)} continuous components "
            f"(wanted discrete actions: this algorithm takes the best of all)"
        )
    return action
