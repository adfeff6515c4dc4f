"""Charts: lengths and places are proportional to what they show."""

from __future__ import annotations

import math
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from empo.views.drawing import Circle, Group, Poly
from empo.views.plots import action_bars, action_map, nice_ticks, power_over_time
from empo.views.svg import to_svg
from empo.worlds.world import Scene, Thing
from tests.views.page import SVG, texts, titles

ROBOT = Thing("robot", 2, 2, label="r")
SCENE = Scene(5, 5, (ROBOT,))


def svg_of(drawing) -> ElementTree.Element:
    return ElementTree.fromstring(to_svg(drawing))


def tips(scene, policy) -> dict[str, tuple[float, float]]:
    """How far each arrow reaches from the grid's corner."""
    (grid,) = action_map(scene, policy, "t").shapes
    assert isinstance(grid, Group)
    arrows = [s for s in grid.shapes if isinstance(s, Group) and "%" in (s.title or "")]
    found = {}
    for group in arrows:
        (arrow,) = group.shapes
        assert isinstance(arrow, Poly)
        found[str(group.title).split()[0]] = arrow.points[3]
    return found


def test_arrows_point_where_actions_lead_and_are_longer_the_more_probable():
    reach = tips(SCENE, {"north": 0.5, "east": 0.3, "south": 0.15, "west": 0.05})
    x, y = 2.5, 2.5
    assert reach["north"][0] == reach["south"][0] == x
    assert reach["east"][1] == reach["west"][1] == y
    lengths = [y - reach["north"][1], reach["east"][0] - x, reach["south"][1] - y]
    lengths.append(x - reach["west"][0])
    assert all(a > b > 0.5 for a, b in pairwise(lengths))


def test_the_letters_of_bushworld_are_directions_too():
    words = tips(SCENE, {"north": 0.4, "east": 0.3, "south": 0.2, "west": 0.1})
    letters = tips(SCENE, {"N": 0.4, "E": 0.3, "S": 0.2, "W": 0.1})
    assert list(words.values()) == list(letters.values())


def test_an_action_without_a_direction_is_a_ring():
    (grid,) = action_map(SCENE, {"stay": 1.0}, "t").shapes
    assert isinstance(grid, Group)
    assert any(isinstance(s, Circle) and s.style.stroke for s in grid.shapes)


def test_each_body_of_a_robot_has_the_arrows_of_its_part():
    two = Scene(5, 5, (Thing("robot", 0, 0, label="r1"), Thing("robot", 4, 4, label="r2")))
    policy = {"north+east": 0.5, "north+west": 0.3, "south+east": 0.2}
    seen = titles(svg_of(action_map(two, policy, "t")))
    assert [t for t in seen if "%" in t] == ["north 80%", "south 20%", "east 70%", "west 30%"]


def test_bars_are_as_long_as_actions_are_probable():
    policy = {"a": 0.6, "b": 0.3, "c": 0.1}
    svg = svg_of(action_bars(policy, "t"))
    widths = [
        float(rect.get("width", "0"))
        for rect in svg.iter(f"{SVG}rect")
        if "bar" in rect.get("fill", "")
    ]
    assert [w / widths[0] for w in widths] == pytest.approx([1, 0.5, 1 / 6], abs=1e-3)
    assert texts(svg) == ["a", "60.0%", "b", "30.0%", "c", "10.0%"]


def test_many_actions_end_in_a_bar_for_the_rest():
    policy = {f"a{i}": 0.05 for i in range(20)}
    labels = texts(svg_of(action_bars(policy, "t", most=8)))
    assert labels[-2:] == ["12 others", "60.0%"]


def lines(svg: ElementTree.Element) -> list[np.ndarray]:
    found = []
    for line in svg.iter(f"{SVG}polyline"):
        points = np.array([p.split(",") for p in line.get("points", "").split()], float)
        if len(points) > 2:
            found.append(points)
    return found


def test_lines_follow_the_numbers():
    w_h = np.array([[0.0, 1.0], [1.0, 1.5], [3.0, 1.0], [2.0, 0.0]])
    u_r = np.array([-4.0, -2.0, -1.0, -3.0])
    svg = svg_of(power_over_time(w_h, u_r, ("ann", "bob"), []))
    ann, bob, total = lines(svg)
    for line, values in ((ann, w_h[:, 0]), (bob, w_h[:, 1]), (total, u_r)):
        slope, base = np.polyfit(values, line[:, 1], 1)
        assert slope < 0  # more is higher up
        assert slope * values + base == pytest.approx(line[:, 1], abs=0.01)
        assert np.diff(line[:, 0]) == pytest.approx(np.diff(line[:, 0])[0], abs=0.01)
    # Both humans share one scale.
    assert np.interp(1.0, [0, 3], [ann[0, 1], ann[2, 1]]) == pytest.approx(bob[0, 1], abs=0.01)
    # And the page's script finds the cursor's places.
    x0, dx = (float(svg.get(f"data-{name}", "nan")) for name in ("x0", "dx"))
    assert x0 + dx * np.arange(4) == pytest.approx(ann[:, 0], abs=0.01)


def test_a_line_ends_where_values_do():
    w_h = np.array([[0.0], [1.0], [2.0], [math.nan]])
    svg = svg_of(power_over_time(w_h, np.array([-3.0, -2.0, -1.0]), ("ann",), []))
    assert [len(line) for line in lines(svg)] == [3, 3]


def test_constant_power_can_be_drawn():
    svg = svg_of(power_over_time(np.zeros((3, 1)), np.full(3, -1.0), ("ann",), []))
    assert all(np.isfinite(line).all() for line in lines(svg))


def test_events_that_are_close_share_a_badge():
    w_h = np.linspace(0, 1, 61)[:, None]
    marks = [(3.0, "1"), (4.0, "2"), (4.0, "3"), (40.0, "4")]
    labels = texts(svg_of(power_over_time(w_h, -w_h[:, 0], ("ann",), marks)))
    assert "1–3" in labels
    assert "4" in labels
    assert "2" not in [label for label in labels if label.isdecimal() and label in "23"]


def test_names_beside_lines_do_not_overlap():
    w_h = np.array([[0.0, 0.0], [1.0, 1.001]])
    svg = svg_of(power_over_time(w_h, np.array([-1.0, -2.0]), ("ann", "bob"), []))
    heights = [float(t.get("y", "0")) for t in svg.iter(f"{SVG}text") if t.text in ("ann", "bob")]
    assert abs(heights[0] - heights[1]) >= 13


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 10, [0, 2.5, 5, 7.5, 10]),
        (-0.21, 0.01, [-0.2, -0.1, 0.0]),
        (1.93, 2.6, [2.0, 2.2, 2.4, 2.6]),
    ],
)
def test_ticks_are_round_numbers(low, high, ticks):
    assert nice_ticks(low, high, 4) == pytest.approx(ticks)
