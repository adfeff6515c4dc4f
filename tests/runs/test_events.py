"""What happened, in words, from pairs of pictures made by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

import empo
from empo.runs.events import Event, changes, events
from empo.runs.rollout import most_likely, rollout
from empo.worlds import Scene, Thing
from tests.runs.games import solved_ferry

ROBOT = Thing("robot", 1, 1, label="r")


def told(before: list[Thing], after: list[Thing]) -> list[str]:
    scenes = [Scene(5, 5, (*things, ROBOT)) for things in (before, after)]
    world: Any = SimpleNamespace(scene=lambda state: scenes[int(state[0])])
    return changes(world, np.array([0]), np.array([1]))


def test_doors_open():
    locked = Thing("door", 2, 2, "yellow", "locked")
    other = Thing("door", 3, 2, "green", "closed")
    opened = Thing("door", 2, 2, "yellow", "open")
    assert told([locked, other], [opened, other]) == ["the yellow door opens"]


def test_keys_are_taken_and_carried_without_further_notice():
    lying = Thing("key", 2, 2, "yellow")
    held = Thing("key", 2, 2, "yellow", label="r")
    carried = Thing("key", 3, 2, "yellow", label="r")
    assert told([lying], [held]) == ["r takes the yellow key"]
    assert told([held], [carried]) == []
    assert told([held], [lying]) == ["the yellow key is put down"]


def test_things_are_pushed():
    assert told([Thing("rock", 2, 2)], [Thing("rock", 3, 2)]) == ["the rock moves to 3,2"]


def test_bushes_are_thinned_and_cleared():
    bush, grid_bush = Thing("bush", 0, 1, amount=1.0), Thing("bush", 2, 2)
    thin = Thing("bush", 0, 1, amount=0.5)
    assert told([bush, grid_bush], [thin, grid_bush]) == ["the bush at 0,1 is thinned"]
    assert told([bush, grid_bush], [bush]) == ["the bush at 2,2 is cleared"]


def test_without_a_picture_every_new_state_is_an_event():
    path = rollout(solved_ferry(), 5, goals=[1], others=most_likely)
    assert events(path) == [Event(0, "there")]


def test_in_the_grid_the_key_comes_before_the_door():
    grid = {
        "kind": "grid",
        "map": "######\n#hDkr#\n######\n",
        "legend": {
            "D": {"thing": "door", "colour": "red", "state": "locked"},
            "k": {"thing": "key", "colour": "red"},
        },
        "theory": {"horizon": 4, "beta_r": 50, "x_h_floor": 0.001},
    }
    path = rollout(empo.solve(grid), 4, others=most_likely)
    told_at = [(event.time, event.what) for event in events(path)]
    assert told_at == [(0, "r takes the red key"), (1, "the red door opens")]
