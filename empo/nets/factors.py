"""Networks of states: vectors of factors, each of which takes one of finitely many values."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import Array, Float, Int
from empo.nets.factory import NetSettings, after_first
from empo.nets.mlp import MLP, activation_of

Pair = tuple[int, int]


class FactorNet(eqx.Module):
    """A perceptron on one-hot vectors of the factors, and on embeddings of pairs of them.

    The product of a matrix with one-hot vectors is a sum of its rows, and is computed so. Pairs
    tell the network at once where somebody stands in somebody's way; sums over factors do not.
    """

    rows: Float[Array, "v w"]
    pair_rows: Float[Array, "p e"]
    pair_weight: Float[Array, "q w"]
    bias: Float[Array, " w"]
    rest: MLP
    cardinalities: tuple[int, ...] = eqx.field(static=True)
    pairs: tuple[Pair, ...] = eqx.field(static=True)

    def __call__(self, factors: Int[Array, " f"]) -> Float[Array, " o"]:
        """The outputs."""
        sizes = self.cardinalities
        x = jnp.sum(self.rows[_offsets(sizes) + factors], axis=0) + self.bias
        if self.pairs:
            joint = jnp.stack([factors[i] * sizes[j] + factors[j] for i, j in self.pairs])
            found = self.pair_rows[_offsets(_pair_sizes(sizes, self.pairs)) + joint]
            x = x + self.pair_weight.T @ found.ravel()
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
    key_rows, key_pairs, key_weight, key_rest = jax.random.split(key, 4)
    rest = after_first(at_first, settings, key=key_rest)
    sizes, width = tuple(cardinalities), settings.hidden[0]
    pairs = pairs_of(sizes, settings.pairs)
    n_read = settings.pair_width * len(pairs)
    # One-hot vectors have length 1 and embeddings about sqrt(e), so that each of the two sums has
    # the variance of one unit.
    normal = jax.random.normal
    return FactorNet(
        rows=normal(key_rows, (sum(sizes), width)) / len(sizes) ** 0.5,
        pair_rows=normal(key_pairs, (sum(_pair_sizes(sizes, pairs)), settings.pair_width)),
        pair_weight=normal(key_weight, (n_read, width)) / max(n_read, 1) ** 0.5,
        bias=jnp.zeros(width),
        rest=rest,
        cardinalities=sizes,
        pairs=pairs,
    )


def pairs_of(sizes: tuple[int, ...], most: int) -> tuple[Pair, ...]:
    """Pairs of factors with at most so many combinations of values."""
    both = itertools.combinations(range(len(sizes)), 2)
    return tuple((i, j) for i, j in both if sizes[i] * sizes[j] <= most)


def _pair_sizes(sizes: tuple[int, ...], pairs: tuple[Pair, ...]) -> list[int]:
    return [sizes[i] * sizes[j] for i, j in pairs]


def _offsets(sizes: Sequence[int]) -> np.ndarray:
    """Where the rows of each begin."""
    return np.cumsum([0, *sizes[:-1]], dtype=np.int32)
