"""Networks of states: vectors of factors, each of which takes one of finitely many values."""

from __future__ import annotations

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import Array, Float, Int
from empo.nets.factory import HIDDEN_SCALE, NetSettings
from empo.nets.mlp import MLP, activation_of


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
    cardinalities: Sequence[int], n_outputs: int, settings: NetSettings, *, key: Array
) -> FactorNet:
    """A network with the hidden layers of the settings, the first of which reads the factors."""
    key_rows, key_rest = jax.random.split(key)
    width = settings.hidden[0]
    scales = [HIDDEN_SCALE for _ in settings.hidden[1:]] + [1.0]
    rest = MLP(
        (*settings.hidden, n_outputs),
        settings.activation,
        scales=scales if settings.orthogonal else None,
        layer_norm=settings.layer_norm,
        key=key_rest,
    )
    # Each one-hot vector has length 1, so their sum has the variance of one row per factor.
    spread = (1 / len(cardinalities)) ** 0.5
    rows = spread * jax.random.normal(key_rows, (sum(cardinalities), width))
    offsets = np.cumsum([0, *cardinalities[:-1]]).tolist()
    return FactorNet(rows, jnp.zeros(width), rest, tuple(offsets))
