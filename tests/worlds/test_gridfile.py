"""Grid files: what they may say, names and scenes of their states, and every mistake."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.worlds.load import check, load
from empo.worlds.world import Thing

GRIDS = (
    "asymmetric-freeing",
    "bush-corridor",
    "corridor",
    "key-door",
    "key-door-large",
    "rock-gateway",
)
EVERYTHING = {
    "kind": "grid",
    "name": "everything",
    "description": "All things\nat once.",
    "map": "rhBO\nkKDE\nbbLc\n.#..",
    "legend": {
        "k": {"thing": "key", "colour": "yellow"},
        "K": {"thing": "key", "colour": "blue"},
        "D": {"thing": "door", "colour": "yellow", "state": "locked"},
        "E": {"thing": "door", "colour": "blue", "state": "open"},
        "c": {"thing": "door", "state": "closed"},
    },
    "motion": "cardinal",
    "goals": "cells",
    "humans": {"h": {"beta": 7, "nu": 0.25}},
    "conflict": "priority",
    "pushes": {"O": ["r", "h"]},
    "theory": {"gamma_h": 0.9, "horizon": 6},
}


def grid(text: str, **more):
    return load({"kind": "grid", "map": text, **more})


def random_states(world, n: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, world.model.cardinalities, (n, len(world.model.cardinalities)))


def test_a_file_may_say_everything():
    world = load(EVERYTHING)
    assert (world.name, world.description) == ("everything", "All things at once.")
    assert world.humans == ("h",)
    assert world.theory == {"gamma_h": 0.9, "horizon": 6}
    assert world.initial_prob.tolist() == [1]
    situation = world.model.situation(world.initial[0])
    assert float(situation.beta_h[0]) == 7
    assert float(situation.nu_h[0]) == 0.25
    assert np.asarray(situation.power).tolist() == [0]
    assert world.state_name(world.initial[0]) == (
        "r(0,0) h(1,0) block(2,0) rock(3,0) yellow-key@(0,1) blue-key@(1,1) "
        "door1=locked door2=closed bushes=bb"
    )
    # 15 cells for 2 agents and 2 pushable things, 2 keys, 2 shut doors, 2 bushes.
    assert world.model.cardinalities == (15, 15, 15, 15, 3, 3, 2, 2, 2, 2)


def test_a_file_need_not_say_more_than_its_map(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text("kind: grid\nmap: |\n  rh\n")
    world = load(path)
    assert (world.name, world.description) == ("small", "")
    assert world.theory == {}
    situation = world.model.situation(world.initial[0])
    assert np.isnan(np.asarray(situation.beta_h)).all()
    assert np.isnan(np.asarray(situation.nu_h)).all()
    assert len(world.model.outcomes(world.initial[0], np.array(0), np.array([0]))[1]) == 2


def test_names_find_their_states_whatever_the_order_of_their_parts():
    world = load(EVERYTHING)
    for state in random_states(world, 100):
        name = world.state_name(state)
        assert world.find_state(name).tolist() == state.tolist()
        assert world.find_state(" ".join(reversed(name.split()))).tolist() == state.tolist()


def test_different_states_have_different_names():
    world = load({**EVERYTHING, "map": "rh\nkb\nDB", "pushes": {}})
    n = world.model.cardinalities
    states = np.stack(np.unravel_index(np.arange(np.prod(n)), n), axis=1)
    assert len({world.state_name(state) for state in states}) == len(states)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "r(0,0)",
        "r(0,0) h(1,0) key@(9,9)",
        "r(0,0) h(1,0) key@r bushes=x",
        "r(0,0) r(1,0) key@r",
    ],
)
def test_a_name_of_no_state_is_refused_with_an_example(name):
    world = grid("rhkb", legend={"k": {"thing": "key", "colour": "red"}})
    wanted = r"wanted one like 'r\(0,0\) h\(1,0\) key@\(2,0\) bushes=b'"
    with pytest.raises(InputError, match=wanted):
        world.find_state(name)


def test_agents_are_called_by_symbol_number_or_name():
    legend = {"x": {"thing": "human", "name": "eve"}, "2": {"thing": "human"}}
    world = grid("rhxh2", legend=legend)
    assert world.humans == ("h1", "eve", "h2", "2")
    world = grid("rhxh2", legend=legend, humans={"h": {"name": "kid"}, "eve": {"name": "mum"}})
    assert world.humans == ("kid1", "mum", "kid2", "2")
    world = grid("rhr", robots={"r1": {"name": "arm"}})
    assert world.state_name(world.initial[0]) == "arm(0,0) r2(2,0) h(1,0)"


def test_what_is_said_of_one_human_goes_before_what_is_said_of_all():
    humans = {"h2": {"beta": 1}, "h": {"beta": float("inf"), "nu": 0.5}}
    world = grid("rhhh", humans=humans)
    situation = world.model.situation(world.initial[0])
    assert np.asarray(situation.beta_h).tolist() == [np.inf, 1, np.inf]
    assert np.asarray(situation.nu_h).tolist() == [0.5] * 3


def test_scenes_show_the_map_as_it_is():
    world = load({**EVERYTHING, "map": "rhB.\nkKDE\nbbLc\n.#..", "pushes": {"B": ["r"]}})
    name = "r(3,0) h(1,0) block(0,3) yellow-key@r blue-key@(1,1) door1=open door2=closed bushes=.b"
    scene = world.scene(world.find_state(name))
    assert (scene.width, scene.height) == (4, 4)
    assert set(scene.things[:-2]) == {
        Thing("wall", 1, 3),
        Thing("lava", 2, 2),
        Thing("bush", 1, 2),
        Thing("block", 0, 3),
        Thing("key", 3, 0, colour="yellow", label="r"),
        Thing("key", 1, 1, colour="blue"),
        Thing("door", 2, 1, colour="yellow", state="open"),
        Thing("door", 3, 1, colour="blue", state="open"),
        Thing("door", 3, 2, state="closed"),
    }
    assert scene.things[-2:] == (
        Thing("robot", 3, 0, label="r"),
        Thing("human", 1, 0, label="h"),
    )


def test_the_first_scene_is_the_map():
    world = load(EVERYTHING)
    assert set(world.scene(world.initial[0]).things) == set(world.start.things)


def test_keys_are_told_apart_by_colour_or_number():
    yellow = {"thing": "key", "colour": "yellow"}
    blue = {"thing": "key", "colour": "blue"}
    for legend, names in (
        ({"k": yellow, "K": blue}, "yellow-key@(2,0) blue-key@(3,0)"),
        ({"k": yellow, "K": yellow}, "key1@(2,0) key2@(3,0)"),
    ):
        world = grid("rhkK", legend=legend)
        assert world.state_name(world.initial[0]) == "r(0,0) h(1,0) " + names


def test_worlds_of_one_shape_share_a_program():
    traces = []

    @jax.jit
    def step(model, state):
        traces.append(1)
        return model.outcomes(state, np.array(0), np.zeros(1, int))

    for text in ("rhkD..", ".Dkh.r"):
        world = load({**EVERYTHING, "map": text, "pushes": None})
        step(world.model, world.initial[0])
    assert len(traces) == 1


@pytest.mark.parametrize("name", GRIDS)
def test_shipped_grids_load_without_a_warning(name):
    report = check(name)
    assert not report.errors
    assert not report.warnings
    assert report.world is not None
    assert report.world.name == name
    assert len(report.world.description) > 100


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ({"map": None}, "map: found nothing (wanted rows of text)"),
        ({"map": ["rh"]}, "map: found a list"),
        ({"map": "\n\n"}, "map: found an empty map"),
        ({"map": "rh.\n..\n..."}, "row 1 '..' has 2 cells (wanted 3, as in row 0)"),
        ({"map": "rh\nXx"}, "unknown symbol 'X' at (0, 1)"),
        ({"map": "r h"}, "unknown symbol ' ' at (1, 0)"),
        ({"map": "r."}, "found 0 humans (wanted at least one human"),
        ({"map": "h."}, "found 0 robots (wanted at least one robot"),
        ({"map": "rhhhhh"}, "with conflict: random; set conflict: priority"),
        ({"map": "rrrrrrrh", "conflict": "priority"}, "found 7 robots"),
        ({"motion": "turning"}, "motion: turning motion is not supported yet (wanted cardinal)"),
        ({"motion": "flying"}, "unknown motion 'flying' (wanted one of cardinal, turning)"),
        ({"motion": 3}, "motion: found the number 3 (wanted cardinal or turning)"),
        ({"conflict": "fight"}, "unknown conflict 'fight'"),
        ({"colour": 1}, "unknown key 'colour'"),
        ({"name": ["a"]}, "name: found a list (wanted text)"),
        ({"description": {"a": 1}}, "description: found a mapping"),
        ({"legend": ["k"]}, "legend: found a list"),
        ({"legend": {"kk": {"thing": "floor"}}}, "the symbol 'kk' (wanted a single"),
        ({"legend": {"h": {"thing": "floor"}}}, "'h' already means human"),
        ({"legend": {"k": {"colour": "red"}}}, "legend.k: no thing (wanted thing: one of wall"),
        ({"legend": {"k": {"thing": "dor"}}}, "unknown thing 'dor' (did you mean 'door'?)"),
        ({"legend": {"k": {"thing": "key"}}}, "legend.k: a key without a colour"),
        ({"legend": {"k": {"thing": "door", "state": "locked"}}}, "a locked door without a colour"),
        ({"legend": {"k": {"thing": "door", "state": "ajar"}}}, "unknown state 'ajar'"),
        ({"legend": {"k": {"thing": "key", "colour": "pink"}}}, "unknown colour 'pink'"),
        ({"legend": {"k": {"thing": "key", "colour": 7}}}, "colour: found the number 7"),
        ({"legend": {"k": {"thing": "wall", "colour": "red"}}}, "unknown key 'colour'"),
        (
            {"legend": {"k": {"thing": "human", "name": "a b"}}},
            "the text 'a b' (wanted a name",
        ),
        ({"map": "rh@", "legend": {"@": {"thing": "human"}}}, "a human called '@'"),
        ({"humans": {"x": {}}}, "humans.x: unknown human 'x'"),
        ({"humans": {"h": {"beta": -1}}}, "humans.h.beta: found the number -1"),
        ({"humans": {"h": {"nu": 2}}}, "humans.h.nu: found the number 2"),
        ({"humans": {"h": {"gamma": 0.5}}}, "unknown key 'gamma'"),
        ({"humans": {"h": {"name": "r"}}}, "a robot is called 'r' (wanted a name that nothing"),
        ({"map": "rhB", "humans": {"h": {"name": "block"}}}, "a human is called 'block'"),
        ({"map": "rhO", "robots": {"r": {"name": "rock"}}}, "a robot is called 'rock'"),
        ({"map": "rhh", "humans": {"h1": {"name": "h2"}}}, "a human is called 'h2'"),
        ({"robots": {"r": {"beta": 1}}}, "robots.r.beta: unknown key 'beta'"),
        ({"pushes": {"Q": ["r"]}}, "unknown symbol of a block or rock 'Q'"),
        ({"map": "rhO", "pushes": {"O": ["x"]}}, "unknown agent 'x'"),
        ({"map": "rhO", "pushes": {"O": "r"}}, "pushes.O: found the text 'r'"),
        ({"theory": {"gamma": 1}}, "theory.gamma: unknown key 'gamma'"),
        ({"map": "rh" + "." * 100_000}, "a map of 100002 x 1 cells (wanted at most 100,000 cells)"),
    ],
)
def test_mistakes_are_named(data, wanted):
    with pytest.raises(InputError) as error:
        load({"kind": "grid", "map": "rh", **data})
    assert wanted in str(error.value)


NUMBERS = (True, -1, 0, 1.5, float("nan"), 10**30)
JUNK = (None, *NUMBERS, "", "x", "\x00", "r\nh", [], [[]], {}, {"x": {}})


def places(value, path=()):
    """The ways to everything in nested mappings and lists."""
    yield path
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def changed(value, path, junk):
    """A copy with junk at the end of the way."""
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], junk)
    return copy


def test_junk_anywhere_is_refused_in_words_or_makes_a_world():
    goals = [
        {"cell": [0, 0], "human": "h", "weight": 2, "name": "start"},
        {"cells": [0, 0, 1, 1]},
        {"at": "k"},
        {"all": [{"human": "h", "cell": [0, 0]}]},
    ]
    data = {**EVERYTHING, "goals": goals, "robots": {"r": {"name": "bot"}}}
    bush = {"kind": "bushworld", "map": "Hu 01 Ro", "B": 1, "possible_goals": [[0, 0]]}
    told = []
    for whole in (data, bush):
        for path in places(whole):
            for junk in JUNK if path else ():
                try:
                    load(changed(whole, path, junk))
                except InputError as error:
                    told.append(max(map(len, error.problems)))
    assert len(told) > 500
    assert max(told) < 500


def test_all_mistakes_are_told_at_once_with_their_lines(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(
        "kind: grid\n"
        "map: |\n"
        "  r.#h\n"
        "colour: red\n"
        "conflict: fight\n"
        "goals:\n"
        "- {cell: [0, 0]}\n"
        "- {cell: [2, 0]}\n"
        "- {cell: [4, 0]}\n"
        "humans: {x: {beta: 1}}\n"
        "theory: {gamma_h: high}\n"
    )
    errors = check(path).errors
    lines = {int(error.removeprefix(f"{path}:").split(":")[0]) for error in errors}
    assert lines == {4, 5, 8, 9, 10, 11}
    assert len(errors) == 6


def test_symbols_that_the_map_lacks_are_pointed_out(tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text(
        "kind: grid\nmap: rh\nlegend:\n  k: {thing: key, colour: red}\npushes: {O: [h]}\n"
    )
    report = check(path)
    assert not report.errors
    assert report.warnings == (
        f"{path}:4: legend.k: 'k' is not on the map",
        f"{path}:5: pushes.O: 'O' is not on the map",
    )
