"""A state of a grid: everything in it is in the picture, in its place."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from empo.views.drawing import Group
from empo.views.frames import describe, frame, ground
from empo.views.icons import DARK, PAINT, PEOPLE, WALL, icon
from empo.views.raster import to_rgb
from empo.views.svg import to_svg
from empo.worlds.world import Scene, Thing
from tests.views.page import SVG, texts, titles

THINGS = (
    Thing("door", 1, 0, "yellow", "locked"),
    Thing("door", 2, 0, "red", "closed"),
    Thing("door", 3, 0, "blue", "open"),
    Thing("key", 1, 1, "green"),
    Thing("key", 5, 2, "purple", label="r"),
    Thing("block", 2, 1),
    Thing("rock", 3, 1),
    Thing("bush", 4, 1, amount=0.5),
    Thing("lava", 4, 0),
    Thing("trampoline", 5, 1),
    Thing("robot", 5, 2, label="r"),
    Thing("human", 4, 2, label="anna"),
    Thing("human", 3, 2, label="h"),
)
SCENE = Scene(6, 3, (Thing("wall", 0, 0), Thing("wall", 0, 1), Thing("wall", 0, 2), *THINGS))


def places(svg: ElementTree.Element) -> dict[str, tuple[float, float]]:
    found = {}
    for group in svg.iter(f"{SVG}g"):
        title = group.find(f"{SVG}title")
        moved = (group.get("transform") or "translate(0 0)").split("(")[1].split(")")[0]
        if title is not None and title.text:
            x, y = moved.split()
            found[title.text] = (float(x), float(y))
    return found


def test_everything_is_drawn_once_and_in_its_cell():
    svg = ElementTree.fromstring(to_svg(frame(SCENE, "all things")))
    where = places(svg)
    assert where == {
        "walls": (0, 0),
        "lava": (4, 0),
        "locked yellow door": (1, 0),
        "closed red door": (2, 0),
        "open blue door": (3, 0),
        "green key": (1, 1),
        "block": (2, 1),
        "rock": (3, 1),
        "bush, density 0.5": (4, 1),
        "trampoline": (5, 1),
        "robot r": (5, 2),
        "human anna": (4, 2),
        "human h": (3, 2),
        "purple key of r": pytest.approx((5.55, 2.02)),
    }
    assert len(titles(svg)) == len(where)
    assert {"anna", "h", "r", "trampoline"} <= set(texts(svg))


def test_agents_stand_above_things_and_carried_keys_above_agents():
    order = titles(ElementTree.fromstring(to_svg(frame(SCENE, "t"))))
    assert order.index("walls") < order.index("rock") < order.index("robot r")
    assert order.index("robot r") < order.index("purple key of r")


def test_walls_fill_their_cells_and_no_others():
    image = to_rgb(frame(Scene(3, 3, (Thing("wall", 1, 0), Thing("wall", 1, 1))), "t"), 20)
    wall = tuple(int(WALL[i : i + 2], 16) for i in (1, 3, 5))
    is_wall = (image == wall).all(axis=2)
    # The foot of the lower one, where floor lies below, is darker.
    assert is_wall[0:36, 21:40].all()
    assert not is_wall[36:].any()
    assert not is_wall[:, :20].any()
    assert not is_wall[:, 41:].any()


def test_doors_differ_by_shape_not_by_colour_alone():
    drawn = {
        state: icon(Thing("door", 0, 0, "red", state), DARK)
        for state in ("locked", "closed", "open")
    }
    assert len(set(drawn.values())) == 3


def test_denser_bushes_are_larger():
    def ink(amount: float) -> int:
        scene = Scene(1, 1, (Thing("bush", 0, 0, amount=amount),))
        bare = to_rgb(frame(Scene(1, 1, ()), "t"), 50)
        return int((to_rgb(frame(scene, "t"), 50) != bare).any(axis=2).sum())

    assert ink(0.25) < ink(0.5) < ink(1.0)


def test_people_have_colours_of_their_own():
    image = to_rgb(frame(SCENE, "t"), 40)
    for place, colour in ((4, PEOPLE[0]), (3, PEOPLE[1])):
        cell = image[80:120, 40 * place : 40 * place + 40].reshape(-1, 3)
        rgb = tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
        assert (cell == rgb).all(axis=1).sum() > 100


def test_colours_can_be_told_apart_in_brightness_or_by_the_colour_blind():
    # Deuteranopia after Machado et al. 2009 (severity 1), applied to linear RGB.
    matrix = np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    )
    seen = []
    for colour in PAINT.values():
        rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        seen.append(np.clip(matrix @ rgb**2.2, 0, 1) ** (1 / 2.2))
    distances = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(distances) > 0.12


def test_the_ground_is_what_never_changes():
    names = {shape.name for shape in ground(SCENE) if isinstance(shape, Group)}
    assert names == {"wall", "lava"}


def test_those_who_cannot_see_it_are_told_where_things_are():
    said = describe(SCENE)
    assert said.startswith("A grid of 6 by 3 cells: ")
    assert "human anna at (4, 2)" in said
    assert "1 bush" in said
    assert "wall" not in said
