"""What happens along a rollout besides people and robots moving about, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empo.runs.rollout import Rollout
from empo.worlds.world import Scene, Thing, World

_AGENTS = ("robot", "human")


@dataclass(frozen=True)
class Event:
    """Something that a step changed."""

    time: int
    """The step that did it; it led from the state of this number to the next."""
    what: str


def events(path: Rollout) -> list[Event]:
    """All events of a rollout, in order."""
    pairs = zip(path.states, path.states[1:], strict=False)
    return [
        Event(time, what)
        for time, (before, after) in enumerate(pairs)
        for what in changes(path.world, before, after)
    ]


def changes(world: World, before: np.ndarray, after: np.ndarray) -> list[str]:
    """What differs between two states: doors, keys, bushes and the like, not where agents are.

    In a world that is no grid, the new state's name.
    """
    old, new = world.scene(before), world.scene(after)
    if old is None or new is None:
        return [] if (before == after).all() else [world.state_name(after)]
    return [*_thing_changes(old, new), *_bush_changes(old, new)]


def _thing_changes(before: Scene, after: Scene) -> list[str]:
    # Only bushes vanish, so all other things are the same ones in the same order.
    old, new = (
        [thing for thing in scene.things if thing.kind not in (*_AGENTS, "bush")]
        for scene in (before, after)
    )
    pairs = zip(old, new, strict=True)
    return [said for was, now in pairs if (said := _in_words(was, now)) is not None]


def _in_words(was: Thing, now: Thing) -> str | None:
    name = " ".join(word for word in (now.colour, now.kind) if word)
    if was.state != now.state:
        return f"the {name} {'opens' if now.state == 'open' else f'is {now.state}'}"
    if was.label != now.label:
        return f"{now.label} takes the {name}" if now.label else f"the {name} is put down"
    moved = (was.x, was.y) != (now.x, now.y)
    return f"the {name} moves to {now.x},{now.y}" if moved and now.label is None else None


def _bush_changes(before: Scene, after: Scene) -> list[str]:
    old, new = _densities(before), _densities(after)
    changed = [cell for cell in old if new.get(cell, 0.0) < old[cell]]
    return [
        f"the bush at {x},{y} {'is thinned' if (x, y) in new else 'is cleared'}" for x, y in changed
    ]


def _densities(scene: Scene) -> dict[tuple[int, int], float]:
    bushes = (thing for thing in scene.things if thing.kind == "bush")
    return {(b.x, b.y): 1.0 if b.amount is None else b.amount for b in bushes}
