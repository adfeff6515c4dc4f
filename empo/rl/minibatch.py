"""Several passes over one batch, in minibatches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

from empo.core.errors import InputError
from empo.core.types import Array

Carry = TypeVar("Carry")


def passes(
    step: Callable[[Carry, Any], tuple[Carry, Any]],
    carry: Carry,
    batch: Any,
    *,
    n_epochs: int,
    n_minibatches: int,
    key: Array,
) -> tuple[Carry, Any]:
    """Run `step` over every minibatch of every epoch; each epoch shuffles anew.

    `step` is as `jax.lax.scan` wants it. Its results come with axes `epoch minibatch` in front.
    """
    size = len(jax.tree.leaves(batch)[0])
    if n_minibatches == 1:  # the order within a batch makes no difference
        carry, results = jax.lax.scan(lambda c, _: step(c, batch), carry, length=n_epochs)
        return carry, jax.tree.map(lambda x: x[:, None], results)

    def epoch(carry: Carry, key: Array) -> tuple[Carry, Any]:
        order = jax.random.permutation(key, size).reshape(n_minibatches, -1)
        return jax.lax.scan(lambda c, rows: step(c, take(batch, rows)), carry, order)

    return jax.lax.scan(epoch, carry, jax.random.split(key, n_epochs))


def take(batch: Any, rows: Array) -> Any:
    """The rows of every array."""
    return jax.tree.map(lambda x: jnp.take(x, rows, axis=0), batch)


def check_division(size: int, n_minibatches: int) -> None:
    """Raise `InputError` unless the batch can be cut into equal minibatches."""
    if n_minibatches < 1 or size % n_minibatches:
        raise InputError(
            f"n_minibatches: found {n_minibatches} "
            f"(wanted a divisor of n_envs * n_steps = {size}, so that all are of one size)"
        )
