"""A finite horizon against the same game with time written into the names of its states.

The unrolled game has no horizon and no way back. Its last states are absorbing; there everybody has
power 1e60, so that V_r is as good as 0, as it is at the end of a horizon.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from tests.solver.drawn import File, at_all_times, games, same, solved, states
from tests.strategies import game_files

AT_REST = 1e60


def timed(state: str, time: int) -> str:
    return f"{state}_at_{time}"


def unrolled(file: File) -> File:
    """The game file without its horizon."""
    horizon = file["theory"]["horizon"]
    times = range(horizon + 1)

    def target(to: Any, time: int) -> Any:
        if isinstance(to, str):
            return timed(to, time)
        return {timed(state, time): prob for state, prob in to.items()}

    def state(name: str, time: int) -> File:
        if time == horizon:
            return {"power": dict.fromkeys(file["humans"], AT_REST)}
        content = dict(file["states"][name])
        rules = content.get("next", [{"to": name}])
        return content | {"next": [rule | {"to": target(rule["to"], time + 1)} for rule in rules]}

    def at_all_times(of_state: Any) -> Any:
        """What is given per state, if it is."""
        if not isinstance(of_state, dict):
            return of_state
        return {timed(name, t): value for name, value in of_state.items() for t in times[:-1]}

    def human(content: File) -> File:
        changed = {key: at_all_times(content[key]) for key in PER_STATE if key in content}
        if "habit_for" in content:
            habits = content["habit_for"].items()
            changed["habit_for"] = {goal: at_all_times(habit) for goal, habit in habits}
        goals = {
            goal: {"states": [timed(s, t) for s in of["states"] for t in times]}
            | ({"weight": of["weight"]} if "weight" in of else {})
            for goal, of in content["goals"].items()
        }
        return content | changed | {"goals": goals}

    return {
        "name": "unrolled",
        "initial": target(file["initial"], 0),
        "theory": {key: value for key, value in file["theory"].items() if key != "horizon"},
        "humans": {name: human(content) for name, content in file["humans"].items()},
        "states": {timed(name, t): state(name, t) for t in times for name in file["states"]},
    }


PER_STATE = ("beta", "nu", "habit", "beliefs")


def with_plain_goals(file: File) -> File:
    """Goals that pay once: at rest, a goal that pays again and again would pay for ever."""
    for human in file["humans"].values():
        for name, goal in human["goals"].items():
            goal = goal if isinstance(goal, dict) else {"states": goal}
            human["goals"][name] = {key: goal[key] for key in ("states", "weight") if key in goal}
    file["theory"]["x_h_floor"] = max(0.01, file["theory"]["x_h_floor"])
    return file


def at_end(result: dict[str, Any]) -> dict[str, Any]:
    """The result with Q_r = 0 where it is as good as 0."""
    return result | {"q_r": {a: q if q < -1e-25 else 0.0 for a, q in result["q_r"].items()}}


@games(12)
@given(game_files(2, "horizon"))
def test_a_horizon_is_time_in_the_state(file):
    file = with_plain_goals(file)
    endless = states(unrolled(file))
    for time, of_time in enumerate(at_all_times(file)):
        same(of_time, {name: at_end(endless[timed(name, time)]) for name in of_time})


def one_way(theory: File) -> File:
    """Ann walks right or stays; her goal is two steps away."""
    return {
        "name": "one-way",
        "initial": "a",
        "theory": {"gamma_h": 0.5, "gamma_r": 0.5, "beta_h": 0, "beta_r": 0, **theory},
        "humans": {"ann": {"goals": {"end": ["c"]}}},
        "states": {
            "a": {"humans": {"ann": ["go"]}, "next": [{"to": "b"}], "power": {"ann": 1}},
            "b": {"humans": {"ann": ["go"]}, "next": [{"to": "c"}], "power": {"ann": 1}},
            "c": {"power": {"ann": 1}},
        },
    }


def test_leaves_last_for_ever_and_ends_do_not():
    # In c for ever: V_h^e = 1, X = 1 + 1, U = -(1/2) ** 1.1 and V_r = U / (1 - 0.5).
    endless = states(one_way({}))
    u_r = -(0.5**1.1)
    assert endless["c"]["v_h_e"]["ann"]["end"] == 1
    assert endless["c"]["u_r"] == pytest.approx(u_r)
    assert endless["c"]["v_r"] == pytest.approx(u_r / 0.5)
    assert endless["a"]["v_h_e"]["ann"]["end"] == 0.5
    # Two steps: from b at time 1 the goal is reached, and then nothing more counts.
    first, second = at_all_times(one_way({"horizon": 2}))
    assert second["b"]["v_h_e"]["ann"]["end"] == 1
    assert second["b"]["q_r"]["pass"] == 0
    assert second["b"]["v_r"] == second["b"]["u_r"] == pytest.approx(u_r)
    assert first["a"]["v_h_e"]["ann"]["end"] == 0.5
    # X(a) = 1 + 0.5 ** 2.
    assert first["a"]["v_r"] == pytest.approx(-(1.25**-1.1) + 0.5 * u_r)


@pytest.mark.parametrize("theory", [{}, {"horizon": 2}])
def test_one_sweep_tells_how_many_states_are_done(theory):
    told = []
    solution = solved(one_way(theory), progress=lambda what, done, _: told.append((what, done)))
    shares = [done for what, done in told if what == "Sweeping backward"]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) == len(solution.game.layers)
    assert solution.effort.sweeps == 1
    assert solution.effort.residual == 0
    assert np.isfinite(solution.effort.seconds)
