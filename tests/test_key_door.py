"""The shipped key-door world tells its story: key, door, step aside."""

import pytest

import empo
from empo.runs.events import events
from empo.runs.rollout import rollout

N_STEPS = 60


@pytest.fixture(scope="module")
def solution():
    return empo.solve("key-door", tolerance=1e-9)


def assert_that_the_story_is_told(solution, seed):
    """By a robot that does what it most likely does, and a person who wants to be in the garden."""
    garden = solution.world.goals[0].index("8,4")
    path = rollout(solution, N_STEPS, goals=[garden], seed=seed)
    told = [event.what for event in events(path)]
    assert told == ["r takes the yellow key", "the yellow door opens"]

    door_opens = events(path)[1].time
    places = [{t.kind: (t.x, t.y) for t in path.world.scene(s).things} for s in path.states]
    assert places[door_opens]["robot"] == (4, 4), "in front of the door, in everyone's way"
    assert all(place["human"][0] < 3 for place in places[: door_opens + 1]), "locked in so far"
    assert any(place["robot"] != (4, 4) for place in places[door_opens + 1 :])
    assert any(place["human"][0] > 3 for place in places), "the way is free, the person leaves"
    assert path.x_h[-1, 0] > 2 * path.x_h[0, 0], "at least one bit of power gained"


@pytest.mark.parametrize("seed", [12, 22, 32, 42, 52])
def test_the_robot_fetches_the_key_opens_the_door_and_steps_aside(solution, seed):
    assert_that_the_story_is_told(solution, seed)


def test_an_open_door_is_worth_most_when_nobody_stands_in_it(solution):
    behind = "r({},{}) h(1,3) key@r door={}"
    locked, in_the_way, aside = (
        solution.power(behind.format(*where))["h"]
        for where in ((4, 4, "locked"), (4, 4, "open"), (4, 1, "open"))
    )
    assert locked < in_the_way < aside
