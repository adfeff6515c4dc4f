"""The report: one page that needs nothing else, and says what the solution says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.solver import Solution
from empo.views import write_report
from empo.views.poster import poster, write_poster
from empo.views.ranking import ranked_states
from empo.views.story import tell
from tests.views.films import frames
from tests.views.page import Page


def report(folder: Path, solution: Solution) -> Page:
    path = write_report(folder, solution=solution)
    assert path == folder / "report.html"
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def room_folder(room, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("room")
    room.save(folder)
    write_report(folder)
    return folder


@pytest.fixture(scope="module")
def room_page(room_folder) -> Page:
    return Page((room_folder / "report.html").read_text(encoding="utf-8"))


def test_the_page_needs_no_network(room_page):
    for _, attributes in room_page.tags:
        for name in ("src", "href", "poster", "action", "srcset", "data"):
            assert attributes.get(name, "data:").startswith(("data:", "#"))
    outside = re.sub(r"data:[a-z/0-9]+;base64,[A-Za-z0-9+/=]+", "", room_page.source)
    assert "//" not in outside.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"url\(|@import|fetch\(|XMLHttp", outside)
    assert not room_page.with_tag("link")


def test_the_page_is_well_formed_and_can_be_read_aloud(room_page):
    assert room_page.balanced
    assert room_page.with_tag("html")[0]["lang"] == "en"
    assert len(room_page.with_tag("h1")) == 1
    pictures = room_page.with_tag("svg")
    assert len(pictures) > 6
    assert all(picture["role"] == "img" and picture["aria-label"] for picture in pictures)
    assert len(room_page.pictures) == len(pictures)  # each one is XML
    ids = [attributes["id"] for _, attributes in room_page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for label in room_page.with_tag("button"):
        assert label["type"] == "button"
    assert not re.search(r"\$\w", re.sub(r"<script>.*?</script>", "", room_page.source, flags=re.S))


def test_the_page_tells_the_key_numbers(room_page, room):
    text = room_page.text
    assert f"{room.game.n_states:,}" in text
    assert f"{room.game.n_transitions:,}" in text
    assert f"{room.effort.residual:.1e}" in text
    assert f"{room.effort.lipschitz:.3f}" in text
    for residual in room.effort.residuals.values():
        assert f"{residual:.1e}" in text
    policy = room.policy(room.world.initial[0])
    assert all(f"{prob:.1%}" in text for prob in policy.values())
    assert "the yellow door opens" in text


def test_the_animation_has_a_frame_for_each_state(room_folder, room_page, room):
    story = tell(room)
    n_frames = story.n_steps + 1
    gif, film = (frames(room_folder / f"rollout.{kind}") for kind in ("gif", "mp4"))
    assert len(gif) == len(film) == n_frames
    shown = [a for tag, a in room_page.tags if tag == "g" and "step" in a.get("class", "").split()]
    assert len(shown) == n_frames
    assert [frame["class"] for frame in shown] == ["step on", *["step"] * (n_frames - 1)]
    told = json.loads(re.findall(r'id="told">(.*?)</script>', room_page.source)[0])
    assert len(told) == n_frames
    for step, lines in enumerate(told):
        assert lines[0].startswith(f"Step {step} of {story.n_steps}")
        w_h = room.at(story.path.states[step])["w_h"]["h"]
        assert lines[2] == f"power of h: {w_h:.2f} bits"


def test_gif_and_film_show_the_same(room_folder):
    gif, film = (frames(room_folder / f"rollout.{kind}") for kind in ("gif", "mp4"))
    difference = np.abs(gif.astype(float) - film)
    assert gif.shape == film.shape
    assert difference.mean() < 4
    assert np.abs(film[0].astype(float) - film[-1]).mean() > 0.2  # something happens


def test_a_world_with_an_end_has_a_report(garden, tmp_path):
    page = report(tmp_path, garden)
    assert page.balanced
    assert "over 3 steps" in page.text
    assert "3 steps left" in page.text
    assert "no residual" in page.text
    assert "nan" not in page.text
    assert len(frames(tmp_path / "rollout.gif")) == tell(garden).n_steps + 1


def test_a_game_has_a_report_with_its_graph(game, tmp_path):
    page = report(tmp_path, game)
    assert page.balanced
    policy = game.policy("start")
    assert all(f"{prob:.1%}" in page.text for prob in policy.values())
    for state in ("start", "asked", "a", "b"):
        assert any(state == text for text in page.words)
    assert f"{game.at('start')['v_h_e']['ann']['B']:.3f}" in page.text


def test_solutions_that_dropped_quantities_have_a_report(room, game, tmp_path):
    for name, solution in (("room", room), ("game", game)):
        kept = solution.values[0]._replace(pi_h=None, q_h_m=None, v_h_m=None, v_h_e=None)
        values = tuple(
            v._replace(pi_h=None, q_h_m=None, v_h_m=None, v_h_e=None) for v in solution.values
        )
        assert kept.pi_h is None
        folder = tmp_path / name
        folder.mkdir()
        page = report(folder, replace(solution, values=values))
        assert page.balanced
        assert "What the robot chooses" in page.text
        assert "Where each person can go" not in page.text
        assert len(page.pictures) >= 2


def test_names_from_a_world_cannot_put_anything_into_the_page(game, tmp_path):
    evil = "</script><script>alert(1)</script>&<b>"
    world = replace(game.world, name=evil, description=evil)
    solution = replace(game, game=replace(game.game, world=world))
    page = report(tmp_path, solution)
    assert page.balanced
    assert len(page.with_tag("script")) == 2
    assert evil in page.text


def test_the_page_stays_small(room_folder):
    assert (room_folder / "report.html").stat().st_size < 600_000


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"values\.json"):
        write_report(tmp_path / "nothing")


def test_extreme_states_are_those_with_the_most_and_the_least_total_power(garden):
    tables = dict(ranked_states(tell(garden)))
    every = sorted(
        (garden.at(state, time)["u_r"], f"t={time} {garden.world.state_name(state)}")
        for time in range(3)
        for state in garden.states(time)
    )
    least = {name for u_r, name in every if u_r <= every[2][0]}
    most = {name for u_r, name in every if u_r >= every[-3][0]}
    assert {row[0] for row in tables["Least total power"]} <= least
    assert {row[0] for row in tables["Most total power"]} <= most
    assert len(tables["Most total power"]) == 3


def test_all_states_of_a_small_world_are_listed(game):
    ((heading, rows),) = ranked_states(tell(game))
    assert heading.startswith("All states")
    assert {row[0] for row in rows} == {"start", "asked", "a", "b"}
    for row in rows:
        told = game.at(row[0])
        assert row[2:] == [f"{told['w_h']['ann']:.3f}", f"{told['u_r']:.4g}", f"{told['v_r']:.4g}"]


def test_moments_begin_at_the_start_and_hold_the_best(room):
    story = tell(room)
    moments = story.moments()
    assert moments[0] == 0
    assert story.best in moments
    assert story.u_r[story.best] == max(
        room.at(state)["u_r"] for state in story.path.states[: story.n_valued]
    )
    assert len(moments) <= 4


def test_a_poster_shows_map_and_power(room, room_folder, tmp_path):
    picture = poster(tell(room))
    assert "h from" in picture.description
    write_poster(room_folder, tmp_path / "room.svg")
    write_poster(room_folder, tmp_path / "room.png")
    assert imageio.imread(tmp_path / "room.png").shape[1] == 1920
    assert (tmp_path / "room.svg").read_text().startswith("<svg ")


def test_a_poster_of_a_game_is_refused(game):
    with pytest.raises(InputError, match="no grid"):
        poster(tell(game))
