"""In what form a quantity is held, and what makes it approach a target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from empo.core.types import AnyArray, Array, Float
from empo.learn.settings import LossSpace

Numbers = Float[AnyArray, "*o"]


@dataclass(frozen=True)
class Form:
    """How numbers that a network or a table puts out stand for a quantity.

    `read` turns a network's outputs into what is held; a table holds just that. `loss` compares a
    network's outputs, and `toward` moves a table's number a share of the way, to a target in the
    quantity's own units.
    """

    read: Callable[[Numbers], Array]
    loss: Callable[[Numbers, Numbers, Numbers], Array]
    """loss(outputs, slow, target): each number's; `slow` is what the lagging copy holds."""
    toward: Callable[[Numbers, Numbers, Float[Array, ""]], Array]
    """toward(held, target, share)."""
    at_first: Numbers
    """What is held before anything is learned: by a table everywhere, by a network about that."""
    write: Callable[[Numbers], Array]
    """The outputs of a network that stand for what is held."""
    size: Callable[[Numbers], Array]
    """What is held, in the units of targets."""


def share(most: Numbers, at_first: float) -> Form:
    """A quantity between 0 and `most`, as a logistic function of the outputs.

    It begins with the share `at_first` of the most.

    The loss is the cross-entropy, whose minimum is at the mean of targets, sampled or not.
    """
    top = jnp.asarray(most, jnp.float32)

    def loss(outputs: Numbers, slow: Numbers, target: Numbers) -> Array:
        goal = target / top
        return -goal * jax.nn.log_sigmoid(outputs) - (1 - goal) * jax.nn.log_sigmoid(-outputs)

    return Form(
        read=lambda outputs: top * jax.nn.sigmoid(outputs),
        loss=loss,
        toward=lambda held, target, way: held + way * (target - held),
        at_first=at_first * top,
        write=lambda held: jax.scipy.special.logit(held / top),
        size=jnp.asarray,
    )


def magnitude(space: LossSpace) -> Form:
    """A quantity of one sign, held as the logarithm of its size; targets are sizes.

    In "log" space logarithms are compared: unbiased only if the target is an expectation. In
    "linear" space sizes are, in units of what the lagging copy holds.
    """

    def log_loss(outputs: Numbers, slow: Numbers, target: Numbers) -> Array:
        return 0.5 * (outputs - jnp.log(target)) ** 2

    def linear_loss(outputs: Numbers, slow: Numbers, target: Numbers) -> Array:
        return 0.5 * (jnp.exp(outputs - slow) - target * jnp.exp(-slow)) ** 2

    def log_toward(held: Numbers, target: Numbers, way: Array) -> Array:
        return held + way * (jnp.log(target) - held)

    def linear_toward(held: Numbers, target: Numbers, way: Array) -> Array:
        return held + jnp.log1p(way * (target * jnp.exp(-held) - 1))

    logs = space == "log"
    return Form(
        read=lambda outputs: outputs,
        loss=log_loss if logs else linear_loss,
        toward=log_toward if logs else linear_toward,
        at_first=0.0,
        write=lambda held: jnp.asarray(held),
        size=jnp.exp,
    )
