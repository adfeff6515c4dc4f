"""Noise added to actions, which remembers itself from step to step of an episode.

x <- x - theta x dt + sigma sqrt(dt) N(0, 1), from x = 0 on (Uhlenbeck and Ornstein 1930, in Euler's
steps): successive values differ by little, which moves what has inertia. With theta dt = 1 nothing
is remembered, and the noise is independent and normal.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp

from empo.core.dists import Gaussian
from empo.core.errors import InputError
from empo.core.types import Array, Float
from empo.rl.algorithm import within


@dataclass(frozen=True)
class Noise:
    """Its standard deviation in the long run is sigma sqrt(dt / (1 - (1 - theta dt)^2))."""

    sigma: float = 0.2
    """Strength, in units of half the action's range."""
    theta: float = 0.15
    """Rate at which it returns to 0; with theta dt = 1 it forgets itself at once."""
    dt: float = 1.0
    """Time that a step takes."""

    def __post_init__(self) -> None:
        for name in ("sigma", "dt"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name}: found {getattr(self, name)} (wanted more than 0)")
        within("theta", self.theta, 0.0, 1.0 / self.dt)


ORNSTEIN_UHLENBECK = Noise()
"""As in Lillicrap et al. (2016)."""
INDEPENDENT = Noise(sigma=0.1, theta=1.0)
"""As in Fujimoto et al. (2018)."""


def fresh_noise(n_actions: int) -> Float[Array, " a"]:
    """The noise before the first step of an episode."""
    return jnp.zeros(n_actions)


def next_noise(noise: Noise, x: Float[Array, " a"]) -> Gaussian:
    """The law of the noise after x."""
    std = jnp.full_like(x, noise.sigma * noise.dt**0.5)
    return Gaussian((1 - noise.theta * noise.dt) * x, jnp.log(std))
