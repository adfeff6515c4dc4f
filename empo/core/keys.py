"""Random keys as the numbers that they are, for files and other processes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp


def is_key(leaf: Any) -> bool:
    """Is it an array of random keys, or the shape of one?"""
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def plain(leaf: Any) -> Any:
    """The array, or the shape of one; of random keys the numbers that they are."""
    if not is_key(leaf):
        return leaf
    if isinstance(leaf, jax.ShapeDtypeStruct):
        return jax.eval_shape(jax.random.key_data, leaf)
    return jax.random.key_data(leaf)


def plain_leaves(tree: Any) -> list[Any]:
    """All arrays of a pytree, in order."""
    return [plain(leaf) for leaf in jax.tree.leaves(tree)]


def rebuilt(arrays: Sequence[Any], like: Any) -> Any:
    """A pytree of the structure of `like`, whose plain leaves are these."""
    leaves, structure = jax.tree.flatten(like)
    keyed = [
        jax.random.wrap_key_data(jnp.asarray(array)) if is_key(leaf) else jnp.asarray(array)
        for array, leaf in zip(arrays, leaves, strict=True)
    ]
    return jax.tree.unflatten(structure, keyed)
