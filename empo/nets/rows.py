"""Networks of states whose first layer is looked up: a row of each of several tables, summed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp

from empo.core.types import Array, Float, Int
from empo.nets.factory import NetSettings, after_first
from empo.nets.mlp import MLP, activation_of

Group = tuple[int, ...]
"""Factors that are read as one, by their numbers."""


class Rest(eqx.Module):
    """What follows on the sum of the rows."""

    bias: Float[Array, " w"]
    layers: MLP

    def __call__(self, total: Float[Array, " w"]) -> Float[Array, " o"]:
        """The outputs."""
        return self.layers(activation_of(self.layers.activation)(total + self.bias))


class RowNet(eqx.Module):
    """A table for each factor, one for each pair of groups of them, and layers on top.

    A row has a number for each unit of the first hidden layer. Small factors are grouped, so that
    a few tables tell where somebody is, all else being as it is. Tables may be large, since
    whoever learns from a batch need step only the rows that it met.
    """

    rows: Float[Array, "r w"]
    rest: Rest
    cardinalities: tuple[int, ...] = eqx.field(static=True)
    tables: tuple[Group, ...] = eqx.field(static=True)
    """The factors that each table reads."""

    def met(self, factors: Int[Array, " f"]) -> Int[Array, " t"]:
        """The row of each table."""
        sizes = self.cardinalities
        rows, begin = [], 0
        for table in self.tables:
            place = jnp.int32(0)
            for factor in table:
                place = place * sizes[factor] + factors[factor]
            rows.append(begin + place)
            begin += _size(table, sizes)
        return jnp.stack(rows)

    def __call__(self, factors: Int[Array, " f"]) -> Float[Array, " o"]:
        """The outputs."""
        return self.rest(jnp.sum(self.rows[self.met(factors)], axis=0))


def row_net(
    cardinalities: Sequence[int],
    at_first: Float[Array, " o"],
    settings: NetSettings,
    *,
    key: Array,
) -> RowNet:
    """A network with the hidden layers of the settings, the first of which is looked up.

    At first its outputs are about `at_first`, and groups say nothing: rows that are never met
    leave it to single factors. Raises `InputError` if there is no hidden layer.
    """
    key_rows, key_layers = jax.random.split(key)
    layers = after_first(at_first, settings, key=key_layers)
    sizes, width = tuple(cardinalities), settings.hidden[0]
    single = tuple((factor,) for factor in range(len(sizes)))
    joint = joint_tables(sizes, settings.pairs)
    normal = jax.random.normal(key_rows, (sum(sizes), width)) / len(sizes) ** 0.5
    more = sum(_size(table, sizes) for table in joint)
    return RowNet(
        rows=jnp.concatenate([normal, jnp.zeros((more, width))]),
        rest=Rest(jnp.zeros(width), layers),
        cardinalities=sizes,
        tables=single + joint,
    )


def joint_tables(sizes: tuple[int, ...], most: int) -> tuple[Group, ...]:
    """Pairs of groups with at most so many combinations of values; or one group of all factors.

    A group grows, smallest factors first, as long as the largest factor can be paired with it.
    """
    groups: list[Group] = []
    for factor in sorted(range(len(sizes)), key=lambda factor: sizes[factor]):
        grown = (*groups[-1], factor) if groups else (factor,)
        if groups and _size(grown, sizes) * max(sizes) <= most:
            groups[-1] = grown
        else:
            groups.append((factor,))
    if len(groups) == 1:
        return tuple(group for group in groups if len(group) > 1)
    both = (a + b for a, b in itertools.combinations(groups, 2))
    return tuple(table for table in both if _size(table, sizes) <= most)


def _size(table: Group, sizes: tuple[int, ...]) -> int:
    return math.prod(sizes[factor] for factor in table)
