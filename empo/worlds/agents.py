"""The agents of a grid file: their names, and the sections that set their parameters."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from empo.worlds.document import Problems, Where
from empo.worlds.things import Symbol, read_name
from empo.worlds.world import Thing

MAX_BODIES = 6
"""Robot bodies; they have 5 ** bodies joint actions."""
MAX_HUMANS = 10
RANGES = {"beta": (0.0, math.inf), "nu": (0.0, 1.0)}
"""What the section `humans` may set, and its range."""


@dataclass
class Agents:
    """The agents of one kind, in reading order."""

    xy: list[tuple[int, int]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    groups: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """All that a file may call them: name or symbol -> their numbers."""
    settings: list[dict[str, float]] = field(default_factory=list)
    """beta and nu of each, where given."""

    def things(self, kind: str) -> list[Thing]:
        """The agents as they stand on the map."""
        named = zip(self.xy, self.names, strict=True)
        return [Thing(kind, x, y, label=name) for (x, y), name in named]


def read_agents(
    problems: Problems,
    data: Mapping[str, Any],
    kind: str,
    placed: Sequence[tuple[str, Symbol, int, int]],
) -> Agents:
    """The robots or the humans on the map (symbol, meaning, x, y) with the section on them."""
    found = [(symbol, meaning, (x, y)) for symbol, meaning, x, y in placed if meaning.thing == kind]
    most = MAX_BODIES if kind == "robot" else MAX_HUMANS
    if not 1 <= len(found) <= most:
        wanted = f"wanted at least one {kind}, at most {most}"
        problems.add(("map",), f"found {len(found)} {kind}s", wanted)
        return Agents()
    agents = Agents([xy for _, _, xy in found], settings=[{} for _ in found])
    agents.names = [""] * len(found)
    by_symbol: dict[str, list[int]] = defaultdict(list)
    for number, (symbol, _, _) in enumerate(found):
        by_symbol[symbol].append(number)
    for symbol, numbers in by_symbol.items():
        _call(agents, numbers, found[numbers[0]][1].name or symbol)
        agents.groups[symbol] = tuple(numbers)
    _read_section(problems, data, kind, agents)
    for name in agents.names:
        if not name.replace("-", "").replace("_", "").isalnum():
            wanted = f"wanted letters, digits, - and _: give it a name under {kind}s"
            problems.add(("map",), f"a {kind} called {name!r}", wanted)
    return agents


def _call(agents: Agents, numbers: Sequence[int], name: str) -> None:
    """Give agents a name; several get it with a number, from 1 in reading order."""
    for count, number in enumerate(numbers, 1):
        agents.names[number] = name if len(numbers) == 1 else f"{name}{count}"
        agents.groups[agents.names[number]] = (number,)
    agents.groups[name] = tuple(numbers)


def _read_section(problems: Problems, data: Mapping[str, Any], kind: str, agents: Agents) -> None:
    """The section `humans` or `robots`; what is said of one goes before what is said of all."""
    section = f"{kind}s"
    if data.get(section) is None:
        return
    entries = problems.mapping((section,), data[section], "name: {...}")
    known = [name for name in entries if name in agents.groups]
    for name in entries.keys() - {*known}:
        problems.unknown((section, name), kind, name, agents.groups)
    for name in sorted(known, key=lambda name: -len(agents.groups[name])):
        where, numbers = (section, name), agents.groups[name]
        _read_entry(problems, where, entries[name], kind, agents, numbers)


def _read_entry(
    problems: Problems,
    where: Where,
    entry: Any,
    kind: str,
    agents: Agents,
    numbers: Sequence[int],
) -> None:
    settings = RANGES if kind == "human" else {}
    if entry is None:
        return
    entry = problems.mapping(where, entry, "name: ...")
    problems.keys(where, entry, ("name", *settings))
    for key in settings.keys() & entry.keys():
        value = problems.number((*where, key), entry[key], *settings[key])
        if value is not None:
            for number in numbers:
                agents.settings[number][key] = value
    if "name" in entry and (name := read_name(problems, (*where, "name"))):
        _call(agents, numbers, name)
