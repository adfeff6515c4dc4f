"""What the symbols of a grid's map stand for: the standard ones and those of its legend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from empo.worlds.document import Problems, Where, describe
from empo.worlds.gridbuild import COLOURS

DOOR_STATES = ("locked", "closed", "open")
SETTINGS = {
    "wall": (),
    "floor": (),
    "lava": (),
    "bush": (),
    "block": (),
    "rock": (),
    "robot": ("name",),
    "human": ("name",),
    "key": ("colour",),
    "door": ("colour", "state"),
}
"""The things of a grid, and what a legend may say of each besides `thing`."""
PUSHABLE = ("block", "rock")
AGENTS = ("robot", "human")


@dataclass(frozen=True)
class Symbol:
    """What one symbol of the map puts into its cell."""

    thing: str
    colour: str | None = None
    state: str | None = None
    name: str | None = None


STANDARD = {
    "#": Symbol("wall"),
    ".": Symbol("floor"),
    "r": Symbol("robot"),
    "h": Symbol("human"),
    "B": Symbol("block"),
    "O": Symbol("rock"),
    "b": Symbol("bush"),
    "L": Symbol("lava"),
}


def read_symbols(problems: Problems, data: Mapping[str, Any]) -> dict[str, Symbol]:
    """The standard symbols and those of the section `legend`; mistakes go to the problems."""
    symbols = dict(STANDARD)
    if data.get("legend") is None:
        return symbols
    legend = problems.mapping(("legend",), data["legend"], "symbol: {thing: ...}")
    for symbol, entry in legend.items():
        where = ("legend", symbol)
        if len(symbol) != 1 or symbol.isspace():
            problems.add(where, f"the symbol {symbol!r}", "wanted a single visible character")
        elif symbol in STANDARD:
            problems.add(where, f"{symbol!r} already means {STANDARD[symbol].thing}")
        else:
            symbols[symbol] = _read_symbol(problems, where, entry)
    return symbols


def read_name(problems: Problems, where: Where) -> str | None:
    """A name that can be part of a state's name; else None and a problem."""
    text = problems.document.text(*where)
    if text is None or not text.replace("-", "").replace("_", "").isalnum():
        found = describe(None) if text is None else describe(text)
        problems.add(where, f"found {found}", "wanted a name of letters, digits, - and _")
        return None
    return text


def _read_symbol(problems: Problems, where: Where, entry: Any) -> Symbol:
    """One entry of the legend; floor in place of what cannot be read."""
    entry = problems.mapping(where, entry, "thing: door, colour: yellow, ...")
    thing = entry.get("thing")
    if not isinstance(thing, str):
        if entry:
            problems.add(where, "no thing", f"wanted thing: one of {', '.join(SETTINGS)}")
        return Symbol("floor")
    if thing not in SETTINGS:
        problems.unknown((*where, "thing"), "thing", thing, SETTINGS)
        return Symbol("floor")
    problems.keys(where, entry, ("thing", *SETTINGS[thing]))
    colour = _one_of(problems, (*where, "colour"), entry, COLOURS)
    state = _one_of(problems, (*where, "state"), entry, DOOR_STATES)
    name = read_name(problems, (*where, "name")) if "name" in entry else None
    if "colour" not in entry and (thing == "key" or state == "locked"):
        what = "a key" if thing == "key" else "a locked door"
        problems.add(where, f"{what} without a colour", f"wanted one of {', '.join(COLOURS)}")
    if thing == "door":
        state = state or "closed"
    return Symbol(thing, colour, state, name)


def _one_of(
    problems: Problems, where: Where, entry: Mapping[str, Any], known: tuple[str, ...]
) -> str | None:
    value = entry.get(str(where[-1]))
    if value is None or value in known:
        return value
    if isinstance(value, str):
        problems.unknown(where, str(where[-1]), value, known)
    else:
        problems.add(where, f"found {describe(value)}", f"wanted one of {', '.join(known)}")
    return None
