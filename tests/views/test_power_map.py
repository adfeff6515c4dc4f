"""The map of a human's power: each cell shows V_h^e, no more and no less."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from empo.views.power_map import STOPS, cell_values, power_map, scale_bar, shade, short
from empo.views.svg import to_svg
from tests.views.page import SVG, texts


def brightness(colour: str) -> float:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_cells_show_how_well_the_person_would_do_there(room):
    for state in room.states():
        told = room.at(state)["v_h_e"]["h"]
        values = cell_values(room, 0, state, 0)
        assert {f"{x},{y}": value for (x, y), value in values.items()} == told


def test_with_an_end_cells_show_the_values_of_their_time(garden):
    state = garden.world.initial[0]
    values = cell_values(garden, 0, state, 0)
    assert {f"{x},{y}": value for (x, y), value in values.items()} == garden.at(state)["v_h_e"][
        "Hu"
    ]


def test_numbers_and_colours_stand_in_the_cell_that_they_belong_to(room):
    state = room.world.initial[0]
    values = cell_values(room, 0, state, 0)
    svg = ElementTree.fromstring(to_svg(power_map(room.world.scene(state), values, "map")))
    numbers = {
        (int(float(text.get("x", "0"))), int(float(text.get("y", "0")))): text.text
        for text in svg.findall(f"{SVG}text")
    }
    assert numbers == {cell: short(value) for cell, value in values.items()}
    filled = {
        (int(rect.get("x", "0")), int(rect.get("y", "0"))): rect.get("fill")
        for rect in svg.findall(f"{SVG}rect")
        if rect.get("width") == rect.get("height") == "1"
    }
    assert filled == {cell: shade(value) for cell, value in values.items()}


def test_large_maps_show_colours_only(room):
    scene = room.world.scene(room.world.initial[0])
    many = {(x, y): 0.5 for x in range(30) for y in range(30)}
    assert set(texts(ElementTree.fromstring(to_svg(power_map(scene, many, "map"))))) <= {"h", "r"}


def test_more_power_is_darker_everywhere():
    shades = [brightness(shade(i / 100)) for i in range(101)]
    assert all(a > b for a, b in pairwise(shades))
    assert (shade(0.0), shade(1.0)) == (STOPS[0], STOPS[-1])
    assert (shade(-1.0), shade(2.0)) == (STOPS[0], STOPS[-1])


def test_numbers_can_be_read_on_every_colour(room):
    scene = room.world.scene(room.world.initial[0])
    for value in [i / 50 for i in range(51)]:
        svg = ElementTree.fromstring(to_svg(power_map(scene, {(3, 1): value}, "map")))
        (number,) = svg.findall(f"{SVG}text")
        ink = number.get("fill") or ""
        light, dark = sorted((luminance(ink), luminance(shade(value))), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 3  # the contrast that large text needs


def luminance(colour: str) -> float:
    linear = [(int(colour[i : i + 2], 16) / 255) ** 2.2 for i in (1, 3, 5)]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (0.004, ".00"), (0.07, ".07"), (0.934, ".93"), (0.999, "1")]
)
def test_values_in_few_letters(value, text):
    assert short(value) == text


def test_the_scale_says_what_colours_mean():
    assert texts(ElementTree.fromstring(to_svg(scale_bar()))) == ["0", "0.25", "0.5", "0.75", "1"]
