"""Deep deterministic policy gradient (Lillicrap et al. 2016), and TD3 (Fujimoto et al. 2018).

Q(s, a) = r + gamma Q_slow(s', mu_slow(s')), and mu follows the gradient of E[Q(s, mu(s))], which is
E[grad_a Q(s, a) grad mu(s)] at a = mu(s).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from empo.core.spaces import Box
from empo.core.types import Array, Float, Int
from empo.nets import Networks
from empo.nets.factory import continuous
from empo.nets.heads import bounded
from empo.rl.algorithm import Acted, Algorithm, Metrics, Replay, at_least, within
from empo.rl.critics import bellman_target, critic_loss, q_values, start_critics
from empo.rl.data import Steps
from empo.rl.noise import INDEPENDENT, ORNSTEIN_UHLENBECK, Noise, fresh_noise, next_noise
from empo.rl.optim import Optim, descend, follow, optimiser


@dataclass(frozen=True)
class DDPG:
    """For continuous actions within bounds."""

    n_critics: int = 1
    """Q networks, the least of whose values is the target; the policy follows the first."""
    policy_every: int = 1
    """Updates of the critics from one update of the policy to the next."""
    target_sigma: float = 0.0
    """Noise on the target's action, in units of half its range: similar actions, similar values."""
    target_clip: float = 0.5
    """The most that this noise may be."""
    tau: float = 0.005
    """Share of the way that slow networks go towards the others; 1 copies them."""
    slow_every: int = 1
    """Updates from one such move to the next."""
    noise: Noise = ORNSTEIN_UHLENBECK
    replay: Replay = Replay()
    optim: Optim = Optim(learning_rate=1e-3, max_grad_norm=float("inf"))

    def __post_init__(self) -> None:
        for name in ("n_critics", "policy_every", "slow_every"):
            at_least(name, getattr(self, name), 1)
        at_least("target_sigma", self.target_sigma, 0.0)
        at_least("target_clip", self.target_clip, 0.0)
        within("tau", self.tau, 0.0, 1.0)


@dataclass(frozen=True)
class TD3(DDPG):
    """DDPG with twin critics, noise on the target's action and a policy that moves less often."""

    n_critics: int = 2
    policy_every: int = 2
    target_sigma: float = 0.2
    noise: Noise = INDEPENDENT


class Nets(NamedTuple):
    """mu and Q; `critics` have an axis for their number."""

    policy: Any
    critics: Any


class Learner(NamedTuple):
    """The networks, the slow ones, and the optimisers of the former."""

    nets: Nets
    slow: Nets
    optimisers: Nets
    n_updates: Int[Array, ""]


def ddpg(settings: DDPG, networks: Networks, n_steps: int) -> Algorithm:
    """The algorithm for a training run of `n_steps` environment steps."""
    box, replay = continuous(networks.action), settings.replay
    n_updates = n_steps // replay.steps_per_update * replay.n_updates
    adam = Nets(
        optimiser(settings.optim, n_updates // settings.policy_every),
        optimiser(settings.optim, n_updates),
    )

    def init(*, key: Array) -> Learner:
        return start(networks, settings.n_critics, adam, key=key)

    def act(learner: Learner, observation: Any, memory: Float[Array, " a"], *, key: Array) -> Acted:
        return disturbed(settings.noise, box, learner.nets.policy(observation), memory, key=key)

    def best(learner: Learner, observation: Any) -> Float[Array, " a"]:
        return learner.nets.policy(observation)

    def update(learner: Learner, data: Steps, *, key: Array) -> tuple[Learner, Metrics]:
        action_next = target_action(settings, box, learner.slow.policy, data, key=key)
        q_next = jnp.min(q_values(learner.slow.critics, data.next_observation, action_next), axis=0)
        learner, metrics = _improve_critics(adam.critics, learner, data, q_next)
        learner, of_policy = _improve_policy(settings, adam.policy, learner, data)
        count = learner.n_updates + 1
        slow = follow(learner.nets, learner.slow, settings.tau, count, settings.slow_every)
        return learner._replace(slow=slow, n_updates=count), metrics | of_policy

    return Algorithm(init, act, best, update, replay, fresh_noise(len(box.low)))


def td3(settings: TD3, networks: Networks, n_steps: int) -> Algorithm:
    """The algorithm for a training run of `n_steps` environment steps."""
    return ddpg(settings, networks, n_steps)


def start(networks: Networks, n_critics: int, adam: Nets, *, key: Array) -> Learner:
    """Fresh networks; the slow ones are equal to those they follow."""
    key_policy, key_critics = jax.random.split(key)
    nets = Nets(
        networks.deterministic(key_policy), start_critics(networks, n_critics, key=key_critics)
    )
    optimisers = Nets(adam.policy.init(nets.policy), adam.critics.init(nets.critics))
    return Learner(nets, nets, optimisers, jnp.int32(0))


def disturbed(
    noise: Noise, box: Box, action: Float[Array, " a"], x: Float[Array, " a"], *, key: Array
) -> Acted:
    """The action with noise added, within the bounds; the noise is what is remembered.

    The log-probability is that of the noise, before the bounds.
    """
    _, half = bounded(box)
    law = next_noise(noise, x)
    x = law.sample(key=key)
    log_prob = law.log_prob(x) - jnp.sum(jnp.log(half))
    return Acted(_clipped(box, action + half * x), log_prob, x)


def target_action(
    settings: DDPG, box: Box, policy: Any, data: Steps, *, key: Array
) -> Float[Array, "n a"]:
    """mu_slow(s'), with clipped noise where it is wanted (Fujimoto et al. 2018, section 5.3)."""
    action = jax.vmap(policy)(data.next_observation)
    if settings.target_sigma == 0:
        return action
    _, half = bounded(box)
    noise = settings.target_sigma * jax.random.normal(key, action.shape)
    noise = jnp.clip(noise, -settings.target_clip, settings.target_clip)
    return jax.vmap(lambda a, x: _clipped(box, a + half * x))(action, noise)


def policy_loss(policy: Any, critics: Any, observation: Any) -> Float[Array, ""]:
    """-E[Q(s, mu(s))] of the first critic."""
    first = jax.tree.map(lambda x: x[:1], critics)
    return -jnp.mean(q_values(first, observation, jax.vmap(policy)(observation)))


def _clipped(box: Box, action: Float[Array, " a"]) -> Float[Array, " a"]:
    return jnp.clip(action, jnp.array(box.low), jnp.array(box.high))


def _improve_critics(
    adam: optax.GradientTransformation, learner: Learner, data: Steps, q_next: Float[Array, " n"]
) -> tuple[Learner, Metrics]:
    nets, states = learner.nets, learner.optimisers
    target = bellman_target(data, q_next)
    gradient, metrics = jax.grad(critic_loss, has_aux=True)(nets.critics, data, target)
    critics, state, norm = descend(adam, gradient, states.critics, nets.critics)
    learner = learner._replace(
        nets=nets._replace(critics=critics), optimisers=states._replace(critics=state)
    )
    return learner, metrics | {"grad_norm_q": norm}


def _improve_policy(
    settings: DDPG, adam: optax.GradientTransformation, learner: Learner, data: Steps
) -> tuple[Learner, Metrics]:
    """A step of the policy, if it is its turn; its loss is looked at in any case."""

    def step() -> tuple[Any, Any, Float[Array, ""], Float[Array, ""]]:
        loss, gradient = jax.value_and_grad(policy_loss)(*arguments)
        return *descend(adam, gradient, states.policy, nets.policy), loss

    def wait() -> tuple[Any, Any, Float[Array, ""], Float[Array, ""]]:
        return nets.policy, states.policy, jnp.float32(0.0), policy_loss(*arguments)

    nets, states = learner.nets, learner.optimisers
    arguments = nets.policy, nets.critics, data.observation
    if settings.policy_every == 1:
        policy, state, norm, loss = step()
    else:
        turn = (learner.n_updates + 1) % settings.policy_every == 0
        policy, state, norm, loss = jax.lax.cond(turn, step, wait)
    learner = learner._replace(
        nets=nets._replace(policy=policy), optimisers=states._replace(policy=state)
    )
    return learner, {"policy_loss": loss, "grad_norm": norm}
