"""The page that lays two solutions side by side: maps, numbers, policies."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from empo.runs.likeness import likeness
from empo.views.drawing import Rect, Text
from empo.views.likeness_page import (
    Sides,
    brief,
    error_map,
    likeliest,
    spoken,
    write_likeness,
)
from empo.views.power_map import STOPS
from empo.views.story import tell
from tests.views.page import Page


def blurred(solution):
    """The same with a robot that acts at random half of the time, and other powers."""
    values = tuple(
        layer._replace(
            pi_r=0.5 * layer.pi_r + 0.5 * (layer.pi_r > 0) / (layer.pi_r > 0).sum(1, keepdims=True),
            x_h=1.1 * layer.x_h,
        )
        for layer in solution.values
    )
    return replace(solution, values=values)


def sides_of(solution, second=None) -> Sides:
    second = second or blurred(solution)
    alike, path = likeness(solution, second), tell(second).path
    return Sides(("exact", "learned"), alike, path, tuple(alike.along(path)))


def page_of(sides, folder) -> Page:
    return Page(write_likeness(folder / "page.html", sides).read_text(encoding="utf-8"))


def test_a_grid_has_maps_of_every_quantity_for_every_agent(room, tmp_path):
    page = page_of(sides_of(room), tmp_path)
    assert page.balanced
    labels = [picture["aria-label"] for picture in page.with_tag("svg")]
    maps = [label for label in labels if "by the cell of" in label]
    assert len(maps) == 6 * 2  # pi_r, V_r, V_h^e, X_h, U_r, Q_r; the robot and h
    for said in ("Where play begins", "where the robot is", "where h is", "door=locked"):
        assert said in page.text
    outside = page.source.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"(src|href)=\"?https?:", outside)


def test_its_numbers_are_those_of_the_comparison(room, tmp_path):
    sides = sides_of(room)
    page = page_of(sides, tmp_path)
    for distance in sides.likeness.distances:
        assert spoken(distance.mean) in page.text
        assert sides.likeness.name_of(*distance.worst) in page.text
    assert f"mean distance is {spoken(sides.mean_distance)}" in page.text
    assert math.isclose(
        sides.mean_distance, sum(m.distance for m in sides.moments) / len(sides.moments)
    )
    assert math.isclose(sides.mean_uniform, 2 * sides.mean_distance)  # half of the way there


def test_a_game_has_no_maps_but_all_the_rest(game, tmp_path):
    page = page_of(sides_of(game), tmp_path)
    assert page.balanced
    assert "Where on the grid" not in page.text
    for said in ("How far apart they are", "Where play begins", "promise"):
        assert said in page.text


def test_a_horizon_has_its_times(garden, tmp_path):
    assert "t=0" in page_of(sides_of(garden), tmp_path).text


def test_equal_solutions_have_a_page(room, tmp_path):
    page = page_of(sides_of(room, room), tmp_path)
    assert "Total variation between the two: 0.0000." in page.text


def test_problems_that_differ_are_told(room, tmp_path):
    second = replace(room, theory=replace(room.theory, beta_r=7.0))
    page = page_of(sides_of(room, second), tmp_path)
    assert "They solve different problems: beta_r 5 and 7." in page.text


def test_the_darkest_cell_is_that_of_the_largest_number(room):
    scene = room.world.scene(room.world.initial[0])
    drawn = error_map(scene, {(1, 1): 0.0, (2, 1): 0.5, (3, 1): 1.0}, 1.0, "map")
    fills = {(s.x, s.y): s.style.fill for s in drawn.shapes if isinstance(s, Rect)}
    assert fills[1, 1] == STOPS[0]
    assert fills[3, 1] == STOPS[-1]
    assert [s.text for s in drawn.shapes if isinstance(s, Text)] == ["0", ".500", "1"]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (0.0306, ".031"), (3e-4, "3e-4"), (1.25, "1.2"), (np.inf, "∞"), (0.0023, ".002")],
)
def test_numbers_on_maps_are_short(number, text):
    assert brief(number) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0.0000"), (0.25, "0.2500"), (2e-5, "2.00e-05"), (np.inf, "∞")]
)
def test_distances_have_three_digits_or_more(number, text):
    assert spoken(number) == text


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"east": 0.97, "pass": 0.02, "west": 0.01}, "east .97, pass .02"),
        ({"stay": 1.0}, "stay 1"),
        ({"a": 0.999, "b": 0.001}, "a 1"),
    ],
)
def test_the_likeliest_actions_are_told(policy, said):
    assert likeliest(policy, 2) == said
