"""Policies: a body of layers and a head that makes its output a distribution over actions.

A policy takes the observation of ONE state; callers `vmap` it.
"""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from empo.core.dists import Categorical, Gaussian, SquashedGaussian
from empo.core.errors import InputError
from empo.core.spaces import Box
from empo.core.types import Array, Bool, Float, Scalar
from empo.nets.mlp import MLP

LOG_STD_RANGE = (-5.0, 2.0)
"""Of a squashed policy: beyond it tanh either saturates or does not explore."""


class CategoricalPolicy(eqx.Module):
    """pi(a | s) = softmax(body(s))."""

    body: MLP

    def __call__(self, observation: Float[Array, " o"]) -> Categorical:
        """The policy's choice."""
        return Categorical(self.body(observation))


class PowerLawPolicy(eqx.Module):
    """Equation (5), pi(a | s) proportional to (-Q)^-beta_r, where -Q = exp(body(s)).

    So the logits are -beta_r body(s), and a common factor on all Q of a state changes nothing.
    `beta_r` is an argument because the warm-up moves it.
    """

    body: Any
    """A network of what is observed."""

    def __call__(
        self,
        observation: Array,
        beta_r: Scalar,
        legal: Bool[Array, " a"] | None = None,
    ) -> Categorical:
        """The robot's choice; what is not `legal` has probability 0."""
        logits = -beta_r * self.body(observation)
        return Categorical(logits if legal is None else jnp.where(legal, logits, -jnp.inf))


class GaussianPolicy(eqx.Module):
    """A normal law whose mean depends on the state and whose spread does not.

    Both are in units of half the box: body(s) = 1 is the upper bound, log_std = 0 half the range.
    """

    body: MLP
    log_std: Float[Array, " a"]
    box: Box = eqx.field(static=True)

    def __call__(self, observation: Float[Array, " o"]) -> Gaussian:
        """The policy's choice, unbounded."""
        centre, half = centre_and_half(self.box)
        mean = centre + half * self.body(observation)
        return Gaussian(mean, jnp.broadcast_to(self.log_std + jnp.log(half), mean.shape))


class SquashedPolicy(eqx.Module):
    """A tanh-squashed normal law; mean and spread both depend on the state."""

    body: MLP
    box: Box = eqx.field(static=True)

    def __check_init__(self) -> None:
        bounded(self.box)

    def __call__(self, observation: Float[Array, " o"]) -> SquashedGaussian:
        """The policy's choice, within the box."""
        mean, raw = jnp.split(self.body(observation), 2, axis=-1)
        low, high = LOG_STD_RANGE
        log_std = low + 0.5 * (high - low) * (jnp.tanh(raw) + 1)
        return SquashedGaussian(mean, log_std, *bounded(self.box))


class DeterministicPolicy(eqx.Module):
    """mu(s) = centre + half tanh(body(s))."""

    body: MLP
    box: Box = eqx.field(static=True)

    def __check_init__(self) -> None:
        bounded(self.box)

    def __call__(self, observation: Float[Array, " o"]) -> Float[Array, " a"]:
        """The action."""
        centre, half = bounded(self.box)
        return centre + half * jnp.tanh(self.body(observation))


def centre_and_half(box: Box) -> tuple[Float[Array, " a"], Float[Array, " a"]]:
    """The middle of each component's range and half its width; 0 and 1 where it is unbounded."""
    low, high = np.array(box.low, np.float32), np.array(box.high, np.float32)
    known = np.isfinite(low) & np.isfinite(high)
    with np.errstate(invalid="ignore"):
        centre = np.where(known, low / 2 + high / 2, np.float32(0.0))
        half = np.where(known, high / 2 - low / 2, np.float32(1.0))
    half[known] = _within(centre[known], half[known], low[known], high[known])
    return jnp.asarray(centre), jnp.asarray(half)


def _within(centre: np.ndarray, half: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Half the width, less what rounding would add to the box."""
    while (beyond := (centre + half > high) | (centre - half < low)).any():
        digit = np.spacing(np.maximum(abs(centre), half))
        half = np.where(beyond, np.maximum(half - digit, 0), half)
    return half


def bounded(box: Box) -> tuple[Float[Array, " a"], Float[Array, " a"]]:
    """`centre_and_half` of a box that must be bounded, since tanh is scaled to it."""
    if not all(map(math.isfinite, box.low + box.high)):
        raise InputError(
            f"action space: bounds are {box.low} and {box.high} "
            f"(wanted finite ones: this algorithm squashes its actions into them)"
        )
    return centre_and_half(box)
