"""Goals about places: how they are written, what they are called and which states are in them."""

from __future__ import annotations

import numpy as np
import pytest

from empo.core.errors import InputError
from empo.worlds.load import load

TWO_ROOMS = ("h..D.r", "###o##", "..h...")
DOORS = {"D": {"thing": "door"}, "o": {"thing": "door", "state": "open"}}


def grid(*rows: str, **more):
    return load({"kind": "grid", "map": "\n".join(rows), **more})


def members(world, name: str) -> list[set[str]]:
    """The names of each human's goals that hold in the state."""
    found = np.asarray(world.model.situation(world.find_state(name)).members)
    return [
        {goal for goal, holds in zip(goals, row, strict=False) if holds}
        for goals, row in zip(world.goals, found, strict=True)
    ]


def test_every_cell_that_is_not_wall_is_a_goal_of_every_human():
    world = grid("h#Lb", "rh.O")
    cells = ("0,0", "2,0", "3,0", "0,1", "1,1", "2,1", "3,1")
    assert world.goals == (cells, cells)
    assert world.goals == grid("h#Lb", "rh.O", goals="cells").goals
    assert members(world, "r(0,1) h1(2,0) h2(1,1) rock(3,1) bushes=b") == [{"2,0"}, {"1,1"}]
    assert world.goal_cells(0, 1) == {(2, 0)}


def test_rooms_are_what_doors_divide():
    world = grid(*TWO_ROOMS, legend=DOORS, goals="rooms")
    assert world.goals[0] == ("room 1", "room 2", "room 3")
    assert world.goal_cells(0, 0) == {(0, 0), (1, 0), (2, 0)}
    assert world.goal_cells(1, 1) == {(4, 0), (5, 0)}
    assert world.goal_cells(1, 2) == {(x, 2) for x in range(6)}
    # In a door one is in no room.
    assert members(world, "r(5,0) h1(3,0) h2(2,2) door=open") == [set(), {"room 3"}]


def test_a_list_names_cells_rectangles_and_symbols():
    goals = [
        {"cell": [1, 0]},
        {"cells": [0, 0, 5, 1], "name": "upstairs"},
        {"at": "o", "weight": 2.5},
    ]
    world = grid(*TWO_ROOMS, legend=DOORS, goals=goals)
    assert world.goals == (("1,0", "upstairs", "at o"),) * 2
    # Walls inside a rectangle are left out.
    assert world.goal_cells(0, 1) == {(x, 0) for x in range(6)} | {(3, 1)}
    assert world.goal_cells(0, 2) == {(3, 1)}
    assert np.asarray(world.model.goals.weight).tolist() == [[1, 1, 2.5]] * 2
    assert not np.asarray(world.model.goals.repeat).any()


def test_a_goal_can_belong_to_one_human_and_the_rest_is_padding():
    goals = [{"cell": [0, 0], "human": "h1"}, {"cell": [1, 0], "human": "h"}]
    world = grid("h.rh", goals=goals)
    assert world.goals == (("0,0", "1,0"), ("1,0",))
    assert np.asarray(world.model.goals.weight).tolist() == [[1, 1], [1, 0]]
    assert members(world, "r(2,0) h1(1,0) h2(0,0)") == [{"1,0"}, set()]
    padded = np.asarray(world.model.situation(world.initial[0]).members)[1, 1]
    assert not padded


def test_all_asks_several_humans_to_be_in_their_places_at_once():
    together = {
        "all": [{"human": "h1", "cell": [0, 0]}, {"human": "h2", "cells": [2, 0, 3, 0]}],
        "weight": 3,
    }
    world = grid("h.rh", goals=[together, {"cell": [1, 0]}])
    name = "h1 at 0,0 & h2 at 2,0,3,0"
    assert world.goals == ((name, "1,0"),) * 2
    assert world.goal_cells(0, 0) is None
    assert members(world, "r(2,0) h1(0,0) h2(3,0)") == [{name}, {name}]
    assert members(world, "r(2,0) h1(1,0) h2(3,0)") == [{"1,0"}, set()]
    assert members(world, "r(3,0) h1(0,0) h2(1,0)") == [set(), {"1,0"}]


def test_a_human_can_want_something_of_another_one_alone():
    goals = [{"all": [{"human": "b", "at": "."}], "human": "a", "name": "let b out"}]
    goals.append({"cell": [0, 0], "human": "b"})
    legend = {"1": {"thing": "human", "name": "a"}, "2": {"thing": "human", "name": "b"}}
    world = grid("1.r2", legend=legend, goals=goals)
    assert world.goals == (("let b out",), ("0,0",))
    assert world.goal_cells(0, 0) is None
    assert members(world, "r(2,0) a(0,0) b(1,0)") == [{"let b out"}, set()]


@pytest.mark.parametrize(
    ("goals", "wanted"),
    [
        ("every", "goals: found the text 'every' (wanted cells, rooms or a list)"),
        (None, "goals: found nothing"),
        ([{"cell": [4, 0]}], "goals[0].cell: [4, 0] is not on the map"),
        ([{"cell": [-1, 0]}], "goals[0].cell: [-1, 0] is not on the map"),
        ([{"cell": [1, 0]}], "goals[0].cell: [1, 0] is in a wall"),
        (
            [{"cell": [0, 0, 1, 1]}],
            "cell: found [0, 0, 1, 1] (wanted whole numbers [x, y])",
        ),
        (
            [{"cells": [0, 0]}],
            "cells: found [0, 0] (wanted whole numbers [x1, y1, x2, y2])",
        ),
        ([{"cells": [2, 0, 0, 0]}], "is not on the map (wanted 0 <= x < 4"),
        ([{"cell": [0.5, 0]}], "goals[0].cell: found [0.5, 0] (wanted whole numbers"),
        ([{"cell": "0,0"}], "goals[0].cell: found the text '0,0'"),
        ([{"at": "Q"}], "unknown symbol on the map 'Q'"),
        ([{"at": "#"}], "goals[0].at: '#' is a wall"),
        ([{"name": "x"}], "goals[0]: found none of cell, cells, at, all"),
        ([{"cell": [0, 0], "at": "."}], "found cell and at of cell, cells, at, all"),
        ([{"cell": [0, 0], "wieght": 2}], "unknown key 'wieght' (did you mean 'weight'?)"),
        ([{"cell": [0, 0], "weight": 0}], "goals[0].weight: found 0"),
        ([{"cell": [0, 0], "weight": float("inf")}], "goals[0].weight: found inf"),
        ([{"cell": [0, 0], "human": "r"}], "goals[0].human: unknown human 'r'"),
        ([{"cell": [0, 0]}, {"cell": [0, 0]}], "h has two goals named '0,0'"),
        ([{"all": []}], "goals[0].all: found an empty list"),
        ([{"all": [{"cell": [0, 0]}]}], "goals[0].all[0].human: found nothing"),
        ([{"all": [{"human": "h", "all": []}]}], "unknown key 'all'"),
        ([{"all": [{"human": "h", "cell": [0, 0]}] * 2}], "h has two parts"),
        ([], "no goal for h"),
        (["here"], "goals[0]: found the text 'here'"),
    ],
)
def test_mistakes_are_named(goals, wanted):
    with pytest.raises(InputError) as error:
        grid("h#.r", goals=goals)
    assert wanted in str(error.value)


def test_a_part_of_all_is_about_one_human():
    with pytest.raises(InputError, match="found several humans"):
        grid("h.hr", goals=[{"all": [{"human": "h", "cell": [0, 0]}]}])


def test_a_map_with_too_many_goals_is_refused_with_the_number():
    rows = ["rh" + "." * 198] + ["." * 200] * 99
    with pytest.raises(InputError, match=r"20,000 goals on 20,000 cells need 1,144 MiB"):
        grid(*rows)
