"""The solver against plain loops, on random games of every kind."""

from __future__ import annotations

import math

import pytest
from hypothesis import find, given, seed
from hypothesis.errors import NoSuchExample

from empo.core.errors import InputError, NotConverged
from tests import brute_force
from tests.brute_force import Game, Judge
from tests.brute_force.judge import Ahead
from tests.brute_force.solve import Results
from tests.solver.drawn import File, at_all_times, differences, games, same
from tests.strategies import game_files


def judged(file: File, judge: type[Judge] = Judge) -> list[Results] | None:
    """The judge's results; None where it has none."""
    try:
        return brute_force.solve(file, judge)
    except (brute_force.DidNotSettle, brute_force.NoPower):
        return None


def compare(file: File) -> bool:
    """Fail unless empo and the judge agree on everything; whether the judge had an answer."""
    try:
        wanted = brute_force.solve(file)
    except brute_force.NoPower:
        with pytest.raises(InputError, match="x_h_floor"):
            at_all_times(file)
        return False
    except brute_force.DidNotSettle:
        check_fixed_point(file)
        return False
    same(at_all_times(file), wanted)
    return True


def check_fixed_point(file: File) -> None:
    """What plain iteration cannot find must still solve the equations, or not be claimed."""
    try:
        (found,) = at_all_times(file)
    except NotConverged:
        return
    same(brute_force.one_more_sweep(file, found), found)


def number_of_agreements(n_humans: int, kind: str, n_games: int) -> int:
    """Compare on drawn games; the number of those that the judge could solve."""
    agreed = 0

    @seed(f"{kind} {n_humans}")
    @games(n_games)
    @given(game_files(n_humans, kind))
    def compare_one(file):
        nonlocal agreed
        agreed += compare(file)

    compare_one()
    return agreed


@pytest.mark.parametrize(
    ("n_humans", "kind"), [(1, "cyclic"), (2, "acyclic"), (2, "cyclic"), (2, "horizon")]
)
def test_the_solver_agrees_with_plain_loops(n_humans, kind):
    assert number_of_agreements(n_humans, kind, n_games=14) >= 10


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["acyclic", "cyclic", "horizon"])
@pytest.mark.parametrize("n_humans", [1, 2, 3])
def test_the_solver_agrees_with_plain_loops_on_many_games(n_humans, kind):
    # 9 kinds of games, at least 40 of each solved by both: 360 in all.
    assert number_of_agreements(n_humans, kind, n_games=70) >= 40


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
        find(game_files(2, "horizon"), caught, settings=games(60))
    except NoSuchExample:
        pytest.fail(f"{mutant.__doc__} is not noticed")
