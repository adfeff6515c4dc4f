"""`empo worlds`: what comes with empo."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from empo.cli.flags import parse
from empo.cli.summary import WIDTH
from empo.worlds import World, load, shipped

TEACHING = """\
List the worlds that come with empo. Each can be solved by its name, and its
file is an example of how to write one. The states are counted for games; for
grids it is only known that there are fewer than so many.

Examples:
  empo worlds
  empo solve key-door
  empo worlds --json     (with files and full descriptions)"""


@dataclass
class _Flags:
    json: bool = False
    """Print one JSON object: name -> kind, size, description, file."""


def run(arguments: Sequence[str]) -> int:
    """The command."""
    flags = parse(_Flags, "worlds", arguments, TEACHING)
    worlds = {name: (load(path), str(path)) for name, path in shipped().items()}
    if flags.json:
        records = {name: _record(world, path) for name, (world, path) in worlds.items()}
        print(json.dumps(records, indent=1, ensure_ascii=False))
        return 0
    rows = [("name", "kind", "states", "what it is about")]
    for name, (world, _) in worlds.items():
        rows.append((name, _kind(world), _states(world), world.description))
    print("\n".join(_lines(rows)))
    return 0


def _lines(rows: list[tuple[str, str, str, str]]) -> list[str]:
    """The rows as lines of at most `WIDTH` characters; descriptions are cut."""
    wide = [max(len(row[column]) for row in rows) for column in range(3)]
    room = WIDTH - sum(wide) - 6
    return [
        f"{name:{wide[0]}}  {kind:{wide[1]}}  {states:>{wide[2]}}  "
        f"{textwrap.shorten(about, room, placeholder=' ...')}"
        for name, kind, states, about in rows
    ]


def _record(world: World, path: str) -> dict[str, object]:
    return {
        "kind": _kind(world),
        "most_states": _n_states(world),
        "humans": list(world.humans),
        "description": world.description,
        "file": path,
    }


def _kind(world: World) -> str:
    return str((world.data or {}).get("kind", "game"))


def _n_states(world: World) -> int:
    """The states of a game; of other worlds all combinations of factors, reachable or not."""
    if _kind(world) == "game" and world.data:
        return len(world.data["states"])
    return math.prod(world.model.cardinalities)


def _states(world: World) -> str:
    """The number of states in few characters: 95; or an upper bound: <12k, <3M, <4e+15."""
    n = _n_states(world)
    if _kind(world) == "game":
        return str(n)
    for size, letter in ((1, ""), (10**3, "k"), (10**6, "M"), (10**9, "G")):
        if n < 1000 * size:
            return f"<{-(-n // size)}{letter}"
    return f"<{n:.0e}"
