"""A given policy of the robot, evaluated exactly: by what is solved otherwise, loops and hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, seed

import empo
from empo.core.errors import InputError
from empo.solver.evaluate import of_policy, v_r_start
from empo.solver.fixed_point import Rules
from empo.solver.problem import NoPower, Values
from tests import brute_force
from tests.brute_force import Judge
from tests.solver.drawn import File, games, same, solved
from tests.solver.test_verify import three_rooms
from tests.strategies import game_files

KINDS = ("cyclic", "acyclic", "horizon")


def policies(solution: empo.Solution) -> list[np.ndarray]:
    return [values.pi_r for values in solution.values]


def near(found: empo.Solution, wanted: empo.Solution, tolerance: float = 1e-9) -> None:
    """All quantities of all states, relative for those of the robot."""
    for one, other in zip(found.values, wanted.values, strict=True):
        for name in Values._fields:
            relative = tolerance if name in ("q_r", "u_r", "v_r") else 0.0
            np.testing.assert_allclose(
                getattr(one, name),
                getattr(other, name),
                rtol=relative,
                atol=0 if relative else tolerance,
                err_msg=name,
            )


def unless_refused(file: File, **overrides: Any) -> empo.Solution:
    try:
        return solved(file, **overrides)
    except (InputError, empo.NotConverged):
        assume(False)
        raise


@pytest.mark.parametrize("kind", KINDS)
def test_A14_the_exact_policy_evaluated_is_the_exact_solution(kind):
    @seed(kind)
    @games(6)
    @given(game_files(2, kind))
    def one(file):
        solution = unless_refused(file)
        near(of_policy(solution, policies(solution)), solution)

    one()


@pytest.mark.parametrize("kind", KINDS)
def test_A14_the_uniform_policy_evaluated_is_the_solution_at_beta_r_0(kind):
    @seed(kind)
    @games(6)
    @given(game_files(2, kind))
    def one(file):
        solution, uniform = unless_refused(file), unless_refused(file, beta_r=0.0)
        near(of_policy(solution, policies(uniform)), uniform)

    one()


class Following(Judge):
    """A robot that acts by a policy which was drawn for each state, whatever its values."""

    def pi_r(self, state: str, q: dict[str, float], beta: float) -> dict[str, float]:
        return drawn(state, list(q))


def drawn(state: str, actions: list[str]) -> dict[str, float]:
    """Probabilities of actions that depend on all their names; some are 0."""
    letters = [ord(letter) for letter in state]
    rng = np.random.default_rng([*letters, len(actions)])
    weights = rng.exponential(size=len(actions)) * (rng.random(len(actions)) < 0.8)
    if not weights.any():
        weights = np.ones(len(actions))
    return dict(zip(sorted(actions), (weights / weights.sum()).tolist(), strict=True))


def drawn_policies(solution: empo.Solution) -> list[np.ndarray]:
    """The same as arrays."""
    world, found = solution.world, []
    for number, values in enumerate(solution.values):
        rows = np.zeros_like(values.pi_r)
        for place, state in enumerate(solution.game.states(number)):
            time = number if solution.game.order == "horizon" else 0
            names = list(solution.policy(state, time))  # the first ones are legal, in this order
            wanted = drawn(world.state_name(state), names)
            rows[place, : len(names)] = [wanted[name] for name in names]
        found.append(rows)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_A14_a_drawn_policy_is_worth_what_plain_loops_say(kind):
    agreed = 0

    @seed(kind)
    @games(8)
    @given(game_files(2, kind))
    def one(file):
        nonlocal agreed
        solution = unless_refused(file)
        policy = drawn_policies(solution)
        try:
            wanted = brute_force.solve(file, Following)
        except brute_force.DidNotSettle:
            return
        except brute_force.NoPower:
            with pytest.raises(NoPower):
                of_policy(solution, policy)
            return
        found = of_policy(solution, policy)
        same([found.to_dict(time)["states"] for time in range(len(wanted))], wanted)
        agreed += 1

    one()
    assert agreed >= 4


def test_A14_v_r_at_the_start_by_hand():
    # The robot always locks, or always opens: V_r by linear equations over the three rooms.
    solution = solved({**three_rooms(5.0), "initial": {"first": 0.25, "third": 0.75}})
    first, _ = solution.game.find("first")
    assert first == 0
    names = [solution.world.state_name(state) for state in solution.states()]
    for action, to_second in (("lock", 0.2), ("open", 0.9)):
        policy = policies(solution)[0].copy()
        place = names.index("first")
        number = [solution.world.robot_action(solution.states()[place], a) for a in (0, 1)]
        policy[place] = [float(name == action) for name in number]
        found = of_policy(solution, [policy])
        mean = {name: _mean_policy(found, name) for name in ("first", "second")}
        on = mean["first"] * to_second
        step = {"first": {"first": 1 - on, "second": on}}
        gone = mean["second"]
        step["second"] = {"third": 0.7 * gone, "first": 0.3 * gone, "second": 1 - gone}
        step["third"] = {"first": 0.5, "third": 0.5}
        matrix = np.array([[step[s].get(t, 0.0) for t in names] for s in names])
        v_r = np.linalg.solve(np.eye(3) - 0.8 * matrix, found.values[0].u_r)
        np.testing.assert_allclose(found.values[0].v_r, v_r, rtol=1e-10)
        start = 0.25 * v_r[names.index("first")] + 0.75 * v_r[names.index("third")]
        assert v_r_start(found) == pytest.approx(start, rel=1e-10)


def _mean_policy(solution: empo.Solution, state: str) -> float:
    """The chance that Ann walks on there, whatever her goal."""
    return float(np.mean([of["on"] for of in solution.at(state)["pi_h"]["ann"].values()]))


def test_32_bits_of_a_policy_are_enough_and_the_effort_is_told():
    solution = solved(three_rooms(5.0))
    rounded = [pi_r.astype(np.float32) for pi_r in policies(solution)]
    found = of_policy(solution, rounded, Rules(tolerance=1e-10))
    near(found, solution, tolerance=1e-5)
    np.testing.assert_allclose(found.values[0].pi_r.sum(axis=1), 1, rtol=1e-15)
    assert found.effort.residual < 1e-8
    assert found.effort.lipschitz is None
    assert found.effort.sweeps > 3


def test_what_is_no_policy_is_refused(tmp_path):
    solution = solved(three_rooms(5.0))
    (right,) = policies(solution)
    with pytest.raises(InputError, match=r"found 2 layers .*has 1"):
        of_policy(solution, [right, right])
    with pytest.raises(InputError, match=r"found shape \(2, 2\) .wanted \(3, 2\)"):
        of_policy(solution, [right[:2]])
    with pytest.raises(InputError, match=r"pi_r in \w+: found .*wanted probabilities"):
        of_policy(solution, [right * 0.9])
    illegal = right.copy()
    place = next(i for i in range(3) if right[i, 1] == 0)
    illegal[place] = 0.5
    with pytest.raises(InputError, match=r"found \[0.5, 0.5\] .wanted probabilities of legal"):
        of_policy(solution, [illegal])
    few = solution.values[0]._replace(pi_h=None)
    with pytest.raises(InputError, match="no pi_h for want of memory"):
        of_policy(replace(solution, values=(few,)), [right])
    solution.save(tmp_path)
    with pytest.raises(InputError, match="without transitions"):
        of_policy(empo.Solution.load(tmp_path, solution.world), [right])
