"""Actor-critic from replay: a critic Q, and actions drawn anew from the present policy.

Stored actions say what Q is worth, and nothing of the policy: its gradient is
E[grad log pi(a | s) (Q(s, a) - b)] with a drawn from pi now, in states that older policies visited.
That those states are theirs is a bias that remains. The more actions are drawn in each state the
less the variance, as 1/N; a baseline b lowers it besides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from empo.core.dists import Categorical, Gaussian, SquashedGaussian
from empo.core.types import Array, Float, Int
from empo.nets import Networks
from empo.rl.actor_critic import mode, policy_of
from empo.rl.algorithm import Acted, Algorithm, Metrics, Replay, at_least, within
from empo.rl.critics import bellman_target, critic_loss, q_taken, start_critics
from empo.rl.data import Steps
from empo.rl.optim import Optim, descend, follow, optimiser
from empo.rl.sac import drawn


@dataclass(frozen=True)
class OffPolicyActorCritic:
    """For discrete actions, and for continuous ones within bounds.

    The latter are squashed: beyond a bound all would be worth the same, and a policy that once got
    there would have no gradient that leads back.
    """

    n_samples: int = 4
    """Actions drawn in each state; with more than one, the others' mean Q is the baseline."""
    n_critics: int = 1
    """Q networks, the least of whose values counts."""
    entropy_coef: float = 0.01
    """Weight of the entropy bonus."""
    tau: float = 0.005
    """Share of the way that slow networks go towards the others; 1 copies them."""
    slow_every: int = 1
    """Updates from one such move to the next."""
    replay: Replay = Replay(n_envs=4, batch_size=128)
    optim: Optim = Optim(learning_rate=1e-3, max_grad_norm=10.0)

    def __post_init__(self) -> None:
        for name in ("n_samples", "n_critics", "slow_every"):
            at_least(name, getattr(self, name), 1)
        at_least("entropy_coef", self.entropy_coef, 0.0)
        within("tau", self.tau, 0.0, 1.0)


class Nets(NamedTuple):
    """pi and Q; `critics` have an axis for their number."""

    policy: Any
    critics: Any


class Learner(NamedTuple):
    """The networks, their optimisers, and the critics' slow copies."""

    nets: Nets
    slow: Any
    optimisers: Nets
    n_updates: Int[Array, ""]


def off_policy_actor_critic(
    settings: OffPolicyActorCritic, networks: Networks, n_steps: int
) -> Algorithm:
    """The algorithm for a training run of `n_steps` environment steps."""
    replay = settings.replay
    adam = optimiser(settings.optim, n_steps // replay.steps_per_update * replay.n_updates)

    def init(*, key: Array) -> Learner:
        key_policy, key_critics = jax.random.split(key)
        critics = start_critics(networks, settings.n_critics, key=key_critics)
        nets = Nets(networks.squashed(key_policy), critics)
        return Learner(nets, critics, Nets(*map(adam.init, nets)), jnp.int32(0))

    def act(learner: Learner, observation: Any, memory: Any, *, key: Array) -> Acted:
        return Acted(*drawn(learner.nets.policy(observation), key=key), memory)

    def update(learner: Learner, data: Steps, *, key: Array) -> tuple[Learner, Metrics]:
        key_next, key_now = jax.random.split(key)
        nets, states = learner.nets, learner.optimisers
        target = bellman_target(data, value_next(learner, data, key=key_next))
        gradient, metrics = jax.grad(critic_loss, has_aux=True)(nets.critics, data, target)
        critics, state_q, norm_q = descend(adam, gradient, states.critics, nets.critics)
        gradient, of_policy = jax.grad(policy_loss, argnums=1, has_aux=True)(
            settings, nets.policy, critics, data.observation, key=key_now
        )
        policy, state, norm = descend(adam, gradient, states.policy, nets.policy)
        count = learner.n_updates + 1
        slow = follow(critics, learner.slow, settings.tau, count, settings.slow_every)
        learner = Learner(Nets(policy, critics), slow, Nets(state, state_q), count)
        return learner, metrics | of_policy | {"grad_norm": norm, "grad_norm_q": norm_q}

    return Algorithm(init, act, mode, update, replay, policy=policy_of)


def value_next(learner: Learner, data: Steps, *, key: Array) -> Float[Array, " n"]:
    """Q_slow of the next state and of an action drawn there from the present policy."""
    action = jax.vmap(learner.nets.policy)(data.next_observation).sample(key=key)
    return jnp.min(q_taken(learner.slow, data.next_observation, action), axis=0)


def policy_loss(
    settings: OffPolicyActorCritic,
    policy: Any,
    critics: Any,
    observation: Any,
    *,
    key: Array,
) -> tuple[Float[Array, ""], Metrics]:
    """-E[(Q(s, a) - b(s)) log pi(a | s)] - entropy_coef H for several a of pi in each state."""
    distribution = jax.vmap(policy)(observation)

    def one(key: Array) -> tuple[Float[Array, " n"], Float[Array, " n"], Float[Array, " n"]]:
        action, log_prob, entropy = drawn_as_given(distribution, key=key)
        return jnp.min(q_taken(critics, observation, action), axis=0), log_prob, entropy

    q, log_prob, entropies = jax.vmap(one)(jax.random.split(key, settings.n_samples))
    policy_loss = -jnp.mean(jax.lax.stop_gradient(less_others(q)) * log_prob)
    entropy = jnp.mean(entropies)
    return policy_loss - settings.entropy_coef * entropy, {
        "policy_loss": policy_loss,
        "entropy": entropy,
    }


def less_others(q: Float[Array, "m n"]) -> Float[Array, "m n"]:
    """Each sample less the mean of the others in its state, which does not depend on its action.

    A single sample stays as it is.
    """
    n_samples = len(q)
    if n_samples == 1:
        return q
    return (q - jnp.mean(q, axis=0, keepdims=True)) * (n_samples / (n_samples - 1))


def drawn_as_given(
    distribution: Categorical | SquashedGaussian, *, key: Array
) -> tuple[Array, Float[Array, " n"], Float[Array, " n"]]:
    """Actions as constants, log-probabilities with the gradient grad log pi(a), and entropies.

    Of a squashed action the log-probability is that of what was squashed: the slope of tanh there
    is a constant, too. Its entropy is -log pi of the sample, with the gradient of the mean of that.
    """
    if isinstance(distribution, Categorical):
        action = distribution.sample(key=key)
        return action, distribution.log_prob(action), distribution.entropy()
    normal = Gaussian(distribution.mean, distribution.log_std)
    inner = jax.lax.stop_gradient(normal.sample(key=key))
    action = jax.lax.stop_gradient(distribution._replace(mean=inner).mode())
    return action, normal.log_prob(inner), -distribution.sample_and_log_prob(key=key)[1]
