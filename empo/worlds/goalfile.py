"""The section `goals` of a grid file: from what people write to `Goal`s."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from empo.worlds.document import Problems, Where, describe, shorten
from empo.worlds.goals import Cell, Goal, cell_goals
from empo.worlds.terrain import STEPS, Cells

FORMS = ("cell", "cells", "at", "all")


@dataclass(frozen=True)
class Board:
    """What goals can be about."""

    problems: Problems
    cells: Cells
    doors: frozenset[Cell]
    """Where doors are; they divide rooms."""
    symbols: Mapping[str, frozenset[Cell]]
    """Where each symbol of the map stands."""
    humans: tuple[str, ...]
    groups: Mapping[str, tuple[int, ...]]
    """Humans by their names, and by the symbols they share."""


def read_goals(board: Board, value: Any) -> tuple[tuple[Goal, ...], ...]:
    """Each human's goals; `value` is cells, rooms or a list."""
    everybody = range(len(board.humans))
    if value == "cells":
        return tuple(cell_goals(human, board.cells) for human in everybody)
    if value == "rooms":
        return tuple(_room_goals(board, human) for human in everybody)
    problems = board.problems
    if not isinstance(value, list):
        problems.add(("goals",), f"found {describe(value)}", "wanted cells, rooms or a list")
        return ((),) * len(board.humans)
    goals: tuple[list[Goal], ...] = tuple([] for _ in everybody)
    for i, entry in enumerate(value):
        for human, goal in _read_goal(board, ("goals", i), entry):
            if any(goal.name == other.name for other in goals[human]):
                found = f"{board.humans[human]} has two goals named {goal.name!r}"
                problems.add(("goals", i), found, "wanted each once; give them names")
            goals[human].append(goal)
    if not problems.n_errors:
        for human, own in zip(board.humans, goals, strict=True):
            if not own:
                problems.add(("goals",), f"no goal for {human}", "wanted at least one each")
    return tuple(map(tuple, goals))


CELL, RECTANGLE = (2,), (4,)
_FORMATS = {2: "[x, y]", 4: "[x1, y1, x2, y2]"}


def read_place(
    board: Board, where: Where, value: Any, sizes: tuple[int, ...] = CELL + RECTANGLE
) -> tuple[str, frozenset[Cell]] | None:
    """A cell [x, y] or a rectangle [x1, y1, x2, y2], corners included: its name and its cells.

    Walls in a rectangle are left out; nothing but walls is a problem.
    """
    problems, cells = board.problems, board.cells
    numbers = value if isinstance(value, list) else []
    if len(numbers) not in sizes or not all(type(number) is int for number in numbers):
        wanted = f"wanted whole numbers {' or '.join(_FORMATS[size] for size in sizes)}"
        found = shorten(str(value)) if numbers else describe(value)
        problems.add(where, f"found {found}", wanted)
        return None
    x1, y1, x2, y2 = numbers * 2 if len(numbers) == 2 else numbers
    if not (0 <= x1 <= x2 < cells.width and 0 <= y1 <= y2 < cells.height):
        wanted = f"wanted 0 <= x < {cells.width} and 0 <= y < {cells.height}"
        order = ", x1 <= x2 and y1 <= y2" if len(numbers) == 4 else ""
        problems.add(where, f"{numbers} is not on the map", wanted + order)
        return None
    inside = {(x, y) for y in range(y1, y2 + 1) for x in range(x1, x2 + 1)}
    walkable = frozenset(inside & cells.number.keys())
    if not walkable:
        problems.add(where, f"{numbers} is in a wall", "wanted a cell that can be entered")
        return None
    return ",".join(map(str, numbers)), walkable


def _room_goals(board: Board, human: int) -> tuple[Goal, ...]:
    """A goal for every room: cells that hang together once the doors are taken out."""
    left = set(board.cells.number) - board.doors
    rooms: list[frozenset[Cell]] = []
    for first in board.cells.number:
        if first in left:
            rooms.append(_room(first, left))
    return tuple(Goal(f"room {i}", {human: room}) for i, room in enumerate(rooms, 1))


def _room(first: Cell, left: set[Cell]) -> frozenset[Cell]:
    """The cells that hang together with the first one; they are taken out of `left`."""
    left.remove(first)
    room, border = {first}, deque([first])
    while border:
        x, y = border.popleft()
        for dx, dy in STEPS:
            if (near := (x + dx, y + dy)) in left:
                left.remove(near)
                room.add(near)
                border.append(near)
    return frozenset(room)


def _read_goal(board: Board, where: Where, entry: Any) -> list[tuple[int, Goal]]:
    """One entry of the list: the humans who have the goal, each with the goal."""
    problems = board.problems
    entry = problems.mapping(where, entry, "cell: [x, y]")
    form = _form(problems, where, entry, FORMS, ("name", "weight", "human"))
    weight = problems.number((*where, "weight"), entry.get("weight", 1))
    if weight is not None and not 0 < weight < math.inf:
        problems.add((*where, "weight"), f"found {weight:g}", "wanted a number above 0")
        weight = None
    humans = range(len(board.humans))
    if "human" in entry:
        humans = _named(board, (*where, "human"), entry["human"])
    name = problems.document.text(*where, "name") if "name" in entry else None
    if form == "all":
        parts = _read_parts(board, (*where, "all"), entry["all"])
        default = " & ".join(f"{board.humans[k]} at {place}" for k, (place, _) in parts.items())
        shared = {k: cells for k, (_, cells) in parts.items()}
        goals = [(h, Goal(name or default, shared, weight or 1.0)) for h in humans if shared]
    else:
        place = _read_form(board, where, entry, form)
        goals = [(h, Goal(name or place[0], {h: place[1]}, weight or 1.0)) for h in humans if place]
    return goals


def _form(
    problems: Problems,
    where: Where,
    entry: Mapping[str, Any],
    forms: Sequence[str],
    others: Sequence[str],
) -> str | None:
    """The one of the forms that the entry has; else None and a problem."""
    problems.keys(where, entry, (*forms, *others))
    found = [form for form in forms if form in entry]
    if len(found) == 1:
        return found[0]
    if entry:
        what = " and ".join(found) or "none"
        problems.add(where, f"found {what} of {', '.join(forms)}", "wanted exactly one")
    return None


def _read_form(
    board: Board, where: Where, entry: Mapping[str, Any], form: str | None
) -> tuple[str, frozenset[Cell]] | None:
    """The place that cell, cells or at tell: its name and its cells."""
    if form is None:
        return None
    where, value = (*where, form), entry[form]
    if form != "at":
        return read_place(board, where, value, CELL if form == "cell" else RECTANGLE)
    symbol = board.problems.document.text(*where) or ""
    if symbol not in board.symbols:
        board.problems.unknown(where, "symbol on the map", symbol, board.symbols)
        return None
    if not (walkable := frozenset(board.symbols[symbol] & board.cells.number.keys())):
        board.problems.add(where, f"{symbol!r} is a wall", "wanted cells that can be entered")
        return None
    return f"at {symbol}", walkable


def _read_parts(board: Board, where: Where, value: Any) -> dict[int, tuple[str, frozenset[Cell]]]:
    """What `all` asks of each human; empty if something is wrong with it."""
    problems, parts, n_errors = board.problems, {}, board.problems.n_errors
    entries = problems.sequence(where, value, "parts like {human: h, cell: [x, y]}")
    for i, entry in enumerate(entries):
        at = (*where, i)
        entry = problems.mapping(at, entry, "human: h, cell: [x, y]")
        place = _read_form(board, at, entry, _form(problems, at, entry, FORMS[:3], ("human",)))
        humans = _named(board, (*at, "human"), entry.get("human"))
        if len(humans) > 1:
            problems.add((*at, "human"), "found several humans", "wanted one in each part")
        for human in set(humans) & parts.keys():
            found = f"{board.humans[human]} has two parts"
            problems.add((*at, "human"), found, "wanted one part for each")
        parts.update({human: place for human in humans if place})
    if not entries and isinstance(value, list):
        problems.add(where, "found an empty list", "wanted at least one part")
    return parts if problems.n_errors == n_errors else {}


def _named(board: Board, where: Where, value: Any) -> tuple[int, ...]:
    """The humans of that name or symbol."""
    name = board.problems.document.text(*where) if value is not None else None
    if name is None:
        board.problems.add(where, f"found {describe(value)}", "wanted the name of a human")
        return ()
    if name not in board.groups:
        board.problems.unknown(where, "human", name, board.groups)
    return board.groups.get(name, ())
