"""Laws that hold whatever the game."""

from __future__ import annotations

import copy
import math
import random
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from empo import theory
from empo.core.errors import InputError
from tests import brute_force
from tests.brute_force import Game, Judge
from tests.brute_force.solve import moves_of
from tests.solver.drawn import File, at_all_times, games, same, states
from tests.solver.relabelling import Relabelling
from tests.strategies import game_files

CYCLIC = pytest.param("cyclic", marks=pytest.mark.slow)
"""Where laws of both kinds of games are tested, that which takes long."""


def with_power(file: File) -> File:
    """The game with a goal that everyone always attains, and nothing else beside V_h^e in X_h."""
    file = copy.deepcopy(file)
    file["theory"]["x_h_floor"] = 0.0
    for state in file["states"].values():
        state.pop("power", None)
    for human in file["humans"].values():
        human["goals"]["A"] = list(file["states"])
    return file


def policies(file: File, **overrides: Any) -> list[Any]:
    return [
        {state: result["pi_r"] for state, result in of_time.items()}
        for of_time in at_all_times(file, **overrides)
    ]


@games(30)
@given(st.integers(0, 10**6), st.floats(0.05, 1.0), st.floats(0.0, 10.0))
def test_a_common_factor_on_all_v_h_e_leaves_the_robots_policy(seed, b, beta_r):
    # Each of 3 actions leads through 4 states with given V_h^e of 2 humans for 3 goals.
    v_h_e = np.random.default_rng(seed).uniform(0.05, 1.0, (3, 4, 2, 3))

    def policy(v_h_e):
        of_state = lambda v: theory.robot_reward(  # noqa: E731
            theory.human_power(v, jnp.ones((2, 3)), jnp.zeros(2), 2.0), jnp.ones(2), 1.0, 1.1
        )
        u_r = jax.vmap(jax.vmap(of_state))(jnp.asarray(v_h_e))
        q_r = theory.robot_q((u_r @ 0.9 ** jnp.arange(4.0))[:, None], jnp.ones((1, 1)), 0.9)
        return theory.robot_policy(q_r, jnp.ones(3, bool), beta_r)

    with jax.enable_x64(True):
        np.testing.assert_allclose(policy(b * v_h_e), policy(v_h_e), atol=1e-12)


@games(10)
@given(game_files(2, "cyclic", with_inf=False), st.sampled_from([0.01, 3.0, 100.0]))
def test_a_common_factor_on_all_weights_scales_rewards_and_leaves_policies(file, factor):
    file = with_power(file)
    file["theory"]["goal_aggregation"] = "sum"
    scaled = copy.deepcopy(file)
    for human in scaled["humans"].values():
        for name, goal in human["goals"].items():
            goal = goal if isinstance(goal, dict) else {"states": goal}
            human["goals"][name] = goal | {"weight": factor * goal.get("weight", 1)}
    settings = brute_force.Game(file).theory
    reward = factor ** (-settings["xi"] * settings["eta"])
    before, after = states(file), states(scaled)
    for state, result in before.items():
        same(after[state]["pi_r"], result["pi_r"])
        same(after[state]["v_h_e"], result["v_h_e"])
        np.testing.assert_allclose(after[state]["u_r"], reward * result["u_r"], rtol=1e-9)
        np.testing.assert_allclose(after[state]["v_r"], reward * result["v_r"], rtol=1e-9)


@pytest.mark.parametrize("kind", [CYCLIC, "horizon"])
def test_relabelling_permutes_the_results(kind):
    @games(12)
    @given(game_files(2, kind, with_inf=False), st.integers(0, 10**6))
    def relabel_one(file, seed):
        labels = Relabelling(file, seed)
        new = labels.file(file)
        if no_power(file):
            with pytest.raises(InputError):
                at_all_times(new)
            return
        same(at_all_times(new), [labels.renamed(of_time) for of_time in at_all_times(file)])

    relabel_one()


def no_power(file: File) -> bool:
    try:
        at_all_times(file)
    except InputError:
        return True
    return False


@pytest.mark.parametrize("kind", ["acyclic", CYCLIC])
def test_an_unreachable_state_changes_nothing(kind):
    @games(8)
    @given(game_files(2, kind, with_inf=False), st.booleans())
    def add_one(file, in_goals):
        assume(not no_power(file))
        more = copy.deepcopy(file)
        more["states"] = {"nowhere": {"robot": ["left", "hold"]}} | more["states"]
        more["states"]["nowhere"]["next"] = [
            {"robot": "left", "to": "nowhere"},
            {"to": list(file["states"])[-1]},
        ]
        for human in more["humans"].values() if in_goals else ():
            for goal in human["goals"].values():
                (goal["states"] if isinstance(goal, dict) else goal).append("nowhere")
        same(states(more), states(file))

    add_one()


@pytest.mark.parametrize("kind", ["acyclic", "horizon"])
def test_a_human_whom_nothing_affects_leaves_the_best_actions(kind):
    @games(10)
    @given(game_files(1, kind), st.sampled_from([0.0, 0.7]), st.booleans())
    def add_one(file, baseline, acts):
        file = copy.deepcopy(file)
        file["theory"] |= {"eta": 1.0, "beta_r": math.inf}
        assume(not no_power(file))
        more = copy.deepcopy(file)
        everywhere = list(file["states"])
        more["humans"]["zoe"] = {"goals": {"always": everywhere}}
        for state in more["states"].values():
            if baseline:
                state["power"] = state.get("power", {}) | {"zoe": baseline}
            if acts and "next" in state:
                state["humans"] = state.get("humans", {}) | {"zoe": ["go", "wait"]}
        same(policies(more), policies(file))

    add_one()


@games(10)
@given(game_files(2, "cyclic", with_inf=False), st.integers(0, 10**6))
def test_without_choice_there_is_one_solution_from_any_start(file, seed):
    file = with_power(file)
    rng = random.Random(seed)
    start = {
        state: {
            "v_h_e": {
                h: {g: rng.uniform(0, 10) for g in human["goals"]}
                for h, human in file["humans"].items()
            },
            "u_r": -1.0,
            "v_r": -rng.uniform(0, 100),
        }
        for state in Game(file).reachable()
    }
    wanted = brute_force.solve(file, start=start, beta_r=0.0)[0]
    same(states(file, beta_r=0.0), wanted)


def residuals_of_q_r(file: File, u_r_added: bool) -> list[float]:
    """Equation (4) with the solution's own pi_h and V_r on its right, relative to Q_r."""
    game = Game(file)
    by = Judge(game)
    solution = states(file)
    gaps = []
    for state, result in solution.items():
        moves = moves_of(by, state, result["pi_h"])[None]
        for a_r, q_r in result["q_r"].items():
            right = by.q_r(moves[a_r], solution.__getitem__) + u_r_added * result["u_r"]
            gaps.append(abs(q_r - right) / max(1.0, abs(right)))
    return gaps


@pytest.mark.parametrize("kind", ["acyclic", CYCLIC])
def test_equation_4_holds_in_every_state_and_has_no_immediate_reward(kind):
    @games(10)
    @given(game_files(2, kind, with_inf=False))
    def check_one(file):
        assume(not no_power(file))
        assert max(residuals_of_q_r(file, u_r_added=False)) < 1e-12
        assert max(residuals_of_q_r(file, u_r_added=True)) > 1e-6

    check_one()


@pytest.mark.parametrize("kind", [CYCLIC, "horizon"])
def test_sums_and_means_give_one_policy_where_numbers_of_goals_are_equal(kind):
    @games(10)
    @given(game_files(2, kind, with_inf=False))
    def check_one(file):
        file = with_power(file)
        for human in file["humans"].values():
            goals = human["goals"]
            goals.setdefault("B", list(file["states"])[:2])
            for name, goal in goals.items():
                goals[name] = goal["states"] if isinstance(goal, dict) else goal
        sums = policies(file | {"theory": file["theory"] | aggregated("sum")})
        means = policies(file | {"theory": file["theory"] | aggregated("mean")})
        same(means, sums, tolerance=1e-10)

    check_one()


def aggregated(how: str) -> dict[str, str]:
    return {"goal_aggregation": how, "human_aggregation": how}


@pytest.mark.slow
@games(8)
@given(game_files(2, "cyclic", with_inf=False))
def test_a_far_horizon_is_as_good_as_none(file):
    # gamma = 0.5: what lies beyond 45 steps counts less than 1e-13.
    file = with_power(file)
    settings = {"gamma_h": 0.5, "gamma_r": 0.5, "beta_r": 1.5, "beta_h": 1.0}
    endless = states(file, **settings)
    soon = states(file, **settings, horizon=45)
    same(soon, {state: endless[state] for state in soon})


@games(8)
@given(game_files(2, "cyclic", with_inf=False))
def test_how_humans_act_does_not_depend_on_the_robots_aims(file):
    file = with_power(file)
    aims = {"gamma_r": 0.3, "beta_r": 0.5, "zeta": 1.7, "xi": 0.6, "eta": 1.4}
    before, after = states(file), states(file, **aims)
    for name in ("v_h_m", "pi_h"):
        same({s: after[s][name] for s in after}, {s: before[s][name] for s in before}, 1e-14)


def test_a_human_without_power_is_named_with_the_state_and_the_remedies():
    file = {
        "name": "stuck",
        "initial": "s0",
        "humans": {
            "ann": {"goals": {"A": ["s1", "s2"], "B": ["s1"]}},
            "bob": {"goals": {"A": ["s0", "s2"]}},
        },
        "states": {
            "s0": {
                "robot": ["left", "right", "hold"],
                "humans": {"ann": ["go", "wait"], "bob": ["go", "wait"]},
                "next": [{"robot": "left", "to": "s2"}, {"to": {"s1": 0.5, "s2": 0.5}}],
            },
            "s1": {},
            "s2": {},
        },
    }
    # bob can do nothing any more in s1; ann has goal A in both.
    with pytest.raises(InputError) as error:
        states(file)
    for word in ("bob", "state s1", "goal", "x_h_floor"):
        assert word in str(error.value)
    with_floor = states(file, x_h_floor=0.25, zeta=1, xi=1, eta=1, gamma_r=0.5)
    # U_r(s1) = -(1/2 + 1/0.25) = -4.5, for ever: -4.5 / (1 - 0.5).
    np.testing.assert_allclose(with_floor["s1"]["v_r"], -9.0)
