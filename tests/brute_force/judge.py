"""Equations (1)-(9) for one state, as plain loops; a test's mutant overrides one of them.

What lies ahead is passed as a function of the next state, so that the same lines serve backward
recursion and fixed-point iteration.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

from tests.brute_force.game import Game

TIE = 1e-12
"""Relative difference below which two values are one."""

Result = dict[str, Any]
"""The values at one state, named and nested as in the result that people read."""
Ahead = Callable[[str], Result]
"""next state -> its values."""


class NoPower(Exception):
    """X_h = 0: the human can attain none of their goals from the state."""

    def __init__(self, state: str, human: str) -> None:
        self.state, self.human = state, human
        super().__init__(f"{human} has no power in {state}")


class Judge:
    """The equations, reading everything from a `Game`."""

    def __init__(self, game: Game) -> None:
        self.game = game

    def pays(self, s_next: str, human: str, goal: str, v_next: float) -> float:
        """B_V(s', g)."""
        member = s_next in self.game.members(human, goal)
        if self.game.repeat(human, goal):
            return member + self.game.theory["gamma_h"] * v_next
        return 1.0 if member else self.game.theory["gamma_h"] * v_next

    def expected_payment(
        self, state: str, joint: dict[str, str], human: str, goal: str, ahead: Ahead
    ) -> float:
        return sum(
            prob * self.pays(s_next, human, goal, ahead(s_next)["v_h_m"][human][goal])
            for s_next, prob in self.game.outcomes(state, joint).items()
        )

    def believed(self, state: str, human: str) -> list[tuple[dict[str, str], float]]:
        """The other humans' joint actions with the chances that `human` gives them."""
        others = [other for other in self.game.humans if other != human]
        rows = [self.game.belief(state, human, other).items() for other in others]
        return [
            (
                {other: action for other, (action, _) in zip(others, choice, strict=True)},
                math.prod(prob for _, prob in choice),
            )
            for choice in itertools.product(*rows)
        ]

    def q_h_m(self, state: str, human: str, goal: str, ahead: Ahead) -> dict[str, float]:
        """(1): the minimum over the robot stands inside the expectation over the others."""
        return {
            a_h: sum(
                prob
                * min(
                    self.expected_payment(
                        state, {"robot": a_r, human: a_h} | others, human, goal, ahead
                    )
                    for a_r in self.game.robot_actions(state)
                )
                for others, prob in self.believed(state, human)
            )
            for a_h in self.game.human_actions(state, human)
        }

    def pi_h(self, state: str, human: str, goal: str, q: dict[str, float]) -> dict[str, float]:
        """(2)."""
        beta, nu = self.game.beta(state, human), self.game.nu(state, human)
        habit = self.game.habit(state, human, goal)
        best = max(q.values())
        if beta == math.inf:
            raw = {a: float(best - value <= TIE * abs(best)) for a, value in q.items()}
        else:
            raw = {a: math.exp(beta * (value - best)) for a, value in q.items()}
        total = sum(raw.values())
        return {a: nu * habit[a] + (1 - nu) * raw[a] / total for a in q}

    def v_h_m(self, pi: dict[str, float], q: dict[str, float]) -> float:
        """(3)."""
        return sum(pi[a] * q[a] for a in q)

    def average_policy(self, human: str, pi: dict[str, dict[str, float]]) -> dict[str, float]:
        """A human's policy when only the chances of the goals are known."""
        some = next(iter(pi.values()))
        return {
            a: sum(self.game.goal_chance(human, goal) * pi[goal][a] for goal in pi) for a in some
        }

    def move(self, state: str, a_r: str, policies: dict[str, dict[str, float]]) -> dict[str, float]:
        """Where a_r leads when each human acts by the given policy."""
        result: dict[str, float] = {}
        for profile in self.game.human_profiles(state):
            chance = math.prod(policies[h][a_h] for h, a_h in profile.items())
            for s_next, prob in self.game.outcomes(state, {"robot": a_r} | profile).items():
                result[s_next] = result.get(s_next, 0.0) + chance * prob
        return result

    def q_r(self, move: dict[str, float], ahead: Ahead) -> float:
        """(4), given where a_r leads on average over goals."""
        gamma_r = self.game.theory["gamma_r"]
        return sum(p * gamma_r * ahead(s_next)["v_r"] for s_next, p in move.items())

    def pi_r(self, state: str, q: dict[str, float], beta: float) -> dict[str, float]:
        """(5), which is the same in every state."""
        if all(value == 0 for value in q.values()):
            return {a: 1 / len(q) for a in q}
        assert all(value < 0 for value in q.values()), q
        best = min(-value for value in q.values())
        if beta == math.inf:
            raw = {a: float(-value - best <= TIE * best) for a, value in q.items()}
        else:
            raw = {a: math.exp(-beta * math.log(-value / best)) for a, value in q.items()}
        return {a: value / sum(raw.values()) for a, value in raw.items()}

    def v_h_e(
        self,
        moves: dict[str, dict[str, float]],
        pi_r: dict[str, float],
        human: str,
        goal: str,
        ahead: Ahead,
    ) -> float:
        """(6), given where each a_r leads when this human has this goal."""
        return sum(
            pi_r[a_r] * p * self.pays(s_next, human, goal, ahead(s_next)["v_h_e"][human][goal])
            for a_r, move in moves.items()
            for s_next, p in move.items()
        )

    def x_h(self, state: str, human: str, v_h_e: dict[str, float]) -> float:
        """(7), with the state's baseline and then the floor."""
        theory = self.game.theory
        weights = {goal: self.game.weight(human, goal) for goal in v_h_e}
        x_h = sum(weights[goal] * v_h_e[goal] ** theory["zeta"] for goal in v_h_e)
        if theory["goal_aggregation"] == "mean":
            x_h /= sum(weights.values())
        x_h = max(x_h + self.game.power(state, human), theory["x_h_floor"])
        if x_h == 0:
            raise NoPower(state, human)
        return x_h

    def u_r(self, x_h: dict[str, float]) -> float:
        """(8)."""
        theory: dict[str, Any] = self.game.theory
        total = sum(value ** -theory["xi"] for value in x_h.values())
        if theory["human_aggregation"] == "mean":
            total /= len(x_h)
        return -(total ** theory["eta"])

    def v_r(self, u_r: float, pi_r: dict[str, float], q: dict[str, float]) -> float:
        """(9)."""
        return u_r + sum(pi_r[a] * q[a] for a in q)
