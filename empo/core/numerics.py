"""Soft and hard choices over masked actions: the only place with numerical guards.

Every function works on the last axis and treats the others as batch.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from empo.core.types import Array, Bool, Float, Scalar

TIE = 1e-12
"""Relative difference below which two values count as equal under an infinite beta."""


def boltzmann(
    values: Float[Array, "*b a"],
    beta: Float[Array, "*b 1"] | Scalar,
    legal: Bool[Array, "*#b a"],
) -> Float[Array, "*b a"]:
    """softmax(beta * values) over legal actions; `beta` = inf shares the maximum equally."""
    soft = jnp.where(jnp.isinf(beta), 0.0, beta)
    logits = jnp.where(legal, soft * values, -jnp.inf)
    best = jnp.max(jnp.where(legal, values, -jnp.inf), axis=-1, keepdims=True)
    tied = legal & (best - values <= TIE * jnp.abs(best))
    return jnp.where(jnp.isinf(beta), _uniform(tied), jax.nn.softmax(logits, axis=-1))


def power_law(
    q: Float[Array, "*b a"], beta: Scalar, legal: Bool[Array, "*#b a"]
) -> Float[Array, "*b a"]:
    """Probabilities proportional to (-q) ** -beta, computed as softmax(-beta * log(-q)).

    All legal q must be negative, or all 0, which gives the uniform distribution. Anything else
    yields nan. `beta` = inf shares the largest q equally.
    """
    nothing_ahead = jnp.all((q == 0) | ~legal, axis=-1, keepdims=True)
    log_neg_q = jnp.log(jnp.where(nothing_ahead | ~legal, 1.0, -q))
    soft = jnp.where(jnp.isinf(beta), 0.0, beta)
    logits = jnp.where(legal, -soft * log_neg_q, -jnp.inf)
    least = jnp.min(jnp.where(legal, log_neg_q, jnp.inf), axis=-1, keepdims=True)
    tied = legal & (log_neg_q - least <= TIE)
    return jnp.where(jnp.isinf(beta), _uniform(tied), jax.nn.softmax(logits, axis=-1))


def _uniform(chosen: Bool[Array, "*b a"]) -> Float[Array, "*b a"]:
    n_chosen = jnp.sum(chosen, axis=-1, keepdims=True)
    # XLA compiles False / 0 to 0; that nothing compares as best must not pass as a distribution.
    return jnp.where(n_chosen > 0, chosen / n_chosen, jnp.nan)
