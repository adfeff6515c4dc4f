from __future__ import annotations

import pytest

import empo
from empo.solver import Solution

ROOM = """
#######
#hD.rk#
#######
"""


@pytest.fixture(scope="session")
def room() -> Solution:
    """A grid without an end: a person behind a locked door, a robot and the key."""
    legend = {
        "D": {"thing": "door", "colour": "yellow", "state": "locked"},
        "k": {"thing": "key", "colour": "yellow"},
    }
    theory = {"gamma_h": 0.8, "gamma_r": 0.8, "beta_h": 10, "beta_r": 5}
    data = {"kind": "grid", "name": "room", "map": ROOM, "legend": legend, "theory": theory}
    return empo.solve(data)


@pytest.fixture(scope="session")
def garden() -> Solution:
    """A grid with an end after three steps."""
    return empo.solve({"kind": "bushworld", "map": "Hu 01 Ro 01", "B": 1, "max_steps": 3})


@pytest.fixture(scope="session")
def game() -> Solution:
    """A game that is no grid: by its promise the robot gives a person a choice."""
    return empo.solve(
        {
            "name": "promise",
            "initial": "start",
            "theory": {"gamma_h": 0.9, "gamma_r": 0.9, "beta_h": 3, "beta_r": 2},
            "humans": {"ann": {"goals": {"A": ["a"], "B": ["b"]}}},
            "states": {
                "start": {
                    "robot": ["promise", "do_a", "toss"],
                    "next": [
                        {"robot": "promise", "to": "asked"},
                        {"robot": "do_a", "to": "a"},
                        {"to": {"a": 0.25, "b": 0.75}},
                    ],
                },
                "asked": {
                    "humans": {"ann": ["left", "right"]},
                    "next": [{"ann": "left", "to": "a"}, {"to": "b"}],
                },
                "a": {},
                "b": {},
            },
        }
    )
