"""Natural policy gradient (Kakade 2001): the step that gains most per KL, to second order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jax.flatten_util import ravel_pytree

from empo.nets import Networks
from empo.rl.algorithm import Algorithm, Metrics, Rollout, at_least
from empo.rl.stepwise import Choices, Critic, flat_gradient, stepwise
from empo.rl.trust_region import (
    Product,
    Vector,
    conjugate_gradient,
    fisher_product,
    longest_step,
)


@dataclass(frozen=True)
class Natural:
    """How F^-1 g is found."""

    n_cg_steps: int = 10
    """Steps of conjugate gradients."""
    damping: float = 0.1
    """Added to F's diagonal: 0 is exact, more is closer to the plain gradient."""

    def __post_init__(self) -> None:
        at_least("n_cg_steps", self.n_cg_steps, 1)
        at_least("damping", self.damping, 0.0)


@dataclass(frozen=True)
class NPG:
    """One natural step of KL `delta` per rollout, taken on trust."""

    delta: float = 0.01
    """KL of a step, to second order, the damping included."""
    natural: Natural = field(default_factory=Natural)
    critic: Critic = field(default_factory=Critic)
    rollout: Rollout = Rollout(n_envs=8, n_steps=128)

    def __post_init__(self) -> None:
        at_least("delta", self.delta, 0.0)
        self.critic.check(self.rollout)


def npg(settings: NPG, networks: Networks, n_steps: int) -> Algorithm:
    """The algorithm for a training run of `n_steps` environment steps."""

    def step(policy: Any, memory: Any, choices: Choices) -> tuple[Any, Any, Metrics]:
        theta, unravel = ravel_pytree(policy)
        direction, product = natural_direction(settings.natural, policy, choices)
        longest = longest_step(product, direction, settings.delta)
        return unravel(theta + longest), memory, {}

    return stepwise(step, (), settings.critic, settings.rollout, networks, n_steps)


def natural_direction(settings: Natural, policy: Any, choices: Choices) -> tuple[Vector, Product]:
    """F^-1 g, and the products with F; damped, both."""
    product = fisher_product(policy, choices.observation, settings.damping)
    gradient = flat_gradient(policy, choices)
    return conjugate_gradient(product, gradient, settings.n_cg_steps), product
