"""Game files: what the tables hold, against a reading of the same file by names only."""

from __future__ import annotations

import copy
import itertools
import json
import math
from dataclasses import fields

import jax
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from empo.core.errors import InputError
from empo.theory.params import Theory
from empo.worlds import check, load
from empo.worlds.settings import THEORY_KEYS
from empo.worlds.table import rounded
from tests.brute_force import Game
from tests.strategies import game_files

FILE = {
    "name": "example",
    "initial": {"s0": 0.25, "s1": 0.75},
    "theory": {"gamma_r": 0.9, "horizon": None, "goal_aggregation": "mean"},
    "humans": {
        "ann": {
            "goals": {"A": ["s1"], "B": {"states": ["s2", "s0"], "weight": 3, "repeat": True}},
            "beta": {"s1": math.inf},
            "nu": 0.5,
            "habit": {"s0": {"wait": 1}},
            "habit_for": {"B": {"s0": {"go": 0.25, "wait": 0.75}}},
            "beliefs": {"s0": {"bob": {"up": 1}}},
        },
        "bob": {"goals": {"C": ["s2"]}},
    },
    "states": {
        "s0": {
            "robot": ["left", "right", "hold"],
            "humans": {"bob": ["up", "down"], "ann": ["go", "wait"]},
            "power": {"bob": 2},
            "next": [
                {"robot": ["left", "hold"], "ann": "go", "to": {"s1": 0.75, "s2": 0.25}},
                {"bob": "*", "ann": ["wait"], "robot": "left", "to": "s2"},
                {"bob": "down", "to": "s0"},
                {"to": {"s1": 1.0, "s0": 0}},
            ],
        },
        "s1": {"humans": {"ann": ["stay"]}, "next": [{"to": "s0"}]},
        "s2": {},
    },
}


OUTCOMES = jax.jit(lambda model, *arguments: model.outcomes(*arguments))
SITUATION = jax.jit(lambda model, state: model.situation(state))


def variation(change) -> dict:
    file = copy.deepcopy(FILE)
    change(file)
    return file


def problems_of(file) -> str:
    with pytest.raises(InputError) as error:
        load(file)
    return "\n".join(error.value.problems)


def outcomes(world, state: str, a_r: str, a_h: list[str]) -> dict[str, float]:
    """P(s' | s, a_r, a_H) of the tables, by names."""
    vector = world.find_state(state)
    numbers_r = {world.robot_action(vector, i): i for i in range(n_legal(world, vector)[0])}
    numbers_h = []
    for h, action in enumerate(a_h):
        n = n_legal(world, vector)[1 + h]
        numbers_h.append({world.human_action(vector, h, i): i for i in range(n)}[action])
    states, prob = OUTCOMES(world.model, vector, numbers_r[a_r], np.array(numbers_h))
    found: dict[str, float] = {}
    for s, p in zip(np.asarray(states), np.asarray(prob), strict=True):
        if p > 0:
            name = world.state_name(s)
            found[name] = found.get(name, 0.0) + float(p)
    return found


def n_legal(world, vector) -> list[int]:
    situation = SITUATION(world.model, vector)
    return [int(situation.legal_r.sum()), *(int(row.sum()) for row in situation.legal_h)]


def agrees_with_a_reading_by_names(file) -> None:
    world, game = load(file), Game(file)
    model = world.model
    for number, state in enumerate(game.states):
        vector = np.array([number], np.int32)
        assert world.state_name(vector) == state
        assert world.find_state(state).tolist() == [number]
        legal = [game.robot_actions(state), *(game.human_actions(state, h) for h in game.humans)]
        assert n_legal(world, vector) == [len(own) for own in legal]
        for joint in itertools.product(*legal):
            players = dict(zip(["robot", *game.humans], joint, strict=True))
            wanted = game.outcomes(state, players)
            found = outcomes(world, state, joint[0], list(joint[1:]))
            assert found == pytest.approx({s: p for s, p in wanted.items() if p > 0}, rel=1e-12)
        situation = SITUATION(model, vector)
        for h, human in enumerate(game.humans):
            assert float(situation.power[h]) == game.power(state, human)
            theory = {"beta": situation.beta_h[h], "nu": situation.nu_h[h]}
            for key, value in theory.items():
                given = game.humans[human].get(key)
                given = given.get(state) if isinstance(given, dict) else given
                assert math.isnan(value) if given is None else float(value) == given
            for g, goal in enumerate(game.goals(human)):
                assert bool(situation.members[h, g]) == (state in game.members(human, goal))
                assert float(model.goals.weight[h, g]) == game.weight(human, goal)
                assert bool(model.goals.repeat[h, g]) == game.repeat(human, goal)
                habit = game.habit(state, human, goal)
                names = [world.human_action(vector, h, i) for i in range(len(habit))]
                row = np.asarray(situation.habit[h, g])
                np.testing.assert_allclose(row[: len(names)], [habit[a] for a in names])
                assert not row[len(names) :].any()
            for k, other in enumerate(game.humans):
                if other != human:
                    belief = game.belief(state, human, other)
                    names = [world.human_action(vector, k, i) for i in range(len(belief))]
                    row = np.asarray(situation.beliefs[h, k])[: len(names)]
                    np.testing.assert_allclose(row, [belief[a] for a in names])
            padding = slice(len(game.goals(human)), None)
            assert not np.asarray(model.goals.weight)[h, padding].any()
            assert not np.asarray(situation.members)[h, padding].any()


def test_tables_say_what_the_example_says():
    with jax.enable_x64(True):
        agrees_with_a_reading_by_names(FILE)


@given(game_files(n_humans=3, kind="cyclic", with_inf=True))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_tables_say_what_drawn_files_say(file):
    with jax.enable_x64(True):
        agrees_with_a_reading_by_names(file)


def test_the_world_around_the_tables():
    world = load(FILE)
    assert (world.name, world.description) == ("example", "")
    assert world.humans == ("ann", "bob")
    assert world.goals == (("A", "B"), ("C",))
    assert world.theory == {"gamma_r": 0.9, "horizon": None, "goal_aggregation": "mean"}
    assert [world.state_name(s) for s in world.initial] == ["s0", "s1"]
    assert world.initial_prob.tolist() == [0.25, 0.75]
    assert world.robot_action(world.find_state("s2"), 0) == "pass"
    with pytest.raises(InputError, match="no state is named 'sx'"):
        world.find_state("sx")


def test_equal_outcomes_share_a_row_and_games_of_one_size_share_shapes():
    model = load(FILE).model
    distinct = {((1, 0.75), (2, 0.25)), ((2, 1.0),), ((0, 1.0),), ((1, 1.0),)}
    rows = {
        tuple((int(s), float(p)) for s, p in zip(next_, prob, strict=True) if p > 0)
        for next_, prob in zip(model.row_next, model.row_prob, strict=True)
    }
    assert rows == distinct
    other = load(variation(lambda f: f["states"].update(s3={}, s4={"next": [{"to": "s3"}]})))
    shapes = jax.tree.map(np.shape, model)
    assert jax.tree.leaves(shapes) == jax.tree.leaves(jax.tree.map(np.shape, other.model))
    assert jax.tree.structure(model) == jax.tree.structure(other.model)


def test_a_world_keeps_the_data_it_was_read_from():
    assert load(FILE).data == FILE


def test_rounded_repeats_the_last_row():
    assert rounded(np.arange(257)).tolist() == [*range(257), *[256] * 255]
    assert rounded(np.arange(256)).tolist() == list(range(256))
    assert rounded(np.ones((1, 2))).shape == (256, 2)


def test_any_word_can_be_a_name(tmp_path):
    path = tmp_path / "w.yaml"
    path.write_text(
        "name: 1\ninitial: 1.50\nhumans: {no: {goals: {2: [~, 1.50]}}}\n"
        "states:\n  1.50: {robot: [yes, 0x1], humans: {no: [on, off]},"
        " next: [{robot: yes, no: on, to: ~}, {robot: 0x1, to: {~: 1}}, {to: 1.50}]}\n  ~:\n"
    )
    world = load(path)
    state = world.initial[0]
    assert world.name == "1"
    assert world.humans == ("no",)
    assert world.state_name(state) == "1.50"
    assert [world.robot_action(state, i) for i in range(2)] == ["yes", "0x1"]
    assert [world.human_action(state, 0, i) for i in range(2)] == ["on", "off"]
    assert outcomes(world, "1.50", "yes", ["on"]) == {"~": 1.0}
    again = load(json.loads(json.dumps(world.data)))
    for one, two in zip(jax.tree.leaves(world.model), jax.tree.leaves(again.model), strict=True):
        np.testing.assert_array_equal(one, two)


def test_json_and_yaml_say_the_same(tmp_path):
    simple = {
        "name": "x",
        "initial": "a",
        "humans": {"h": {"goals": {"g": ["b"]}, "beta": 1e-7}},
        "states": {"a": {"next": [{"to": {"a": 0.1, "b": 0.9}}]}, "b": {}},
    }
    path = tmp_path / "w.json"
    path.write_text(json.dumps(simple, indent="\t"))
    mine, theirs = load(path).model, load(simple).model
    for one, two in zip(jax.tree.leaves(mine), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_array_equal(one, two)


def test_probabilities_may_be_rounded_and_then_sum_to_one():
    thirds = {"s0": 0.3333333333, "s1": 0.3333333333, "s2": 0.3333333334}
    world = load(variation(lambda f: f["states"]["s1"].update(next=[{"to": thirds}])))
    assert np.asarray(world.model.row_prob).sum(axis=1) == pytest.approx(1, abs=1e-15)
    off = variation(lambda f: f["states"]["s1"].update(next=[{"to": {"s0": 0.5, "s1": 0.50001}}]))
    assert "states.s1.next[0].to: the probabilities sum to 1.00001 (wanted 1)" in problems_of(off)


def test_everything_wrong_is_listed_at_once_with_lines(tmp_path):
    path = tmp_path / "w.yaml"
    path.write_text(
        """name: broken
initial: s9
colour: red
humans:
  ann:
    goals: {A: [s0, sX], B: []}
    nu: 2
  robot: {goals: {A: [s0]}}
states:
  s0:
    robot: [left, right]
    next:
      - {robot: lef, to: s0}
      - {robot: left, to: {s0: 0.5, s1: 0.6}}
  s1: {next: [{robot: pass, to: s1}, {to: s0}]}
  s2: {robot: [go], power: {bob: 1}}
"""
    )
    found = [line.removeprefix(str(path)) for line in check(path).errors]
    assert found == [
        ":2: initial: unknown state 's9' (wanted one of s0, s1, s2)",
        ":3: colour: unknown key 'colour' (wanted one of name, description, kind, initial,"
        " theory, humans, states)",
        ":6: humans.ann.goals.A[1]: unknown state 'sX' (wanted one of s0, s1, s2)",
        ":6: humans.ann.goals.B: a goal without states (wanted at least one, such as [s1])",
        ":7: humans.ann.nu: found the number 2 (wanted a number from 0 to 1)",
        ":8: humans.robot: a human cannot be called 'robot' (wanted another name)",
        ":13: states.s0.next[0].robot: unknown action 'lef' (did you mean 'left'?)",
        ":14: states.s0.next[1].to: the probabilities sum to 1.1 (wanted 1)",
        ":16: states.s2: lists actions, but `next` is missing (wanted rules for them)",
        ":16: states.s2.power.bob: unknown human 'bob' (wanted one of ann)",
    ]


def test_odd_things_are_warned_of(tmp_path):
    path = tmp_path / "w.yaml"
    path.write_text(
        """name: odd
initial: s0
humans: {ann: {goals: {A: [s0], B: [s2]}}}
states:
  s0:
    robot: [left, right]
    next:
      - {robot: left, to: s0}
      - {robot: [left], to: s1}
      - {to: {s0: 1, s2: 0}}
  s1: {next: [{to: s2}]}
  s2: {}
"""
    )
    report = check(path)
    assert report.errors == ()
    assert report.world is not None
    assert [line.removeprefix(str(path)) for line in report.warnings] == [
        ":9: states.s0.next[1]: this rule never matches: rules above it cover all of it",
        ":11: states.s1: this state cannot be reached",
        ":12: states.s2: this state cannot be reached; it is in ann's goal B",
    ]


def test_a_joint_action_without_a_rule_is_named():
    file = variation(lambda f: f["states"]["s0"]["next"].pop())
    words = "states.s0.next: no rule matches robot = left, ann = go, bob = up"
    assert words not in problems_of(file)
    assert (
        "states.s0.next: no rule matches robot = right, ann = go, bob = up and 2 more joint actions"
        in problems_of(file)
    )


def test_theory_ranges_are_told_with_the_line_of_the_setting(tmp_path):
    path = tmp_path / "w.yaml"
    path.write_text(
        "name: x\ninitial: a\ntheory:\n  gamma_h: 0.5\n  gamma_r: 1\n  xi: 0\n"
        "humans: {h: {goals: {g: [a]}}}\nstates: {a: {}}\n"
    )
    assert check(path).errors == ()
    found = [line.removeprefix(str(path)) for line in check(path, lambda t: Theory(**t)).errors]
    assert [line.split(" must")[0] for line in found] == [
        ":5: theory.gamma_r: gamma_r",
        ":6: theory.xi: xi",
    ]


def test_theory_keys_are_those_of_the_theory():
    assert set(THEORY_KEYS) == {field.name for field in fields(Theory)}
