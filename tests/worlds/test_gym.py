"""Worlds as Gymnasium environments: the library's own checker, and games worked by hand."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from empo.core.errors import InputError
from empo.worlds import load
from empo.worlds.gym import WorldEnv, register
from empo.worlds.pixels import TILE
from empo.worlds.stepping import Stepper

FERRY: dict[str, Any] = {
    "name": "ferry",
    "initial": {"here": 0.25, "shore": 0.75},
    "humans": {
        "ann": {
            "goals": {
                "cross": ["there"],
                "dry": {"states": ["shore", "there"], "repeat": True},
                "start": ["here", "shore"],
            }
        },
        "bob": {"goals": {"rest": ["shore"], "wet": ["there"]}},
    },
    "states": {
        "here": {"next": [{"to": "shore"}]},
        "shore": {
            "robot": ["wait", "row", "sink"],
            "humans": {"ann": ["sit", "board"], "bob": ["sit", "board"]},
            "next": [
                {
                    "robot": "row",
                    "ann": "board",
                    "bob": "sit",
                    "to": {"there": 0.75, "shore": 0.25},
                },
                {"to": "shore"},
            ],
        },
        "there": {},
    },
}
WAIT, ROW = 0, 1
SIT, BOARD = 0, 1


def always(wanted):
    """The policy that does that where it is legal, else the first legal action."""
    return lambda state, legal, rng: wanted if legal[wanted] else int(np.argmax(legal))


def ferry(**play):
    return WorldEnv(FERRY, **play)


def at_shore(env, seed=0):
    """Begin on the shore."""
    env.reset(seed=seed)
    while env.world.state_name(env.state) != "shore":
        env.step(0)
    return env


def where(env):
    return env.world.state_name(env.state)


@pytest.mark.parametrize("name", ["key-door", "corridor", "bush-line", "confirmation"])
@pytest.mark.parametrize("play", [{}, {"player": "robot", "observation": "one-hot"}])
def test_shipped_worlds_pass_gymnasiums_own_check(name, play):
    register()
    check_env(gymnasium.make(f"empo/{name}-v0", **play).unwrapped)


def test_every_shipped_world_is_registered_once():
    ids = register()
    assert register() == ids
    assert "empo/key-door-v0" in ids
    assert "empo/world-v0" in ids
    env = gymnasium.make("empo/key-door-v0", player="robot", goal="4,4", max_episode_steps=7)
    assert (env.unwrapped.play.player, env.unwrapped.goal) == ("robot", "4,4")
    assert env.spec.max_episode_steps == 7


def test_a_world_of_ones_own_is_made_by_its_source():
    register()
    env = gymnasium.make("empo/world-v0", source=FERRY, player="bob")
    assert env.unwrapped.world.name == "ferry"
    assert env.unwrapped.goal == "wet"  # `rest` holds where play may begin


def test_attaining_the_goal_pays_one_and_ends_the_episode():
    env = ferry(goal="cross", others={"robot": always(ROW), "bob": always(SIT)})
    crossings = 0
    for seed in range(40):
        at_shore(env, seed)
        _, reward, terminated, truncated, _ = env.step(BOARD)
        assert (reward, terminated, truncated) == (
            (1.0, True, False) if where(env) == "there" else (0.0, False, False)
        )
        crossings += terminated
    # 40 tries at 3/4 each: 30 on average, standard deviation 2.7.
    assert 19 <= crossings < 40


def test_nobody_crosses_unless_everybody_does_their_part():
    for others in ({"robot": always(WAIT)}, {"robot": always(ROW), "bob": always(BOARD)}):
        env = at_shore(ferry(goal="cross", others=others))
        for _ in range(20):
            _, reward, terminated, _, _ = env.step(BOARD)
            assert (reward, terminated, where(env)) == (0.0, False, "shore")


def test_where_play_begins_does_not_attain_a_goal_but_coming_back_does():
    env = ferry(player="bob", goal="rest")
    env.reset(seed=0)
    _, reward, terminated, _, _ = env.step(SIT)
    assert (reward, terminated) == (1.0, True)  # from either beginning the next state is the shore


def test_a_goal_that_repeats_pays_at_every_step_and_ends_nothing():
    env = ferry(goal="dry")
    env.reset(seed=0)
    steps = [env.step(SIT)[1:4] for _ in range(5)]
    assert steps == [(1.0, False, False)] * 5


def test_the_robot_earns_the_goal_of_the_human_that_is_named():
    others = {"ann": always(BOARD), "bob": always(SIT)}
    env = at_shore(ferry(player="robot", human="bob", goal="wet", others=others))
    assert env.action_space.n == 3
    rewards = [env.step(ROW) for _ in range(30)]
    assert max(reward for _, reward, *_ in rewards) == 1.0
    assert where(env) == "there"


def test_a_reward_function_replaces_the_goal_and_then_nothing_ends():
    seen = []

    def fee(happened):
        seen.append(happened)
        return -2.0 - happened.actions[0]

    env = at_shore(ferry(player="robot", reward=fee, others={"ann": always(BOARD)}))
    seen.clear()
    for _ in range(30):
        _, reward, terminated, _, _ = env.step(ROW)
        assert not terminated
        assert reward == -2.0 - seen[-1].actions[0]
        assert (seen[-1].next_state == env.state).all()
        assert seen[-1].members.shape == (2, 3)
    assert seen[0].actions[:2] == (ROW, BOARD)
    assert env.goal is None


def test_with_a_reward_function_a_named_goal_still_ends_the_episode():
    env = ferry(player="bob", goal="rest", reward=lambda happened: 7.0)
    env.reset(seed=0)
    assert env.step(SIT)[1:3] == (7.0, True)


def test_only_the_time_limit_truncates():
    env = ferry(goal="cross", others={"robot": always(WAIT)}, time_limit=3)
    env.reset(seed=0)
    assert [env.step(SIT)[2:4] for _ in range(3)] == [(False, False)] * 2 + [(False, True)]
    env.reset()
    assert env.step(SIT)[3] is False


def test_observations_are_factors_or_their_one_hot_vectors():
    plain, hot = WorldEnv("key-door"), WorldEnv("key-door", observation="one-hot")
    sizes = plain.world.model.cardinalities
    assert plain.observation_space.nvec.tolist() == list(sizes)
    factors, _ = plain.reset(seed=0)
    vector, _ = hot.reset(seed=0)
    assert (factors == plain.world.initial[0]).all()
    parts = np.split(vector, np.cumsum(sizes)[:-1])
    assert [part.tolist().index(1.0) for part in parts] == factors.tolist()
    assert vector.sum() == len(sizes)


def test_the_mask_tells_the_legal_actions_and_illegal_ones_count_as_the_first():
    env = ferry(player="robot", others={"ann": always(BOARD), "bob": always(SIT)})
    _, info = env.reset(seed=0)
    while where(env) == "shore":
        assert info["action_mask"].tolist() == [1, 1, 1]
        _, _, _, _, info = env.step(ROW)
    assert info["action_mask"].tolist() == [1, 0, 0]
    assert env.action_space.sample(mask=info["action_mask"]) == 0
    env.step(2)
    assert where(env) == "there"


def test_illegal_actions_can_be_errors():
    env = ferry(player="robot", illegal="error", others={"ann": always(BOARD), "bob": always(SIT)})
    at_shore(env)
    while where(env) == "shore":
        env.step(ROW)
    with pytest.raises(InputError, match=r"action 2 is illegal here; legal are \[0\]"):
        env.step(2)


def test_others_act_uniformly_unless_told():
    # Bob sits in half of the steps, the robot rows in a third: 3/4 * 1/2 * 1/3 = 1/8.
    env, n, crossings = ferry(goal="cross"), 3000, 0
    env.reset(seed=1)
    stepper, rng = Stepper(env.world), np.random.default_rng(3)
    shore = stepper.look(env.world.find_state("shore"))
    for _ in range(n):
        env._moment = shore
        crossings += env.step(BOARD)[2]
    assert abs(crossings / n - 1 / 8) < 4 * np.sqrt(1 / 8 * 7 / 8 / n)
    begun = np.mean([stepper.begin(rng).state[0] == shore.state[0] for _ in range(n)])
    assert abs(begun - 0.75) < 4 * np.sqrt(0.75 * 0.25 / n)


def test_the_same_seed_gives_the_same_episode_and_others_differ():
    def episode(seed):
        env = WorldEnv("rock-gateway", player="robot")
        env.action_space.seed(seed)
        states = [env.reset(seed=seed)[0].tolist()]
        return [*states, *(env.step(env.action_space.sample())[0].tolist() for _ in range(25))]

    assert episode(5) == episode(5)
    assert episode(5) != episode(6)


def test_a_frame_shows_walls_and_who_is_where():
    env = WorldEnv("key-door", render_mode="rgb_array")
    env.reset(seed=0)
    before = env.render()
    assert before.shape == (8 * TILE, 12 * TILE, 3)
    assert before.dtype == np.uint8

    def cell(picture, x, y):
        return picture[y * TILE + TILE // 2, x * TILE + TILE // 2].tolist()

    human, floor, wall = cell(before, 1, 3), cell(before, 2, 3), cell(before, 0, 0)
    assert len({tuple(colour) for colour in (human, floor, wall)}) == 3
    env.step(2)  # east
    after = env.render()
    assert (cell(after, 1, 3), cell(after, 2, 3)) == (floor, human)


def test_games_without_a_map_cannot_be_drawn():
    assert ferry().render_mode is None
    with pytest.raises(InputError, match="ferry: cannot render with mode 'rgb_array'"):
        ferry(render_mode="rgb_array")


@pytest.mark.parametrize(
    ("play", "message"),
    [
        ({"player": "anne"}, "unknown player 'anne' .did you mean ann?"),
        ({"human": "robot"}, "unknown human 'robot'"),
        ({"goal": "crosss"}, "unknown goal of ann 'crosss' .did you mean cross?"),
        ({"others": {"zoe": always(0)}}, "unknown player 'zoe'"),
        ({"observation": "pixels"}, "observation must be 'factors' or 'one-hot', got 'pixels'"),
        ({"illegal": "pass"}, "illegal must be"),
        ({"time_limit": 0}, "time_limit must be at least 1 or None, got 0"),
    ],
)
def test_wrong_settings_are_told(play, message):
    with pytest.raises(InputError, match=message):
        ferry(**play)


def test_wrong_actions_are_told():
    env = ferry(others={"robot": lambda state, legal, rng: 9})
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)
    env.reset(seed=0)
    with pytest.raises(InputError, match=r"action 2 is not one of 0 \.\.\. 1"):
        env.step(2)
    with pytest.raises(InputError, match="the policy of player 0 took action 9"):
        env.step(0)


def test_a_human_cannot_bear_the_robots_name():
    world = load("key-door")
    renamed = type(world)(**{**vars(world), "humans": ("robot",)})
    with pytest.raises(InputError, match="a human is called 'robot'"):
        WorldEnv(renamed)
