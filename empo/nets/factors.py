"""Networks of states: vectors of factors, each of which takes one of finitely many values."""

from __future__ import annotations

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from empo.core.errors import InputError
from empo.core.types import Array, Float, Int
from empo.nets.factory import HIDDEN_SCALE, NetSettings
from empo.nets.mlp import MLP, activation_of

LAST_SCALE = 0.1
"""Of the last layer at first: outputs differ little between states before they are learned."""


class FactorNet(eqx.Module):
    """A perceptron on the factors' one-hot vectors, joined.

    The product of its first matrix with them is a sum of rows, one per factor, and is computed so.
    """

    rows: Float[Array, "v w"]
    bias: Float[Array, " w"]
    rest: MLP
    offsets: tuple[int, ...] = eqx.field(static=True)

    def __call__(self, factors: Int[Array, " f"]) -> Float[Array, " o"]:
        """The outputs."""
        x = jnp.sum(self.rows[np.array(self.offsets) + factors], axis=0) + self.bias
        return self.rest(activation_of(self.rest.activation)(x))


def factor_net(
    cardinalities: Sequence[int],
    at_first: Float[Array, " o"],
    settings: NetSettings,
    *,
    key: Array,
) -> FactorNet:
    """A network with the hidden layers of the settings, the first of which reads the factors.

    At first its outputs are about `at_first`. Raises `InputError` if there is no hidden layer.
    """
    if not settings.hidden:
        raise InputError("hidden: found no layer (wanted at least one, to read a state with)")
    key_rows, key_rest = jax.random.split(key)
    width = settings.hidden[0]
    scales = [HIDDEN_SCALE for _ in settings.hidden[1:]] + [LAST_SCALE]
    rest = MLP(
        (*settings.hidden, len(at_first)),
        settings.activation,
        scales=scales if settings.orthogonal else None,
        layer_norm=settings.layer_norm,
        key=key_rest,
    )
    rest = eqx.tree_at(lambda net: net.layers[-1].bias, rest, at_first)
    # Each one-hot vector has length 1, so their sum has the variance of one row per factor.
    spread = (1 / len(cardinalities)) ** 0.5
    rows = spread * jax.random.normal(key_rows, (sum(cardinalities), width))
    offsets = np.cumsum([0, *cardinalities[:-1]]).tolist()
    return FactorNet(rows, jnp.zeros(width), rest, tuple(offsets))
