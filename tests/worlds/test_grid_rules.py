"""Each rule of grid worlds on a map small enough to see what must happen."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from empo.worlds.load import load

STAY, NORTH, EAST, SOUTH, WEST = range(5)
KEY_DOOR = {
    "k": {"thing": "key", "colour": "yellow"},
    "K": {"thing": "key", "colour": "blue"},
    "D": {"thing": "door", "colour": "yellow", "state": "locked"},
    "c": {"thing": "door"},
    "o": {"thing": "door", "state": "open"},
}


_outcomes = jax.jit(lambda model, state, a_r, a_h: model.outcomes(state, a_r, a_h))


def grid(*rows: str, **more):
    return load({"kind": "grid", "map": "\n".join(rows), "goals": "cells", **more})


def step(world, name: str, *actions: int) -> dict[str, float]:
    """{name of the next state: probability}; actions of the robots, then of the humans."""
    n = world.model.n_robots
    joint = int("".join(map(str, actions[:n])), 5)
    with jax.enable_x64(True):
        after, prob = _outcomes(world.model, world.find_state(name), joint, np.array(actions[n:]))
    total: dict[str, float] = {}
    for state, p in zip(np.asarray(after), np.asarray(prob), strict=True):
        if p > 0:
            total[world.state_name(state)] = total.get(world.state_name(state), 0) + float(p)
    return total


def test_agents_walk_and_walls_and_edges_stop_them():
    world = grid("r..", ".#.", "..h")
    start = "r(0,0) h(2,2)"
    assert step(world, start, EAST, NORTH) == {"r(1,0) h(2,1)": 1}
    assert step(world, start, SOUTH, WEST) == {"r(0,1) h(1,2)": 1}
    for robot, human in ((NORTH, SOUTH), (WEST, EAST), (STAY, STAY)):
        assert step(world, start, robot, human) == {start: 1}
    assert step(world, "r(1,0) h(1,2)", SOUTH, NORTH) == {"r(1,0) h(1,2)": 1}


def test_nobody_follows_or_swaps():
    world = grid("rh.")
    assert step(world, "r(0,0) h(1,0)", EAST, EAST) == {"r(0,0) h(2,0)": 1}
    assert step(world, "r(0,0) h(1,0)", EAST, WEST) == {"r(0,0) h(1,0)": 1}


def test_two_who_want_a_cell_get_it_with_equal_probability():
    world = grid("r.h")
    assert step(world, "r(0,0) h(2,0)", EAST, WEST) == {
        "r(1,0) h(2,0)": 0.5,
        "r(0,0) h(1,0)": 0.5,
    }


def test_three_who_want_a_cell_get_it_with_equal_probability():
    world = grid("#h.", "r.h", "#..")
    found = step(world, "r(0,1) h1(1,0) h2(2,1)", EAST, SOUTH, WEST)
    assert found == {
        "r(1,1) h1(1,0) h2(2,1)": pytest.approx(1 / 3),
        "r(0,1) h1(1,1) h2(2,1)": pytest.approx(1 / 3),
        "r(0,1) h1(1,0) h2(1,1)": pytest.approx(1 / 3),
    }


def test_contests_over_different_cells_are_independent():
    world = grid("r.h", "r.h")
    found = step(world, "r1(0,0) r2(0,1) h1(2,0) h2(2,1)", EAST, EAST, WEST, WEST)
    assert sorted(found.values()) == [0.25] * 4


def test_by_priority_robots_go_first_and_then_map_order():
    world = grid("h.r", "#h#", conflict="priority")
    start = "r(2,0) h1(0,0) h2(1,1)"
    assert step(world, start, WEST, EAST, NORTH) == {"r(1,0) h1(0,0) h2(1,1)": 1}
    assert step(world, start, STAY, EAST, NORTH) == {"r(2,0) h1(1,0) h2(1,1)": 1}
    after, _ = _outcomes(world.model, world.initial[0], 0, np.array([0, 0]))
    assert len(after) == 1


def test_any_number_of_agents_can_go_by_priority():
    world = grid("#h.h#", "h.r.h", "#h.h#", conflict="priority")
    start = world.state_name(world.initial[0])
    # Reading order: h1 (1,0), h2 (3,0), h3 (0,1), h4 (4,1), h5 (1,2), h6 (3,2); h1 and h3 and h5
    # want (1,1), h2 and h4 want (3,1), h6 wants (2,2).
    found = step(world, start, STAY, SOUTH, SOUTH, EAST, WEST, NORTH, WEST)
    after = start.replace("h1(1,0)", "h1(1,1)").replace("h2(3,0)", "h2(3,1)")
    assert found == {after.replace("h6(3,2)", "h6(2,2)"): 1}


def test_one_robot_and_one_human_have_two_outcomes_at_most():
    after, _ = _outcomes(grid("r.h").model, np.array([0, 2]), 0, np.array([0]))
    assert len(after) == 2


def test_a_whole_chain_is_pushed_if_there_is_room():
    world = grid("rBB..h")
    found = step(world, "r(0,0) h(5,0) block1(1,0) block2(2,0)", EAST, STAY)
    assert found == {"r(1,0) h(5,0) block1(2,0) block2(3,0)": 1}
    found = step(world, "r(1,0) h(5,0) block1(2,0) block2(3,0)", EAST, STAY)
    assert found == {"r(2,0) h(5,0) block1(3,0) block2(4,0)": 1}
    # Now the human stands behind the chain.
    stuck = "r(2,0) h(5,0) block1(3,0) block2(4,0)"
    assert step(world, stuck, EAST, STAY) == {stuck: 1}


def test_a_chain_with_a_gap_ends_at_the_gap():
    world = grid("rB.Bh")
    found = step(world, "r(0,0) h(4,0) block1(1,0) block2(3,0)", EAST, STAY)
    assert found == {"r(1,0) h(4,0) block1(2,0) block2(3,0)": 1}


def test_chains_do_not_reach_around_the_edge_of_the_map():
    world = grid("h.rB", "B...")
    start = "r(2,0) h(0,0) block1(3,0) block2(0,1)"
    assert step(world, start, EAST, STAY) == {start: 1}


def test_only_robots_push_rocks_unless_told_otherwise():
    start = "r(0,0) h(3,0) rock(2,0)"
    assert step(grid(".r.Oh"), "r(1,0) h(4,0) rock(3,0)", STAY, WEST) == {
        "r(1,0) h(4,0) rock(3,0)": 1
    }
    world = grid("r.Oh", pushes={"O": ["h"]})
    assert step(world, start, STAY, WEST) == {"r(0,0) h(2,0) rock(1,0)": 1}
    near = "r(1,0) h(3,0) rock(2,0)"
    assert step(grid("r.Oh.", pushes={"O": ["h"]}), near, EAST, STAY) == {near: 1}


def test_a_chain_with_a_thing_that_one_cannot_push_stays():
    world = grid("hBO.r")
    start = "r(4,0) h(0,0) block(1,0) rock(2,0)"
    assert step(world, start, STAY, EAST) == {start: 1}


@pytest.mark.parametrize("what", ["L", "k", "c", "o", "b", "#"])
def test_things_are_pushed_onto_bare_floor_only(what):
    world = grid("rB" + what, "..h", legend={k: v for k, v in KEY_DOOR.items() if k in what})
    start = world.state_name(world.initial[0])
    assert step(world, start, EAST, STAY) == {start: 1}


def test_cleared_bushes_and_places_of_taken_keys_are_bare_floor():
    world = grid("rBb", "..h")
    cleared = "r(0,0) h(2,1) block(1,0) bushes=."
    assert step(world, cleared, EAST, STAY) == {"r(1,0) h(2,1) block(2,0) bushes=.": 1}
    world = grid("rBk", "..h", legend={"k": KEY_DOOR["k"]})
    taken = "r(0,0) h(2,1) block(1,0) key@h"
    assert step(world, taken, EAST, STAY) == {"r(1,0) h(2,1) block(2,0) key@h": 1}


def test_the_cell_behind_a_chain_can_be_contested():
    world = grid("rB.h")
    assert step(world, "r(0,0) h(3,0) block(1,0)", EAST, WEST) == {
        "r(1,0) h(3,0) block(2,0)": 0.5,
        "r(0,0) h(2,0) block(1,0)": 0.5,
    }


def test_one_thing_is_pushed_one_way_only():
    world = grid("#h#", "rB.", "#.#")
    assert step(world, "r(0,1) h(1,0) block(1,1)", EAST, SOUTH) == {
        "r(1,1) h(1,0) block(2,1)": 0.5,
        "r(0,1) h(1,1) block(1,2)": 0.5,
    }


def test_who_cannot_move_does_not_take_part_in_a_contest():
    # The human wants the bush that only the robot can enter.
    world = grid("rbh")
    assert step(world, "r(0,0) h(2,0) bushes=b", EAST, WEST) == {"r(1,0) h(2,0) bushes=.": 1}


def test_robots_clear_bushes_for_good():
    world = grid("rb.h")
    assert step(world, "r(0,0) h(2,0) bushes=b", STAY, WEST) == {"r(0,0) h(2,0) bushes=b": 1}
    assert step(world, "r(0,0) h(3,0) bushes=b", EAST, STAY) == {"r(1,0) h(3,0) bushes=.": 1}
    assert step(world, "r(0,0) h(2,0) bushes=.", STAY, WEST) == {"r(0,0) h(1,0) bushes=.": 1}


def test_keys_are_picked_up_by_walking_on_them():
    world = grid("rk.h", legend={"k": KEY_DOOR["k"]})
    assert step(world, "r(0,0) h(3,0) key@(1,0)", EAST, STAY) == {"r(1,0) h(3,0) key@r": 1}
    # It stays with its holder.
    assert step(world, "r(1,0) h(3,0) key@r", WEST, STAY) == {"r(0,0) h(3,0) key@r": 1}


def test_a_second_key_stays_on_the_floor():
    world = grid("rkK.h", legend={s: KEY_DOOR[s] for s in "kK"})
    first = "r(1,0) h(4,0) yellow-key@r blue-key@(2,0)"
    second = {"r(2,0) h(4,0) yellow-key@r blue-key@(2,0)": 1}
    assert step(world, first, EAST, STAY) == second
    # The human, empty-handed, takes it there.
    assert step(world, "r(0,0) h(3,0) yellow-key@r blue-key@(2,0)", STAY, WEST) == {
        "r(0,0) h(2,0) yellow-key@r blue-key@h": 1
    }


def test_the_winner_of_a_contest_gets_the_key():
    world = grid("rkh", legend={"k": KEY_DOOR["k"]})
    assert step(world, "r(0,0) h(2,0) key@(1,0)", EAST, WEST) == {
        "r(1,0) h(2,0) key@r": 0.5,
        "r(0,0) h(1,0) key@h": 0.5,
    }


def test_a_fitting_key_opens_a_locked_door_and_takes_the_step():
    legend = {s: KEY_DOOR[s] for s in "kKD"}
    world = grid("k.rDh", "..K..", legend=legend)
    shut = "r(2,0) h(4,0) yellow-key@{} blue-key@{} door=locked"
    opened = "r(2,0) h(4,0) yellow-key@r blue-key@(2,1) door=open"
    assert step(world, shut.format("r", "(2,1)"), EAST, STAY) == {opened: 1}
    assert step(world, opened, EAST, STAY) == {opened.replace("r(2,0)", "r(3,0)"): 1}
    for holders in (("(0,0)", "(2,1)"), ("(0,0)", "r"), ("h", "(2,1)")):
        start = shut.format(*holders)
        assert step(world, start, EAST, STAY) == {start: 1}


def test_anybody_opens_a_closed_door():
    world = grid("r.ch", legend={"c": KEY_DOOR["c"]})
    assert step(world, "r(0,0) h(3,0) door=closed", STAY, WEST) == {"r(0,0) h(3,0) door=open": 1}
    assert step(world, "r(1,0) h(3,0) door=closed", EAST, WEST) == {"r(1,0) h(3,0) door=open": 1}
    assert step(world, "r(0,0) h(3,0) door=open", STAY, WEST) == {"r(0,0) h(2,0) door=open": 1}


def test_doors_that_begin_open_are_no_part_of_the_state():
    world = grid("roh", legend={"o": KEY_DOOR["o"]})
    assert step(world, "r(0,0) h(2,0)", STAY, WEST) == {"r(0,0) h(1,0)": 1}


def test_lava_ends_an_agent():
    world = grid("rL.h", ".L..")
    assert step(world, "r(0,0) h(2,0)", EAST, WEST) == {
        "r(1,0) h(2,0)": 0.5,
        "r(0,0) h(1,0)": 0.5,
    }
    for name, legal_r, legal_h in (
        ("r(0,0) h(2,0)", [True] * 5, [True] * 5),
        ("r(1,0) h(2,0)", [True] + [False] * 4, [True] * 5),
        ("r(0,0) h(1,1)", [True] * 5, [True] + [False] * 4),
    ):
        situation = world.model.situation(world.find_state(name))
        assert np.asarray(situation.legal_r).tolist() == legal_r
        assert np.asarray(situation.legal_h).tolist() == [legal_h]
    # It is in the way for ever.
    assert step(world, "r(1,0) h(2,0)", STAY, WEST) == {"r(1,0) h(2,0)": 1}


def test_bodies_act_as_one_player():
    world = grid("rr.h", "Lr..", robots={"r": {"name": "bot"}})
    assert world.model.n_actions_r == 125
    state = world.find_state("bot1(0,0) bot2(1,0) bot3(1,1) h(3,0)")
    assert world.robot_action(state, 25 * SOUTH + 5 * EAST + STAY) == "south+east+stay"
    name = "bot1(0,1) bot2(1,0) bot3(1,1) h(3,0)"
    legal = np.asarray(world.model.situation(world.find_state(name)).legal_r)
    # The first body's digit counts 25: having met its end, it can only stay.
    assert np.flatnonzero(legal).tolist() == list(range(25))


def test_five_agents_take_part_in_one_contest():
    # The four neighbours of the middle want it; the fifth agent stands apart.
    world = grid(".r..h", "h.h..", ".h...")
    start = world.state_name(world.initial[0])
    found = step(world, start, SOUTH, STAY, EAST, WEST, NORTH)
    assert list(found.values()) == [pytest.approx(0.25)] * 4
