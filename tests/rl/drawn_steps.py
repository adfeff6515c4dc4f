"""Random steps of a policy, and the networks that go with them."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from empo.core.spaces import Box, Discrete
from empo.nets import NetSettings, ordinary_networks
from empo.rl.data import Steps

N_IN = 3
DISCRETE = Discrete(4)
CONTINUOUS = Box((-1.0, -2.0), (1.0, 2.0))


def networks(action=DISCRETE, **settings):
    return ordinary_networks(N_IN, action, NetSettings(**({"hidden": (8,)} | settings)))


def drawn_steps(policy, *shape: int, seed: int = 0, gamma: float = 0.9) -> Steps:
    """Steps that `policy` took, of axes t n, with terminations and time limits in equal parts."""
    keys = jax.random.split(jax.random.key(seed), 6)
    observation, elsewhere = (jax.random.normal(k, (*shape, N_IN)) for k in keys[:2])
    distribution = jax.vmap(jax.vmap(policy))(observation)
    action = distribution.sample(key=keys[2])
    boundary = jax.random.bernoulli(keys[3], 0.3, shape)
    ahead = jnp.concatenate([observation[1:], elsewhere[-1:]])
    terminated = boundary & jax.random.bernoulli(keys[4], 0.5, shape)
    return Steps(
        observation,
        action,
        distribution.log_prob(action),
        jax.random.normal(keys[5], shape),
        jnp.where(terminated, 0.0, gamma),
        boundary,
        jnp.where(boundary[..., None], elsewhere, ahead),
    )


def largest_difference(a, b) -> float:
    """Between two pytrees of the same kind."""
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return max(float(jnp.abs(x - y).max()) for x, y in pairs)
