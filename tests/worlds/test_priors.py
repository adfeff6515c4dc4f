"""The shortest-path prior by hand and against plain loops."""

from __future__ import annotations

import math
import random

import jax
import numpy as np
import pytest

from empo.worlds.load import load
from empo.worlds.priors import manhattan

STAY, NORTH, EAST, SOUTH, WEST = range(5)
STEPS = [(0, 0), (0, -1), (1, 0), (0, 1), (-1, 0)]
BUSH_STEPS = [(0, -1), (-1, 0), (0, 1), (1, 0), (0, 0)]


_priors = jax.jit(jax.vmap(lambda m, s, beta_h: m.shortest_path(s, beta_h), (None, 0, None)))


def prior(world, name: str, *beta: float) -> np.ndarray:
    with jax.enable_x64(True):
        found = _priors(world.model, world.find_state(name)[None], np.array(beta))
    return np.asarray(found[0])


def grid(*rows: str, **more):
    return load({"kind": "grid", "map": "\n".join(rows), **more})


def test_the_best_actions_share_one_and_the_way_is_blind_to_what_is_in_it():
    # Between the human and its goals stand a bush, a rock and the robot.
    world = grid("hO.", "br.", "...", goals=[{"cell": [2, 2]}, {"cell": [2, 0]}, {"cell": [0, 0]}])
    found = prior(world, "r(1,1) h(0,0) rock(1,0) bushes=b", math.inf)[0]
    assert found[0].tolist() == [0, 0, 0.5, 0.5, 0]
    assert found[1].tolist() == [0, 0, 1, 0, 0]
    # At the goal, moves off the map count as staying: they are as good.
    assert found[2] == pytest.approx([1 / 3, 1 / 3, 0, 0, 1 / 3])


def test_a_wall_stops_the_step_but_does_not_lengthen_the_way():
    world = grid("h#.r", "....", goals=[{"cell": [2, 0]}])
    # East is blocked: distance 2 as for staying; no action comes nearer, and none but south
    # leads further away.
    found = prior(world, "r(3,0) h(0,0)", math.inf)[0, 0]
    assert found.tolist() == [0.25, 0.25, 0.25, 0, 0.25]


def test_finite_rationality_is_a_softmax_of_the_distance():
    world = grid("...", ".h.", "..r", goals=[{"cell": [2, 1]}])
    found = prior(world, "r(2,2) h(1,1)", math.log(2))[0, 0]
    # Distances 1, 2, 0, 2, 2: weights 1/2, 1/4, 1, 1/4, 1/4.
    assert found == pytest.approx(np.array([2, 1, 4, 1, 1]) / 9)
    assert prior(world, "r(2,2) h(1,1)", 0.0)[0, 0] == pytest.approx([0.2] * 5)
    sure = prior(world, "r(2,2) h(1,1)", 1e6)[0, 0]
    assert sure == pytest.approx([0, 0, 1, 0, 0])


def test_each_human_has_its_own_rationality():
    world = grid("h..h", "r...", goals=[{"cell": [1, 0]}])
    found = prior(world, "r(0,1) h1(0,0) h2(3,0)", math.inf, 0.0)
    assert found[0, 0].tolist() == [0, 0, 1, 0, 0]
    assert found[1, 0] == pytest.approx([0.2] * 5)


def test_of_several_cells_the_nearest_counts():
    world = grid("..h....", "......r", goals=[{"cells": [0, 0, 1, 1]}, {"at": "h"}])
    found = prior(world, "r(6,1) h(4,0)", math.inf)[0]
    assert found.tolist() == [[0, 0, 0, 0, 1], [0, 0, 0, 0, 1]]


def test_of_goals_about_several_humans_everybody_does_their_part():
    goals = [
        {"all": [{"human": "h1", "cell": [0, 0]}, {"human": "h2", "cell": [3, 0]}]},
        {"all": [{"human": "h1", "cell": [3, 0]}], "name": "about h1"},
    ]
    world = grid(".hhr", goals=goals)
    found = prior(world, "r(3,0) h1(1,0) h2(2,0)", math.inf, math.inf)
    assert found[0, 0].tolist() == [0, 0, 0, 0, 1]
    assert found[1, 0].tolist() == [0, 0, 1, 0, 0]
    # The second human has no part in this goal and no reason to prefer anything.
    assert found[1, 1] == pytest.approx([0.2] * 5)


def test_who_has_met_its_end_stays():
    world = grid("hL.r", goals=[{"cell": [2, 0]}])
    for beta in (math.inf, 3.0, 0.0):
        assert prior(world, "r(3,0) h(1,0)", beta)[0, 0].tolist() == [1, 0, 0, 0, 0]


def test_distances_to_scattered_goals_are_those_to_the_nearest_cell():
    rng = random.Random(5)
    cells = [(x, y) for y in range(6) for x in range(9) if rng.random() < 0.8]
    for n in (1, 2, 5):
        goal = rng.sample(cells, n)
        wanted = [min(abs(x - a) + abs(y - b) for a, b in goal) for x, y in cells]
        assert manhattan(np.array(cells), np.array(goal)).tolist() == wanted


def test_large_rooms_are_no_trouble():
    rows = ["rh" + "." * 298] + ["." * 300] * 299
    world = grid(*rows, goals="rooms")
    assert len(world.goal_cells(0, 0)) == 90_000


@pytest.mark.parametrize("beta", [math.inf, 0.7])
@pytest.mark.parametrize("kind", ["grid", "bushworld"])
def test_the_prior_is_that_of_plain_loops(kind, beta):
    rng = random.Random(3)
    width, height, steps = 5, 4, STEPS if kind == "grid" else BUSH_STEPS
    for _ in range(5):
        tokens = ["r", "h"] + ["#"] * (4 if kind == "grid" else 0)
        tokens += ["."] * (width * height - len(tokens))
        rng.shuffle(tokens)
        rows = [tokens[y * width : (y + 1) * width] for y in range(height)]
        names = {"r": "Ro", "h": "Hu"} if kind == "bushworld" else {}
        joint = " " if kind == "bushworld" else ""
        text = "\n".join(joint.join(names.get(token, token) for token in row) for row in rows)
        model = load({"kind": kind, "map": text}).model
        free = [(x, y) for y in range(height) for x in range(width) if rows[y][x] != "#"]
        with jax.enable_x64(True):
            states = np.array([[0, cell] for cell in range(len(free))], np.int32)
            beta_h = np.array([beta])
            found = np.asarray(_priors(model, states, beta_h))
        for cell, place in enumerate(free):
            for goal, target in enumerate(free):
                wanted = by_loops(free, place, target, steps, beta)
                assert found[cell, 0, goal] == pytest.approx(wanted, abs=1e-12)


def by_loops(free, place, target, steps, beta):
    distances = []
    for dx, dy in steps:
        x, y = place[0] + dx, place[1] + dy
        if (x, y) not in free:
            x, y = place
        distances.append(abs(x - target[0]) + abs(y - target[1]))
    if beta == math.inf:
        weights = [float(distance == min(distances)) for distance in distances]
    else:
        weights = [math.exp(-beta * distance) for distance in distances]
    return [weight / sum(weights) for weight in weights]
