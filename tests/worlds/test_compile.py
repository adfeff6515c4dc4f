"""Worlds written out, against a plain search through the same worlds, one step at a time."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empo.core.errors import InputError
from empo.worlds import compile as compiling
from empo.worlds.compile import Search, compile_world
from empo.worlds.load import load
from empo.worlds.tabular import TabularGame
from empo.worlds.world import World
from tests.strategies import game_files
from tests.worlds.hand import Leads, State, hand_world, read_back, search, unpacked

LEGEND = {
    "D": {"thing": "door", "colour": "yellow", "state": "locked"},
    "k": {"thing": "key", "colour": "yellow"},
}

TWO = {"a": {"thing": "human"}}


def grid(text: str, **keys: Any) -> World:
    return load({"kind": "grid", "name": "grid", "map": text, **keys})


WORLDS = {
    "contest": (lambda: grid("#####\n#h.r#\n##.##\n#####"), None),
    "key": (lambda: grid("######\n#hDkr#\n######", legend=LEGEND), None),
    "blocks": (lambda: grid("######\n#h.Br#\n######"), None),
    "two people": (lambda: grid("####\n#ha#\n#.r#\n####", legend=TWO), None),
    "bushes": (lambda: load({"kind": "bushworld", "map": "Hu 02 Ro", "B": 2}), 4),
    "crowd": (lambda: load({"kind": "bushworld", "map": "Hu 1 Hu\nRo 2 .", "B": 3}), 2),
    "promise": (lambda: load("commitment"), None),
    "buttons": (lambda: load("pause-destroy"), None),
    "pill": (lambda: load("pill"), 3),
}


def alike(found: dict[State, float], wanted: dict[State, float]) -> bool:
    return found == pytest.approx(wanted, abs=1e-14)


def n_triples(times: list[dict[State, Leads]]) -> int:
    return sum(len(w) for known in times for leads in known.values() for w in leads.values())


def check(game: TabularGame, wanted: list[dict[State, Leads]]) -> None:
    found = read_back(game)
    assert [known.keys() for known in found] == [known.keys() for known in wanted]
    assert game.n_states == sum(map(len, wanted))
    assert game.n_transitions == n_triples(wanted)
    for known, of_search in zip(found, wanted, strict=True):
        for state, leads in of_search.items():
            for joint, where in known[state].items():
                if joint in leads:
                    assert alike(where, leads[joint])
                else:
                    assert any(alike(where, legal) for legal in leads.values())


@pytest.mark.parametrize("name", WORLDS)
def test_states_and_transitions_are_those_of_a_plain_search(name):
    make, horizon = WORLDS[name]
    world = make()
    wanted = search(world, horizon)
    game = compile_world(Search(world), horizon)
    check(game, wanted)
    if horizon is not None:
        last = {s for leads in wanted[-1].values() for where in leads.values() for s in where}
        assert {tuple(state) for state in unpacked(game, game.end.codes)} == last


@settings(max_examples=12, deadline=None)
@given(game_files(2, "cyclic", with_inf=False), st.sampled_from([None, 1, 3]))
def test_drawn_games_are_those_of_a_plain_search(file, horizon):
    world = load(file)
    check(compile_world(Search(world), horizon), search(world, horizon))


def test_equal_outcomes_are_added_and_impossible_ones_dropped():
    # State 0: action 0 leads to 1, to 1, to 2 and, with probability 0, to 3; action 1 to itself.
    to = [[[1, 1, 2, 3], [0, 0, 0, 0]]] + [[[s] * 4] * 2 for s in (1, 2, 3)]
    prob = [[[0.25, 0.25, 0.5, 0], [0.1, 0.2, 0.3, 0.4]]] + [[[1, 0, 0, 0]] * 2] * 3
    game = compile_world(Search(hand_world(to, prob)))
    assert read_back(game) == [
        {
            (0,): {(0, 0): {(1,): 0.5, (2,): 0.5}, (1, 0): {(0,): 1.0}},
            (1,): {(0, 0): {(1,): 1.0}, (1, 0): {(1,): 1.0}},
            (2,): {(0, 0): {(2,): 1.0}, (1, 0): {(2,): 1.0}},
        }
    ]
    assert game.n_transitions == 3 + 2 + 2


def test_an_impossible_outcome_may_be_no_state_at_all():
    game = compile_world(Search(hand_world([[[0, 7]], [[1, -1]]], [[[1, 0]]] * 2)))
    assert read_back(game) == [{(0,): {(0, 0): {(0,): 1.0}}}]


def test_a_world_without_chance_has_no_probabilities():
    game = compile_world(Search(hand_world([[[1, 1]], [[0, 0]]], [[[0.5, 0.5]]] * 2)))
    assert [chunk.prob for layer in game.layers for chunk in layer.chunks] == [None]


def test_an_illegal_action_leads_nowhere_new_and_is_not_checked():
    # Action 1 is illegal in both states; where it would lead and how likely does not matter.
    to = [[[1], [2]], [[1], [9]], [[2], [2]]]
    prob = [[[1], [1]], [[1], [0.3]], [[1], [1]]]
    legal = [[True, False], [True, False], [True, True]]
    game = compile_world(Search(hand_world(to, prob, legal=legal)))
    assert read_back(game)[0].keys() == {(0,), (1,)}
    assert game.n_transitions == 2


@pytest.mark.parametrize(
    ("prob", "words"),
    [
        ([0.5, 0.47], r"probabilities sum to 0.97, not 1"),
        ([0.5, 0.5 + 2e-9], r"probabilities sum to 1.000000002, not 1"),
        ([1.5, -0.5], r"a probability is negative or not a number"),
        ([0.5, np.nan], r"a probability is negative or not a number"),
        ([np.inf, 0.5], r"probabilities sum to inf, not 1"),
        ([0, 0], r"probabilities sum to 0, not 1"),
    ],
)
def test_wrong_probabilities_are_refused_with_state_and_joint_action(prob, words):
    # State (1, 2) is number 5; its action 1 is wrong. It is reached from (0, 0) by action 1.
    to = np.zeros((6, 2, 2, 2), int)
    to[0, 1] = [1, 2]
    chances = np.full((6, 2, 2), 0.5)
    chances[5, 1] = prob
    world = hand_world(to, chances, cardinalities=(2, 3), initial=[[0, 0]])
    with pytest.raises(InputError, match=rf"hand: state \(1, 2\), joint action \(1, 0\): {words}"):
        compile_world(Search(world))


def test_rounding_errors_of_probabilities_are_forgiven():
    compile_world(Search(hand_world([[[0, 1]], [[1, 1]]], [[[0.3, 0.7 + 5e-10]], [[0.5, 0.5]]])))


@pytest.mark.parametrize("wrong", [[2, 0], [0, 3], [-1, 0], [0, -1]])
def test_a_factor_out_of_its_range_is_refused(wrong):
    to = np.zeros((6, 1, 2, 2), int)
    to[0, 0, 1] = [1, 1]
    to[4, 0, 1] = wrong
    world = hand_world(to, np.full((6, 1, 2), 0.5), cardinalities=(2, 3), initial=[[0, 0]])
    with pytest.raises(InputError, match=r"state \(1, 1\), joint action \(0, 0\): .*\(2, 3\) val"):
        compile_world(Search(world))
    with pytest.raises(InputError, match=r"initial state .* outside of its range"):
        compile_world(Search(hand_world(to * 0, cardinalities=(2, 3), initial=[wrong])))


def test_only_initial_states_that_can_be_the_case_count():
    to = [[[0]], [[1]], [[2]]]
    world = hand_world(to, initial=[[2], [0], [1], [2]], initial_prob=[0.25, 0.5, 0, 0.25])
    game = compile_world(Search(world))
    assert read_back(game)[0].keys() == {(0,), (2,)}
    assert game.n_states == 2


def test_the_kind_of_a_world_is_seen():
    def order(*to: int) -> str:
        return compile_world(Search(hand_world([[[s]] for s in to]))).order

    assert order(1, 2, 2) == "acyclic"
    assert order(0) == "acyclic"
    assert order(1, 2, 0) == "cyclic"
    assert order(1, 2, 1) == "cyclic"
    assert compile_world(Search(hand_world([[[1]], [[0]]])), 3).order == "horizon"
    # Staying for a while, by chance or by choice, is a cycle; staying for ever is none.
    by_chance = hand_world([[[0, 1]], [[1, 1]]], [[[0.5, 0.5]], [[1, 0]]])
    assert compile_world(Search(by_chance)).order == "cyclic"
    by_choice = hand_world([[[0], [1]], [[1], [1]]])
    assert compile_world(Search(by_choice)).order == "cyclic"


def test_with_a_horizon_each_time_has_its_own_states():
    # 0 -> 1 or 2 -> 3 -> 0: from (0,) the times hold {0}, {1, 2}, {3}, {0}, ...
    world = hand_world([[[1], [2]], [[3], [3]], [[3], [3]], [[0], [0]]])
    game = compile_world(Search(world), 5)
    times = [{tuple(state) for state in game.states(t).tolist()} for t in range(5)]
    assert times == [{(0,)}, {(1,), (2,)}, {(3,)}, {(0,)}, {(1,), (2,)}]
    assert unpacked(game, game.end.codes) == [[3]]
    assert (game.horizon, game.n_states, game.n_transitions) == (5, 7, 14)
    assert [game.find("(2)", time=t) for t in (1, 4)] == [(1, 1), (4, 1)]
    for t, name in ((0, "(1)"), (2, "(0)"), (4, "(3)")):
        message = rf"hand: state {re.escape(name)} cannot be reached at time {t}"
        with pytest.raises(InputError, match=message):
            game.find(name, time=t)
    for t in (-1, 5):
        with pytest.raises(InputError, match=rf"time must be 0 ... 4, got {t}"):
            game.find("(0)", time=t)


def test_every_state_is_found_where_it_stands():
    game = compile_world(Search(load("commitment")))
    assert len(game.layers) > 1
    for layer in range(len(game.layers)):
        for place, state in enumerate(game.states(layer)):
            assert game.find(state) == (layer, place)
            assert game.find(game.world.state_name(state)) == (layer, place)
            np.testing.assert_array_equal(game.state(layer, place), state)


@pytest.mark.parametrize(
    "state", [[0, 4], [1, -1], [2, 0], [0], [0, 0, 0], [[0, 0]], [0.5, 0.0], "(0, 4)", "(1, 0)"]
)
def test_what_is_no_state_is_not_found(state):
    # (0, 4) would have the code of (1, 0), (1, -1) that of (0, 3), which is a state.
    to = np.zeros((8, 1, 1, 2), int)
    to[0] = [0, 3]
    game = compile_world(Search(hand_world(to, cardinalities=(2, 4), initial=[[0, 0]])))
    assert game.n_states == 2
    with pytest.raises(InputError, match="cannot be reached"):
        game.find(state if isinstance(state, str) else np.array(state))


@pytest.mark.parametrize("name", ["", "x", "(0)", "(0, 0, 0)", "(0, 99999999999)", "0.5, 1"])
def test_a_name_of_no_state_is_refused(name):
    game = compile_world(
        Search(hand_world(np.zeros((8, 1, 1, 2)), cardinalities=(2, 4), initial=[[0, 0]]))
    )
    with pytest.raises(InputError, match="no state is named"):
        game.find(name)


def tree(depth: int) -> World:
    """A binary tree of choices, whose leaves lead back to the root."""
    n = 2**depth - 1
    return hand_world([[[(2 * s + a) % n] for a in (1, 2)] for s in range(n)])


@pytest.mark.parametrize("pairs", [2, 6, 1 << 19])
@pytest.mark.parametrize("smaller", [(), (1, 4)])
def test_how_frontiers_are_cut_into_calls_changes_nothing(monkeypatch, pairs, smaller):
    wanted = read_back(compile_world(Search(tree(7))))
    later = read_back(compile_world(Search(tree(7)), 6))
    monkeypatch.setattr(compiling, "_OUTCOMES_PER_CALL", pairs)
    monkeypatch.setattr(compiling, "_SMALLER_CALLS", smaller)
    assert read_back(compile_world(Search(tree(7)))) == wanted
    assert read_back(compile_world(Search(tree(7)), 6)) == later
    assert len(wanted[0]) == 127
    assert list(map(len, later)) == [1, 2, 4, 8, 16, 32]


def test_calls_that_find_unequal_numbers_of_outcomes_go_together(monkeypatch):
    # One state per call: 0 has 2 outcomes, 1 has 1, 2 has 3.
    monkeypatch.setattr(compiling, "_OUTCOMES_PER_CALL", 1)
    monkeypatch.setattr(compiling, "_SMALLER_CALLS", ())
    to = [[[1, 2, 1]], [[0, 0, 0]], [[0, 1, 2]]]
    prob = [[[0.25, 0.5, 0.25]], [[0.2, 0.3, 0.5]], [[0.25, 0.25, 0.5]]]
    world = hand_world(to, prob)
    check(compile_world(Search(world)), search(world))
    check(compile_world(Search(world), 3), search(world, 3))


def test_progress_is_told_in_states():
    told: list[tuple[int, int]] = []
    compile_world(Search(tree(5), progress=lambda *numbers: told.append(numbers)))
    # The numbers expanded and found, each time a frontier of 1, 2, 4, 8, 16 states was expanded.
    assert told == [(1, 3), (3, 7), (7, 15), (15, 31), (31, 31)]


@pytest.mark.parametrize("horizon", [None, 50])
def test_too_much_for_the_memory_is_refused_soon_and_with_the_number(monkeypatch, horizon):
    monkeypatch.setattr(compiling, "_SMALLER_CALLS", (4096,))  # one compilation is enough
    floor = "\n".join(["#" + "." * 30 + "#"] * 12)
    world = grid(f"{'#' * 32}\n{floor}\n#h{'.' * 14}a{'.' * 13}r#\n{'#' * 32}", legend=TWO)
    told: list[tuple[int, int]] = []
    search = Search(world, memory=0.05 * 2**30, progress=lambda *numbers: told.append(numbers))
    begin = time.process_time()
    with pytest.raises(InputError, match=r"take 0.1 GiB and more states wait; 0.1 GiB are allowed"):
        compile_world(search, horizon)
    assert time.process_time() - begin < 10
    # 390^3 = 59 million states, times 125 joint actions; 0.05 GiB is less than 1 in 500.
    assert told[-1][1] < 59_000_000 / 100
