"""Multi-layer perceptrons."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp

from empo.core.types import Array, Float

Activation = Literal["tanh", "relu", "silu", "elu", "gelu"]

_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "silu": jax.nn.silu,
    "elu": jax.nn.elu,
    "gelu": jax.nn.gelu,
}


class Dense(eqx.Module):
    """x W + b. `scale` makes W orthogonal times it; None draws W as Glorot's uniform law does."""

    weight: Float[Array, "i o"]
    bias: Float[Array, " o"]

    def __init__(self, n_in: int, n_out: int, scale: float | None, *, key: Array) -> None:
        if scale is None:
            self.weight = jax.nn.initializers.glorot_uniform()(key, (n_in, n_out))
        else:
            self.weight = scale * orthogonal(n_in, n_out, key=key)
        self.bias = jnp.zeros(n_out)

    def __call__(self, x: Float[Array, " i"]) -> Float[Array, " o"]:
        """The outputs."""
        # Over a batch this order leaves it on the last axis, where products are faster.
        return self.weight.T @ x + self.bias


class MLP(eqx.Module):
    """Dense layers with an activation between them, and a layer norm before it if wanted."""

    layers: tuple[Dense, ...]
    norms: tuple[eqx.nn.LayerNorm, ...]
    activation: Activation = eqx.field(static=True)

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Activation,
        *,
        scales: Sequence[float | None],
        layer_norm: bool = False,
        key: Array,
    ) -> None:
        """`sizes` from input to output; `scales` of the layers' orthogonal matrices."""
        keys = jax.random.split(key, len(sizes) - 1)
        shapes = itertools.pairwise(sizes)
        self.layers = tuple(
            Dense(n_in, n_out, scale, key=key)
            for (n_in, n_out), scale, key in zip(shapes, scales, keys, strict=True)
        )
        self.norms = tuple(eqx.nn.LayerNorm(n) for n in sizes[1:-1]) if layer_norm else ()
        self.activation = activation

    def __call__(self, x: Float[Array, " i"]) -> Float[Array, " o"]:
        """The outputs of the last layer, without an activation."""
        activate = _ACTIVATIONS[self.activation]
        for number, layer in enumerate(self.layers[:-1]):
            x = layer(x)
            if self.norms:
                x = self.norms[number](x)
            x = activate(x)
        return self.layers[-1](x)


def orthogonal(n_in: int, n_out: int, *, key: Array) -> Float[Array, "i o"]:
    """A random matrix whose rows, or columns if these are fewer, are orthogonal and of length 1.

    Uniform among all such (Mezzadri 2007): Gram and Schmidt's procedure on normal vectors, each
    made orthogonal twice, which is enough for rounding errors. LAPACK's QR is no way to do it: of
    several seeds at once, its calls may wait for one another for ever where there are few cores.
    """
    n, length = sorted((n_in, n_out))
    drawn = jax.random.normal(key, (n, length))

    def add(number: Array, rows: Array) -> Array:
        row = drawn[number]
        for _ in range(2):
            row = row - (rows @ row) @ rows
        return rows.at[number].set(row / jnp.linalg.norm(row))

    rows = jax.lax.fori_loop(0, n, add, jnp.zeros_like(drawn))
    return rows if n_in <= n_out else rows.T
