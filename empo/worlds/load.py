"""Worlds by name or file, whatever their kind; and the check that lists all mistakes at once."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from empo.core.errors import InputError
from empo.worlds.bushworld import bushworld_world
from empo.worlds.document import Document, Problems, as_document, listed, read_document
from empo.worlds.gamefile import game_world
from empo.worlds.gridfile import grid_world
from empo.worlds.world import World

EXAMPLES = Path(__file__).parent.parent / "examples"
SUFFIXES = (".yaml", ".yml", ".json")

_KEYS_OF_KINDS = {
    "bushworld": {"B", "fill_density"},
    "multigrid": {
        "orientations",
        "can_push_rocks",
        "action_class",
        "stumble_probability",
        "solidify_probability",
        "enter_bush_success_prob",
    },
    "grid": {"legend", "motion", "goals", "humans", "conflict", "pushes"},
}
"""Keys that give a map's kind away where `kind` is missing."""

Reader = Callable[[Document, Problems], World | None]
Settings = Callable[[Mapping[str, Any]], object]
"""Puts the theory together from a world's own settings; raises `InputError` if it cannot."""


@dataclass(frozen=True)
class Report:
    """What `check` found; a file is good if there are no errors."""

    path: str
    world: World | None
    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def load(source: str | os.PathLike[str] | Mapping[str, Any]) -> World:
    """The world of a shipped name, a file, or data as a file would hold it.

    Raises `InputError` that lists all mistakes.
    """
    document = as_document(source) if isinstance(source, Mapping) else _find(source)
    problems = Problems(document)
    world = _read(document, problems)
    problems.raise_if_any()
    assert world is not None, "a reader without problems gives a world"
    return world if world.data is not None else replace(world, data=document.data)


def check(source: str | os.PathLike[str], settings: Settings | None = None) -> Report:
    """Everything that is wrong with a world file, and what looks odd.

    `settings` may be the theory's own check of ranges: worlds know only names and types.
    """
    name = os.fspath(source)
    try:
        document = _find(source)
    except InputError as error:
        return Report(name, None, error.problems, ())
    problems = Problems(document)
    world = _read(document, problems)
    if world is not None and settings is not None:
        try:
            settings(world.theory)
        except InputError as error:
            for problem in error.problems:
                key = problem.split()[0]
                problems.add(("theory", key) if key in world.theory else ("theory",), problem)
    world = None if problems.n_errors else world
    return Report(name, world, problems.errors, problems.warnings)


def shipped() -> dict[str, Path]:
    """The worlds that come with empo: name -> file."""
    files = [*EXAMPLES.glob("games/*.yaml"), *EXAMPLES.glob("grids/*.yaml")]
    return {path.stem: path for path in sorted(files, key=lambda path: path.stem)}


def _find(source: str | os.PathLike[str]) -> Document:
    """The file of that path, else the shipped world of that name."""
    name = os.fspath(source)
    known = shipped()
    if name in known and not Path(name).is_file():
        return read_document(known[name])
    looks_like_path = os.sep in name or name.endswith(SUFFIXES) or os.path.lexists(name)
    if looks_like_path or "\0" in name:
        return read_document(name)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"shipped are {listed(known, 50)}"
    raise InputError(f"{name!r} is neither a file nor a shipped world ({hint})")


def _read(document: Document, problems: Problems) -> World | None:
    data = document.data
    kind = data["kind"] if "kind" in data else _guess(data)
    if kind == "multigrid":
        problems.add(("kind",), "maps of kind multigrid cannot be read yet")
        return None
    readers: dict[str, Reader] = {
        "game": game_world,
        "grid": grid_world,
        "bushworld": bushworld_world,
    }
    if isinstance(kind, str) and kind in readers:
        return readers[kind](document, problems)
    name = document.text("kind") or kind
    problems.unknown(("kind",), "kind", str(name), (*readers, "multigrid"))
    return None


def _guess(data: Mapping[str, Any]) -> str:
    """What a file without `kind` is, by what it holds."""
    if "map" not in data:
        return "game"
    for kind, keys in _KEYS_OF_KINDS.items():
        if data.keys() & keys:
            return kind
    cells = data["map"].split() if isinstance(data["map"], str) else []
    if any(cell == "Hu" or cell.isdecimal() for cell in cells):
        return "bushworld"
    is_multigrid = cells and all(re.fullmatch(r"(\.\.|[A-Z][A-Za-z])+", cell) for cell in cells)
    return "multigrid" if is_multigrid else "grid"
