"""Games without a grid: every possible step is an arrow, with its probability."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

import empo
from empo.views.drawing import Drawing
from empo.views.graph import Arrow, Graph, game_graph
from empo.views.graph_picture import graph_shapes, here, lay_out
from empo.views.svg import to_svg
from tests.views.page import titles


def by_name(graph: Graph) -> dict[tuple[str, str], float]:
    return {(graph.names[a.start], graph.names[a.end]): a.prob for a in graph.arrows}


def test_arrows_carry_the_probabilities_of_the_policies(game):
    graph = game_graph(game)
    assert graph is not None
    pi_r, asked = game.policy("start"), game.at("asked")["pi_h"]["ann"]
    left = (asked["A"]["left"] + asked["B"]["left"]) / 2  # both goals weigh the same
    assert by_name(graph) == {
        ("start", "asked"): pytest.approx(pi_r["promise"]),
        ("start", "a"): pytest.approx(pi_r["do_a"] + 0.25 * pi_r["toss"]),
        ("start", "b"): pytest.approx(0.75 * pi_r["toss"]),
        ("asked", "a"): pytest.approx(left),
        ("asked", "b"): pytest.approx(1 - left),
        ("a", "a"): 1.0,
        ("b", "b"): 1.0,
    }


def test_steps_that_the_robot_never_takes_are_there_too():
    solution = empo.solve("menu")
    graph = game_graph(solution)
    assert graph is not None
    found = by_name(graph)
    assert found["kitchen", "menu_1"] == 0.0
    assert found["kitchen", "menu_6"] == pytest.approx(1.0)
    assert len(graph.names) == 21


def test_states_show_their_power(game):
    graph = game_graph(game)
    assert graph is not None
    told = dict(zip(graph.names, graph.powers, strict=True))
    assert told["asked"] == f"X(ann) {game.power('asked')['ann']:.3g}"


def test_games_with_too_many_states_have_no_graph(room, monkeypatch):
    assert room.game.n_states < 40
    assert game_graph(room) is not None
    monkeypatch.setattr("empo.views.graph.MOST_STATES", room.game.n_states - 1)
    assert game_graph(room) is None


def test_with_an_end_states_show_the_values_of_their_first_time(garden):
    graph = game_graph(garden)
    assert graph is not None
    world = garden.world
    told = dict(zip(graph.names, graph.powers, strict=True))
    start, after = world.state_name(world.initial[0]), None
    for arrow in graph.arrows:
        if graph.names[arrow.start] == start != graph.names[arrow.end]:
            after = graph.names[arrow.end]
    assert after is not None
    assert told[start] == f"X(Hu) {garden.power(start)['Hu']:.3g}"
    assert told[after] == f"X(Hu) {garden.power(after, time=1)['Hu']:.3g}"
    assert "the end" in told.values()


def test_arrows_go_forward_unless_they_close_a_cycle():
    arrows = [(0, 1), (1, 2), (0, 2), (2, 3), (3, 1), (2, 2)]
    graph = Graph(
        (0, 1, 2, 3), ("a", "b", "c", "d"), ("",) * 4, tuple(Arrow(*a, 0.5) for a in arrows)
    )
    xs = [x for x, _ in lay_out(graph).corners]
    assert sorted(xs) == xs
    assert len(set(xs)) == 4


def test_boxes_do_not_overlap_and_lie_inside_the_picture(game):
    graph = game_graph(game)
    assert graph is not None
    layout = lay_out(graph)
    corners = np.array(layout.corners)
    for i, (x, y) in enumerate(corners):
        assert 0 <= x <= layout.width - layout.box_width
        assert 0 <= y <= layout.height - 44
        others = np.delete(corners, i, axis=0)
        apart = (abs(others[:, 0] - x) >= layout.box_width) | (abs(others[:, 1] - y) >= 44)
        assert apart.all()


def test_the_picture_has_every_state_and_marks_the_present_one(game):
    graph = game_graph(game)
    assert graph is not None
    layout = lay_out(graph)
    shapes = (*graph_shapes(graph, layout), here(layout, 1))
    svg = ElementTree.fromstring(to_svg(Drawing(layout.width, layout.height, shapes, "t")))
    seen = titles(svg)
    assert [title.split(":")[0] for title in seen[:4]] == list(graph.names)
    assert seen[-1] == "the present state"


def test_place_finds_a_state(game):
    graph = game_graph(game)
    assert graph is not None
    for i, name in enumerate(graph.names):
        assert graph.place(game, game.world.find_state(name)) == i
