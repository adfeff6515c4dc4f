"""Distributions over actions: sampling, log-probability, entropy and Kullback-Leibler divergence.

Each is a pytree of arrays whose last axis belongs to one action; further axes in front are batch.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp

from empo.core.types import Array, Float, Int

_LOG_2_PI = math.log(2 * math.pi)


class Distribution(Protocol):
    """What every policy's head returns."""

    def sample(self, *, key: Array) -> Array:
        """Draw an action."""
        ...

    def mode(self) -> Array:
        """The most probable action."""
        ...

    def log_prob(self, action: Array) -> Float[Array, "*b"]:
        """The log of the action's probability, or of its density."""
        ...

    def entropy(self) -> Float[Array, "*b"]:
        """H = -E log p, in nats."""
        ...

    def kl(self, other: Any) -> Float[Array, "*b"]:
        """KL(self, other) = E_self (log self - log other), in nats, for one of the same kind."""
        ...


class Categorical(NamedTuple):
    """One of finitely many actions, with probabilities softmax(logits); -inf forbids an action."""

    logits: Float[Array, "*b a"]

    def sample(self, *, key: Array) -> Int[Array, "*b"]:
        """Draw an action."""
        return jax.random.categorical(key, self.logits)

    def mode(self) -> Int[Array, "*b"]:
        """The most probable action, the first of several."""
        return jnp.argmax(self.logits, axis=-1)

    def log_probs(self) -> Float[Array, "*b a"]:
        """The log-probabilities of all actions."""
        return jax.nn.log_softmax(self.logits)

    def probs(self) -> Float[Array, "*b a"]:
        """The probabilities of all actions."""
        return jax.nn.softmax(self.logits)

    def log_prob(self, action: Int[Array, "*b"]) -> Float[Array, "*b"]:
        """The log-probability of one action."""
        # A sum over a one-hot row has a far cheaper gradient than gathering.
        chosen = jax.nn.one_hot(action, self.logits.shape[-1], dtype=bool)
        return jnp.sum(jnp.where(chosen, self.log_probs(), 0.0), axis=-1)

    def entropy(self) -> Float[Array, "*b"]:
        """-sum of p log p, where 0 log 0 = 0."""
        return -_weighted(self.probs(), self.log_probs())

    def kl(self, other: Categorical) -> Float[Array, "*b"]:
        """Sum of p (log p - log q)."""
        p, log_p, log_q = self.probs(), self.log_probs(), other.log_probs()
        allowed = p > 0
        difference = jnp.where(allowed, log_p, 0.0) - jnp.where(allowed, log_q, 0.0)
        return jnp.sum(p * difference, axis=-1)


class Gaussian(NamedTuple):
    """Independent normal components, unbounded: whoever acts in a box clips to it."""

    mean: Float[Array, "*b a"]
    log_std: Float[Array, "*b a"]

    def sample(self, *, key: Array) -> Float[Array, "*b a"]:
        """mean + std * noise: gradients flow through both (reparameterisation)."""
        return self.mean + jnp.exp(self.log_std) * jax.random.normal(key, self.mean.shape)

    def mode(self) -> Float[Array, "*b a"]:
        """The mean."""
        return self.mean

    def log_prob(self, action: Float[Array, "*b a"]) -> Float[Array, "*b"]:
        """The log of the density."""
        z = (action - self.mean) * jnp.exp(-self.log_std)
        return jnp.sum(-0.5 * (z**2 + _LOG_2_PI) - self.log_std, axis=-1)

    def entropy(self) -> Float[Array, "*b"]:
        """Sum of log std + log(2 pi e) / 2."""
        return jnp.sum(self.log_std + 0.5 * (1 + _LOG_2_PI), axis=-1)

    def kl(self, other: Gaussian) -> Float[Array, "*b"]:
        """Sum of log(s2 / s1) + (s1^2 + (m1 - m2)^2) / (2 s2^2) - 1/2."""
        log_ratio = 2 * (self.log_std - other.log_std)
        shift = ((self.mean - other.mean) * jnp.exp(-other.log_std)) ** 2
        return 0.5 * jnp.sum(jnp.exp(log_ratio) + shift - 1 - log_ratio, axis=-1)


class SquashedGaussian(NamedTuple):
    """a = centre + half * tanh(u) with u normal: within the bounds centre +- half, always.

    log p(a) = log N(u) - sum of log(half (1 - tanh(u)^2)) (Haarnoja et al. 2018, appendix C).
    """

    mean: Float[Array, "*b a"]
    log_std: Float[Array, "*b a"]
    centre: Float[Array, "*#b a"]
    half: Float[Array, "*#b a"]

    def sample(self, *, key: Array) -> Float[Array, "*b a"]:
        """Draw an action; gradients flow through it."""
        return self.sample_and_log_prob(key=key)[0]

    def sample_and_log_prob(self, *, key: Array) -> tuple[Float[Array, "*b a"], Float[Array, "*b"]]:
        """Draw an action with the log of its density, exact also where tanh saturates."""
        # From the noise itself: u - mean has lost its digits where the mean is large.
        noise = jax.random.normal(key, self.mean.shape)
        u = self.mean + jnp.exp(self.log_std) * noise
        log_normal = jnp.sum(-0.5 * (noise**2 + _LOG_2_PI) - self.log_std, axis=-1)
        return self._squash(u), log_normal - self._log_slope(u)

    def mode(self) -> Float[Array, "*b a"]:
        """The squashed mean, which is the action of the median."""
        return self._squash(self.mean)

    def log_prob(self, action: Float[Array, "*b a"]) -> Float[Array, "*b"]:
        """The log of the density of an action strictly within the bounds; nan on them."""
        u = jnp.arctanh((action - self.centre) / self.half)
        return Gaussian(self.mean, self.log_std).log_prob(u) - self._log_slope(u)

    def _squash(self, u: Float[Array, "*b a"]) -> Float[Array, "*b a"]:
        return self.centre + self.half * jnp.tanh(u)

    def _log_slope(self, u: Float[Array, "*b a"]) -> Float[Array, "*b"]:
        # log(1 - tanh(u)^2) without the cancellation.
        log_slope = 2 * (math.log(2) - u - jax.nn.softplus(-2 * u))
        return jnp.sum(log_slope + jnp.log(self.half), axis=-1)


def _weighted(p: Float[Array, "*b a"], log_p: Float[Array, "*b a"]) -> Float[Array, "*b"]:
    return jnp.sum(p * jnp.where(p > 0, log_p, 0.0), axis=-1)
