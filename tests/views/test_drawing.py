"""Two back ends, one picture."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from empo.views.drawing import (
    Circle,
    Curve,
    Drawing,
    Group,
    Poly,
    Rect,
    Style,
    Text,
    shortened,
    text_width,
)
from empo.views.raster import to_rgb
from empo.views.svg import to_svg
from tests.views.page import SVG

RED, BLUE = Style(fill="#ff0000"), Style(fill="#0000ff")
WHITE = (255, 255, 255)
SHAPES = (
    Rect(1, 1, 4, 2, RED),
    Group((Circle(1, 1, 0.5, BLUE),), x=6, y=0, scale=2),
    Poly(((0, 6), (4, 6), (4, 10)), RED),
    Curve(((5, 6), (5, 10), (9, 10), (9, 6)), Style(fill="#0000ff"), closed=True),
    Rect(10, 0, 2, 10, Style(fill="#ff0000", opacity=0.5)),
    Rect(10, 10, 2, 2, Style(fill="#00ff00"), 1.0),
)
PICTURE = Drawing(12.0, 12.0, SHAPES, "a picture")


@pytest.mark.parametrize(
    ("x", "y", "colour"),
    [
        (1.5, 1.5, (255, 0, 0)),
        (5.5, 2.0, WHITE),
        (3.0, 3.5, WHITE),
        (8.0, 2.0, (0, 0, 255)),  # 6 + 2 * 1, and 2 * 1
        (8.9, 2.0, (0, 0, 255)),  # the radius is scaled too
        (9.2, 2.0, WHITE),
        (3.5, 7.0, (255, 0, 0)),  # above the diagonal
        (1.0, 8.0, WHITE),  # below it
        (7.0, 8.5, (0, 0, 255)),  # the curve's lowest point is at y = 6 + 4 * 3 / 4
        (7.0, 9.3, WHITE),
        (11.0, 5.0, (255, 127, 127)),
        (11.0, 11.0, (0, 255, 0)),
        (10.1, 10.1, WHITE),  # a rounded corner
    ],
)
def test_pixels_have_the_colours_that_the_shapes_say(x, y, colour):
    image = to_rgb(PICTURE, 20)
    assert np.abs(image[int(20 * y), int(20 * x)].astype(int) - colour).max() <= 1


def test_pictures_have_even_sizes_for_films():
    assert to_rgb(Drawing(10.3, 7.1, (), "empty"), 1.0).shape == (8, 12, 3)


def test_text_leaves_ink_where_it_is_anchored():
    def ink(anchor: str) -> tuple[int, int]:
        image = to_rgb(Drawing(100, 20, (Text(50, 15, "HHH", 12, anchor=anchor),), "t"), 2.0)
        columns = np.flatnonzero((image.sum(axis=2) < 300).any(axis=0))
        return columns.min(), columns.max()

    assert ink("start")[0] >= 100
    assert ink("end")[1] <= 100
    low, high = ink("middle")
    assert abs((low + high) / 2 - 100) < 3


def test_svg_is_xml_with_every_shape_in_its_place():
    svg = ElementTree.fromstring(to_svg(PICTURE))
    assert svg.get("viewBox") == "0 0 12 12"
    kinds = [element.tag.removeprefix(SVG) for element in svg]
    assert kinds == ["rect", "g", "polygon", "path", "rect", "rect"]
    first = svg[0]
    assert [first.get(name) for name in ("x", "y", "width", "height")] == ["1", "1", "4", "2"]
    assert svg[1].get("transform") == "translate(6 0)scale(2)"
    assert svg[3].get("d") == "M5,6C5,10 9,10 9,6Z"
    assert svg[4].get("opacity") == "0.5"


def test_words_of_a_world_cannot_break_the_xml():
    evil = '"><script>&</script>'
    picture = Drawing(1, 1, (Group((Text(0, 0, evil, 1),), title=evil),), evil, evil)
    svg = ElementTree.fromstring(to_svg(picture))
    assert svg.get("aria-label") == f"{evil}. {evil}"
    assert [text.text for text in svg.iter(f"{SVG}text")] == [evil]
    assert not list(svg.iter(f"{SVG}script"))


def test_named_colours_can_be_changed_by_the_page():
    assert 'fill="var(--ink,#1f2733)"' in to_svg(Drawing(1, 1, (Text(0, 0, "x", 1),), "t"))


def test_both_back_ends_refuse_what_is_no_shape():
    for draw in (to_svg, lambda picture: to_rgb(picture, 1.0)):
        with pytest.raises(TypeError, match="no shape"):
            draw(Drawing(2, 2, ("square",), "t"))  # pyright: ignore[reportArgumentType]


def test_long_words_are_cut_to_the_room_there_is():
    assert shortened("abc", 10, 100) == "abc"
    cut = shortened("a very long name of a state", 10, 60)
    assert cut.endswith("…")
    assert "a very long name".startswith(cut[:-1])
    assert text_width(cut, 10) <= 60 < text_width("a very long name of a state", 10)


def test_what_occurs_often_is_written_once():
    parts = (Rect(0, 0, 1, 1, RED), Circle(0.5, 0.5, 0.2, BLUE))
    many = tuple(Group(parts, float(x), 0.0, title=f"thing {x}") for x in range(50))
    once = Group((Rect(0, 0, 1, 1, BLUE), Circle(0, 0, 1, RED)), 60.0, 0.0)
    picture = Drawing(70, 1, (*many, once), "t")
    short, long = to_svg(picture, share="thing"), to_svg(picture)
    assert len(short) < 0.6 * len(long)
    svg = ElementTree.fromstring(short)
    (defined,) = svg.findall(f"{SVG}defs/{SVG}g")
    assert defined.get("id") == "thing0"
    assert [use.get("href") for use in svg.iter(f"{SVG}use")] == ["#thing0"] * 50
    # What is referred to is what stood there, and everything else is as it was.
    inside = "".join(ElementTree.tostring(part, "unicode") for part in defined)
    plain = ElementTree.fromstring(long)
    first = plain.find(f"{SVG}g")
    assert first is not None
    assert inside == "".join(ElementTree.tostring(part, "unicode") for part in first[1:])
    assert ElementTree.tostring(svg[-1]) == ElementTree.tostring(plain[-1])
