"""A small game in which everything that a run is about happens, and its solutions."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import empo

GAME: dict[str, Any] = {
    "name": "ferry",
    "description": "A robot rows a person over a river.",
    "initial": {"here": 0.25, "shore": 0.75},
    "theory": {"beta_r": float("inf"), "gamma_r": 0.5, "gamma_h": 0.5, "beta_h": 1.0},
    "humans": {
        "ann": {
            "goals": {"dry": ["shore", "there"], "cross": ["there"], "moon": ["moon"]},
            "nu": 0.5,
            "habit_for": {"cross": {"shore": {"board": 1.0}}},
        }
    },
    "states": {
        "here": {"next": [{"to": "shore"}]},
        "shore": {
            "robot": ["wait", "row"],
            "humans": {"ann": ["sit", "board"]},
            "next": [
                {"robot": "row", "ann": "board", "to": {"there": 0.75, "shore": 0.25}},
                {"to": "shore"},
            ],
        },
        "there": {},
        "moon": {},
    },
}
"""Waiting helps nobody, so the robot rows; who boards gets over with probability 3/4 a step.

Ann fears that the robot waits for ever, but when she wants to cross she boards out of habit.
"""

BUSH = {"kind": "bushworld", "map": "Hu 01\n01 Ro\n", "max_steps": 3}


def ferry(**theory: Any) -> dict[str, Any]:
    """The game with other theory settings."""
    game = copy.deepcopy(GAME)
    game["theory"] |= theory
    return game


@cache
def solved_ferry() -> empo.Solution:
    """Cyclic."""
    return empo.solve(GAME)


@cache
def solved_ferry_at_once() -> empo.Solution:
    """With three steps."""
    return empo.solve(GAME, horizon=3, x_h_floor=0.01)


@cache
def solved_bush() -> empo.Solution:
    """A BushWorld with its prior of shortest paths."""
    return empo.solve(BUSH, prior="shortest-path")
