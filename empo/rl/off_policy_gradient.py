"""The policy gradient from trajectories of an older policy b, by importance sampling.

With rho_t = pi(a_t | s_t) / b(a_t | s_t) and P_t the product of the ratios before t, the gradient
is E_b[sum of grad log pi(a_t | s_t) P_t (G_t - rho_t v(s_t))]. G_t = rho_t (r_t + gamma G_{t+1})
weights each reward by the ratios up to it (Precup, Sutton and Singh 2000). Or, with the product P
of ALL ratios of the trajectory, it is E_b[sum of grad log pi(a_t | s_t) P (R_t - v(s_t))], where
R_t is the sum of rewards from t on.

Both are unbiased for the states that trajectories begin in; those are b's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from empo.core.types import Array, Bool, Float, Int
from empo.nets import Networks
from empo.rl import losses
from empo.rl.actor_critic import Nets, mode, policy_of, start, values
from empo.rl.algorithm import Acted, Algorithm, Metrics, Rollout, at_least
from empo.rl.data import Steps, flat
from empo.rl.importance import (
    FEW,
    effective_fraction,
    log_weight_to_go,
    per_decision_return,
)
from empo.rl.optim import Optim, descend, optimiser
from empo.rl.returns import reward_to_go


@dataclass(frozen=True)
class OffPolicyGradient:
    """Short trajectories: the variance of the weights grows exponentially with the length."""

    lag: int = 4
    """Updates after which the policy that acts becomes the one that learns; 1 is on-policy."""
    full_product: bool = False
    """Weight whole trajectories; otherwise each reward by the ratios up to it."""
    baseline: bool = True
    """Subtract v(s): the mean stays, the variance falls."""
    entropy_coef: float = 0.0
    """Weight of the entropy bonus."""
    value_coef: float = 0.5
    """Weight of the value loss."""
    rollout: Rollout = Rollout(n_envs=32, n_steps=16)
    optim: Optim = Optim(learning_rate=1e-3)

    def __post_init__(self) -> None:
        at_least("lag", self.lag, 1)
        at_least("entropy_coef", self.entropy_coef, 0.0)
        at_least("value_coef", self.value_coef, 0.0)


class Learner(NamedTuple):
    """`behaviour` is the policy that acts, some updates old."""

    nets: Nets
    optimiser: Any
    behaviour: Any
    n_updates: Int[Array, ""]


def off_policy_gradient(settings: OffPolicyGradient, networks: Networks, n_steps: int) -> Algorithm:
    """The algorithm for a training run of `n_steps` environment steps."""
    adam = optimiser(settings.optim, n_steps // settings.rollout.steps_per_update)

    def init(*, key: Array) -> Learner:
        nets, state = start(networks, adam, key=key)
        return Learner(nets, state, nets.policy, jnp.int32(0))

    def act(learner: Learner, observation: Any, memory: Any, *, key: Array) -> Acted:
        distribution = learner.behaviour(observation)
        action = distribution.sample(key=key)
        return Acted(action, distribution.log_prob(action), memory)

    def update(learner: Learner, data: Steps, *, key: Array) -> tuple[Learner, Metrics]:
        gradient, metrics = jax.grad(loss, argnums=1, has_aux=True)(settings, learner.nets, data)
        nets, state, norm = descend(adam, gradient, learner.optimiser, learner.nets)
        count = learner.n_updates + 1
        behaviour = jax.tree.map(
            lambda new, old: jnp.where(count % settings.lag == 0, new, old),
            nets.policy,
            learner.behaviour,
        )
        return Learner(nets, state, behaviour, count), metrics | {"grad_norm": norm}

    return Algorithm(init, act, mode, update, settings.rollout, policy=policy_of)


def loss(settings: OffPolicyGradient, nets: Nets, data: Steps) -> tuple[Float[Array, ""], Metrics]:
    """-E[weight log pi] - entropy_coef H + value_coef value loss; weights and targets constant."""
    policy = jax.vmap(nets.policy)(flat(data.observation))
    log_prob = policy.log_prob(flat(data.action)).reshape(data.log_prob.shape)
    value, value_next = values(nets.value, data)
    log_rho = jax.lax.stop_gradient(log_prob) - data.log_prob
    weight, value_target = jax.lax.stop_gradient(
        weights(settings, data, log_rho, value, value_next)
    )
    policy_loss = losses.policy_gradient_loss(log_prob.reshape(-1), weight.reshape(-1))
    entropy = jnp.mean(policy.entropy())
    error = losses.value_loss(value, value_target)
    total = policy_loss - settings.entropy_coef * entropy + settings.value_coef * error
    effective = effective_fraction(data.boundary, log_rho)
    return total, {
        "policy_loss": policy_loss,
        "value_loss": error,
        "entropy": entropy,
        "effective_fraction": effective,
        "few_effective": jnp.float32(effective < FEW),
    }


def weights(
    settings: OffPolicyGradient,
    data: Steps,
    log_rho: Float[Array, "t n"],
    value: Float[Array, "t n"],
    value_next: Float[Array, "t n"],
) -> tuple[Float[Array, "t n"], Float[Array, "t n"]]:
    """What grad log pi is multiplied with at every row, and what the value is to fit."""
    columns = data.reward, value_next, data.discount, data.boundary
    value_target = per_decision_return(*columns, log_rho)
    baseline = value if settings.baseline else jnp.zeros_like(value)
    before = log_weight_before(data.boundary, log_rho)
    if settings.full_product:
        weight = jnp.exp(before + log_weight_to_go(data.boundary, log_rho))
        return weight * (reward_to_go(*columns) - baseline), value_target
    return jnp.exp(before) * (value_target - jnp.exp(log_rho) * baseline), value_target


def log_weight_before(
    boundary: Bool[Array, " t *n"], log_rho: Float[Array, " t *n"]
) -> Float[Array, " t *n"]:
    """The log of the product of rho from the start of row t's trajectory to the row before it."""

    def step(before: Array, row: tuple[Array, Array]) -> tuple[Array, Array]:
        log_rho, boundary = row
        return jnp.where(boundary, 0.0, before + log_rho), before

    return jax.lax.scan(step, jnp.zeros_like(log_rho[0]), (log_rho, boundary))[1]
