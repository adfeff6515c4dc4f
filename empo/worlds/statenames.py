"""Names of states that say, factor by factor, where everything is; and the way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from empo.worlds.world import Thing

Words = Sequence[tuple[str, ...]]
"""For each factor, the word for each of its values; no word occurs twice."""


def place_words(names: Sequence[str], xy: Sequence[Sequence[int]]) -> list[tuple[str, ...]]:
    """Words like `r(3,1)` for factors that are cells."""
    places = [f"({x},{y})" for x, y in xy]
    return [tuple(name + place for place in places) for name in names]


def match_words(words: Words, parts: Sequence[str]) -> tuple[list[int], list[str]] | None:
    """The value of every factor, and the parts that are no words; None if a factor is not told."""
    known = {word: (i, v) for i, own in enumerate(words) for v, word in enumerate(own)}
    values = dict(known[part] for part in parts if part in known)
    rest = [part for part in parts if part not in known]
    if len(values) != len(words) or len(values) + len(rest) != len(parts):
        return None
    return [values[factor] for factor in range(len(words))], rest


def joint_name(action: int, n_bodies: int, names: tuple[str, ...]) -> str:
    """The name of a joint action: the bodies' actions, the first body's first, joined by +."""
    digits = [action // len(names) ** body % len(names) for body in reversed(range(n_bodies))]
    return "+".join(names[digit] for digit in digits)


def thing_names(things: Sequence[Thing]) -> list[str]:
    """Names by kind, numbered in reading order where there are several of a kind."""
    total, seen = Counter(thing.kind for thing in things), Counter()
    names = []
    for thing in things:
        seen[thing.kind] += 1
        number = str(seen[thing.kind]) if total[thing.kind] > 1 else ""
        names.append(thing.kind + number)
    return names


def coloured_names(things: Sequence[Thing]) -> list[str]:
    """Names of keys or doors: by their colours where these tell them apart."""
    colours = [thing.colour for thing in things]
    if len(things) > 1 and None not in colours and len(set(colours)) == len(things):
        return [f"{thing.colour}-{thing.kind}" for thing in things]
    return thing_names(things)
