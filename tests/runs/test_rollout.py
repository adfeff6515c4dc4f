"""Rollouts against the solution they follow, and against frequencies computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

import empo
from empo.runs.rollout import drawn, likely_path, middling_goals, most_likely, rollout
from tests.runs.games import ferry, solved_bush, solved_ferry, solved_ferry_at_once


def names(path):
    return [path.world.state_name(state) for state in path.states]


def test_choices():
    rng = np.random.default_rng(0)
    assert most_likely(np.array([0.2, 0.4, 0.4]), rng) == 1
    assert {drawn(np.array([0.0, 0.3, 0.7]), rng) for _ in range(50)} == {1, 2}


def test_the_likeliest_path_by_hand():
    # The likeliest beginning is the shore; the robot rows; ann, who wants to cross, boards; they
    # arrive with probability 3/4; there, nothing changes any more.
    path = rollout(solved_ferry(), 10, goals=[1], others=most_likely)
    assert names(path) == ["shore", "there", "there"]
    assert path.actions_r.tolist() == [1, 0]
    assert path.prob_r.tolist() == [1.0, 1.0]
    assert path.actions_h.tolist() == [[1], [0]]
    assert path.n_steps == 2


def test_power_and_probability_are_those_of_the_solution():
    solution = solved_ferry()
    path = rollout(solution, 6, goals=[1], seed=3)
    for time, state in enumerate(path.states):
        assert path.x_h[time, 0] == solution.power(state)["ann"]
        assert path.w_h[time, 0] == pytest.approx(np.log2(path.x_h[time, 0]))
        if time < path.n_steps:
            action = path.world.robot_action(state, int(path.actions_r[time]))
            assert path.prob_r[time] == solution.policy(state)[action]


def test_with_a_horizon_values_belong_to_their_time_and_none_to_its_end():
    solution = solved_ferry_at_once()
    path = rollout(solution, 10, goals=[0], seed=1)
    assert path.n_steps == 3
    for time in range(3):
        assert path.x_h[time, 0] == solution.power(path.states[time], time=time)["ann"]
    assert np.isnan(path.x_h[3]).all()
    assert path.x_h[0, 0] != path.x_h[1, 0]


def test_frequencies_are_those_of_the_policies_and_of_chance():
    # At the shore ann boards with pi_h(board) for the goal `cross`; then 3/4 arrive.
    solution = solved_ferry()
    board = solution.at("shore")["pi_h"]["ann"]["cross"]["board"]
    n = 2000
    paths = [rollout(solution, 2, goals=[1], seed=seed) for seed in range(n)]
    began_here = np.mean([names(path)[0] == "here" for path in paths])
    assert abs(began_here - 0.25) < 5 * np.sqrt(0.25 * 0.75 / n)
    at_shore = [path for path in paths if names(path)[0] == "shore"]
    arrived = np.mean([names(path)[1] == "there" for path in at_shore])
    chance = 0.75 * board
    assert abs(arrived - chance) < 5 * np.sqrt(chance * (1 - chance) / len(at_shore))


def test_goals_are_drawn_by_weight():
    game = ferry()
    goals = game["humans"]["ann"]["goals"]
    goals["cross"] = {"states": ["there"], "weight": 8}
    solution = empo.solve(game)
    found = [rollout(solution, 1, seed=seed).goals[0] for seed in range(500)]
    counts = np.bincount(found, minlength=3) / 500
    assert counts == pytest.approx([0.1, 0.8, 0.1], abs=0.06)


def test_the_same_seed_gives_the_same_path_also_from_a_saved_solution(tmp_path):
    solution = solved_bush()
    solution.save(tmp_path)
    first = rollout(solution, 9, seed=5)
    again = rollout(empo.Solution.load(tmp_path), 9, seed=5)
    assert first.n_steps == 3
    for name in ("states", "actions_r", "prob_r", "actions_h"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    others = [rollout(solution, 9, seed=seed).actions_h.tolist() for seed in range(9)]
    assert any(path != first.actions_h.tolist() for path in others)


def test_a_path_ends_where_nothing_can_change():
    path = rollout(solved_ferry(), 50, goals=[1], seed=0)
    assert names(path)[-2:] == ["there", "there"]
    assert names(path).count("there") == 2


def test_middling_goals_are_the_median_of_those_that_can_be_attained():
    # At the shore: to be dry is easy, crossing less so, nobody gets to the moon.
    at_shore = solved_ferry().at("shore")["v_h_e"]["ann"]
    assert at_shore["moon"] == 0 < at_shore["cross"] < at_shore["dry"]
    assert middling_goals(solved_ferry()) == (1,)  # the lower of the two


def test_a_likely_path_ends_when_everybody_was_where_they_want_to_be():
    path = likely_path(solved_ferry())
    assert path.goals == (1,)
    assert names(path)[-1] == "there"
    assert names(path).count("there") == 1


def test_cutting_keeps_the_beginning():
    path = rollout(solved_ferry_at_once(), 3, goals=[0], seed=1)
    short = path.cut(1)
    assert (short.n_steps, len(short.states), len(short.x_h)) == (1, 2, 2)
    np.testing.assert_array_equal(short.states, path.states[:2])
