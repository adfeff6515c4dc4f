"""Soft actor-critic (Haarnoja et al. 2018; Christodoulou 2019 for discrete actions).

Maximises E[sum of gamma^t (r_t + alpha H(pi(s_t)))], so that
Q(s, a) = r + gamma V(s'),  V(s) = E_pi[Q(s, a) - alpha log pi(a | s)].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from empo.core.dists import Categorical, SquashedGaussian
from empo.core.errors import InputError
from empo.core.spaces import ActionSpace, Discrete
from empo.core.types import Array, Float, Int
from empo.nets import Networks
from empo.rl import losses
from empo.rl.actor_critic import policy_of
from empo.rl.algorithm import Acted, Algorithm, Metrics, Replay, at_least, within
from empo.rl.critics import bellman_target, critic_loss, q_values, start_critics
from empo.rl.data import Steps
from empo.rl.optim import Optim, descend, follow, optimiser


@dataclass(frozen=True)
class SAC:
    """For continuous actions within bounds, and for discrete ones."""

    alpha: float = 1.0
    """Temperature at first: what a nat of entropy is worth in reward."""
    automatic: bool = True
    """Move the temperature until the policy has the entropy below; otherwise it stays."""
    entropy_target: float = -1.0
    """Entropy of each component of a continuous action, for a range from -1 to 1."""
    entropy_share: float = 0.3
    """Entropy of a discrete action, as a share of the greatest possible one."""
    n_critics: int = 2
    """Q networks, the least of whose values counts: 2 hold overestimation down."""
    separate_value: bool = False
    """Learn V too, with a slow copy, as the first version did; otherwise Q has slow copies."""
    tau: float = 0.005
    """Share of the way that slow networks go towards the others; 1 copies them."""
    slow_every: int = 1
    """Updates from one such move to the next."""
    replay: Replay = Replay()
    optim: Optim = Optim(max_grad_norm=float("inf"))

    def __post_init__(self) -> None:
        if not self.alpha > 0:
            raise InputError(f"alpha: found {self.alpha} (wanted more than 0)")
        within("entropy_share", self.entropy_share, 0.0, 1.0)
        at_least("n_critics", self.n_critics, 1)
        within("tau", self.tau, 0.0, 1.0)
        at_least("slow_every", self.slow_every, 1)


class Nets(NamedTuple):
    """`critics` have an axis for their number; `value` is () unless it is learned separately."""

    policy: Any
    critics: Any
    value: Any


class Learner(NamedTuple):
    """`slow` is a copy of the critics, or of the value network where there is one."""

    nets: Nets
    slow: Any
    optimisers: Nets
    log_alpha: Float[Array, ""]
    optimiser_alpha: Any
    n_updates: Int[Array, ""]


SoftValue = Callable[..., tuple[Float[Array, " n"], Float[Array, " n"]]]
"""soft_value(policy, critics, alpha, observation, key=) -> V(s) and H(pi(s)) of every row."""


def sac(settings: SAC, networks: Networks, n_steps: int) -> Algorithm:
    """The algorithm for a training run of `n_steps` environment steps."""
    replay = settings.replay
    n_updates = n_steps // replay.steps_per_update * replay.n_updates
    adam = optimiser(settings.optim, n_updates)
    discrete = isinstance(networks.action, Discrete)
    soft_value = soft_value_discrete if discrete else soft_value_continuous
    entropy_target = wanted_entropy(settings, networks.action)

    def init(*, key: Array) -> Learner:
        return start(settings, networks, adam, key=key)

    def act(learner: Learner, observation: Any, memory: Any, *, key: Array) -> Acted:
        distribution = learner.nets.policy(observation)
        return Acted(*drawn(distribution, key=key), memory)

    def best(learner: Learner, observation: Any) -> Any:
        return learner.nets.policy(observation).mode()

    def update(learner: Learner, data: Steps, *, key: Array) -> tuple[Learner, Metrics]:
        key_next, key_now = jax.random.split(key)
        alpha = jnp.exp(learner.log_alpha)
        value_next = _value_next(settings, soft_value, learner, data, alpha, key=key_next)
        learner, metrics = _improve_critics(adam, learner, data, value_next)
        learner, value, entropy, of_policy = _improve_policy(
            adam, soft_value, learner, data, key=key_now
        )
        metrics |= of_policy | {"alpha": alpha, "entropy": jnp.mean(entropy)}
        if settings.separate_value:
            learner, metrics["value_loss"] = _improve_value(adam, learner, data, value)
        if settings.automatic:
            learner = _move_alpha(adam, learner, metrics["entropy"] - entropy_target)
        count = learner.n_updates + 1
        quick = learner.nets.value if settings.separate_value else learner.nets.critics
        slow = follow(quick, learner.slow, settings.tau, count, settings.slow_every)
        return learner._replace(slow=slow, n_updates=count), metrics

    return Algorithm(init, act, best, update, replay, policy=policy_of)


def start(
    settings: SAC, networks: Networks, adam: optax.GradientTransformation, *, key: Array
) -> Learner:
    """Fresh networks; the slow ones are equal to those they follow."""
    key_policy, key_critics, key_value = jax.random.split(key, 3)
    nets = Nets(
        networks.squashed(key_policy),
        start_critics(networks, settings.n_critics, key=key_critics),
        networks.value(key_value) if settings.separate_value else (),
    )
    log_alpha = jnp.log(jnp.float32(settings.alpha))
    return Learner(
        nets,
        nets.value if settings.separate_value else nets.critics,
        Nets(*map(adam.init, nets)),
        log_alpha,
        adam.init(log_alpha),
        jnp.int32(0),
    )


def drawn(
    distribution: Categorical | SquashedGaussian, *, key: Array
) -> tuple[Array, Float[Array, "*b"]]:
    """An action and its log-probability."""
    if isinstance(distribution, SquashedGaussian):
        return distribution.sample_and_log_prob(key=key)
    action = distribution.sample(key=key)
    return action, distribution.log_prob(action)


def soft_value_continuous(
    policy: Any, critics: Any, alpha: Float[Array, ""], observation: Any, *, key: Array
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """min over the critics of Q(s, a) - alpha log pi(a | s), for one action a of pi in each row.

    Gradients flow through the action (reparameterisation).
    """
    action, log_prob = jax.vmap(policy)(observation).sample_and_log_prob(key=key)
    q = jnp.min(q_values(critics, observation, action), axis=0)
    return q - alpha * log_prob, -log_prob


def soft_value_discrete(
    policy: Any, critics: Any, alpha: Float[Array, ""], observation: Any, *, key: Array
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Sum over all actions of pi(a | s) (min over the critics of Q(s, a) - alpha log pi(a | s)).

    Nothing is sampled.
    """
    distribution = jax.vmap(policy)(observation)
    q = jnp.min(q_values(critics, observation), axis=0)
    entropy = distribution.entropy()
    return jnp.sum(distribution.probs() * q, axis=-1) + alpha * entropy, entropy


def policy_loss(
    policy: Any,
    soft_value: SoftValue,
    critics: Any,
    alpha: Float[Array, ""],
    observation: Any,
    key: Array,
) -> tuple[Float[Array, ""], tuple[Float[Array, " n"], Float[Array, " n"]]]:
    """E[alpha log pi - Q], which is minus the soft value; that and the entropy come with it."""
    value, entropy = soft_value(policy, critics, alpha, observation, key=key)
    return -jnp.mean(value), (value, entropy)


def alpha_loss(log_alpha: Float[Array, ""], excess: Float[Array, ""]) -> Float[Array, ""]:
    """alpha (H - target): the temperature falls while the policy has more entropy than wanted."""
    return jnp.exp(log_alpha) * excess


def wanted_entropy(settings: SAC, action: ActionSpace) -> float:
    """The entropy that the temperature is moved for, in nats."""
    if isinstance(action, Discrete):
        return settings.entropy_share * float(np.log(action.n))
    half = (np.array(action.high) - np.array(action.low)) / 2
    return float(np.sum(settings.entropy_target + np.log(half)))


def _value_next(
    settings: SAC,
    soft_value: SoftValue,
    learner: Learner,
    data: Steps,
    alpha: Float[Array, ""],
    *,
    key: Array,
) -> Float[Array, " n"]:
    if settings.separate_value:
        return jax.vmap(learner.slow)(data.next_observation)
    policy, slow = learner.nets.policy, learner.slow
    return soft_value(policy, slow, alpha, data.next_observation, key=key)[0]


def _improve_critics(
    adam: optax.GradientTransformation,
    learner: Learner,
    data: Steps,
    value_next: Float[Array, " n"],
) -> tuple[Learner, Metrics]:
    nets, states = learner.nets, learner.optimisers
    target = bellman_target(data, value_next)
    gradient, metrics = jax.grad(critic_loss, has_aux=True)(nets.critics, data, target)
    critics, state, norm = descend(adam, gradient, states.critics, nets.critics)
    learner = learner._replace(
        nets=nets._replace(critics=critics), optimisers=states._replace(critics=state)
    )
    return learner, metrics | {"grad_norm_q": norm}


def _improve_policy(
    adam: optax.GradientTransformation,
    soft_value: SoftValue,
    learner: Learner,
    data: Steps,
    *,
    key: Array,
) -> tuple[Learner, Float[Array, " n"], Float[Array, " n"], Metrics]:
    nets, states = learner.nets, learner.optimisers
    (loss, (value, entropy)), gradient = jax.value_and_grad(policy_loss, has_aux=True)(
        nets.policy, soft_value, nets.critics, jnp.exp(learner.log_alpha), data.observation, key
    )
    policy, state, norm = descend(adam, gradient, states.policy, nets.policy)
    learner = learner._replace(
        nets=nets._replace(policy=policy), optimisers=states._replace(policy=state)
    )
    return learner, value, entropy, {"policy_loss": loss, "grad_norm": norm}


def _improve_value(
    adam: optax.GradientTransformation, learner: Learner, data: Steps, target: Float[Array, " n"]
) -> tuple[Learner, Float[Array, ""]]:
    nets, states = learner.nets, learner.optimisers

    def error(value: Any) -> Float[Array, ""]:
        return losses.value_loss(jax.vmap(value)(data.observation), target)

    loss, gradient = jax.value_and_grad(error)(nets.value)
    value, state, _ = descend(adam, gradient, states.value, nets.value)
    learner = learner._replace(
        nets=nets._replace(value=value), optimisers=states._replace(value=state)
    )
    return learner, loss


def _move_alpha(
    adam: optax.GradientTransformation, learner: Learner, excess: Float[Array, ""]
) -> Learner:
    gradient = jax.grad(alpha_loss)(learner.log_alpha, excess)
    log_alpha, state, _ = descend(adam, gradient, learner.optimiser_alpha, learner.log_alpha)
    return learner._replace(log_alpha=log_alpha, optimiser_alpha=state)
