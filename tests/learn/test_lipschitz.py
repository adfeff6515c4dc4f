"""The local Lipschitz constant of what was learned: beside the solver's, and by brute force."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import empo
from bench.coupled import HASTY, jacobian
from bench.games import RICH
from empo.learn.gap import describe
from empo.learn.judging import Found, JudgedRobots
from empo.learn.lipschitz import growth, lipschitz, point_of, spectral_radius
from empo.solver.cyclic import Cyclic, robot_operator
from empo.solver.problem import Problem
from empo.tasks.programs import Programs
from tests.learn.filled import FEW_TABLES, filled, solution_of

pytestmark = pytest.mark.slow


def cyclic_of(solution):
    return Cyclic(Problem(solution.game, solution.theory, solution.prior))


def arguments(world):
    return world.quantities, world.problem, world.weights


def found(world, solution):
    return lipschitz(*arguments(world), world.places, solution, Programs())


@pytest.mark.parametrize("name", ["rich", "two-state"])
def test_tables_that_hold_the_solution_have_the_constant_that_the_solver_tells(name):
    solution = solution_of(name)
    assert solution.effort.lipschitz > 0.5
    np.testing.assert_allclose(
        found(filled(solution), solution), solution.effort.lipschitz, rtol=1e-4
    )


def moved(world, size):
    """Tables that hold something else."""
    keys = iter(jax.random.split(jax.random.key(4), len(world.weights)))
    shifted = {
        name: held - size * jax.random.uniform(next(keys), held.shape) * jnp.minimum(held, 1)
        for name, held in world.weights.items()
    }
    return world._replace(weights=shifted)


def test_B05_away_from_the_solution_it_is_the_spectral_radius_at_what_is_held():
    solution, programs = empo.solve(HASTY, beta_r=10.0), Programs()
    world = moved(filled(solution), 0.3)
    told = describe(*arguments(world), world.places, programs)
    with jax.enable_x64(True):
        cyclic = cyclic_of(solution)
        pi_h, x = point_of(cyclic, told)
        values = np.linalg.eigvals(jacobian(cyclic, pi_h, x))
    wanted = np.abs(values).max()
    assert abs(wanted - solution.effort.lipschitz) > 1e-2
    np.testing.assert_allclose(
        spectral_radius(*arguments(world), solution, programs), wanted, rtol=0.02
    )


def test_where_the_values_are_those_of_the_solution_the_point_is_a_fixed_point():
    solution = solution_of("rich")
    world = filled(solution)
    told = describe(*arguments(world), world.places, Programs())
    with jax.enable_x64(True):
        cyclic = cyclic_of(solution)
        pi_h, x = point_of(cyclic, told)
        np.testing.assert_allclose(robot_operator(cyclic, pi_h, 3.0)(x), x, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "kinds"), [("rich", None), ("rich", FEW_TABLES), ("rich-horizon", None)]
)
def test_growth_is_a_finite_number_whatever_is_learned(name, kinds):
    solution = solution_of(name)
    world = filled(solution) if kinds is None else filled(solution, kinds=kinds)
    assert 0 < growth(*arguments(world), world.places, Programs()) < 100


def test_a_game_that_ends_tells_growth_though_its_spectral_radius_is_0():
    solution = solution_of("rich-horizon")
    world = filled(solution)
    assert solution.effort.lipschitz == 0
    assert found(world, solution) == growth(*arguments(world), world.places, Programs())


def test_last_steps_lead_to_nothing():
    solution = solution_of("rich-horizon")
    world = filled(solution)
    last = jax.tree.map(lambda x: x[np.asarray(world.places.time) == 2], world.places)
    assert growth(*arguments(world), last, Programs()) == 0.0


# One person who runs between two states whatever the robot does, and wants both.
SEESAW = {
    "name": "seesaw",
    "initial": "s0",
    "theory": {"gamma_h": 0.9, "gamma_r": 0.6, "beta_r": 3},
    "humans": {"ann": {"goals": {"all": {"states": ["s0", "s1"], "repeat": True}}}},
    "states": {
        "s0": {"robot": ["a", "b"], "next": [{"to": "s1"}]},
        "s1": {"robot": ["a", "b"], "next": [{"to": "s0"}]},
    },
}


def test_growth_of_a_robot_without_a_choice_worked_by_hand():
    # V_h^e = 10 everywhere, X = 100, U = -(1/100)**1.1, V_r = U / (1 - 0.6). The next state's share
    # of B changes by d, its log V_r by e. Here V_h^e changes by 10 d, so that of B does by 0.9 d;
    # log U by -1.1 * 2 d, and log V_r by (1 - 0.6) (-1.1 * 2 d) + 0.6 e.
    solution = empo.solve(SEESAW)
    wanted = np.linalg.norm(np.array([[0.9, 0.0], [-0.88, 0.6]]), 2)
    world = filled(solution)
    np.testing.assert_allclose(
        growth(*arguments(world), world.places, Programs()), wanted, rtol=1e-3
    )
    np.testing.assert_allclose(found(world, solution), 0.9, rtol=0.05)


def test_without_an_enumerated_game_it_is_growth():
    world = filled(solution_of("rich"))
    assert found(world, None) == growth(*arguments(world), world.places, Programs())


def test_where_nobody_has_power_there_is_no_finite_number():
    solution = solution_of("rich")
    world = filled(solution, kinds=FEW_TABLES)
    powerless = {**world.weights, "v_h_e": 0 * world.weights["v_h_e"]}
    assert found(world._replace(weights=powerless), solution) is None


def test_judged_robots_tell_it_if_it_is_known_of_all():
    known = Found(None, {"q_r": 0.1}, 0.5)
    assert known.record() == {"residual_q_r": 0.1, "lipschitz": 0.5}
    both = JudgedRobots((known, known._replace(lipschitz=0.7)), 9)
    np.testing.assert_allclose(both.report()["lipschitz"], 0.6)
    assert both.row(1)["lipschitz"] == 0.7
    assert "lipschitz" not in JudgedRobots((known, Found(None, {"q_r": 0.3})), 9).report()


def test_a_beta_r_of_0_leaves_the_discounts():
    solution = empo.solve(RICH, beta_r=0.0)
    assert found(filled(solution), solution) < 0.95
