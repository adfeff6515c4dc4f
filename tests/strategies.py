"""Random game files for hypothesis, as dictionaries in the form of GAME_FORMAT.

Compiled programs are shared between games of equal shapes only. So the first state always has
every action of everybody, the first human always has the most goals, and the first rule of the
first state always has the most outcomes: what varies is inside these bounds.
"""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

ROBOT_ACTIONS = ["left", "right", "hold"]
HUMAN_ACTIONS = ["go", "wait"]
HUMANS = ["ann", "bob", "cyd"]
GOALS = ["A", "B"]
SPLITS: list[tuple[float, float]] = [
    (0.5, 0.5),
    (0.25, 0.75),
    (0.9, 0.1),
    (0.7, 0.3),
    (0.01, 0.99),
    (1.0, 0.0),
]
MOST_STATES = 6

Draw = Any
File = dict[str, Any]


@st.composite
def game_files(draw: Draw, n_humans: int = 2, kind: str = "cyclic", with_inf: bool = True) -> File:
    """A game file; `kind` is acyclic, cyclic or horizon. Cyclic games with an infinite beta need
    not have a solution."""
    states = [f"s{i}" for i in range(draw(st.integers(3, MOST_STATES)))]
    humans = list(draw(st.permutations(HUMANS[:n_humans])))
    forward = kind == "acyclic" or (kind == "horizon" and draw(st.booleans()))
    file: File = {
        "name": "drawn",
        "initial": draw(_initial(states)),
        "theory": draw(_theory(kind)),
        "states": {
            state: draw(_state(i, states, humans, forward)) for i, state in enumerate(states)
        },
    }
    file["humans"] = {
        human: draw(_human(file, humans, human, first=human == humans[0])) for human in humans
    }
    return file if with_inf else _finite(file)


def _finite(value: Any) -> Any:
    """The same with 8 for infinity."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return 8.0 if value == math.inf else value


@st.composite
def _initial(draw: Draw, states: list[str]) -> str | dict[str, float]:
    if draw(st.booleans()):
        return states[0]
    other = draw(st.sampled_from(states[1:]))
    p, q = draw(st.sampled_from(SPLITS))
    return {states[0]: p, other: q}


@st.composite
def _theory(draw: Draw, kind: str) -> File:
    choices: dict[str, list[Any]] = {
        "gamma_h": [0.9, 0.8, 0.5, 0.0],
        "gamma_r": [0.8, 0.9, 0.5, 0.0],
        "beta_h": [5.0, math.inf, 1, 20.0, 0],
        "beta_r": [5.0, math.inf, 1.5, 0],
        "nu_h": [0.0, 0.3, 1.0],
        "zeta": [2.0, 1.0, 1.5],
        "xi": [1.0, 0.5, 2.0],
        "eta": [1.1, 1.0, 1.3],
        "goal_aggregation": ["sum", "mean"],
        "human_aggregation": ["sum", "mean"],
        "x_h_floor": [0.01, 0.1, 0.01, 0.0],
    }
    if kind == "horizon":
        choices["horizon"] = [3, 1, 2, 5]
    kept = [key for key in choices if key in MUST_BE_GIVEN or draw(st.booleans())]
    return {key: draw(st.sampled_from(choices[key])) for key in kept}


MUST_BE_GIVEN = ("gamma_h", "gamma_r", "horizon", "x_h_floor")
"""The default discounts are too near 1 for plain iteration, and most games need a floor."""


@st.composite
def _state(draw: Draw, i: int, states: list[str], humans: list[str], forward: bool) -> File:
    state: File = {}
    if draw(st.booleans()):
        powered = draw(st.lists(st.sampled_from(humans), unique=True))
        state["power"] = {human: draw(st.sampled_from([0.5, 2.0, 0])) for human in powered}
    ahead = states[i + 1 :] if forward else states
    if i == len(states) - 1 or (i > 0 and draw(st.integers(0, 3)) == 3):
        return state if forward or draw(st.booleans()) else state | {"next": [{"to": states[0]}]}
    first = i == 0
    legal_r = ROBOT_ACTIONS if first else draw(_some(ROBOT_ACTIONS))
    legal = {h: HUMAN_ACTIONS if first else draw(_some(HUMAN_ACTIONS)) for h in humans}
    if first or draw(st.booleans()):
        state["robot"] = legal_r
    if first or draw(st.booleans()):
        state["humans"] = legal
    players = {"robot": state.get("robot", ["pass"])}
    players |= {h: state.get("humans", {}).get(h, ["pass"]) for h in humans}
    n_rules = draw(st.integers(1, 3))
    state["next"] = [
        draw(_rule(players, ahead, mixed=first and k == 0)) for k in range(n_rules)
    ] + [{"to": draw(_to(ahead, False))}]
    return state


def _some(actions: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(actions), min_size=1, unique=True)


@st.composite
def _rule(draw: Draw, players: dict[str, list[str]], ahead: list[str], mixed: bool) -> File:
    rule: File = {}
    for player, legal in players.items():
        kind = draw(st.sampled_from(["one", "one", "free", "list", "any"]))
        if kind == "one":
            rule[player] = draw(st.sampled_from(legal))
        elif kind == "list":
            rule[player] = draw(_some(legal))
        elif kind == "any":
            rule[player] = "*"
    return rule | {"to": draw(_to(ahead, mixed))}


@st.composite
def _to(draw: Draw, ahead: list[str], mixed: bool) -> str | dict[str, float]:
    if len(ahead) == 1 or not (mixed or draw(st.booleans())):
        return draw(st.sampled_from(ahead))
    one, two = draw(st.permutations(ahead))[:2]
    p, q = draw(st.sampled_from(SPLITS[:-1] if mixed else SPLITS))
    return {one: p, two: q}


@st.composite
def _human(draw: Draw, file: File, humans: list[str], human: str, first: bool) -> File:
    states = list(file["states"])
    names = GOALS if first else draw(_some(GOALS))
    entry: File = {"goals": {}}
    for name in names:
        entry["goals"][name] = draw(_goal(states))
    betas = st.sampled_from([5, math.inf, 0.5, 12.0])
    if draw(st.booleans()):
        entry["beta"] = draw(st.one_of(betas, st.dictionaries(st.sampled_from(states), betas)))
    nus = st.sampled_from([0.0, 0.2, 1.0])
    if draw(st.booleans()):
        entry["nu"] = draw(st.one_of(nus, st.dictionaries(st.sampled_from(states), nus)))
    if draw(st.booleans()):
        entry["habit"] = draw(_habits(file, human))
    if draw(st.booleans()):
        goals = draw(_some(names))
        entry["habit_for"] = {goal: draw(_habits(file, human)) for goal in goals}
    if len(humans) > 1 and draw(st.booleans()):
        entry["beliefs"] = draw(_beliefs(file, humans, human))
    return entry


@st.composite
def _goal(draw: Draw, states: list[str]) -> Any:
    members = draw(st.lists(st.sampled_from(states), min_size=1, unique=True))
    if draw(st.booleans()):
        return members
    goal: File = {"states": members}
    if draw(st.booleans()):
        goal["weight"] = draw(st.sampled_from([2, 0.5, 3.0]))
    if draw(st.booleans()):
        goal["repeat"] = draw(st.booleans())
    return goal


@st.composite
def _habits(draw: Draw, file: File, human: str) -> File:
    chosen = draw(_some(list(file["states"])))
    return {state: draw(_mix(_legal(file, state, human))) for state in chosen}


@st.composite
def _beliefs(draw: Draw, file: File, humans: list[str], human: str) -> File:
    others = [other for other in humans if other != human]
    return {
        state: {other: draw(_mix(_legal(file, state, other))) for other in draw(_some(others))}
        for state in draw(_some(list(file["states"])))
    }


def _legal(file: File, state: str, human: str) -> list[str]:
    return file["states"][state].get("humans", {}).get(human, ["pass"])


@st.composite
def _mix(draw: Draw, legal: list[str]) -> dict[str, float]:
    """A distribution; actions may be left out."""
    if len(legal) == 1 or draw(st.booleans()):
        return {draw(st.sampled_from(legal)): 1.0}
    p, q = draw(st.sampled_from(SPLITS))
    return {legal[0]: p, legal[1]: q}
