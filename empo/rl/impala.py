"""IMPALA (Espeholt et al. 2018): actors that lag behind, corrected by V-trace.

Actors here act with the policy of `lag` updates ago, so the data are off-policy by a known amount.
Workers that lag by themselves are in `empo.tasks.asynchronous`; they use the same update.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from empo.core.errors import InputError
from empo.core.types import Array, Float
from empo.nets import Networks
from empo.rl import losses
from empo.rl.actor_critic import ActorCritic, Nets, mode, policy_of, start, values
from empo.rl.algorithm import Acted, Algorithm, Metrics, Rollout, at_least, within
from empo.rl.data import Steps, flat
from empo.rl.optim import Optim, descend, optimiser
from empo.rl.vtrace import vtrace


@dataclass(frozen=True)
class Impala:
    """With lag 0 and both bars at 1 it is A2C, whose ratios are all 1."""

    lag: int = 1
    """Updates that the acting policy is behind the learning one."""
    n_workers: int = 0
    """Workers that gather data, each with environments of its own; 0 gathers between updates."""
    lambda_: float = 1.0
    """Of V-trace: 0 looks one step ahead, 1 to the end of the rollout."""
    rho_bar: float = 1.0
    """Ratios of one step are clipped to this: it decides whose value is found."""
    c_bar: float = 1.0
    """Ratios that carry errors back are clipped to this: it decides only how fast."""
    entropy_coef: float = 0.0
    """Weight of the entropy bonus."""
    value_coef: float = 0.5
    """Weight of the value loss."""
    standardise: bool = False
    """Give the advantages of each batch mean 0 and standard deviation 1."""
    rollout: Rollout = Rollout(n_envs=8, n_steps=16)
    optim: Optim = Optim(learning_rate=1e-3)

    def __post_init__(self) -> None:
        at_least("lag", self.lag, 0)
        at_least("n_workers", self.n_workers, 0)
        within("lambda_", self.lambda_, 0.0, 1.0)
        for name in ("c_bar", "entropy_coef", "value_coef"):
            at_least(name, getattr(self, name), 0.0)
        if self.rho_bar < self.c_bar:
            raise InputError(
                f"rho_bar: found {self.rho_bar} (wanted at least c_bar = {self.c_bar}: "
                f"the contraction is proven for no less)"
            )


class Learner(NamedTuple):
    """The networks, their optimiser, and the policies that are still to act."""

    nets: Nets
    optimiser: Any
    queue: Any
    """Policies with an axis of length lag + 1 in front: the one that acts, ..., the newest."""


def impala(settings: Impala, networks: Networks, n_steps: int) -> Algorithm:
    """The algorithm for a training run of `n_steps` environment steps."""
    adam = optimiser(settings.optim, n_steps // settings.rollout.steps_per_update)

    def init(*, key: Array) -> Learner:
        nets, state = start(networks, adam, key=key)
        queue = jax.tree.map(
            lambda x: jnp.broadcast_to(x, (settings.lag + 1, *x.shape)), nets.policy
        )
        return Learner(nets, state, queue)

    def act(learner: Learner, observation: Any, memory: Any, *, key: Array) -> Acted:
        distribution = jax.tree.map(lambda x: x[0], learner.queue)(observation)
        action = distribution.sample(key=key)
        return Acted(action, distribution.log_prob(action), memory)

    def update(learner: Learner, data: Steps, *, key: Array) -> tuple[Learner, Metrics]:
        gradient, metrics = jax.grad(loss, argnums=1, has_aux=True)(settings, learner.nets, data)
        nets, state, norm = descend(adam, gradient, learner.optimiser, learner.nets)
        queue = jax.tree.map(
            lambda old, new: jnp.concatenate([old[1:], new[None]]), learner.queue, nets.policy
        )
        return Learner(nets, state, queue), metrics | {"grad_norm": norm}

    def best(learner: Learner, observation: Any) -> Any:
        return mode(ActorCritic(learner.nets, learner.optimiser), observation)

    return Algorithm(init, act, best, update, settings.rollout, policy=policy_of)


def loss(settings: Impala, nets: Nets, data: Steps) -> tuple[Float[Array, ""], Metrics]:
    """-E[rho A log pi] - entropy_coef H + value_coef value loss; weights and targets constant."""
    value, value_next = values(nets.value, data)
    policy = jax.vmap(nets.policy)(flat(data.observation))
    log_prob = policy.log_prob(flat(data.action))
    log_rho = log_prob.reshape(data.reward.shape) - data.log_prob
    value_target, advantage = jax.lax.stop_gradient(
        vtrace(
            data.reward,
            value,
            value_next,
            data.discount,
            data.boundary,
            log_rho,
            lambda_=settings.lambda_,
            rho_bar=settings.rho_bar,
            c_bar=settings.c_bar,
        )
    )
    weight = losses.standardised(advantage) if settings.standardise else advantage
    policy_loss = losses.policy_gradient_loss(log_prob, weight.reshape(-1))
    entropy = jnp.mean(policy.entropy())
    error = losses.value_loss(value, value_target)
    total = policy_loss - settings.entropy_coef * entropy + settings.value_coef * error
    return total, {
        "policy_loss": policy_loss,
        "value_loss": error,
        "entropy": entropy,
        "kl": losses.kl_estimate(log_rho.reshape(-1)),
        "clipped_ratios": jnp.mean(jnp.exp(log_rho) > settings.rho_bar),
        "explained_variance": losses.explained_variance(value, value_target),
    }
