"""Networks of states: vectors of factors, each of which takes one of finitely many values."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

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


class Reading(NamedTuple):
    """Where the rows of factors, and of some pairs of them, are found."""

    offsets: tuple[int, ...]
    """Of each factor's first row, then of each pair's."""
    pairs: tuple[tuple[int, int, int], ...]
    """Two factors and the number of values of the second."""
    n_rows: int

    def rows(self, factors: Int[Array, " f"]) -> Int[Array, " p"]:
        """The rows of ONE state."""
        joined = [factors[i] * size + factors[j] for i, j, size in self.pairs]
        return jnp.array(self.offsets) + jnp.concatenate([factors, *(x[None] for x in joined)])


def reading(cardinalities: Sequence[int], most: int) -> Reading:
    """A row for each value of each factor, and of each pair with at most so many."""
    sizes = [*cardinalities]
    pairs = []
    for i, j in itertools.combinations(range(len(cardinalities)), 2):
        if (size := cardinalities[i] * cardinalities[j]) <= most:
            pairs.append((i, j, cardinalities[j]))
            sizes.append(size)
    offsets = np.cumsum([0, *sizes[:-1]]).tolist()
    return Reading(tuple(offsets), tuple(pairs), sum(sizes))


class FactorNet(eqx.Module):
    """A perceptron on one-hot vectors of the factors and of pairs of them, joined.

    The product of its first matrix with them is a sum of rows, one for each, and is computed so.
    Pairs tell it at once where somebody stands in somebody's way; sums of factors do not.
    """

    table: Float[Array, "v w"]
    bias: Float[Array, " w"]
    rest: MLP
    reading: Reading = eqx.field(static=True)

    def __call__(self, factors: Int[Array, " f"]) -> Float[Array, " o"]:
        """The outputs."""
        x = jnp.sum(self.table[self.reading.rows(factors)], axis=0) + self.bias
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
    found = reading(cardinalities, settings.pairs)
    spread = (1 / len(found.offsets)) ** 0.5
    table = spread * jax.random.normal(key_rows, (found.n_rows, width))
    return FactorNet(table, jnp.zeros(width), rest, found)
