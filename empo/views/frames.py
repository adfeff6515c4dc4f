"""One state of a grid as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from empo.views.drawing import Circle, Drawing, Group, Rect, Shape, Style
from empo.views.icons import DARK, FLOOR, LINE, PEOPLE, WALL, WALL_FOOT, icon, words
from empo.worlds.world import Scene, Thing

GROUND = ("wall", "lava")
"""Things that never change: drawn once for all steps of a rollout."""
Cell = tuple[int, int]


def frame(scene: Scene, title: str, over: Sequence[Shape] = ()) -> Drawing:
    """The grid with everything on it, one unit per cell; `over` is drawn above the floor's things
    but below the agents.
    """
    things, agents = _split(scene)
    shapes = (*ground(scene), *things, *over, *agents)
    return Drawing(scene.width, scene.height, shapes, title, describe(scene))


def ground(scene: Scene, fills: Mapping[Cell, str] | None = None) -> tuple[Shape, ...]:
    """Floor, walls and lava; `fills` colours the floor of some cells."""
    floor = Rect(0, 0, scene.width, scene.height, Style(fill=FLOOR))
    painted = [
        Rect(x, y, 1, 1, Style(fill=fill, crisp=True)) for (x, y), fill in (fills or {}).items()
    ]
    grid = Style(fill=LINE)
    lines = [Rect(x - 0.015, 0, 0.03, scene.height, grid) for x in range(1, scene.width)]
    lines += [Rect(0, y - 0.015, scene.width, 0.03, grid) for y in range(1, scene.height)]
    lava = [_placed(thing, PEOPLE[0]) for thing in scene.things if thing.kind == "lava"]
    return (floor, *painted, *lines, *_walls(scene), *lava)


def movable(scene: Scene) -> tuple[Shape, ...]:
    """Everything that may change from state to state, agents last."""
    things, agents = _split(scene)
    return (*things, *agents)


def person_colours(scene: Scene) -> dict[str, str]:
    """A colour for each human by name."""
    names = [thing.label or "" for thing in scene.things if thing.kind == "human"]
    return {name: PEOPLE[i % len(PEOPLE)] for i, name in enumerate(names)}


def describe(scene: Scene) -> str:
    """Where everything is, in words."""
    seen = [t for t in scene.things if t.kind not in ("wall", "bush", "lava")]
    places = [f"{words(thing)} at ({thing.x}, {thing.y})" for thing in seen]
    counts = [
        f"{number} {kind}{'' if number == 1 else plural}"
        for kind, plural in (("bush", "es"), ("lava", ""))
        if (number := sum(thing.kind == kind for thing in scene.things))
    ]
    size = f"A grid of {scene.width} by {scene.height} cells"
    return f"{size}: {'; '.join(places + counts)}."


def _split(scene: Scene) -> tuple[list[Shape], list[Shape]]:
    """The shapes of things and those of agents with what they carry."""
    colours = person_colours(scene)
    things, agents, carried = [], [], []
    for thing in scene.things:
        if thing.kind in ("robot", "human"):
            agents.append(_placed(thing, colours.get(thing.label or "", DARK)))
        elif thing.kind == "key" and thing.label:
            carried.append(_carried(thing))
        elif thing.kind not in GROUND:
            things.append(_placed(thing, DARK))
    return things, agents + carried


def _placed(thing: Thing, colour: str) -> Group:
    return Group(icon(thing, colour), thing.x, thing.y, title=words(thing), name=thing.kind)


def _carried(key: Thing) -> Group:
    """A small key on a badge at its holder's shoulder."""
    badge = Circle(0.5, 0.52, 0.56, Style(fill="#ffffff", stroke=DARK, width=0.06))
    shapes = (badge, *icon(key, DARK))
    return Group(shapes, key.x + 0.55, key.y + 0.02, 0.42, words(key), "carried")


def _walls(scene: Scene) -> list[Shape]:
    """Walls in runs along each row, with a darker foot where floor lies below."""
    cells = {(thing.x, thing.y) for thing in scene.things if thing.kind == "wall"}
    top, foot = Style(fill=WALL, crisp=True), Style(fill=WALL_FOOT, crisp=True)
    bare = {(x, y) for x, y in cells if (x, y + 1) not in cells and y + 1 < scene.height}
    runs = [Rect(x, y, length, 1, top) for x, y, length in _runs(cells)]
    feet = [Rect(x, y + 0.8, length, 0.2, foot) for x, y, length in _runs(bare)]
    return [Group((*runs, *feet), title="walls", name="wall")] if cells else []


def _runs(cells: set[Cell]) -> list[tuple[int, int, int]]:
    """Horizontal runs of cells: the first cell and the length."""
    starts = sorted((x, y) for x, y in cells if (x - 1, y) not in cells)
    runs = []
    for x, y in starts:
        length = 1
        while (x + length, y) in cells:
            length += 1
        runs.append((x, y, length))
    return runs
