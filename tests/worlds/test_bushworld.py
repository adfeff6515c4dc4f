"""BushWorld: dynamics against plain loops, files, names and scenes."""

from __future__ import annotations

import random

import jax
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.worlds.load import check, load
from empo.worlds.world import Thing
from tests.worlds.grid_by_rules import bush_outcomes

NORTH, WEST, SOUTH, EAST, PASS = range(5)

_outcomes = jax.jit(lambda model, state, a_r, a_h: model.outcomes(state, a_r, a_h))
_many_outcomes = jax.jit(jax.vmap(_outcomes, (None, 0, 0, 0)))


def bush(text: str, **more):
    return load({"kind": "bushworld", "map": text, **more})


def outcomes(world, name: str, robot: int, *humans: int) -> dict[str, float]:
    """{name of the next state: probability}."""
    with jax.enable_x64(True):
        found = _outcomes(world.model, world.find_state(name), robot, np.array(humans))
    after, prob = map(np.asarray, found)
    total: dict[str, float] = {}
    for state, p in zip(after, prob, strict=True):
        if p > 0:
            total[world.state_name(state)] = total.get(world.state_name(state), 0) + float(p)
    return total


# (players, B): all maps are 4 x 3, with a bush of the same first density in all but two cells.
@pytest.mark.parametrize(
    ("n_robots", "n_humans", "most"), [(1, 1, 1), (1, 2, 1), (2, 2, 1), (1, 2, 2), (2, 1, 3)]
)
def test_outcomes_are_those_of_the_rules(n_robots, n_humans, most):
    rng = random.Random(f"{n_robots}{n_humans}{most}")
    players, width, height = n_robots + n_humans, 4, 3
    cells = [(x, y) for y in range(height) for x in range(width)]
    for _ in range(8):
        tokens = ["Ro"] * n_robots + ["Hu"] * n_humans + ["."] * 2
        tokens += [f"0{most}"] * (len(cells) - len(tokens))
        rng.shuffle(tokens)
        rows = [" ".join(tokens[y * width : (y + 1) * width]) for y in range(height)]
        model = bush("\n".join(rows), B=most, fill_density=most).model
        bushes = [cell for cell, token in zip(cells, tokens, strict=True) if token != "."]
        states, actions, wanted = [], [], []
        for _ in range(150):
            places = rng.sample(cells, players)
            density = {cell: rng.randint(0, most) if cell in bushes else 0 for cell in cells}
            move = [rng.randrange(5) for _ in places]
            states.append([*map(cells.index, places), *(density[cell] for cell in bushes)])
            actions.append(move)
            after = bush_outcomes(width, height, most, n_robots, tuple(places), density, move)
            wanted.append(
                {
                    (*map(cells.index, where), *(dict(left)[cell] for cell in bushes)): float(p)
                    for (where, left), p in after.items()
                }
            )
        for mine, theirs in zip(found_outcomes(model, states, actions), wanted, strict=True):
            assert mine == pytest.approx(theirs, abs=1e-12)


def found_outcomes(model, states, actions):
    """The model's {next state: probability}."""
    actions = np.array(actions)
    joint = actions[:, : model.n_robots] @ 5 ** np.arange(model.n_robots - 1, -1, -1)
    with jax.enable_x64(True):
        humans = actions[:, model.n_robots :]
        after, prob = _many_outcomes(model, np.array(states, np.int32), joint, humans)
    result = []
    for nexts, probs in zip(np.asarray(after).tolist(), np.asarray(prob).tolist(), strict=True):
        total: dict = {}
        for state, p in zip(nexts, probs, strict=True):
            if p > 0:
                total[tuple(state)] = total.get(tuple(state), 0) + p
        result.append(total)
    return result


def test_certain_moves_have_one_outcome_and_chances_two_for_each_human():
    for most, n_outcomes in ((1, 1), (2, 4)):
        model = bush("Ro 01 Hu 01 Hu", B=most).model
        state = np.array([0, 2, 4, 1, 1], np.int32)
        after, prob = _outcomes(model, state, PASS, np.array([WEST, PASS]))
        assert after.shape == (n_outcomes, 5)
        assert prob.shape == (n_outcomes,)


def test_robots_thin_the_bush_they_enter_or_pass_in():
    world = bush("Ro 02 Hu", B=2, fill_density=2)
    start = "Ro(0,0) Hu(2,0) bushes=222"
    assert outcomes(world, start, EAST, PASS) == {"Ro(1,0) Hu(2,0) bushes=212": 1}
    assert outcomes(world, start, PASS, PASS) == {"Ro(0,0) Hu(2,0) bushes=122": 1}
    # Blocked by the edge: no pass.
    assert outcomes(world, start, NORTH, PASS) == {"Ro(0,0) Hu(2,0) bushes=222": 1}
    # Blocked by the human: no pass either.
    near = "Ro(1,0) Hu(2,0) bushes=212"
    assert outcomes(world, near, EAST, PASS) == {"Ro(1,0) Hu(2,0) bushes=212": 1}


def test_density_never_falls_below_zero():
    world = bush("Ro 01 Hu")
    bare = "Ro(1,0) Hu(2,0) bushes=000"
    assert outcomes(world, bare, PASS, PASS) == {bare: 1}


def test_humans_get_through_a_bush_by_its_density():
    world = bush("Hu 01 . Ro", B=4)
    start = "Ro(3,0) Hu(0,0) bushes=0100"
    assert outcomes(world, start, PASS, EAST) == {
        "Ro(3,0) Hu(1,0) bushes=0100": 0.75,  # 1 - 1/4; the bush stays as it was
        "Ro(3,0) Hu(0,0) bushes=0100": 0.25,
    }


def test_a_bush_of_full_density_leaves_no_chance_at_all():
    world = bush("Hu 03 . Ro", B=3)
    start = "Ro(3,0) Hu(0,0) bushes=0300"
    with jax.enable_x64(True):
        _, prob = _outcomes(world.model, world.find_state(start), PASS, np.array([EAST]))
    assert sorted(np.asarray(prob).tolist()) == [0, 1]


def test_only_the_first_in_order_tries():
    world = bush("Hu 01 Hu . Ro", B=2)
    start = "Ro(4,0) Hu1(0,0) Hu2(2,0) bushes=01000"
    assert outcomes(world, start, PASS, EAST, WEST) == {
        "Ro(4,0) Hu1(1,0) Hu2(2,0) bushes=01000": 0.5,
        start: 0.5,  # the first fails, and the second has not tried
    }
    # The robot goes before the humans.
    assert outcomes(world, start, WEST, PASS, EAST) == {"Ro(3,0) Hu1(0,0) Hu2(2,0) bushes=01000": 1}


def test_nobody_enters_a_cell_that_was_occupied():
    world = bush("Hu Hu Ro")
    start = "Ro(2,0) Hu1(0,0) Hu2(1,0) bushes=000"
    for robot, first, second in ((WEST, EAST, EAST), (PASS, EAST, WEST), (WEST, EAST, PASS)):
        assert outcomes(world, start, robot, first, second) == {start: 1}


def test_tries_of_different_humans_are_independent():
    world = bush("Hu 01 Ro 01 Hu", B=4)
    start = "Ro(2,0) Hu1(0,0) Hu2(4,0) bushes=01010"
    found = outcomes(world, start, PASS, EAST, WEST)
    assert sorted(found.values()) == [0.0625, 0.1875, 0.1875, 0.5625]


def test_a_file_without_settings_has_the_defaults():
    world = bush("Hu 07 Ro\n. 00 3")
    assert world.theory == {
        "horizon": 10,
        "goal_aggregation": "mean",
        "human_aggregation": "mean",
    }
    # Densities are clipped to B = 1, and there is none under the players.
    assert world.state_name(world.initial[0]) == "Ro(2,0) Hu(0,0) bushes=010/001"
    assert world.goals == (("0,0", "1,0", "2,0", "0,1", "1,1", "2,1"),)
    assert [world.human_action(world.initial[0], 0, a) for a in range(5)] == [*"NWSE", "pass"]


def test_fill_density_is_what_grows_under_players():
    world = bush("Hu 01 Ro", B=3, fill_density=2, max_steps=7, seed=1, render_tile_size=48)
    assert world.state_name(world.initial[0]) == "Ro(2,0) Hu(0,0) bushes=212"
    assert world.theory["horizon"] == 7


def test_possible_goals_are_cells_and_rectangles_for_every_human():
    world = bush("Hu 01 Ro\nHu 01 01", possible_goals=[[0, 0], [1, 0, 2, 1]])
    assert world.goals == (("0,0", "1,0,2,1"),) * 2
    assert world.goal_cells(1, 0) == {(0, 0)}
    assert world.goal_cells(0, 1) == {(1, 0), (2, 0), (1, 1), (2, 1)}
    members = world.model.situation(world.initial[0]).members
    assert np.asarray(members).tolist() == [[True, False], [False, False]]


@pytest.mark.parametrize("most", [1, 12])
def test_names_find_their_states(most):
    world = bush("Hu 12 Ro\n. 03 Hu", B=most, fill_density=4)
    rng = np.random.default_rng(0)
    for _ in range(50):
        state = np.array([rng.integers(n) for n in world.model.cardinalities], np.int32)
        assert world.find_state(world.state_name(state)).tolist() == state.tolist()
    for wrong in ("", "Ro(0,0)", "Ro(2,0) Hu1(0,0) Hu2(2,1) bushes=99/99", "Ro(9,9) x y z"):
        with pytest.raises(InputError, match="no state is named"):
            world.find_state(wrong)


def test_scenes_show_densities_and_agents():
    world = bush("Hu 01 Ro", B=2)
    scene = world.scene(world.find_state("Ro(2,0) Hu(0,0) bushes=010"))
    assert (scene.width, scene.height) == (3, 1)
    assert scene.things == (
        Thing("bush", 1, 0, amount=0.5),
        Thing("robot", 2, 0, label="Ro"),
        Thing("human", 0, 0, label="Hu"),
    )


def test_bodies_act_as_one_player():
    world = bush("Ro 01 Ro 01 Hu")
    assert world.model.n_actions_r == 25
    assert world.robot_action(world.initial[0], 5 * EAST + PASS) == "E+pass"
    start = world.state_name(world.initial[0])
    assert outcomes(world, start, 5 * EAST + PASS, PASS) == {
        "Ro1(1,0) Ro2(2,0) Hu(4,0) bushes=00010": 1
    }
    # Both want the middle cell: the first body gets it.
    assert outcomes(world, start, 5 * EAST + WEST, PASS) == {
        "Ro1(1,0) Ro2(2,0) Hu(4,0) bushes=00010": 1
    }


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ({}, "no map"),
        ({"map": 3}, "map: found the number 3"),
        ({"map": "Hu Ro\nHu"}, "row 1 'Hu' has 1 cells (wanted 2"),
        ({"map": "Hu Ro XX -1"}, "unknown symbol 'XX' at (2, 0)"),
        ({"map": "Hu 01"}, "found 0 players 'Ro' (wanted at least one"),
        ({"map": "Ro 01"}, "found 0 players 'Hu' (wanted at least one"),
        ({"map": "Hu Ro", "B": 0}, "B: found the number 0"),
        ({"map": "Hu Ro", "B": 1.5}, "B: found the number 1.5"),
        ({"map": "Hu Ro", "max_steps": 0}, "max_steps: found the number 0"),
        ({"map": "Hu Ro", "fill_density": -1}, "fill_density: found the number -1"),
        ({"map": "Hu Ro", "steps": 3}, "steps: unknown key 'steps'"),
        ({"map": "Hu Ro", "possible_goals": []}, "possible_goals: found an empty list"),
        ({"map": "Hu Ro", "possible_goals": [[2, 0]]}, "[2, 0] is not on the map"),
        ({"map": "Hu Ro", "possible_goals": [[0, 0], [0, 0]]}, "the goal 0,0 is listed twice"),
        ({"map": "Hu Ro", "possible_goals": [[0]]}, "possible_goals[0]: found [0]"),
        ({"map": "Hu Ro", "possible_goals": "all"}, "possible_goals: found the text 'all'"),
    ],
)
def test_mistakes_are_named(data, wanted):
    with pytest.raises(InputError) as error:
        load({"kind": "bushworld", **data})
    assert wanted in str(error.value)


def test_all_mistakes_are_told_at_once():
    with pytest.raises(InputError) as error:
        bush("Hu Ro", B=0, max_steps=0, steps=1, possible_goals=[[5, 5]])
    assert len(error.value.problems) == 4


def test_densities_above_the_largest_are_pointed_out(tmp_path):
    path = tmp_path / "garden.yaml"
    path.write_text("kind: bushworld\nmap: |\n  Hu 02 Ro 3\nB: 2\n")
    report = check(path)
    assert not report.errors
    (warning,) = report.warnings
    assert "garden.yaml:2: map: 1 cells with a density above B = 2" in warning


@pytest.mark.parametrize("name", ["bush-3x3", "bush-line"])
def test_shipped_worlds_load(name):
    world = load(name)
    assert world.name == name
    assert len(world.description) > 100
