"""Distances between two solutions: sums by hand, loops over states, and what is refused."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

import empo
from empo.core.errors import InputError
from empo.runs.likeness import likeness
from empo.runs.rollout import likely_path
from empo.solver import Solution
from empo.worlds.tabular import Layer, TabularGame
from tests.runs.games import BUSH, ferry, solved_bush, solved_ferry, solved_ferry_at_once

QUANTITIES = ("pi_r", "v_r", "v_h_e", "x_h", "u_r", "q_r")


def with_values(solution: Solution, **changes) -> Solution:
    """Each named quantity replaced by what its function makes of it, in all layers."""
    values = tuple(
        layer._replace(**{name: change(getattr(layer, name)) for name, change in changes.items()})
        for layer in solution.values
    )
    return replace(solution, values=values)


def of_world(data) -> TabularGame:
    """The first solution's game, said to be that of another world."""
    return replace(solved_ferry().game, world=empo.load(data))


def test_a_solution_is_no_distance_from_itself():
    for solution in (solved_ferry(), solved_ferry_at_once(), solved_bush()):
        alike = likeness(solution, solution)
        assert [d.quantity for d in alike.distances] == [
            "pi_r",
            "v_r",
            "v_h_e",
            "x_h",
            "u_r",
            "q_r",
        ]
        assert all(d.mean == 0 == d.largest for d in alike.distances)
        assert alike.settings == {}


def test_each_quantity_has_its_own_measure():
    # 1/2 |p - (0.5 p + 0.5 / 2)| ... is the total variation; log(1.1 x / x) = log 1.1, and so on.
    first = solved_bush()
    second = with_values(
        first,
        v_r=lambda x: 0.9 * x,
        v_h_e=lambda x: x + 0.05,
        x_h=lambda x: x * math.exp(0.2),
        u_r=lambda x: 1.1 * x,
        q_r=lambda x: 2 * x,
    )
    found = {d.quantity: d for d in likeness(first, second).distances}
    wanted = {"pi_r": 0, "v_r": 0.1, "v_h_e": 0.05, "x_h": 0.2, "u_r": math.log(1.1)}
    for name, distance in wanted.items():
        assert math.isclose(found[name].mean, distance, abs_tol=1e-12)
        assert math.isclose(found[name].largest, distance, abs_tol=1e-12)
    # In the last of three steps Q_r is 0 on both sides, which is no distance.
    sizes = [len(layer) for layer in found["q_r"].by_layer]
    assert found["q_r"].by_layer[-1].max() == 0
    assert math.isclose(found["q_r"].mean, math.log(2) * sum(sizes[:-1]) / sum(sizes))


def test_policies_differ_by_total_variation_and_the_worst_state_is_named():
    first = solved_ferry()
    game = first.game
    layer, place = game.find("shore")
    pi_r = [values.pi_r.copy() for values in first.values]
    assert pi_r[layer][place].tolist() == [0, 1]  # it rows
    pi_r[layer][place] = [0.25, 0.75]
    values = tuple(v._replace(pi_r=p) for v, p in zip(first.values, pi_r, strict=True))
    alike = likeness(first, replace(first, values=values))
    policy = alike.distances[0]
    assert policy.largest == 0.25
    assert math.isclose(policy.mean, 0.25 / game.n_states)
    assert alike.name_of(*policy.worst) == "shore"
    # A uniform robot is right wherever there is one action, and half wrong at the shore.
    assert math.isclose(alike.uniform.mean, 0.5 / game.n_states)


def test_illegal_actions_do_not_count():
    first = solved_ferry()
    legal = [values.pi_r.shape[1] for values in first.values]
    assert set(legal) == {2}  # `wait` and `row`, of which only one is legal except at the shore

    def spoil(x):
        return np.where(np.arange(2) == 1, x * 7, x)

    alike = likeness(first, with_values(first, q_r=spoil))
    (distance,) = (d for d in alike.distances if d.quantity == "q_r")
    # At the shore one of two legal actions is off by log 7, elsewhere the one that is legal is not.
    assert math.isclose(distance.largest, math.log(7) / 2)
    assert math.isclose(distance.mean, math.log(7) / 2 / first.game.n_states)


def test_states_may_stand_in_any_order():
    first = solved_ferry()
    layers, values = [], []
    for layer, of in zip(first.game.layers, first.values, strict=True):
        order = np.random.default_rng(1).permutation(layer.n_states)
        layers.append(Layer(layer.codes[order], ()))
        values.append(type(of)(*(None if x is None else x[order] for x in of)))
    game = replace(first.game, layers=tuple(layers))
    second = replace(first, game=game, values=tuple(values))
    assert all(d.largest == 0 for d in likeness(first, second).distances)


def test_means_by_cell_are_those_of_a_loop():
    first = solved_bush()
    random = np.random.default_rng(0)
    second = with_values(first, u_r=lambda x: x * random.uniform(1, 2, x.shape))
    alike = likeness(first, second)
    (distance,) = (d for d in alike.distances if d.quantity == "u_r")
    found = alike.by_cell(distance)
    assert set(found) == {"robot", "Hu"}
    for cell, mean in found["Hu"].items():
        numbers = [
            abs(math.log(b / a))
            for number, (one, other) in enumerate(zip(first.values, second.values, strict=True))
            for state, a, b in zip(first.game.states(number), one.u_r, other.u_r, strict=True)
            for thing in first.world.scene(state).things
            if thing.kind == "human" and (thing.x, thing.y) == cell
        ]
        assert math.isclose(mean, sum(numbers) / len(numbers))


def test_a_game_has_no_cells():
    alike = likeness(solved_ferry(), solved_ferry())
    assert alike.by_cell(alike.distances[0]) == {}


def test_along_a_rollout_each_place_is_told_once():
    first = solved_ferry()
    second = with_values(first, pi_r=lambda x: (x > 0) / (x > 0).sum(axis=1, keepdims=True))
    path = likely_path(first)
    moments = likeness(first, second).along(path)
    names = [first.world.state_name(moment.state) for moment in moments]
    assert len(set(names)) == len(names)
    assert set(names) == {first.world.state_name(state) for state in path.states[: path.n_steps]}
    for moment in moments:
        assert moment.first == first.policy(moment.state)
        assert moment.distance == 0


def test_with_a_horizon_a_place_has_its_time():
    solution = solved_bush()
    moments = likeness(solution, solution).along(likely_path(solution))
    assert [moment.time for moment in moments] == [moment.step for moment in moments]
    assert moments[0].uniform > 0


def test_records_are_strict_json():
    first = solved_ferry()
    second = with_values(first, u_r=lambda x: np.zeros_like(x))
    record = json.loads(json.dumps(likeness(first, second).record(), allow_nan=False))
    assert record["world"] == "ferry"
    assert record["quantities"]["u_r"]["mean"] is None  # the logarithm of 0
    assert record["quantities"]["pi_r"] == {
        "difference": "total variation",
        "mean": 0,
        "largest": 0,
        "state": record["quantities"]["pi_r"]["state"],
    }


def test_settings_that_differ_are_told():
    alike = likeness(solved_ferry(), empo.solve(ferry(beta_r=5.0)))
    assert alike.settings == {"beta_r": (math.inf, 5.0)}


def test_unlike_worlds_are_refused():
    other = ferry()
    other["states"]["shore"]["next"][0]["to"] = {"there": 0.5, "shore": 0.5}
    with pytest.raises(InputError, match="ferry and ferry, whose rules differ"):
        likeness(solved_ferry(), replace(solved_ferry(), game=of_world(other)))
    with pytest.raises(InputError, match="rules differ"):
        likeness(solved_ferry(), solved_bush())


def test_unlike_horizons_are_refused():
    with pytest.raises(InputError, match="horizon: found 3 and 2"):
        likeness(solved_bush(), empo.solve(BUSH, prior="shortest-path", horizon=2))
