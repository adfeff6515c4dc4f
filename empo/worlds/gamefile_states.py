"""The section `states` of a game file: legal actions, and the rules that say where they lead."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from empo.worlds.document import Problems, Where, describe, listed, shorten

MAX_ENTRIES = 10_000_000
"""Joint actions of all states together; the table of rows then takes 40 MB."""
MAX_WORK = 100_000_000
"""Joint actions that all rules cover, counted for each rule and each player with a choice."""

PASS = ("pass",)

Choice = tuple[tuple[int, float], ...]
"""A distribution: (index, probability) of everything with a probability above 0."""
Actions = Mapping[str, int]
"""Legal actions of one player in one state, numbered in the order of the file."""


@dataclass(frozen=True)
class Names:
    """Names of states and players, and the legal actions of every state."""

    states: tuple[str, ...]
    humans: tuple[str, ...]
    actions: tuple[tuple[Actions, ...], ...]
    """Of each state, the robot's actions, then each human's."""

    @property
    def players(self) -> tuple[str, ...]:
        """The robot, then the humans: the order of `actions`."""
        return ("robot", *self.humans)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each state."""
        return {name: number for number, name in enumerate(self.states)}


@dataclass
class Rules:
    """Where joint actions lead: `row_of` in the order of the states, rows without repetition."""

    start: list[int] = field(default_factory=list)
    row_of: list[np.ndarray] = field(default_factory=list)
    rows: dict[Choice, int] = field(default_factory=dict)


def read_actions(problems: Problems, states: Mapping[str, Any], humans: Sequence[str]) -> Names:
    """The legal actions of every state; who is left out can only pass."""
    same: dict[tuple[str, ...], Actions] = {}
    actions = []
    for name, state in states.items():
        where = ("states", name)
        robot = _action_list(problems, (*where, "robot"), state.get("robot"))
        found = state.get("humans")
        found = {} if found is None else problems.mapping((*where, "humans"), found)
        for human in found:
            if human not in humans:
                problems.unknown((*where, "humans", human), "human", human, humans)
        own = (_action_list(problems, (*where, "humans", h), found.get(h)) for h in humans)
        listed_here = (robot, *own)
        if "next" not in state and any(player != PASS for player in listed_here):
            problems.add(where, "lists actions, but `next` is missing", "wanted rules for them")
        actions.append(
            tuple(
                same.setdefault(names, {action: i for i, action in enumerate(names)})
                for names in listed_here
            )
        )
    return Names(tuple(states), tuple(humans), tuple(actions))


def _action_list(problems: Problems, where: Where, value: Any) -> tuple[str, ...]:
    if value is None:
        return PASS
    if not isinstance(value, list) or not value:
        found = "an empty list" if value == [] else describe(value)
        problems.add(where, f"found {found}", "wanted a list of actions, such as [left, right]")
        return PASS
    actions: dict[str, None] = {}
    for i, item in enumerate(value):
        name = read_name(problems, (*where, i), item)
        if name == "*":
            problems.add((*where, i), "an action cannot be called '*'", "'*' means any action")
        elif name in actions:
            problems.add((*where, i), f"the action {shorten(name)!r} stands here twice")
        elif name is not None:
            actions[name] = None
    return tuple(actions) or PASS


def read_name(problems: Problems, where: Where, value: Any) -> str | None:
    """A name as it is written, or None and a problem."""
    name = value if isinstance(value, str) else problems.document.text(*where)
    if not name:
        problems.add(where, f"found {describe(value)}", "wanted a name")
        return None
    return name


def read_choice(
    problems: Problems, where: Where, value: Any, kind: str, known: Mapping[str, int]
) -> Choice | None:
    """`{name: probability}` over known names, or None and problems.

    Probabilities sum to 1 up to 1e-9; what rounding left over is shared out in proportion.
    """
    found = problems.mapping(where, value, f"{kind}: probability")
    if not found:
        if isinstance(value, dict):
            problems.add(where, "found no probabilities", "wanted some that sum to 1")
        return None
    choice = {}
    for name, prob in found.items():
        if name not in known:
            problems.unknown((*where, name), kind, name, known)
        else:
            choice[known[name]] = problems.number((*where, name), prob, 0, 1)
    if len(choice) < len(found) or None in choice.values():
        return None
    total = math.fsum(choice.values())
    if abs(total - 1) > 1e-9:
        problems.add(where, f"the probabilities sum to {total:.12g}", "wanted 1")
        return None
    return tuple(sorted((index, prob / total) for index, prob in choice.items() if prob > 0))


def read_states(
    problems: Problems, where: Where, value: Any, index: Mapping[str, int]
) -> Choice | None:
    """A state, or `{state: probability}`."""
    if isinstance(value, dict):
        return read_choice(problems, where, value, "state", index)
    name = read_name(problems, where, value)
    if name is not None and name not in index:
        problems.unknown(where, "state", name, index)
        return None
    return None if name is None else ((index[name], 1.0),)


def read_rules(problems: Problems, states: Mapping[str, Any], names: Names) -> Rules:
    """The rules of every state; the first that matches a joint action holds."""
    entries = sum(math.prod(map(len, actions)) for actions in names.actions)
    rules = Rules()
    if entries > MAX_ENTRIES:
        found = f"the states have {entries:,} joint actions in all"
        problems.add(("states",), found, f"wanted at most {MAX_ENTRIES:,}")
        return rules
    start, work, index = 0, 0, names.numbers
    for number, (name, state) in enumerate(states.items()):
        if "next" in state:
            reader = _StateRules(problems, names, number, index, rules.rows)
            table = reader.read(("states", name, "next"), state["next"])
            work += reader.work
        else:
            table = np.array([rules.rows.setdefault(((number, 1.0),), len(rules.rows))], np.int32)
        if work > MAX_WORK:
            found = f"the rules up to here cover {work:,} joint actions x players with a choice"
            problems.add(("states", name), found, f"wanted at most {MAX_WORK:,}")
            return rules
        rules.start.append(start)
        rules.row_of.append(table)
        start += table.size
    return rules


class _StateRules:
    """Reads the rules of one state into a table over its joint actions."""

    def __init__(
        self,
        problems: Problems,
        names: Names,
        number: int,
        index: Mapping[str, int],
        rows: dict[Choice, int],
    ) -> None:
        self.problems = problems
        self.players = names.players
        self.actions = names.actions[number]
        self.index = index
        self.rows = rows
        self.work = 0
        self.wide = [i for i, own in enumerate(self.actions) if i == 0 or len(own) > 1]
        """Players with a choice, the robot always: numpy's arrays have few axes."""

    def read(self, where: Where, value: Any) -> np.ndarray:
        """The row of each joint action, the last player's action running fastest."""
        table = np.full([len(self.actions[i]) for i in self.wide], -1, np.int32)
        n_errors = self.problems.n_errors
        for number, rule in enumerate(self.problems.sequence(where, value, "rules")):
            self._rule((*where, number), rule, table)
            if self.work > MAX_WORK:
                return table.ravel()
        missing = table.ravel() < 0
        if missing.any() and self.problems.n_errors == n_errors:
            more = np.count_nonzero(missing) - 1
            first = np.unravel_index(int(missing.argmax()), table.shape)
            rest = f" and {more:,} more joint actions" if more else ""
            found = f"no rule matches {self._joint(first)}{rest}"
            self.problems.add(where, found, "wanted a rule for each, such as a last {to: ...}")
        return table.ravel()

    def _joint(self, actions: Iterable[np.intp]) -> str:
        picked = zip(self.wide, actions, strict=True)
        return listed(f"{self.players[i]} = {list(self.actions[i])[a]}" for i, a in picked)

    def _rule(self, where: Where, rule: Any, table: np.ndarray) -> None:
        if not isinstance(rule, dict):
            self.problems.mapping(where, rule, "an optional condition, and to: state")
            return
        self.problems.keys(where, rule, (*self.players, "to"))
        picks = [self._pick(where, i, rule) for i in range(len(self.players))]
        row = self._row((*where, "to"), rule["to"]) if "to" in rule else None
        if "to" not in rule:
            self.problems.add(where, "the key `to` is missing", "wanted to: state")
        if None in picks:
            return
        chosen = [pick for i in self.wide if (pick := picks[i]) is not None]
        block = np.ix_(*chosen) if len(chosen) > 1 else chosen[0]
        part = table[block]
        self.work += part.size * len(self.wide)
        free = part < 0
        if not free.any():
            self.problems.warn(where, "this rule never matches: rules above it cover all of it")
        table[block] = np.where(free, 0 if row is None else row, part)

    def _pick(self, where: Where, player: int, rule: Mapping[str, Any]) -> list[int] | None:
        """Which of a player's actions match, None where that cannot be said."""
        name, legal = self.players[player], self.actions[player]
        wanted = rule.get(name, "*")
        if wanted == "*":
            return list(range(len(legal)))
        where = (*where, name)
        if isinstance(wanted, list):
            if not wanted:
                self.problems.add(where, "found an empty list", "wanted at least one action")
            items = [((*where, i), item) for i, item in enumerate(wanted)]
        else:
            items = [(where, wanted)]
        picked = [self._action(place, item, legal) for place, item in items]
        known = sorted({action for action in picked if action is not None})
        return known if known and None not in picked else None

    def _action(self, where: Where, value: Any, legal: Actions) -> int | None:
        name = read_name(self.problems, where, value)
        if name is not None and name not in legal:
            self.problems.unknown(where, "action", name, legal)
        return None if name is None else legal.get(name)

    def _row(self, where: Where, value: Any) -> int | None:
        """The row of a rule's outcomes."""
        choice = read_states(self.problems, where, value, self.index)
        return None if choice is None else self.rows.setdefault(choice, len(self.rows))
