"""What an animation shows: the same as the pictures of its single states."""

from __future__ import annotations

import numpy as np

from empo.views.drawing import Drawing
from empo.views.frames import frame
from empo.views.raster import to_rgb
from empo.views.stage import build_stage
from empo.views.story import tell


def test_background_and_changing_parts_make_the_whole_picture(room, garden):
    for solution in (room, garden):
        story = tell(solution)
        stage = build_stage(story)
        assert story.scenes is not None
        # The marks of goals, which a single state's picture does not have, come last but agents.
        marks = [shape for shape in stage.background if getattr(shape, "name", "") == "goal"]
        assert len(marks) == len(solution.world.humans)
        ground = tuple(shape for shape in stage.background if shape not in marks)
        for scene, moving in zip(story.scenes, stage.steps, strict=True):
            whole = to_rgb(frame(scene, "t"), 40)
            parts = to_rgb(Drawing(stage.width, stage.height, (*ground, *moving), "t"), 40)
            assert np.array_equal(whole, parts)


def test_what_stands_still_is_drawn_once(garden):
    story = tell(garden)
    stage = build_stage(story)
    assert story.scenes is not None
    still = {
        (thing.x, thing.y)
        for thing in story.scenes[-1].things  # bushes never grow again
        if thing.kind == "bush"
    }
    drawn = {(s.x, s.y) for s in stage.background if getattr(s, "name", "") == "bush"}
    assert drawn == still
    moving = {s.name for shapes in stage.steps for s in shapes if hasattr(s, "name")}
    assert {"robot", "human"} <= moving


def test_a_game_moves_one_mark_over_one_graph(game):
    story = tell(game)
    stage = build_stage(story)
    assert len(stage.steps) == story.n_steps + 1
    assert all(len(shapes) == 1 for shapes in stage.steps)
    assert stage.descriptions[0] == "State start"


def test_games_too_large_for_a_graph_show_names(game, monkeypatch):
    monkeypatch.setattr("empo.views.graph.MOST_STATES", 2)
    story = tell(game)
    stage = build_stage(story)
    shown = [shapes[0].text for shapes in stage.steps]  # pyright: ignore[reportAttributeAccessIssue]
    assert shown == [game.world.state_name(state) for state in story.path.states]
