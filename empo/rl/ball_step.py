"""The steepest step within a ball of parameters: max g'd subject to d'd <= epsilon.

It is here to be compared with: a step of bounded norm is none of bounded KL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jax.flatten_util import ravel_pytree

from empo.nets import Networks
from empo.rl.algorithm import Algorithm, Metrics, Rollout, at_least
from empo.rl.stepwise import Choices, Critic, flat_gradient, stepwise
from empo.rl.trust_region import longest_in_ball


@dataclass(frozen=True)
class BallStep:
    """One gradient step per rollout, of a length that does not depend on the gradient's."""

    epsilon: float = 0.01
    """Square of the length of each step."""
    critic: Critic = field(default_factory=Critic)
    rollout: Rollout = Rollout(n_envs=8, n_steps=128)

    def __post_init__(self) -> None:
        at_least("epsilon", self.epsilon, 0.0)
        self.critic.check(self.rollout)


def ball_step(settings: BallStep, networks: Networks, n_steps: int) -> Algorithm:
    """The algorithm for a training run of `n_steps` environment steps."""

    def step(policy: Any, memory: Any, choices: Choices) -> tuple[Any, Any, Metrics]:
        theta, unravel = ravel_pytree(policy)
        theta = theta + longest_in_ball(flat_gradient(policy, choices), settings.epsilon)
        return unravel(theta), memory, {}

    return stepwise(step, (), settings.critic, settings.rollout, networks, n_steps)
