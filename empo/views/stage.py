"""What an animation shows: a background that stays, and what changes from step to step."""

from __future__ import annotations

from dataclasses import dataclass

from empo.views.drawing import Drawing, Group, Rect, Shape, Style, Text, shortened
from empo.views.frames import describe, ground, movable
from empo.views.graph import game_graph
from empo.views.graph_picture import graph_shapes, here, lay_out
from empo.views.icons import PEOPLE
from empo.views.story import Story

_ON_TOP = ("robot", "human", "carried")


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
        drawn = [movable(scene) for scene in scenes]
        # What stands still throughout is drawn once: things stand in cells of their own, so
        # nothing is hidden that should be seen. Agents stay on top of everything.
        still = set.intersection(*map(set, drawn)) if len(drawn) > 1 else set()
        still = {s for s in still if isinstance(s, Group) and s.name not in _ON_TOP}
        return Stage(
            width=scenes[0].width,
            height=scenes[0].height,
            background=(
                *ground(scenes[0]),
                *(shape for shape in drawn[0] if shape in still),
                *_goal_marks(story),
            ),
            steps=tuple(tuple(s for s in shapes if s not in still) for shapes in drawn),
            descriptions=tuple(describe(scene) for scene in scenes),
            unit=1.0,
        )
    graph = game_graph(story.solution)
    names = [story.path.world.state_name(state) for state in story.path.states]
    if graph is None:
        return _names(names)
    layout = lay_out(graph)
    places = [graph.place(story.solution, state) for state in story.path.states]
    return Stage(
        width=layout.width,
        height=layout.height,
        background=graph_shapes(graph, layout),
        steps=tuple((here(layout, place),) for place in places),
        descriptions=tuple(f"State {name}" for name in names),
        unit=54.0,
    )


def _goal_marks(story: Story) -> list[Shape]:
    """A dashed frame in each human's colour around the cells that they want to be in."""
    frames: list[Shape] = []
    for human, goal in enumerate(story.path.goals):
        inset = 0.07 + 0.06 * human
        line = Style(stroke=PEOPLE[human % len(PEOPLE)], width=0.05, dash=(0.12, 0.1))
        side = 1 - 2 * inset
        marks = [
            Rect(x + inset, y + inset, side, side, line, 0.12)
            for x, y in sorted(story.path.world.goal_cells(human, goal) or ())
        ]
        title = f"goal of {story.path.world.humans[human]}"
        frames += [Group(tuple(marks), title=title, name="goal")] if marks else []
    return frames


def _names(names: list[str]) -> Stage:
    width, height = 640.0, 90.0
    card = Rect(8, 8, width - 16, height - 16, Style(fill="card", stroke="muted", width=2), 12)
    steps = tuple(
        (Text(width / 2, height / 2 + 7, shortened(name, 20, width - 60), 20, anchor="middle"),)
        for name in names
    )
    return Stage(width, height, (card,), steps, tuple(f"State {name}" for name in names), 54.0)
