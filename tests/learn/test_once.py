"""Functions of many places, computed once for each: the same as computing all."""

from __future__ import annotations

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.learn import once
from empo.learn.once import at_each, distinguish
from empo.learn.problem import Place

PROBLEM = SimpleNamespace(factors=lambda place: jnp.append(place.state, place.time))


def places(key, n, n_values):
    """Many duplicates where there are few values."""
    rng = np.random.default_rng(key)
    state = rng.integers(0, n_values, (n, 3)).astype(np.int32)
    return Place(jnp.asarray(state), jnp.asarray(rng.integers(0, 3, n).astype(np.int32)))


def function(place):
    return {
        "x": jnp.sin(place.state.astype(float)) * (1 + place.time),
        "y": jnp.sum(place.state) * 100 + place.time,
    }


def everything_on_one_slot(factors):
    return jnp.zeros(len(factors), jnp.uint32)


def few_slots(factors):
    return (factors[:, 0] % 3).astype(jnp.uint32)


HASHES = {"its own": None, "one slot": everything_on_one_slot, "few slots": few_slots}


@pytest.mark.parametrize("how", HASHES)
@pytest.mark.parametrize(("n", "n_values"), [(1, 2), (7, 1), (500, 3), (1300, 2), (1300, 50)])
def test_at_each_is_the_function_at_each_place(n, n_values, how, monkeypatch):
    if HASHES[how] is not None:
        monkeypatch.setattr(once, "hashed", HASHES[how])
    many = places(n, n, n_values)
    results, row = jax.jit(lambda p: at_each(function, PROBLEM, p))(many)
    wanted = jax.vmap(function)(many)
    for name, value in wanted.items():
        np.testing.assert_allclose(results[name][row], value, rtol=1e-6)


@pytest.mark.parametrize("how", HASHES)
def test_what_stands_for_a_row_equals_it_and_stands_for_itself(how, monkeypatch):
    if HASHES[how] is not None:
        monkeypatch.setattr(once, "hashed", HASHES[how])
    many = places(5, 700, 4)
    factors = np.asarray(jax.vmap(PROBLEM.factors)(many))
    distinct = jax.tree.map(np.asarray, distinguish(jnp.asarray(factors)))
    chosen = distinct.chosen[: distinct.number]
    assert len(set(chosen)) == distinct.number
    np.testing.assert_array_equal(factors[chosen[distinct.which]], factors)


def test_without_collisions_there_are_as_many_as_differ():
    many = places(6, 1000, 3)
    factors = np.asarray(jax.vmap(PROBLEM.factors)(many))
    number = int(distinguish(jnp.asarray(factors)).number)
    n_different = len(np.unique(factors, axis=0))
    # The places of two rows with one hash, here about a dozen, stand for themselves.
    assert n_different <= number <= n_different + 30


@pytest.mark.slow
def test_the_function_is_computed_in_as_few_blocks_as_are_needed():
    calls = []

    def counting(place):
        jax.debug.callback(lambda _: calls.append(1), place.time)
        return place.time

    many = places(7, 3 * once.BLOCK, 1)
    jax.block_until_ready(jax.jit(lambda p: at_each(counting, PROBLEM, p))(many))
    jax.effects_barrier()
    assert len(calls) == once.BLOCK
