"""Learned functions of a place: networks that follow gradients, and tables that hold means."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.errors import InputError
from empo.core.types import Array, Bool, Float, Int
from empo.learn.descent import change, moments_of
from empo.learn.forms import Form
from empo.learn.restraint import FREE, Restraint
from empo.nets import NetSettings, factor_net, row_net
from empo.rl.algorithm import Metrics
from empo.worlds.packing import strides, unpack

First = Callable[[Int[Array, " f"]], Array]
"""What is held of ONE place, from its factors, before anything is learned."""
LARGEST_TABLE = 1 << 28
"""Numbers that a table may hold: 1 GiB."""


class Kept(NamedTuple):
    """One quantity, as far as it is learned."""

    now: Any
    slow: Any
    """The lagging copy."""
    moments: Any
    """The optimiser's."""


class Batch(NamedTuple):
    """What one update learns from, n places: `target` and `weight` have the quantity's axes."""

    factors: Int[Array, "n f"]
    target: Float[Array, " n *o"]
    weight: Float[Array, " n *o"]
    """0 where there is nothing to learn."""


@dataclass(frozen=True)
class Estimator:
    """`start(key=)` gives what is `Kept`; `at(weights, factors)` is what is held of ONE place.

    `improve(kept, batch, rate)` gives what is kept after one update, and metrics; a further
    argument, a `Restraint`, says what it is to heed besides. Of the metrics, `prediction` and
    `target` are means over what has weight, both in the units of targets; `lag` is the mean
    distance of the lagging copy in those of what is held.
    """

    start: Callable[..., Kept]
    at: Callable[[Any, Int[Array, " f"]], Array]
    improve: Callable[..., tuple[Kept, Metrics]]


def network(
    cardinalities: Sequence[int],
    shape: tuple[int, ...],
    form: Form,
    settings: NetSettings,
    first: First | None = None,
) -> Estimator:
    """A perceptron on the factors, with steps of Adam (Kingma and Ba 2015).

    `first` takes the place of the form's `at_first`: what stands for it is added to the outputs.
    """
    make = row_net if settings.reader == "rows" else factor_net

    def start(*, key: Array) -> Kept:
        first = jnp.broadcast_to(form.write(form.at_first), shape).ravel()
        net: Any = make(cardinalities, first, settings, key=key)
        return Kept(net, net, moments_of(net))

    def shaped(plain: Array, factors: Array) -> Array:
        plain = plain.reshape(shape)
        if first is None:
            return plain
        return plain + (form.write(first(factors)) - form.write(form.at_first))

    def at(net: Any, factors: Array) -> Array:
        return form.read(shaped(net(factors), factors))

    def improve(
        kept: Kept, batch: Batch, rate: Array, restraint: Restraint = FREE
    ) -> tuple[Kept, Metrics]:
        slow = jax.vmap(at, in_axes=(None, 0))(kept.slow, batch.factors)
        learnt = batch.weight > 0
        target = jnp.where(learnt, batch.target, 1.0)

        def loss(plain: Array) -> tuple[Array, tuple[Array, Array]]:
            out = jax.vmap(shaped)(plain, batch.factors)
            losses = jnp.where(learnt, batch.weight * jax.vmap(form.loss)(out, slow, target), 0.0)
            held = jax.vmap(form.read)(out)
            distance = total = jnp.mean(losses)
            if restraint.cost is not None:
                total += jnp.mean(restraint.cost(held))
            return total, (distance, held)

        found = change(loss, kept.now, kept.moments, batch.factors)
        distance, held = found.also

        def held_after(share: Array) -> Array:
            return jax.vmap(at, in_axes=(None, 0))(found.after(share * rate), batch.factors)

        now, clipped = found.after(rate), {}
        if restraint.bounded:
            share = restraint.share(held, held_after)
            now, clipped = found.after(share * rate), {"clipped": 1 - share}
        return Kept(now, kept.slow, found.moments), {
            "loss": distance,
            "grad_norm": found.norm,
            "lag": jnp.mean(jnp.abs(held - slow)),
            **_sizes(form, held, batch),
            **clipped,
        }

    return Estimator(start, at, improve)


def table(
    cardinalities: Sequence[int],
    shape: tuple[int, ...],
    form: Form,
    first: First | None = None,
) -> Estimator:
    """A number for every combination of factors, moved towards the mean of its targets.

    `first` takes the place of the form's `at_first`. Raises `InputError` if there are too many
    combinations.
    """
    sizes = tuple(cardinalities)
    n_rows = math.prod(sizes)
    if n_rows * math.prod(shape) > LARGEST_TABLE:
        raise InputError(
            f"table: found {n_rows:,} combinations of factors with {math.prod(shape)} numbers each "
            f"(wanted at most {LARGEST_TABLE:,} numbers: take a network)"
        )
    place_value = strides(sizes).astype(np.int32)

    def start(*, key: Array) -> Kept:
        begin = form.at_first if first is None else jax.vmap(first)(_all_factors(sizes))
        rows = jnp.broadcast_to(begin, (n_rows, *shape)).astype(jnp.float32)
        return Kept(rows, rows, ())

    def row_of(factors: Array) -> Array:
        return jnp.sum(factors * place_value)

    def at(rows: Array, factors: Array) -> Array:
        return rows[row_of(factors)]

    def improve(
        kept: Kept, batch: Batch, rate: Array, restraint: Restraint = FREE
    ) -> tuple[Kept, Metrics]:
        row = jax.vmap(row_of)(batch.factors)
        held, slow = kept.now[row], kept.slow[row]
        target, learnt = mean_of_equals(row, batch)
        new = jnp.where(learnt, form.toward(held, jnp.where(learnt, target, 1.0), rate), held)
        clipped = {}
        if restraint.cost is not None:
            new -= rate * restraint.pull(held)
        if restraint.bounded:
            free, new = new, restraint.clipped(held, new)
            clipped = {"clipped": jnp.mean(new != free)}
        return Kept(kept.now.at[row].set(new), kept.slow, ()), {
            "loss": jnp.mean((new - held) ** 2),
            "grad_norm": jnp.sqrt(jnp.sum((new - held) ** 2)),
            "lag": jnp.mean(jnp.abs(held - slow)),
            **_sizes(form, held, batch),
            **clipped,
        }

    return Estimator(start, at, improve)


def mean_of_equals(
    row: Int[Array, " n"], batch: Batch
) -> tuple[Float[Array, " n *o"], Bool[Array, " n *o"]]:
    """For each place the weighted mean of the targets of all that share its row, if there are."""
    same = (row[:, None] == row[None, :]).astype(jnp.float32)
    weighted = jnp.where(batch.weight > 0, batch.weight * batch.target, 0.0)
    total = jnp.tensordot(same, weighted, axes=1)
    weight = jnp.tensordot(same, batch.weight, axes=1)
    learnt = weight > 0
    return total / jnp.where(learnt, weight, 1.0), learnt


def _sizes(form: Form, held: Float[Array, " n *o"], batch: Batch) -> Metrics:
    """What was held, and what it should have been."""
    learnt = batch.weight > 0
    sizes = {"prediction": form.size(held), "target": batch.target}
    n_learnt = jnp.maximum(jnp.sum(learnt), 1)
    return {name: jnp.sum(jnp.where(learnt, size, 0.0)) / n_learnt for name, size in sizes.items()}


def _all_factors(sizes: tuple[int, ...]) -> Int[Array, "n f"]:
    """Every combination of factors, in the order of a table's rows."""
    return unpack(jnp.arange(math.prod(sizes), dtype=jnp.int32), sizes)
