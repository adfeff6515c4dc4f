"""REINFORCE (Williams 1992): raise log pi(a_t|s_t) by the return that followed, less a baseline.

The gradient is E sum over t of (G_t - b) grad log pi(a_t|s_t), G_t the return from row t on: what
came before a_t does not depend on it and would only add variance.

A rollout is a window of fixed length. What lies behind it counts as nothing, so the gradient is
that of the rewards within windows, without bias, and no trajectory is left out for its length.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from empo.core.types import Array, Float
from empo.nets import Networks
from empo.rl import baselines, losses
from empo.rl.actor_critic import ActorCritic, Nets, mode, policy_of, sample, start
from empo.rl.algorithm import Algorithm, Metrics, Rollout, at_least
from empo.rl.data import Steps, flat
from empo.rl.optim import Optim, descend, optimiser
from empo.rl.returns import reward_to_go, whole_return

Returns = Float[Array, "t n"]

_CREDIT = {"to-go": reward_to_go, "whole": whole_return}


@dataclass(frozen=True)
class Reinforce:
    """One gradient step per rollout; it needs long ones."""

    baseline: Literal["none", "mean", "leave-one-out", "optimal", "value"] = "value"
    """What is taken off a return; all but `none` are there to lower the variance."""
    credit: Literal["to-go", "whole"] = "to-go"
    """Weigh an action by what followed it, or by its whole trajectory (more variance)."""
    entropy_coef: float = 0.0
    """Weight of the entropy bonus."""
    value_coef: float = 0.5
    """Weight of the value loss, of the baseline `value`."""
    standardise: bool = False
    """Give the weights of each batch mean 0 and standard deviation 1."""
    rollout: Rollout = Rollout(n_envs=8, n_steps=256)
    optim: Optim = Optim(learning_rate=3e-3)

    def __post_init__(self) -> None:
        at_least("entropy_coef", self.entropy_coef, 0.0)
        at_least("value_coef", self.value_coef, 0.0)


class Baseline(NamedTuple):
    """What is taken off the returns, and the loss of what it is computed with."""

    level: Returns
    loss: Float[Array, ""]


def reinforce(settings: Reinforce, networks: Networks, n_steps: int) -> Algorithm:
    """The algorithm for a training run of `n_steps` environment steps."""
    adam = optimiser(settings.optim, n_steps // settings.rollout.steps_per_update)

    def init(*, key: Array) -> ActorCritic:
        return start(networks, adam, key=key)

    def update(learner: ActorCritic, data: Steps, *, key: Array) -> tuple[ActorCritic, Metrics]:
        gradient, metrics = jax.grad(loss, argnums=1, has_aux=True)(settings, learner.nets, data)
        nets, state, norm = descend(adam, gradient, learner.optimiser, learner.nets)
        return ActorCritic(nets, state), metrics | {"grad_norm": norm}

    return Algorithm(init, sample, mode, update, settings.rollout, policy=policy_of)


def loss(settings: Reinforce, nets: Nets, data: Steps) -> tuple[Float[Array, ""], Metrics]:
    """-E[(G - b) log pi] - entropy_coef H + value_coef value loss; G and b are constants."""
    nothing = jnp.zeros_like(data.reward)
    returns = _CREDIT[settings.credit](data.reward, nothing, data.discount, data.boundary)
    baseline = _BASELINES[settings.baseline](nets, data, returns)
    advantage = returns - jax.lax.stop_gradient(baseline.level)
    weight = losses.standardised(advantage) if settings.standardise else advantage
    policy = jax.vmap(nets.policy)(flat(data.observation))
    policy_loss = losses.policy_gradient_loss(
        policy.log_prob(flat(data.action)), weight.reshape(-1)
    )
    entropy = jnp.mean(policy.entropy())
    total = policy_loss - settings.entropy_coef * entropy + settings.value_coef * baseline.loss
    return total, {
        "policy_loss": policy_loss,
        "value_loss": baseline.loss,
        "entropy": entropy,
        "advantage_std": jnp.std(advantage),
    }


def score_norm_squared(nets: Nets, data: Steps) -> Returns:
    """|grad log pi(a_t|s_t)|^2 of every step, over all of the policy's parameters."""
    theta, unravel = ravel_pytree(nets.policy)

    def log_prob(theta: Float[Array, " p"], observation: Array, action: Array) -> Array:
        return unravel(theta)(observation).log_prob(action)

    def one(row: tuple[Array, Array]) -> Float[Array, ""]:
        score = jax.grad(log_prob)(theta, *row)
        return jnp.vdot(score, score)

    rows = (flat(data.observation), flat(data.action))
    # A score is as large as the policy: not all of them at once.
    return jax.lax.map(one, rows, batch_size=256).reshape(data.reward.shape)


def _none(nets: Nets, data: Steps, returns: Returns) -> Baseline:
    return Baseline(jnp.zeros_like(returns), jnp.zeros(()))


def _mean(nets: Nets, data: Steps, returns: Returns) -> Baseline:
    return Baseline(baselines.batch_mean(returns), jnp.zeros(()))


def _leave_one_out(nets: Nets, data: Steps, returns: Returns) -> Baseline:
    return Baseline(baselines.leave_one_out(returns), jnp.zeros(()))


def _optimal(nets: Nets, data: Steps, returns: Returns) -> Baseline:
    return Baseline(baselines.optimal(returns, score_norm_squared(nets, data)), jnp.zeros(()))


def _value(nets: Nets, data: Steps, returns: Returns) -> Baseline:
    value = jax.vmap(jax.vmap(nets.value))(data.observation)
    return Baseline(value, losses.value_loss(value, returns))


_BASELINES: dict[str, Callable[[Nets, Steps, Returns], Baseline]] = {
    "none": _none,
    "mean": _mean,
    "leave-one-out": _leave_one_out,
    "optimal": _optimal,
    "value": _value,
}
