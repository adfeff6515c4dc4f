"""The section `humans` of a game file: goals, rationality, habits and beliefs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from empo.worlds.document import Problems, Where, describe
from empo.worlds.gamefile_states import Choice, Names, read_choice, read_name

HUMAN_KEYS = ("goals", "beta", "nu", "habit", "habit_for", "beliefs")
GOAL_KEYS = ("states", "weight", "repeat")
LARGEST = 1e300
"""Weights and powers beyond this overflow when they are added up."""


@dataclass(frozen=True)
class Goal:
    """One goal of one human."""

    name: str
    states: np.ndarray
    weight: float
    repeat: bool


@dataclass(frozen=True)
class Human:
    """What the file says about one human; states and actions are numbers here."""

    name: str
    goals: tuple[Goal, ...]
    beta_h: np.ndarray
    """Per state; nan where not given."""
    nu_h: np.ndarray
    habit: dict[int, Choice]
    """Per state."""
    habit_for: dict[int, dict[int, Choice]]
    """Per goal and state."""
    beliefs: dict[tuple[int, int], Choice]
    """Per state and other human."""


def read_human(problems: Problems, names: Names, number: int, data: Any) -> Human:
    """Everything about one human; adds what is wrong with it to the problems."""
    name = names.humans[number]
    where = ("humans", name)
    data = problems.mapping(where, data, "goals and settings")
    problems.keys(where, data, HUMAN_KEYS)
    goals = _goals(problems, where, data, names)
    index = names.numbers
    numbers = {goal.name: i for i, goal in enumerate(goals)}
    habit_for: dict[int, dict[int, Choice]] = {}
    for goal, choices in _section(problems, where, data, "habit_for").items():
        there = (*where, "habit_for", goal)
        if goal not in numbers:
            problems.unknown(there, "goal", goal, numbers)
        else:
            habit_for[numbers[goal]] = _habit(problems, there, choices, names, number, index)
    return Human(
        name=name,
        goals=goals,
        beta_h=_per_state(problems, (*where, "beta"), data.get("beta"), index, math.inf),
        nu_h=_per_state(problems, (*where, "nu"), data.get("nu"), index, 1.0),
        habit=_habit(problems, (*where, "habit"), data.get("habit"), names, number, index),
        habit_for=habit_for,
        beliefs=_beliefs(problems, where, data, names, number),
    )


def _section(problems: Problems, where: Where, data: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {} if data.get(key) is None else problems.mapping((*where, key), data[key])


def _goals(
    problems: Problems, where: Where, data: Mapping[str, Any], names: Names
) -> tuple[Goal, ...]:
    if not data.get("goals"):
        problems.add(where, "has no goals", "wanted goals: {name: [state, ...]}")
        return ()
    index = names.numbers
    found = problems.mapping((*where, "goals"), data["goals"], "name: [state, ...]")
    return tuple(
        _goal(problems, (*where, "goals", name), name, value, index)
        for name, value in found.items()
    )


def _goal(
    problems: Problems, where: Where, name: str, value: Any, index: Mapping[str, int]
) -> Goal:
    weight, repeat, inner = 1.0, False, where
    if isinstance(value, dict):
        problems.keys(where, value, GOAL_KEYS)
        weight = problems.number((*where, "weight"), value.get("weight", 1.0), 0, LARGEST)
        if weight == 0:
            problems.add((*where, "weight"), "found a weight of 0", "wanted more than 0")
        repeat = value.get("repeat", False)
        if not isinstance(repeat, bool):
            problems.add((*where, "repeat"), f"found {describe(repeat)}", "wanted true or false")
        inner, value = (*where, "states"), value.get("states")
    states = []
    if not value:
        problems.add(where, "a goal without states", "wanted at least one, such as [s1]")
    else:
        for i, item in enumerate(problems.sequence(inner, value, "states, such as [s1]")):
            state = read_name(problems, (*inner, i), item)
            if state is not None and state not in index:
                problems.unknown((*inner, i), "state", state, index)
            elif state is not None:
                states.append(index[state])
    return Goal(name, np.array(states, np.int64), weight or 1.0, repeat is True)


def _per_state(
    problems: Problems, where: Where, value: Any, index: Mapping[str, int], high: float
) -> np.ndarray:
    """A number for all states, or `{state: number}`; nan where nothing is given."""
    numbers = np.full(len(index), math.nan)
    if isinstance(value, dict):
        for state, item in value.items():
            if state not in index:
                problems.unknown((*where, state), "state", state, index)
            elif (number := problems.number((*where, state), item, 0, high)) is not None:
                numbers[index[state]] = number
    elif value is not None and (number := problems.number(where, value, 0, high)) is not None:
        numbers[:] = number
    return numbers


def _habit(
    problems: Problems,
    where: Where,
    value: Any,
    names: Names,
    human: int,
    index: Mapping[str, int],
) -> dict[int, Choice]:
    """`{state: {action: probability}}`."""
    habit: dict[int, Choice] = {}
    for state, choice in (problems.mapping(where, value) if value is not None else {}).items():
        there = (*where, state)
        if state not in index:
            problems.unknown(there, "state", state, index)
            continue
        legal = names.actions[index[state]][1 + human]
        read = read_choice(problems, there, choice, "action", legal)
        if read is not None:
            habit[index[state]] = read
    return habit


def _beliefs(
    problems: Problems, where: Where, data: Mapping[str, Any], names: Names, human: int
) -> dict[tuple[int, int], Choice]:
    """`{state: {other human: {action: probability}}}`."""
    beliefs: dict[tuple[int, int], Choice] = {}
    index = names.numbers
    for state, others in _section(problems, where, data, "beliefs").items():
        there = (*where, "beliefs", state)
        if state not in index:
            problems.unknown(there, "state", state, index)
            continue
        for other, choice in problems.mapping(there, others, "human: probabilities").items():
            if other == names.humans[human]:
                problems.add((*there, other), "a belief about oneself", "wanted another human")
            elif other not in names.humans:
                problems.unknown((*there, other), "human", other, names.humans)
            else:
                k = names.humans.index(other)
                legal = names.actions[index[state]][1 + k]
                read = read_choice(problems, (*there, other), choice, "action", legal)
                if read is not None:
                    beliefs[index[state], k] = read
    return beliefs
