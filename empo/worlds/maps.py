"""Maps drawn as text: rows of symbols or of tokens, checked and taken apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from empo.worlds.document import Problems, describe, listed, shorten

MAX_CELLS = 100_000
"""Largest map; beyond it, tables over cells get too large for any use of a world."""
MAX_LISTED = 10
"""Wrong places of a map that are spelt out."""

Rows = tuple[Sequence[str], ...]
"""The symbols of a map: rows[y][x]."""


def read_rows(problems: Problems, data: Mapping[str, Any], tokens: bool) -> Rows | None:
    """The rows of the section `map`, all of one length; else None and a problem.

    With `tokens`, a row is a list of words between blanks, otherwise of single characters.
    """
    text = data.get("map")
    if not isinstance(text, str):
        found = describe(text) if "map" in data else "no map"
        problems.add(("map",) if "map" in data else (), f"found {found}", "wanted rows of text")
        return None
    lines = [line.rstrip() for line in text.strip("\n").split("\n")]
    rows = tuple(tuple(line.split()) if tokens else line for line in lines)
    if not any(rows):
        problems.add(("map",), "found an empty map", "wanted rows of text")
        return None
    width = len(rows[0])
    uneven = [y for y, row in enumerate(rows) if len(row) != width]
    for y in uneven[:MAX_LISTED]:
        found = f"row {y} {shorten(lines[y])!r} has {len(rows[y])} cells"
        problems.add(("map",), found, f"wanted {width}, as in row 0")
    if not uneven and width * len(rows) > MAX_CELLS:
        found = f"a map of {width} x {len(rows)} cells"
        problems.add(("map",), found, f"wanted at most {MAX_CELLS:,} cells")
        return None
    return None if uneven else rows


def check_symbols(problems: Problems, rows: Rows, known: Collection[str], hint: str) -> bool:
    """Are all symbols of the map known? Adds the places of those that are not."""
    wrong: dict[str, list[str]] = {}
    for y, row in enumerate(rows):
        for x, symbol in enumerate(row):
            if symbol not in known:
                wrong.setdefault(symbol, []).append(f"({x}, {y})")
    for symbol, places in list(wrong.items())[:MAX_LISTED]:
        found = f"unknown symbol {shorten(symbol)!r} at {listed(places, 3)}"
        problems.add(("map",), found, f"wanted one of {listed(known, 20)}{hint}")
    return not wrong
