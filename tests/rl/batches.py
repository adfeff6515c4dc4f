"""Steps out of nothing, for tests of what is done with them."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from empo.core.spaces import Box, Discrete
from empo.nets import NetSettings, ordinary_networks
from empo.rl.data import Steps

N_OBSERVED = 3
BOX = Box((-2.0, 0.0), (2.0, 1.0))
THREE = Discrete(3)
TINY = NetSettings(hidden=(8,), orthogonal=False)


def networks(space):
    return ordinary_networks(N_OBSERVED, space, TINY)


def drawn_steps(space, n=16, *, seed=0, discount=0.9):
    """A sample with random everything; a quarter of the steps is terminal."""
    keys = jax.random.split(jax.random.key(seed), 5)
    if isinstance(space, Box):
        low, high = jnp.array(space.low), jnp.array(space.high)
        action = jax.random.uniform(keys[0], (n, len(low)), minval=low, maxval=high)
    else:
        action = jax.random.randint(keys[0], (n,), 0, space.n)
    terminated = jnp.arange(n) % 4 == 0
    return Steps(
        jax.random.normal(keys[1], (n, N_OBSERVED)),
        action,
        jnp.zeros(n),
        jax.random.normal(keys[2], (n,)),
        jnp.where(terminated, 0.0, discount),
        terminated,
        jax.random.normal(keys[3], (n, N_OBSERVED)),
    )


def trees_equal(a, b):
    return all(
        bool(jnp.array_equal(x, y))
        for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    )


def trees_close(a, b, tolerance=1e-6):
    return all(
        bool(jnp.allclose(x, y, rtol=tolerance, atol=tolerance))
        for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    )
