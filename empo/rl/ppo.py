"""Proximal policy optimisation (Schulman et al. 2017), in all its variants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from empo.core.types import Array, Float
from empo.nets import Networks
from empo.rl import losses
from empo.rl.actor_critic import ActorCritic, Nets, mode, policy_of, sample, start, values
from empo.rl.algorithm import Algorithm, Metrics, Rollout, at_least, within
from empo.rl.data import Steps, flat
from empo.rl.minibatch import check_division, passes
from empo.rl.optim import Optim, descend, optimiser
from empo.rl.returns import gae


@dataclass(frozen=True)
class PPO:
    """The four variants differ in `clip` and `kl_coef`: inf and 0 turn either off."""

    n_epochs: int = 4
    """Passes over each batch."""
    n_minibatches: int = 4
    """Parts of the batch, each with its own gradient step."""
    lambda_: float = 0.95
    """Of generalised advantage estimation: 0 trusts the critic, 1 the returns."""
    clip: float = 0.2
    """The ratio pi / pi_old pays no further beyond 1 +- this; inf does not clip."""
    kl_coef: float = 0.0
    """Weight of the penalty KL(pi_old, pi)."""
    kl_target: float | None = None
    """If given, `kl_coef` doubles after an update with 1.5 times this KL, halves below 1/1.5."""
    entropy_coef: float = 0.0
    """Weight of the entropy bonus."""
    value_coef: float = 0.5
    """Weight of the value loss."""
    value_clip: float | None = None
    """If given, values move at most this far per update without being penalised for it."""
    standardise: bool = True
    """Give the advantages of each minibatch mean 0 and standard deviation 1."""
    rollout: Rollout = Rollout()
    optim: Optim = Optim()

    def __post_init__(self) -> None:
        at_least("n_epochs", self.n_epochs, 1)
        check_division(self.rollout.steps_per_update, self.n_minibatches)
        within("lambda_", self.lambda_, 0.0, 1.0)
        for name in ("clip", "kl_coef", "entropy_coef", "value_coef"):
            at_least(name, getattr(self, name), 0.0)


class Learner(NamedTuple):
    """The networks, their optimiser and the present weight of the KL penalty."""

    nets: Nets
    optimiser: Any
    kl_coef: Float[Array, ""]


class Batch(NamedTuple):
    """What a minibatch holds, fixed before the first epoch; `policy_old` is a distribution."""

    observation: Any
    action: Any
    log_prob: Float[Array, " n"]
    policy_old: Any
    advantage: Float[Array, " n"]
    value_old: Float[Array, " n"]
    value_target: Float[Array, " n"]


def ppo(settings: PPO, networks: Networks, n_steps: int) -> Algorithm:
    """The algorithm for a training run of `n_steps` environment steps."""
    n_passes = settings.n_epochs * settings.n_minibatches
    adam = optimiser(settings.optim, n_steps // settings.rollout.steps_per_update * n_passes)

    def init(*, key: Array) -> Learner:
        return Learner(*start(networks, adam, key=key), jnp.float32(settings.kl_coef))

    def update(learner: Learner, data: Steps, *, key: Array) -> tuple[Learner, Metrics]:
        batch = prepared(settings, learner.nets, data)

        def step(state: ActorCritic, batch: Batch) -> tuple[ActorCritic, Metrics]:
            return _step(settings, adam, state, batch, learner.kl_coef)

        state, metrics = passes(
            step,
            ActorCritic(learner.nets, learner.optimiser),
            batch,
            n_epochs=settings.n_epochs,
            n_minibatches=settings.n_minibatches,
            key=key,
        )
        metrics = jax.tree.map(jnp.mean, metrics)
        kl_coef = adapted(learner.kl_coef, metrics["kl"], settings.kl_target)
        metrics |= {
            "explained_variance": losses.explained_variance(batch.value_old, batch.value_target),
            "kl_coef": kl_coef,
        }
        return Learner(*state, kl_coef), metrics

    return Algorithm(init, sample, mode, update, settings.rollout, policy=policy_of)


def prepared(settings: PPO, nets: Nets, data: Steps) -> Batch:
    """Advantages, and all that is said of the old policy and the old values."""
    value, value_next = values(nets.value, data)
    advantage = gae(data.reward, value, value_next, data.discount, data.boundary, settings.lambda_)
    policy_old = jax.vmap(jax.vmap(nets.policy))(data.observation)
    return flat(
        Batch(
            data.observation,
            data.action,
            data.log_prob,
            policy_old,
            advantage,
            value,
            advantage + value,
        )
    )


def loss(
    settings: PPO, nets: Nets, batch: Batch, kl_coef: Float[Array, ""]
) -> tuple[Float[Array, ""], Metrics]:
    """-E[clipped surrogate] + kl_coef KL(pi_old, pi) - entropy_coef H + value_coef value loss."""
    policy = jax.vmap(nets.policy)(batch.observation)
    log_ratio = policy.log_prob(batch.action) - batch.log_prob
    advantage = losses.standardised(batch.advantage) if settings.standardise else batch.advantage
    surrogate = losses.clipped_surrogate(log_ratio, advantage, settings.clip)
    entropy = jnp.mean(policy.entropy())
    value = jax.vmap(nets.value)(batch.observation)
    error = _value_loss(settings, value, batch)
    total = -surrogate - settings.entropy_coef * entropy + settings.value_coef * error
    if settings.kl_coef > 0:
        total += kl_coef * jnp.mean(batch.policy_old.kl(policy))
    return total, {
        "policy_loss": -surrogate,
        "value_loss": error,
        "entropy": entropy,
        "kl": losses.kl_estimate(log_ratio),
        "effective_share": losses.effective_share(log_ratio),
        "clip_fraction": jnp.mean(jnp.abs(jnp.expm1(log_ratio)) > settings.clip),
    }


def adapted(
    kl_coef: Float[Array, ""], kl: Float[Array, ""], target: float | None
) -> Float[Array, ""]:
    """Double the penalty if the KL was above 1.5 times its target, halve it below 1/1.5 of it."""
    if target is None:
        return kl_coef
    return kl_coef * jnp.where(kl > 1.5 * target, 2.0, jnp.where(kl < target / 1.5, 0.5, 1.0))


def _step(
    settings: PPO,
    adam: optax.GradientTransformation,
    state: ActorCritic,
    batch: Batch,
    kl_coef: Float[Array, ""],
) -> tuple[ActorCritic, Metrics]:
    gradient, metrics = jax.grad(loss, argnums=1, has_aux=True)(
        settings, state.nets, batch, kl_coef
    )
    nets, optimiser, norm = descend(adam, gradient, state.optimiser, state.nets)
    return ActorCritic(nets, optimiser), metrics | {"grad_norm": norm}


def _value_loss(settings: PPO, value: Float[Array, " n"], batch: Batch) -> Float[Array, ""]:
    if settings.value_clip is None:
        return losses.value_loss(value, batch.value_target)
    return losses.clipped_value_loss(
        value, batch.value_old, batch.value_target, settings.value_clip
    )
