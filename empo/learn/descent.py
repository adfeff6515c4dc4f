"""How the weights of a network of states follow a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from empo.core.types import Array, Float, Int
from empo.nets import RowNet
from empo.rl.row_adam import RowMoments, against, row_moments, row_step

Loss = Callable[[Float[Array, "n o"]], tuple[Float[Array, ""], Any]]
"""loss(outputs): a number of a network's outputs for a batch, and what else is of interest."""


class Change(NamedTuple):
    """What one step of Adam (Kingma and Ba 2015) would be."""

    moments: Any
    after: Callable[[Array | float], Any]
    """after(amount): the weights, moved by so much of it."""
    norm: Float[Array, ""]
    """Of the gradient."""
    also: Any
    """What else the loss gave."""


def moments_of(net: Any) -> Any:
    """The optimiser's memory before the first step."""
    if isinstance(net, RowNet):
        rest: Any = net.rest
        return row_moments(net.rows), _ADAM.init(rest)
    return _ADAM.init(net)


def change(loss: Loss, net: Any, moments: Any, factors: Int[Array, "n f"]) -> Change:
    """The step for a batch of places. Of a network of rows, only those that it met have one."""
    if isinstance(net, RowNet):
        return _of_rows(loss, net, moments, factors)
    gradient, also = jax.grad(lambda net: loss(jax.vmap(net)(factors)), has_aux=True)(net)
    step, moments = _ADAM.update(gradient, moments)
    return Change(
        moments, lambda amount: _moved(net, step, amount), optax.tree.norm(gradient), also
    )


_ADAM = optax.scale_by_adam()


def _of_rows(
    loss: Loss, net: RowNet, moments: tuple[RowMoments, Any], factors: Int[Array, "n f"]
) -> Change:
    of_rows, of_rest = moments
    met = jax.vmap(net.met)(factors)
    total = jnp.sum(net.rows[met], axis=1)

    def of_parts(rest: Any, total: Float[Array, "n w"]) -> tuple[Array, Any]:
        return loss(jax.vmap(rest)(total))

    (by_rest, by_total), also = jax.grad(of_parts, argnums=(0, 1), has_aux=True)(net.rest, total)
    # Each of the rows that are summed has the gradient of the sum.
    by_met = jnp.broadcast_to(by_total[:, None], (*met.shape, by_total.shape[-1]))
    of_rows, rows = row_step(of_rows, met.ravel(), by_met.reshape(met.size, -1))
    step, of_rest = _ADAM.update(by_rest, of_rest)

    def after(amount: Array | float) -> RowNet:
        return RowNet(
            against(net.rows, rows, amount),
            _moved(net.rest, step, amount),
            net.cardinalities,
            net.tables,
        )

    norm = optax.tree.norm((by_rest, by_met))
    return Change((of_rows, of_rest), after, norm, also)


def _moved(weights: Any, step: Any, amount: Array | float) -> Any:
    return jax.tree.map(lambda w, s: w - amount * s, weights, step)
