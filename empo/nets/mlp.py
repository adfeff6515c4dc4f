"""Multi-layer perceptrons."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp

from empo.core.types import Array, Float
from empo.nets.weights import glorot, orthogonal

Activation = Literal["tanh", "relu", "silu", "elu", "gelu"]

_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "silu": jax.nn.silu,
    "elu": jax.nn.elu,
    "gelu": jax.nn.gelu,
}


def activation_of(name: Activation) -> Callable[[Array], Array]:
    """The function of that name."""
    return _ACTIVATIONS[name]


class Dense(eqx.Module):
    """x W + b."""

    weight: Float[Array, "i o"]
    bias: Float[Array, " o"]

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
        scales: Sequence[float] | None,
        layer_norm: bool = False,
        key: Array,
    ) -> None:
        """`sizes` from input to output. Layers begin with orthogonal matrices times `scales`, or,
        without them, as Glorot's uniform law has it.
        """
        shapes = list(itertools.pairwise(sizes))
        if scales is None:
            weights = glorot(shapes, key=key)
        else:
            unit = orthogonal(shapes, key=key)
            weights = [scale * weight for scale, weight in zip(scales, unit, strict=True)]
        self.layers = tuple(Dense(weight, jnp.zeros(weight.shape[1])) for weight in weights)
        self.norms = tuple(eqx.nn.LayerNorm(n) for n in sizes[1:-1]) if layer_norm else ()
        self.activation = activation

    def __call__(self, x: Float[Array, " i"]) -> Float[Array, " o"]:
        """The outputs of the last layer, without an activation."""
        activate = activation_of(self.activation)
        for number, layer in enumerate(self.layers[:-1]):
            x = layer(x)
            if self.norms:
                x = self.norms[number](x)
            x = activate(x)
        return self.layers[-1](x)
