"""The solver against plain loops, on random games of every kind."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import assume, find, given
from hypothesis.errors import NoSuchExample

from empo.core.errors import InputError
from tests import brute_force
from tests.brute_force import Game, Judge
from tests.brute_force.judge import Ahead, Result
from tests.solver.drawn import at_all_times, differences, games
from tests.strategies import game_files

KINDS = ("acyclic", "cyclic", "horizon")


def judged(file: dict[str, Any], judge: type[Judge] = Judge) -> list[dict[str, Result]] | None:
    """The judge's results; None where a human has no power, which is an error."""
    try:
        return brute_force.solve(file, judge)
    except brute_force.DidNotSettle:
        assume(False)
    except brute_force.NoPower:
        pass
    return None


def compare(file: dict[str, Any]) -> bool:
    """Fail unless empo and the judge agree on everything; whether there was anything to solve."""
    wanted = judged(file)
    if wanted is None:
        with pytest.raises(InputError, match="x_h_floor"):
            at_all_times(file)
        return False
    problems = list(differences(at_all_times(file), wanted))
    assert not problems, "\n".join(problems[:20])
    return True


def compare_many(n_humans: int, kind: str, with_inf: bool, n_games: int) -> int:
    """Compare on drawn games; the number of those that could be solved."""
    agreed = 0

    @games(n_games)
    @given(game_files(n_humans, kind, with_inf))
    def compare_one(file):
        nonlocal agreed
        agreed += compare(file)

    compare_one()
    return agreed


@pytest.mark.parametrize(
    ("n_humans", "kind", "with_inf"),
    [(1, "cyclic", False), (2, "acyclic", True), (2, "horizon", True), (3, "cyclic", False)],
)
def test_the_solver_agrees_with_plain_loops(n_humans, kind, with_inf):
    assert compare_many(n_humans, kind, with_inf, n_games=12) >= 8


@pytest.mark.slow
@pytest.mark.parametrize("with_inf", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_humans", [1, 2, 3])
def test_the_solver_agrees_with_plain_loops_on_many_games(n_humans, kind, with_inf):
    # 18 classes of at least 20 solved games: 360 in all.
    assert compare_many(n_humans, kind, with_inf, n_games=40) >= 20


class MinimumOutside(Judge):
    """(1) with the minimum over the robot taken before the others have acted."""

    def q_h_m(self, state, human, goal, ahead):
        return {
            a_h: min(
                sum(
                    prob
                    * self.expected_payment(
                        state, {"robot": a_r, human: a_h} | others, human, goal, ahead
                    )
                    for others, prob in self.believed(state, human)
                )
                for a_r in self.game.robot_actions(state)
            )
            for a_h in self.game.human_actions(state, human)
        }


class PaidTwice(Judge):
    """A goal that pays at every step that is spent in it."""

    def pays(self, s_next, human, goal, v_next):
        member = s_next in self.game.members(human, goal)
        return member + self.game.theory["gamma_h"] * v_next


class FirstOfTies(Judge):
    """(2) with the first of equally good actions where beta_h is infinite."""

    def pi_h(self, state, human, goal, q):
        if self.game.beta(state, human) < math.inf:
            return super().pi_h(state, human, goal, q)
        nu, habit = self.game.nu(state, human), self.game.habit(state, human, goal)
        return {a: nu * habit[a] + (1 - nu) * (a == max(q, key=lambda b: q[b])) for a in q}


class RewardInQ(Judge):
    """(4) with U_r added."""

    def q_r(self, move: dict[str, float], ahead: Ahead) -> float:
        return super().q_r(move, ahead) + sum(p * ahead(s)["u_r"] for s, p in move.items())


class EqualGoals(Judge):
    """(4) and (6) with all goals equally likely, whatever their weights."""

    def average_policy(self, human, pi):
        some = next(iter(pi.values()))
        return {a: sum(pi[goal][a] for goal in pi) / len(pi) for a in some}


class OneHabit(Judge):
    """(2) without habits: uniform instead."""

    def pi_h(self, state, human, goal, q):
        soft = super().pi_h(state, human, goal, q)
        nu, habit = self.game.nu(state, human), self.game.habit(state, human, goal)
        return {a: soft[a] - nu * habit[a] + nu / len(q) for a in q}


class NoBeliefs(Judge):
    """(1) with every human expecting the others to act at random."""

    def believed(self, state, human):
        rows = super().believed(state, human)
        return [(others, 1 / len(rows)) for others, _ in rows]


class FloorAdded(Judge):
    """(7) with the floor added instead of held."""

    def x_h(self, state, human, v_h_e):
        floor = self.game.theory["x_h_floor"]
        free = Judge(Game(self.game.file, x_h_floor=0.0))
        return free.x_h(state, human, v_h_e) + floor


@pytest.mark.parametrize(
    "mutant",
    [
        MinimumOutside,
        PaidTwice,
        FirstOfTies,
        RewardInQ,
        EqualGoals,
        OneHabit,
        NoBeliefs,
        FloorAdded,
    ],
)
def test_a_judge_with_one_mistake_would_be_found_out(mutant):
    def caught(file):
        right, wrong = judged(file), judged(file, mutant)
        if right is None or wrong is None:
            return False
        found = at_all_times(file)
        return any(differences(found, wrong)) and not any(differences(found, right))

    try:
        find(game_files(2, "horizon", with_inf=True), caught, settings=games(60))
    except NoSuchExample:
        pytest.fail(f"{mutant.__doc__} is not noticed")
