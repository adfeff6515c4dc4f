"""A function of many places, most of which occur several times, computed once for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import Array, Int
from empo.learn.problem import Place, Problem

BLOCK = 512
"""Places that are computed together."""


class Distinct(NamedTuple):
    """Which of m places stand for all."""

    chosen: Int[Array, " c"]
    """The first `number` of them are the places that are computed; c is m or a little more."""
    number: Int[Array, ""]
    which: Int[Array, " m"]
    """For each place the one among `chosen` that it equals."""


def at_each(
    function: Callable[[Place], Any], problem: Problem, places: Place
) -> tuple[Any, Int[Array, " m"]]:
    """The function's results at different places, and for each place the row that is its own.

    `places` have one axis in front. The work is done in blocks until all are done, so what is
    saved is saved; a program that `vmap`s this does the most that any of its parts need.
    """
    factors = jax.vmap(problem.factors)(places)
    distinct = distinguish(factors)
    block = min(BLOCK, len(factors))
    of_block = jax.vmap(function)

    def compute(carry: tuple[Array, Any]) -> tuple[Array, Any]:
        begin, results = carry
        rows = jax.lax.dynamic_slice_in_dim(distinct.chosen, begin, block)
        found = of_block(jax.tree.map(lambda x: x[rows], places))
        put = jax.tree.map(
            lambda all_, new: jax.lax.dynamic_update_slice_in_dim(all_, new, begin, 0),
            results,
            found,
        )
        return begin + block, put

    shapes = jax.eval_shape(of_block, jax.tree.map(lambda x: x[: len(distinct.chosen)], places))
    room = jax.tree.map(lambda x: jnp.zeros((len(distinct.chosen), *x.shape[1:]), x.dtype), shapes)
    first = (jnp.int32(0), room)
    _, results = jax.lax.while_loop(lambda carry: carry[0] < distinct.number, compute, first)
    return results, distinct.which


def distinguish(factors: Int[Array, "m f"]) -> Distinct:
    """Find equal rows by hashing. Of two unlike rows with one hash, each stands for itself."""
    m = len(factors)
    block = min(BLOCK, m)
    mine = jnp.arange(m, dtype=jnp.int32)
    n_slots = 1 << (4 * m - 1).bit_length()
    slot = hashed(factors) % np.uint32(n_slots)
    first = jnp.zeros(n_slots, jnp.int32).at[slot].max(mine)
    stands = first[slot]
    stands = jnp.where(jnp.all(factors[stands] == factors, axis=-1), stands, mine)
    new = stands == mine
    number = jnp.cumsum(new, dtype=jnp.int32)
    room = -(-m // block) * block
    place = jnp.where(new, number - 1, room)
    chosen = jnp.zeros(room, jnp.int32).at[place].set(mine, mode="drop")
    return Distinct(chosen, number[-1], (number - 1)[stands])


def spread(factors: Int[Array, "m f"], n: int, *, key: Array) -> Int[Array, " n"]:
    """Rows of n places, different ones as far as there are any; which of them, chance decides."""
    distinct = distinguish(factors)
    again = distinct.chosen[distinct.which] != jnp.arange(len(factors))
    return jnp.argsort(jax.random.uniform(key, again.shape) + again)[:n]


def hashed(factors: Int[Array, "m f"]) -> Array:
    """A number for each row: FNV-1a on whole words (Fowler, Noll, Vo), its high bits mixed in."""
    code = jnp.full(len(factors), 2166136261, jnp.uint32)
    for column in factors.T.astype(jnp.uint32):
        code = (code ^ column) * np.uint32(16777619)
    return code ^ (code >> 15)
