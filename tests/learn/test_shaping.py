"""Shaping by distance: what is sought stays the same, and is nearer at the beginning."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import empo
from bench.games import RICH
from empo.core.errors import InputError
from empo.learn.estimators import Batch
from empo.learn.exact_targets import phase1_target
from empo.learn.prior import Learned
from empo.learn.problem import problem_of
from empo.learn.quantities import quantities
from empo.learn.settings import Kinds, RobotSettings
from empo.learn.shaping import FAR, distance_potential
from empo.nets import NetSettings
from empo.theory import Theory
from empo.worlds.load import load
from tests.learn.filled import exact_values, places_of

pytestmark = pytest.mark.slow

LANE = {
    "kind": "grid",
    "name": "lane",
    "map": "############\n#h.........#\n##.#########\n##########r#\n############",
    "goals": "cells",
}
"""The robot is walled in: it can do no harm."""
CORNER = {
    "kind": "grid",
    "name": "corner",
    "map": "########\n#h.....#\n###.####\n###r####\n########",
    "goals": "cells",
}
"""The robot can stand in the way, and in Phase 1 it does: the potential is far too high."""
THEORY = Theory(gamma_h=0.9, gamma_r=0.9, beta_h=10.0, beta_r=5.0)


@functools.cache
def solved(name):
    world = load({"lane": LANE, "corner": CORNER}[name])
    solution = empo.solve(world, **vars(THEORY))
    return problem_of(world, THEORY), places_of(solution), exact_values(solution)["q_h_m"]


def q_h_m_of(problem, shaping, kind, expectation="exact"):
    settings = RobotSettings(shaping=shaping, kinds=Kinds(q_h_m=kind), expectation=expectation)
    return quantities(problem, settings, NetSettings(), Learned())


@functools.cache
def errors(name, shaping, kind, n_updates, rate):
    """The mean and the largest error of Q_h^m after each update from all places."""
    problem, places, exact = solved(name)
    found = q_h_m_of(problem, shaping, kind)
    estimator = found.estimators["q_h_m"]
    factors = jax.vmap(problem.factors)(places)
    wanted = jnp.asarray(exact, jnp.float32)

    def update(kept, _):
        target = phase1_target(found, problem, {"q_h_m": kept.now}, places)
        kept = estimator.improve(kept, Batch(factors, *target), jnp.float32(rate))[0]
        off = jnp.abs(jax.vmap(estimator.at, in_axes=(None, 0))(kept.now, factors) - wanted)
        off = jnp.where(target.weight > 0, off, 0.0)
        return kept, (jnp.sum(off) / jnp.sum(target.weight), jnp.max(off))

    start = estimator.start(key=jax.random.key(0))
    return jax.tree.map(
        np.asarray, jax.jit(lambda: jax.lax.scan(update, start, None, n_updates))()
    )[1]


@pytest.mark.parametrize("name", ["lane", "corner"])
def test_with_and_without_shaping_the_same_solution_is_found(name):
    for shaping in ("none", "distance"):
        _, largest = errors(name, shaping, "table", 200, 1.0)
        assert largest[-1] < 1e-5


def test_with_shaping_tables_are_nearer_after_few_sweeps():
    plain, shaped = (
        errors("lane", shaping, "table", 200, 1.0)[0] for shaping in ("none", "distance")
    )
    assert np.all(shaped[:6] < 0.8 * plain[:6])


def test_with_shaping_networks_are_nearer_after_few_updates():
    plain, shaped = (
        errors("lane", shaping, "network", 60, 1e-3)[0] for shaping in ("none", "distance")
    )
    assert np.all(shaped < 0.7 * plain)


def test_the_potential_falls_with_the_distance_and_stays_inside_0_and_1():
    # The human stands on the first of six cells in a row; d steps are worth about 0.9 ** (1 + d).
    problem, _, _ = solved("corner")
    state = jnp.asarray(load(CORNER).initial[0])
    phi = np.asarray(distance_potential(problem, state))[0]
    row = [(FAR + 0.9 ** (1 + d)) / (1 + 2 * FAR) for d in range(6)]
    np.testing.assert_allclose(phi[:6], row, rtol=1e-5)
    np.testing.assert_allclose(phi[6:], row[3:5], rtol=1e-5)  # The two cells below the third.


@pytest.mark.parametrize("gamma_h", [0.0, 0.5, 0.999999])
def test_whatever_the_discount_the_potential_stays_inside_0_and_1(gamma_h):
    problem = problem_of(load("key-door-large"), Theory(gamma_h=gamma_h))
    phi = distance_potential(problem, jnp.asarray(load("key-door-large").initial[0]))
    assert np.all(phi > 0.9 * FAR)
    assert np.all(phi < 1 - 0.9 * FAR)


@pytest.mark.parametrize("expectation", ["exact", "sampled"])
@pytest.mark.parametrize("kind", ["table", "network"])
def test_before_anything_is_learned_q_h_m_is_the_potential(kind, expectation):
    problem, places, exact = solved("lane")
    found = q_h_m_of(problem, "distance", kind, expectation)
    plain = q_h_m_of(problem, "none", kind, expectation)
    phi = np.asarray(jax.vmap(lambda p: distance_potential(problem, p.state))(places))
    factors = jax.vmap(problem.factors)(places)
    acts = jnp.concatenate([factors, jnp.ones((len(factors), 2), factors.dtype)], axis=1)
    for name, inputs, wanted in (
        ("q_h_m", factors, np.broadcast_to(phi[..., None], exact.shape)),
        ("q_h_r", acts, phi),
    ):
        if name not in found.all_estimators:
            continue
        began = [
            jax.jit(jax.vmap(e.at, in_axes=(None, 0)))(e.start(key=jax.random.key(0)).now, inputs)
            for e in (found.all_estimators[name], plain.all_estimators[name])
        ]
        if kind == "table":
            np.testing.assert_allclose(began[0], wanted, rtol=1e-5)
        else:
            # As far away as the plain network, which begins about FAR, is from that: in logits.
            logit = jax.scipy.special.logit
            np.testing.assert_allclose(
                logit(began[0]) - logit(wanted), logit(began[1]) - logit(FAR), atol=1e-4
            )


def test_worlds_without_distances_are_refused():
    settings = RobotSettings(shaping="distance")
    problem = problem_of(load(RICH), Theory())
    with pytest.raises(InputError, match="shaping: found distance"):
        quantities(problem, settings, NetSettings(), Learned())


def test_a_shaping_that_is_not_known_is_refused():
    with pytest.raises(InputError, match="shaping: found 'count'"):
        RobotSettings(shaping="count")  # pyright: ignore[reportArgumentType]
