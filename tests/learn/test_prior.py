"""The policies of people that Phase 2 takes: learned, computed, or straight ahead."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from bench.games import RICH
from empo.core.errors import InputError
from empo.learn.exact import tabulated
from empo.learn.prior import Learned, ShortestPath, check_shortest_path
from empo.worlds.load import load
from tests.learn.filled import BUSHES, exact_values, filled, places_of, solution_of


def pi_h_of(prior, problem, places, q_h_m):
    at = jax.vmap(
        lambda place, q: prior(problem, place, q), in_axes=(0, None if q_h_m is None else 0)
    )
    return np.asarray(jax.jit(at)(places, q_h_m))


@pytest.mark.parametrize("name", ["rich", "rich-horizon", "norm"])
def test_learned_and_tabulated_are_the_exact_policies_of_the_exact_q_h_m(name):
    # Habits, a rationality of one's own, weights of habit by state, illegal actions: all in rich.
    solution = solution_of(name)
    world = filled(solution)
    exact = exact_values(solution)
    wanted = exact["pi_h"]
    learned = pi_h_of(Learned(), world.problem, world.places, exact["q_h_m"].astype(np.float32))
    np.testing.assert_allclose(learned, wanted, atol=2e-6)
    given = pi_h_of(tabulated(world.problem, solution), world.problem, world.places, None)
    np.testing.assert_allclose(given, wanted, atol=1e-6)


def test_the_quantities_hand_what_was_learned_to_the_prior():
    solution = solution_of("rich")
    world = filled(solution)
    found = jax.jit(jax.vmap(lambda p: world.quantities.pi_h(world.problem, world.weights, p)))
    np.testing.assert_allclose(found(world.places), exact_values(solution)["pi_h"], atol=2e-6)


def test_straight_ahead_is_what_the_solver_takes():
    solution = solution_of("bushes-straight")
    world = filled(solution, ShortestPath())
    found = pi_h_of(ShortestPath(), world.problem, places_of(solution), None)
    np.testing.assert_allclose(found, exact_values(solution)["pi_h"], atol=2e-6)


def test_only_worlds_on_a_grid_know_what_is_straight_ahead():
    check_shortest_path(load(BUSHES).model, "bushes")
    with pytest.raises(InputError, match="rich: prior shortest-path needs a world on a grid"):
        check_shortest_path(load(RICH).model, "rich")
