"""Game files: a finite stochastic game written by hand in YAML or JSON, see docs/worlds.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from empo.core.errors import InputError
from empo.worlds.document import Document, Problems, Where, describe, listed
from empo.worlds.gamefile_humans import LARGEST, Human, read_human
from empo.worlds.gamefile_states import (
    Choice,
    Names,
    Rules,
    read_actions,
    read_name,
    read_rules,
    read_states,
)
from empo.worlds.gamefile_table import check_size, table_model
from empo.worlds.settings import theory_settings
from empo.worlds.world import World

TOP_KEYS = ("name", "description", "kind", "initial", "theory", "humans", "states")
STATE_KEYS = ("robot", "humans", "power", "next")
RESERVED = ("robot", "to")
MAX_HUMANS = 64


@dataclass(frozen=True)
class GameWorld(World):
    """A game file's world: states and actions have the file's names."""

    names: Names = field(default_factory=lambda: Names((), (), ()))

    def state_name(self, state: np.ndarray) -> str:
        """The state's name in the file."""
        return self.names.states[int(state[0])]

    def find_state(self, name: str) -> np.ndarray:
        """The state of that name."""
        if name not in self.names.numbers:
            known = listed(self.names.states)
            raise InputError(f"{self.name}: no state is named {name!r} (wanted one of {known})")
        return np.array([self.names.numbers[name]], np.int32)

    def robot_action(self, state: np.ndarray, action: int) -> str:
        """The name, in the file, of the state's legal action of that number."""
        return list(self.names.actions[int(state[0])][0])[action]

    def human_action(self, state: np.ndarray, human: int, action: int) -> str:
        """The name, in the file, of the human's legal action of that number."""
        return list(self.names.actions[int(state[0])][1 + human])[action]


def game_world(document: Document, problems: Problems) -> GameWorld | None:
    """The world that a game file describes, or None and what is wrong with it."""
    data = document.data
    problems.keys((), data, TOP_KEYS)
    title = _title(problems, data)
    states = _states(problems, data)
    humans = _human_sections(problems, data)
    theory = theory_settings(problems, data)
    if len(humans) > MAX_HUMANS:
        problems.add(("humans",), f"{len(humans):,} humans", f"wanted at most {MAX_HUMANS}")
        return None
    names = read_actions(problems, states, list(humans))
    rules = read_rules(problems, states, names)
    people = [read_human(problems, names, i, humans[h]) for i, h in enumerate(humans)]
    power = _power(problems, states, names)
    initial = None
    if "initial" in data:
        initial = read_states(problems, ("initial",), data["initial"], names.numbers)
    else:
        problems.add((), "the key `initial` is missing", "wanted a state")
    if names.states and names.humans:
        check_size(problems, names, rules, people)
    if problems.n_errors or initial is None:
        return None
    _warn_unreachable(problems, names, rules, initial, people)
    return GameWorld(
        name=title[0],
        description=title[1],
        model=table_model(names, rules, people, power),
        initial=np.array([[state] for state, _ in initial], np.int32),
        initial_prob=np.array([prob for _, prob in initial]),
        humans=names.humans,
        goals=tuple(tuple(goal.name for goal in human.goals) for human in people),
        theory=theory,
        data=document.with_names_as_text(_is_name),
        names=names,
    )


def _is_name(where: Where) -> bool:
    """Does a name stand at this place of a game file? (Keys always are names.)"""
    match tuple(where):
        case ("name",) | ("initial",):
            return True
        case ("states", _, "robot", int()) | ("states", _, "humans", _, int()):
            return True
        case ("states", _, "next", int(), str()) | ("states", _, "next", int(), str(), int()):
            return True
        case ("humans", _, "goals", _, int()) | ("humans", _, "goals", _, "states", int()):
            return True
    return False


def _title(problems: Problems, data: Mapping[str, Any]) -> tuple[str, str]:
    """Name and description."""
    name = None
    if "name" in data:
        name = read_name(problems, ("name",), data["name"])
    else:
        problems.add((), "the key `name` is missing", "wanted a short name of the world")
    description = data.get("description")
    if not isinstance(description, str | None):
        problems.add(("description",), f"found {describe(description)}", "wanted text")
    return name or "", " ".join(str(description or "").split())


def _states(problems: Problems, data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The sections of all states; `{}` for those that hold nothing."""
    if "states" not in data:
        problems.add((), "the key `states` is missing", "wanted states: {name: {...}}")
    found = problems.mapping(("states",), data.get("states", {}), "name: {...}")
    if not found and "states" in data and isinstance(data["states"], dict):
        problems.add(("states",), "there are no states", "wanted at least one")
    states: dict[str, dict[str, Any]] = {}
    for name, value in found.items():
        where = ("states", name)
        states[name] = {} if value is None else problems.mapping(where, value, "robot, next, ...")
        problems.keys(where, states[name], STATE_KEYS)
    return states


def _human_sections(problems: Problems, data: Mapping[str, Any]) -> dict[str, Any]:
    if "humans" not in data:
        problems.add((), "the key `humans` is missing", "wanted humans: {name: {goals: ...}}")
        return {}
    humans = problems.mapping(("humans",), data["humans"], "name: {goals: ...}")
    if not humans and isinstance(data["humans"], dict):
        problems.add(("humans",), "there are no humans", "wanted at least one")
    for name in RESERVED:
        if name in humans:
            problems.add(
                ("humans", name), f"a human cannot be called {name!r}", "wanted another name"
            )
    return {name: value for name, value in humans.items() if name not in RESERVED}


def _power(problems: Problems, states: Mapping[str, Any], names: Names) -> np.ndarray:
    """The baselines `power` of all states, (s, h)."""
    power = np.zeros((len(states), len(names.humans)))
    for s, (name, state) in enumerate(states.items()):
        where = ("states", name, "power")
        if state.get("power") is None:
            continue
        for human, value in problems.mapping(where, state["power"], "human: number").items():
            if human not in names.humans:
                problems.unknown((*where, human), "human", human, names.humans)
            else:
                number = problems.number((*where, human), value, 0, LARGEST)
                power[s, names.humans.index(human)] = number or 0.0
    return power


def _warn_unreachable(
    problems: Problems, names: Names, rules: Rules, initial: Choice, people: Iterable[Human]
) -> None:
    """Warn of every state that no joint actions lead to."""
    targets = [[state for state, _ in row] for row in rules.rows]
    reached = {state for state, _ in initial}
    todo = list(reached)
    while todo:
        rows = np.unique(rules.row_of[todo.pop()])
        new = {state for row in rows for state in targets[row]} - reached
        reached |= new
        todo.extend(new)
    aims: dict[int, str] = {}
    for human in people:
        for goal in human.goals:
            for state in goal.states:
                aims.setdefault(int(state), f"; it is in {human.name}'s goal {goal.name}")
    for number, name in enumerate(names.states):
        if number not in reached:
            found = f"this state cannot be reached{aims.get(number, '')}"
            problems.warn(("states", name), found)
