"""Where nothing leads back, tables end at the same values in whatever order they are updated."""

from __future__ import annotations

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import empo
from empo.learn.exact_targets import phase1_target, phase2_targets
from empo.learn.settings import QUANTITIES
from empo.worlds.packing import pack
from tests.learn.filled import filled, solution_of

SHARES = ("q_h_m", "v_h_e")
"""Held as they are; of the others the logarithms."""
N_TURNS = len(QUANTITIES)
ORDERS = {
    "as the equations read": QUANTITIES,
    "backwards": QUANTITIES[::-1],
    "the robot first": ("q_r", "v_r", "u_r", "q_h_m", "x_h", "v_h_e"),
    "people last": ("v_r", "x_h", "q_r", "u_r", "v_h_e", "q_h_m"),
    "all at once": None,
}


SHORT = {"beta_r": 5.0, "gamma_h": 0.5, "gamma_r": 0.5}


@functools.cache
def world_of(name):
    """One that ends; or one that goes nowhere from where it arrives."""
    return filled(empo.solve("menu", **SHORT) if name == "menu" else solution_of(name))


@functools.cache
def updates(name):
    """run(tables, turns, n_sweeps): tables set to their targets; `turns` says which at once."""
    world = world_of(name)
    factors = np.asarray(jax.vmap(world.problem.factors)(world.places), np.int64)
    row = pack(factors, world.problem.cardinalities)

    def targets(tables):
        found = phase2_targets(world.quantities, world.problem, tables, world.places, world.beta_r)
        return found | {
            "q_h_m": phase1_target(world.quantities, world.problem, tables, world.places)
        }

    def turn(tables, moved):
        found = targets(tables)
        new = {}
        for number, name in enumerate(QUANTITIES):
            value, weight = found[name]
            safe = jnp.where(weight > 0, value, 1.0)
            wanted = safe if name in SHARES else jnp.log(safe)
            held = tables[name][row]
            new[name] = (
                tables[name].at[row].set(jnp.where((weight > 0) & moved[number], wanted, held))
            )
        return new, None

    @jax.jit
    def run(tables, turns, n_sweeps):
        sweep = lambda _, tables: jax.lax.scan(turn, tables, turns)[0]  # noqa: E731
        return jax.lax.fori_loop(0, n_sweeps, sweep, tables)

    return run, row, jax.jit(lambda tables: {n: t.weight for n, t in targets(tables).items()})


def random_tables(world, seed):
    keys = jax.random.split(jax.random.key(seed), N_TURNS)
    found = {}
    for key, name in zip(keys, QUANTITIES, strict=True):
        held = world.weights[name]
        share = jax.random.uniform(key, held.shape, minval=0.01, maxval=0.99)
        found[name] = share if name in SHARES else 4 * share - 2
    return found


def learned(name, order, seed, n_sweeps):
    """What tables hold that began with random numbers, wherever an equation says something."""
    world = world_of(name)
    run, row, weights = updates(name)
    turns = (
        np.ones((N_TURNS, N_TURNS), bool)
        if order is None
        else np.array([[q == moved for q in QUANTITIES] for moved in order])
    )
    tables = random_tables(world, seed)
    found, counted = run(tables, turns, n_sweeps), weights(tables)
    return {n: np.asarray(found[n][row])[np.asarray(counted[n]) > 0] for n in QUANTITIES}


def wanted(name):
    """The exact solution there."""
    world = world_of(name)
    _, _, weights = updates(name)
    counted = {n: np.asarray(w) > 0 for n, w in weights(world.weights).items()}
    return {n: world.exact[n][counted[n]] for n in QUANTITIES}


@pytest.mark.parametrize("name", ["rich-horizon", pytest.param("bushes", marks=pytest.mark.slow)])
def test_A26_in_a_game_that_ends_the_order_of_updates_changes_no_bit(name):
    found = [learned(name, order, seed, 40) for seed, order in enumerate(ORDERS.values())]
    for one, other in itertools.pairwise(found):
        for quantity in QUANTITIES:
            np.testing.assert_array_equal(one[quantity], other[quantity], err_msg=quantity)
    assert_that_it_is_exact(name, found[0])


@pytest.mark.slow
def test_A26_without_a_horizon_but_with_no_way_back_neither_does_it():
    # Where one stays for ever values are discounted sums, of which nothing is left out in the end.
    found = [learned("menu", order, seed, 100) for seed, order in enumerate(ORDERS.values())]
    for one, other in itertools.pairwise(found):
        for quantity in QUANTITIES:
            np.testing.assert_allclose(one[quantity], other[quantity], rtol=1e-5, atol=1e-6)
    assert_that_it_is_exact("menu", found[0])


def assert_that_it_is_exact(name, found):
    for quantity, exact in wanted(name).items():
        value = found[quantity] if quantity in SHARES else np.exp(found[quantity])
        np.testing.assert_allclose(value, exact, rtol=1e-4, atol=1e-5, err_msg=quantity)
