"""What an animation shows: a background that stays, and what changes from step to step."""

from __future__ import annotations

from dataclasses import dataclass

from empo.views.drawing import Drawing, Rect, Shape, Style, Text, shortened
from empo.views.frames import describe, ground, movable
from empo.views.graph import game_graph, graph_shapes, here
from empo.views.story import Story


@dataclass(frozen=True)
class Stage:
    """Pictures of all states of a rollout, on one background."""

    width: float
    height: float
    background: tuple[Shape, ...]
    steps: tuple[tuple[Shape, ...], ...]
    descriptions: tuple[str, ...]
    unit: float
    """Length that a cell takes, or 1 where lengths are pixels."""

    def drawing(self, step: int, title: str) -> Drawing:
        """One step's picture."""
        shapes = (*self.background, *self.steps[step])
        return Drawing(self.width, self.height, shapes, title, self.descriptions[step])


def build_stage(story: Story) -> Stage:
    """The grid; else the game's graph; else, in games too large for that, the states' names."""
    if story.scenes is not None:
        scenes = story.scenes
        return Stage(
            width=scenes[0].width,
            height=scenes[0].height,
            background=ground(scenes[0]),
            steps=tuple(movable(scene) for scene in scenes),
            descriptions=tuple(describe(scene) for scene in scenes),
            unit=1.0,
        )
    graph = game_graph(story.solution)
    names = [story.path.world.state_name(state) for state in story.path.states]
    if graph is None:
        return _names(names)
    shapes, corners, width, height = graph_shapes(graph)
    places = [graph.place(story.solution, state) for state in story.path.states]
    return Stage(
        width=width,
        height=height,
        background=shapes,
        steps=tuple((here(corners[place]),) for place in places),
        descriptions=tuple(f"State {name}" for name in names),
        unit=54.0,
    )


def _names(names: list[str]) -> Stage:
    width, height = 640.0, 90.0
    card = Rect(8, 8, width - 16, height - 16, Style(fill="card", stroke="muted", width=2), 12)
    steps = tuple(
        (Text(width / 2, height / 2 + 7, shortened(name, 20, width - 60), 20, anchor="middle"),)
        for name in names
    )
    return Stage(width, height, (card,), steps, tuple(f"State {name}" for name in names), 54.0)
