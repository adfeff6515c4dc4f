"""Trust region by a multiplier that adapts: maximise E[pi/pi_old A] - lambda E[KL(pi_old, pi)].

To second order the maximum lies at d = F^-1 g / lambda, of KL g' F^-1 g / (2 lambda^2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from empo.core.types import Array, Float
from empo.nets import Networks
from empo.rl.algorithm import Algorithm, Metrics, Rollout, at_least
from empo.rl.npg import Natural, natural_direction
from empo.rl.ppo import adapted
from empo.rl.stepwise import Choices, Critic, stepwise
from empo.rl.trust_region import Product, Vector, mean_kl

LONGEST = 4.0
"""In targets, the greatest KL that a step may have by the quadratic model."""


@dataclass(frozen=True)
class AdaptiveTRPO:
    """The multiplier rises after a step of 1.5 times the KL wanted, and falls below 1/1.5 of it."""

    kl_target: float = 0.01
    """KL that steps are to have."""
    kl_coef: float = 1.0
    """lambda at first."""
    natural: Natural = field(default_factory=Natural)
    critic: Critic = field(default_factory=Critic)
    rollout: Rollout = Rollout(n_envs=8, n_steps=128)

    def __post_init__(self) -> None:
        at_least("kl_target", self.kl_target, 1e-9)
        at_least("kl_coef", self.kl_coef, 1e-6)
        self.critic.check(self.rollout)


def adaptive_trpo(settings: AdaptiveTRPO, networks: Networks, n_steps: int) -> Algorithm:
    """The algorithm for a training run of `n_steps` environment steps.

    Note: the rule is that of PPO's penalty, but for lambda^2. As KL goes like lambda^-2, it then
    doubles or halves, and cannot jump over the band of width 1.5^2 that leaves lambda as it is.
    """

    def step(policy: Any, kl_coef: Any, choices: Choices) -> tuple[Any, Any, Metrics]:
        theta, unravel = ravel_pytree(policy)
        direction, product = natural_direction(settings.natural, policy, choices)
        kl_coef = jnp.maximum(kl_coef, _least(settings, product, direction))
        policy = unravel(theta + direction / kl_coef)
        kl = mean_kl(choices.policy_old, policy, choices.observation)
        # A step to nowhere says nothing of lambda.
        kl_coef_next = jnp.sqrt(adapted(kl_coef**2, kl, settings.kl_target))
        return policy, jnp.where(kl > 0, kl_coef_next, kl_coef), {"kl": kl, "kl_coef": kl_coef}

    memory = jnp.float32(settings.kl_coef)
    return stepwise(step, memory, settings.critic, settings.rollout, networks, n_steps)


def _least(settings: AdaptiveTRPO, product: Product, direction: Vector) -> Float[Array, ""]:
    """lambda whose step has a KL of `LONGEST` targets, to second order.

    Where there was little to gain for long, lambda has fallen; then it may be too late to adapt.
    """
    bend = jnp.vdot(direction, product(direction))
    return jnp.sqrt(jnp.maximum(bend, 0.0) / (2 * LONGEST * settings.kl_target))
