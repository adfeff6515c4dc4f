"""Trust region policy optimisation (Schulman et al. 2015): a natural step, checked and shortened.

maximise E[pi/pi_old A] subject to E[KL(pi_old, pi)] <= delta.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from empo.core.errors import InputError
from empo.core.types import Array, Bool
from empo.nets import Networks
from empo.rl.algorithm import Algorithm, Metrics, Rollout, at_least
from empo.rl.npg import Natural, natural_direction
from empo.rl.stepwise import Choices, Critic, stepwise, surrogate
from empo.rl.trust_region import Vector, backtracked, longest_step, mean_kl


@dataclass(frozen=True)
class TRPO:
    """The longest natural step, cut until KL is at most `delta` and the surrogate gains."""

    delta: float = 0.01
    """No accepted step has a greater KL over the batch."""
    shrink: float = 0.5
    """A step that is not acceptable is multiplied by this."""
    n_tries: int = 10
    """Steps that are tried; if none is acceptable the policy stays as it is."""
    natural: Natural = field(default_factory=Natural)
    critic: Critic = field(default_factory=Critic)
    rollout: Rollout = Rollout(n_envs=8, n_steps=128)

    def __post_init__(self) -> None:
        at_least("delta", self.delta, 0.0)
        at_least("n_tries", self.n_tries, 1)
        if not 0 < self.shrink < 1:
            raise InputError(f"shrink: found {self.shrink} (wanted between 0 and 1)")
        self.critic.check(self.rollout)


def trpo(settings: TRPO, networks: Networks, n_steps: int) -> Algorithm:
    """The algorithm for a training run of `n_steps` environment steps."""

    def step(policy: Any, memory: Any, choices: Choices) -> tuple[Any, Any, Metrics]:
        policy, share = line_searched(settings, policy, choices)
        return policy, memory, {"share_of_step": share}

    return stepwise(step, (), settings.critic, settings.rollout, networks, n_steps)


def line_searched(settings: TRPO, policy: Any, choices: Choices) -> tuple[Any, Array]:
    """The policy after the first acceptable step, and the share of the longest one that it is."""
    theta, unravel = ravel_pytree(policy)
    direction, product = natural_direction(settings.natural, policy, choices)
    longest = longest_step(product, direction, settings.delta)
    before = surrogate(policy, choices)

    def acceptable(theta: Vector) -> Bool[Array, ""]:
        """Comparisons with nan are False: a step to nowhere is none."""
        there = unravel(theta)
        kl = mean_kl(choices.policy_old, there, choices.observation)
        return (kl <= settings.delta) & (surrogate(there, choices) > before)

    theta, share = backtracked(
        acceptable, theta, longest, shrink=settings.shrink, n_tries=settings.n_tries
    )
    return unravel(theta), jnp.asarray(share)
