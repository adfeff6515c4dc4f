"""Targets of tables that hold the exact solution: each equation gives back what it was given."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import empo
from bench.games import RICH
from empo.learn import exact_targets
from empo.learn.exact_targets import phase1_target, phase2_targets
from empo.learn.graph import READS, sources
from empo.learn.prior import ShortestPath
from empo.learn.settings import QUANTITIES, Kinds
from empo.theory import goal_backup, robot_q
from tests.learn.filled import FEW_TABLES, WORLDS, filled, places_of, solution_of

PHASE_2 = tuple(name for name in QUANTITIES if name != "q_h_m")
ACCURACY = {"q_h_m": 1e-5, "v_h_e": 1e-5}
RELATIVE = 5e-5


@functools.cache
def of_world(name):
    solution = solution_of(name)
    if solution.prior == "shortest-path":
        return filled(solution, ShortestPath())
    return filled(solution)


def targets_of(world, weights=None):
    """All targets at all places, as one program computes them."""
    weights = world.weights if weights is None else weights

    @jax.jit
    def compute(weights, places):
        found = phase2_targets(world.quantities, world.problem, weights, places, world.beta_r)
        if "q_h_m" in world.quantities.estimators:
            found["q_h_m"] = phase1_target(world.quantities, world.problem, weights, places)
        return found

    return jax.tree.map(np.asarray, compute(weights, world.places))


def errors(world, targets):
    """The largest error of each quantity where its target counts."""
    found = {}
    for name, (value, weight) in targets.items():
        wanted = world.exact[name]
        error = np.abs(value - wanted)
        if name not in ACCURACY:
            error = error / np.where(wanted > 0, wanted, 1.0)
        found[name] = float(np.max(error[weight > 0], initial=0.0))
    return found


def wrong(world, targets):
    return {
        name: error
        for name, error in errors(world, targets).items()
        if not error <= ACCURACY.get(name, RELATIVE)
    }


@pytest.mark.parametrize(
    "name", [n if n != "nook" else pytest.param(n, marks=pytest.mark.slow) for n in WORLDS]
)
def test_A26_the_exact_solution_is_where_every_target_is_what_is_held(name):
    world = of_world(name)
    targets = targets_of(world)
    assert set(targets) == {*PHASE_2, *world.quantities.estimators}
    assert wrong(world, targets) == {}


@pytest.mark.parametrize("name", ["rich-horizon"])
def test_A25_what_is_computed_directly_is_what_a_table_would_hold(name):
    world = filled(solution_of(name), kinds=FEW_TABLES)
    assert set(world.quantities.estimators) == {"q_h_m", "v_h_e", "q_r"}
    at = jax.vmap(lambda p: world.quantities.at(world.problem, world.weights, p, world.beta_r))
    values = jax.jit(at)(world.places)
    np.testing.assert_allclose(values.x_h, world.exact["x_h"], rtol=1e-5)
    np.testing.assert_allclose(-values.u_r, world.exact["u_r"], rtol=1e-5)
    np.testing.assert_allclose(-values.v_r, world.exact["v_r"], rtol=1e-5)
    np.testing.assert_allclose(values.pi_r, world.exact["pi_r"], atol=1e-5)
    assert wrong(world, targets_of(world)) == {}


def test_illegal_actions_and_the_last_step_count_for_nothing():
    world = of_world("rich-horizon")
    targets = targets_of(world)
    situations = jax.vmap(world.problem.model.situation)(world.places.state)
    last = np.asarray(world.places.time) == 2
    legal_r = np.asarray(situations.legal_r) & ~last[:, None]
    np.testing.assert_array_equal(targets["q_r"].weight, legal_r)
    legal_h = np.asarray(situations.legal_h)[:, :, None]
    np.testing.assert_array_equal(
        targets["q_h_m"].weight, np.broadcast_to(legal_h, targets["q_h_m"].weight.shape)
    )
    assert all(np.all(targets[name].weight == 1) for name in ("v_h_e", "x_h", "u_r", "v_r"))


def with_reward(v_r_next, pi_h_mean, gamma_r):
    """U_r paid by Q_r, too."""
    return robot_q(v_r_next, pi_h_mean, gamma_r) - 1.0


def hopeful(b_next, legal_r, beliefs, human):
    """A maximum for the minimum."""
    return -exact_targets_cautious(-b_next, legal_r, beliefs, human)


def never_repeating(v, members, repeat, gamma_h):
    return goal_backup(v, members, jnp.zeros_like(repeat), gamma_h)


def always_the_first(pi_h, goal_prob):
    """The others do their first action whatever they want."""
    return jnp.zeros(pi_h.shape[::2]).at[:, 0].set(1.0)


exact_targets_cautious = exact_targets.cautious_q
MUTANTS = {
    "A01: Q_r with U_r": ("robot_q", with_reward, {"q_r"}),
    "the robot at its best": ("cautious_q", hopeful, {"q_h_m"}),
    "goals pay once": ("goal_backup", never_repeating, {"q_h_m", "v_h_e"}),
    "others do not matter": ("goal_average", always_the_first, {"q_r", "v_h_e"}),
    "V_r without Q_r": ("robot_value", lambda u_r, pi_r, q_r: u_r, {"v_r"}),
    "all have all power": ("power_of", lambda problem, here, v: jnp.ones(len(v)), {"x_h"}),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_A01_a_mutated_equation_does_not_give_back_the_exact_solution(name, monkeypatch):
    what, mutant, affected = MUTANTS[name]
    world = of_world("rich")
    monkeypatch.setattr(exact_targets, what, mutant)
    found = errors(world, targets_of(world))
    assert {name for name, error in found.items() if error > 1e-2} == affected


def perturbed(held, key):
    return held + 0.3 * jax.random.uniform(jax.random.key(key), held.shape)


KINDS = {
    "all tables": {},
    "all direct": {"x_h": "direct", "u_r": "direct", "v_r": "direct"},
}


@pytest.mark.parametrize("kinds", KINDS)
def test_B01_each_target_reads_what_the_graph_lists_and_nothing_else(kinds):
    tables = Kinds(**(dict.fromkeys(QUANTITIES, "table") | KINDS[kinds]))
    world = filled(solution_of("rich"), kinds=tables)
    learned = tuple(world.quantities.estimators)
    before = targets_of(world)
    for number, moved in enumerate(learned):
        weights = {**world.weights, moved: perturbed(world.weights[moved], number)}
        after = targets_of(world, weights)
        changed = {
            name for name in learned if not np.array_equal(before[name].value, after[name].value)
        }
        assert changed == {name for name in learned if moved in sources(name, learned)}
    if learned == QUANTITIES:
        assert {name: sources(name, learned) for name in QUANTITIES} == dict(READS)


def test_a_game_without_end_has_one_place_per_state_and_one_with_a_horizon_many():
    assert set(np.asarray(places_of(solution_of("rich")).time)) == {0}
    assert set(np.asarray(places_of(solution_of("rich-horizon")).time)) == {0, 1, 2}


def test_beta_r_0_makes_v_h_e_that_of_a_uniform_robot():
    solution = empo.solve(RICH, beta_r=0.0)
    world = filled(solution)
    assert wrong(world, targets_of(world)) == {}
    legal = np.asarray(jax.vmap(world.problem.model.situation)(world.places.state).legal_r)
    np.testing.assert_allclose(world.exact["pi_r"], legal / legal.sum(1, keepdims=True))


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_B12_below_its_value_beta_r_is_what_targets_are_told(share):
    world = filled(empo.solve(RICH, beta_r=3.0 * share))
    world = world._replace(problem=of_world("rich").problem)
    assert wrong(world, targets_of(world)) == {}
