"""Files that ask for more than anyone should get: time, memory, or patience with the messages."""

from __future__ import annotations

import json
from typing import Any


def _game(states: Any, humans: Any = None, initial: Any = "s0") -> bytes:
    humans = humans or {"ann": {"goals": {"A": ["s0"]}}}
    return json.dumps(
        {"name": "heavy", "initial": initial, "humans": humans, "states": states}
    ).encode()


def _crowd(n: int) -> bytes:
    """One state in which n humans have two actions each."""
    names = [f"h{i}" for i in range(n)]
    state = {"humans": {name: ["x", "y"] for name in names}, "next": [{"to": "s0"}]}
    return _game({"s0": state}, {name: {"goals": {"A": ["s0"]}} for name in names})


def _laughs() -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 40)]
    return "\n".join(lines).encode()


def _overlapping_rules() -> bytes:
    """Each of many rules covers half of a million joint actions."""
    names = [f"h{i}" for i in range(20)]
    rules = [{"h0": "x", "to": "s0"}] * 3000 + [{"to": "s0"}]
    state = {"humans": {name: ["x", "y"] for name in names}, "next": rules}
    return _game({"s0": state}, {name: {"goals": {"A": ["s0"]}} for name in names})


_MANY = [f"s{i}" for i in range(40_000)]
_FEWER = _MANY[:15_000]
_CHAIN: dict[str, Any] = {
    s: {"next": [{"to": t}]} for s, t in zip(_FEWER, _MANY[1:15_001], strict=True)
}
_CHAIN["s15000"] = {}

HEAVY: dict[str, tuple[bytes, str]] = {
    "anchors that explode": (_laughs(), "keys and values with anchors expanded"),
    "20 MB of blanks": (b" " * 20_000_000, "larger than 16 MiB"),
    "20 MB of noughts": (b"\0" * 20_000_000, "larger than 16 MiB"),
    "a million numbers": (b"a: [" + b"1," * 1_000_000 + b"]", "keys and values"),
    "a million keys": (b"".join(b"k%d: 1\n" % i for i in range(1_000_000)), "keys and values"),
    "a name of 10 MB": (_game({"s0": {"next": [{"to": "x" * 10_000_000}]}}), "unknown state 'xxx"),
    "brackets for ever": (b"[" * 10_000_000, "nest deeper than"),
    "16 million joint actions": (_crowd(24), "joint actions in all"),
    "more joint actions than 64 bits": (_crowd(64), "joint actions in all"),
    "a thousand humans": (_crowd(1000), "1,000 humans (wanted at most 64)"),
    "rules upon rules": (_overlapping_rules(), "joint actions x players"),
    "40,000 states misspelt": (
        _game({s: {"next": [{"to": s + "_"}]} for s in _MANY}),
        "and 39,950 more mistakes",
    ),
    "60,000 actions twice": (
        _game({"s0": {"robot": ["a"] * 60_000, "next": [{"to": "s0"}]}}),
        "and 59,949 more mistakes",
    ),
    "40,000 unknown initial states": (
        _game({"s0": {}}, initial=dict.fromkeys(_MANY, 1.0)),
        "and 39,949 more mistakes",
    ),
    "states times goals": (
        _game(_CHAIN, {"ann": {"goals": {s: ["s0"] for s in _FEWER}}}),
        "states x humans x goals need",
    ),
    "outcomes times states": (
        _game(_CHAIN | {"s0": {"next": [{"to": dict.fromkeys(_FEWER, 1 / 15_000)}]}}),
        "different outcomes x their width need",
    ),
    "a long list of nothing": (_game({"s0": {"next": [None] * 300_000}}), "found nothing"),
}
