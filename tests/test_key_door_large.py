"""The shipped key-door-large has as many states as its story allows: over a million."""

from __future__ import annotations

import itertools

import pytest

from empo.worlds import load
from empo.worlds.compile import Search, compile_world


def by_flood(cells: set[tuple[int, int]], start: tuple[int, int]) -> set[tuple[int, int]]:
    """What can be walked to."""
    found, border = {start}, [start]
    while border:
        x, y = border.pop()
        near = {(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)} & cells - found
        found |= near
        border += near
    return found


def by_story(rows: list[str]) -> int:
    """Count the states by who can be where, for every place of the keys and doors that can be.

    In rooms as wide as these two agents can walk around each other, so that everything goes with
    everything except both in one cell. Empty hands and a key on the floor never share a cell.
    """
    at = {(x, y): symbol for y, row in enumerate(rows) for x, symbol in enumerate(row)}
    (robot,), (human,), (yellow,), (blue,) = ([c for c in at if at[c] == s] for s in "rhkK")
    doors = [c for c in at if at[c] in "DE"]
    inside = {c for c in at if at[c] not in "#DE"}
    count = 0
    for opened in itertools.product((False, True), repeat=len(doors)):
        through = {door for door, is_open in zip(doors, opened, strict=True) if is_open}
        walkable = inside | through
        by_robot, by_human = by_flood(walkable, robot), by_flood(walkable, human)
        colours = {at[door] for door in through}
        for robot_has, human_has in (("", ""), ("D", ""), ("E", ""), ("D", "E")):
            if not colours <= {robot_has, human_has} or (human_has and robot not in by_human):
                continue
            on_floor = {"D": yellow, "E": blue}.items()
            left = {cell for key, cell in on_floor if key not in (robot_has, human_has)}
            robots = by_robot if robot_has else by_robot - left
            humans = by_human if human_has else by_human - left
            count += len(robots) * len(humans) - len(robots & humans)
    return count


def test_the_story_has_over_a_million_states():
    data = load("key-door-large").data
    assert data is not None
    assert by_story(data["map"].split()) > 1_000_000


@pytest.mark.slow
def test_as_many_states_are_found_as_the_story_has():
    world = load("key-door-large")
    assert world.data is not None
    assert compile_world(Search(world)).n_states == by_story(world.data["map"].split())
