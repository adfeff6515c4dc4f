"""Reading a game file, by names only: every question is answered from the file itself."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

DEFAULTS = {
    "gamma_h": 0.99,
    "gamma_r": 0.99,
    "beta_h": 5.0,
    "beta_r": 5.0,
    "nu_h": 0.0,
    "zeta": 2.0,
    "xi": 1.0,
    "eta": 1.1,
    "goal_aggregation": "sum",
    "human_aggregation": "sum",
    "horizon": None,
    "x_h_floor": 0.0,
}


class Game:
    """A game file and the theory settings that hold for it."""

    def __init__(self, file: dict[str, Any], **overrides: Any) -> None:
        self.file = file
        self.states: dict[str, Any] = file["states"]
        self.humans: dict[str, Any] = file["humans"]
        self.theory = DEFAULTS | file.get("theory", {}) | overrides

    def initial(self) -> list[str]:
        start = self.file["initial"]
        if isinstance(start, str):
            return [start]
        return [state for state, prob in start.items() if prob > 0]

    def absorbing(self, state: str) -> bool:
        return "next" not in self.states[state]

    def robot_actions(self, state: str) -> list[str]:
        return ["pass"] if self.absorbing(state) else self.states[state].get("robot", ["pass"])

    def human_actions(self, state: str, human: str) -> list[str]:
        if self.absorbing(state):
            return ["pass"]
        return self.states[state].get("humans", {}).get(human, ["pass"])

    def human_profiles(self, state: str) -> Iterator[dict[str, str]]:
        """Every joint action of the humans."""
        legal = [self.human_actions(state, human) for human in self.humans]
        for actions in itertools.product(*legal):
            yield dict(zip(self.humans, actions, strict=True))

    def outcomes(self, state: str, joint: dict[str, str]) -> dict[str, float]:
        """P(s' | s, a_r, a_H) by the first rule that matches."""
        if self.absorbing(state):
            return {state: 1.0}
        for rule in self.states[state]["next"]:
            if all(_allows(rule[player], joint[player]) for player in rule if player != "to"):
                to = rule["to"]
                return {to: 1.0} if isinstance(to, str) else {s: p for s, p in to.items() if p}
        raise AssertionError(f"{state}: no rule for {joint}")

    def successors(self, state: str) -> set[str]:
        return {
            s_next
            for a_r in self.robot_actions(state)
            for profile in self.human_profiles(state)
            for s_next in self.outcomes(state, {"robot": a_r} | profile)
        }

    def goals(self, human: str) -> list[str]:
        return list(self.humans[human]["goals"])

    def members(self, human: str, goal: str) -> list[str]:
        entry = self.humans[human]["goals"][goal]
        return entry["states"] if isinstance(entry, dict) else entry

    def weight(self, human: str, goal: str) -> float:
        entry = self.humans[human]["goals"][goal]
        return entry.get("weight", 1) if isinstance(entry, dict) else 1

    def repeat(self, human: str, goal: str) -> bool:
        entry = self.humans[human]["goals"][goal]
        return entry.get("repeat", False) if isinstance(entry, dict) else False

    def goal_chance(self, human: str, goal: str) -> float:
        """The chance that this is the human's goal now."""
        return self.weight(human, goal) / sum(self.weight(human, g) for g in self.goals(human))

    def beta(self, state: str, human: str) -> float:
        return self._per_state(human, "beta", state, self.theory["beta_h"])

    def nu(self, state: str, human: str) -> float:
        return self._per_state(human, "nu", state, self.theory["nu_h"])

    def _per_state(self, human: str, key: str, state: str, fallback: float) -> float:
        given = self.humans[human].get(key, fallback)
        return given.get(state, fallback) if isinstance(given, dict) else given

    def habit(self, state: str, human: str, goal: str) -> dict[str, float]:
        """pi_h^0: the goal's own, else the human's, else uniform."""
        own = self.humans[human].get("habit_for", {}).get(goal, {})
        general = self.humans[human].get("habit", {})
        given = own.get(state, general.get(state))
        return _full(given, self.human_actions(state, human))

    def belief(self, state: str, human: str, other: str) -> dict[str, float]:
        """mu_-h: what `human` believes of the action of `other`."""
        given = self.humans[human].get("beliefs", {}).get(state, {}).get(other)
        return _full(given, self.human_actions(state, other))

    def power(self, state: str, human: str) -> float:
        return self.states[state].get("power", {}).get(human, 0.0)

    def reachable(self) -> list[str]:
        """Every state that play can reach, at any time."""
        found, frontier = set(self.initial()), self.initial()
        while frontier:
            for s_next in self.successors(frontier.pop()):
                if s_next not in found:
                    found.add(s_next)
                    frontier.append(s_next)
        return sorted(found)

    def reachable_at(self) -> list[list[str]]:
        """With a horizon T: the states that play can be in at times 0 ... T - 1."""
        layers = [sorted(set(self.initial()))]
        for _ in range(self.theory["horizon"] - 1):
            layers.append(sorted(set().union(*(self.successors(s) for s in layers[-1]))))
        return layers

    def acyclic(self) -> bool:
        """Does every path end in an absorbing state?"""
        open_states = {s for s in self.reachable() if not self.absorbing(s)}
        while open_states:
            done = {s for s in open_states if not self.successors(s) & open_states}
            if not done:
                return False
            open_states -= done
        return True


def _allows(wanted: str | list[str], action: str) -> bool:
    return wanted == "*" or action == wanted or (isinstance(wanted, list) and action in wanted)


def _full(given: dict[str, float] | None, legal: list[str]) -> dict[str, float]:
    if given is None:
        return {action: 1 / len(legal) for action in legal}
    assert math.isclose(sum(given.values()), 1.0, abs_tol=1e-9)
    return {action: given.get(action, 0.0) for action in legal}
