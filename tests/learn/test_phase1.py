"""Phase 1 learned in tables: from exact targets and from samples, against the exact solver."""

from __future__ import annotations

import functools

import jax
import numpy as np
import pytest

from empo.learn.prior import Learned
from empo.learn.problem import problem_of
from empo.learn.q_robot import present
from empo.learn.quantities import quantities
from empo.learn.settings import Kinds, Rates, RobotSettings, Slow, WarmUp
from empo.nets import NetSettings
from empo.worlds.load import load
from tests.learn.filled import exact_values, places_of, solution_of
from tests.learn.updating import after, algorithm_of, steps_at

pytestmark = pytest.mark.slow

TABLES = Kinds("table", "table", "table", "direct", "table", "direct")
FAST = Slow(*(6 * [1]))


@functools.cache
def learned(name, expectation, n_updates, copies=1):
    """Q_h^m as it is after so many updates from all places, and the exact one."""
    solution = solution_of(name)
    problem = problem_of(solution.world, solution.theory)
    settings = RobotSettings(
        expectation=expectation,
        loss_space="linear",
        kinds=TABLES,
        slow=FAST,
        rates=Rates(
            *(6 * [1.0]), decay_from=0.0, final_rate=1.0 if expectation == "exact" else 0.002
        ),
        warm_up=WarmUp(n_updates, 1, 1, 0, 1, 0, 1),
    )
    found = quantities(problem, settings, NetSettings(), Learned())
    places = places_of(solution)
    data = jax.tree.map(lambda x: x.repeat(copies, axis=0), places)
    algorithm = algorithm_of(problem, settings, found, n_updates + 10)
    learner = after(algorithm, steps_at(data, problem.model.n_humans), n_updates)
    weights = present(learner)
    q_h_m = jax.vmap(lambda p: found.q_h_m(problem, weights, p))(places)
    exact = exact_values(solution)
    return np.asarray(q_h_m), exact["q_h_m"], exact["pi_h"] > 0


@pytest.mark.parametrize("name", ["rich", "norm", "two-state", "bushes"])
def test_learned_from_expectations_q_h_m_is_exact(name):
    found, exact, counted = learned(name, "exact", 2_000 if name == "two-state" else 200)
    scale = max(1.0, exact.max())
    assert np.abs(found - exact)[counted].max() < 2e-5 * scale


@pytest.mark.parametrize("name", ["rich", "norm", "bushes"])
def test_learned_from_samples_q_h_m_approaches_the_exact_one(name):
    found, exact, counted = learned(name, "sampled", 3_000, copies=8)
    error = np.abs(found - exact)[counted]
    assert error.mean() < 0.01
    assert error.max() < 0.06


def test_the_minimum_stands_inside_the_mean_over_what_others_do():
    # The world norm: ann expects bob on the right with probability 0.9. The robot at its worst is
    # on the other side than ann, or with bob against her: Q = 0.475 for right, 0.275 for left. With
    # the minimum outside, the robot could not answer what bob does.
    found, _, _ = learned("norm", "sampled", 3_000, copies=8)
    corridor, places = load("norm").initial[0], places_of(solution_of("norm"))
    ann = found[np.argmax(np.all(np.asarray(places.state) == corridor[None], axis=1)), 0, 0]
    np.testing.assert_allclose(ann, [0.275, 0.475], atol=0.02)
