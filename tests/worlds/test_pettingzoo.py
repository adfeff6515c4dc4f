"""Worlds as PettingZoo parallel environments: the library's own tests, and a game by hand."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from pettingzoo.test import parallel_api_test, parallel_seed_test

from empo.core.errors import InputError
from empo.worlds.pettingzoo import WorldParallelEnv
from tests.worlds.test_gym import BOARD, FERRY, ROW, SIT

CROSS = {"robot": ROW, "ann": BOARD, "bob": SIT}


def ferry(source=FERRY, **party):
    return WorldParallelEnv(source, **{"goals": {"ann": "cross", "bob": "wet"}, **party})


@pytest.mark.parametrize("name", ["corridor", "bush-line", "norm"])
@pytest.mark.parametrize("observation", ["factors", "one-hot"])
def test_shipped_worlds_pass_pettingzoos_own_test(name, observation):
    parallel_api_test(WorldParallelEnv(name, observation=observation), num_cycles=110)


def test_equal_seeds_play_equally():
    parallel_seed_test(lambda: WorldParallelEnv("corridor"), num_cycles=40)


def test_everybody_plays_for_a_goal_and_the_robot_for_all():
    env = ferry()
    assert env.possible_agents == ["robot", "ann", "bob"]
    assert env.goals == {"ann": "cross", "bob": "wet"}
    assert [env.action_space(agent).n for agent in env.possible_agents] == [3, 2, 2]
    env.reset(seed=0)
    for _ in range(50):
        _, rewards, terminated, truncated, _ = env.step(CROSS)
        if env.world.state_name(env.state()) == "there":
            break
        assert rewards == {"robot": 0.0, "ann": 0.0, "bob": 0.0}
        assert not any(terminated.values())
    assert rewards == {"robot": 2.0, "ann": 1.0, "bob": 1.0}
    assert terminated == dict.fromkeys(env.possible_agents, True)
    assert truncated == dict.fromkeys(env.possible_agents, False)
    assert env.agents == []
    with pytest.raises(ResetNeeded):
        env.step(CROSS)


def test_a_goal_pays_its_human_once_and_the_others_go_on():
    env = ferry(goals={"ann": "cross", "bob": "rest"})
    env.reset(seed=0)
    stay = {"robot": 0, "ann": SIT, "bob": SIT}
    steps = [env.step(stay) for _ in range(3)]
    assert [rewards["bob"] for _, rewards, *_ in steps] == [1.0, 0.0, 0.0]
    assert [rewards["robot"] for _, rewards, *_ in steps] == [1.0, 0.0, 0.0]
    assert not any(any(terminated.values()) for _, _, terminated, *_ in steps)


def test_a_goal_that_repeats_pays_at_every_step_and_has_no_end():
    env = ferry(goals={"ann": "dry", "bob": "rest"}, time_limit=4)
    env.reset(seed=0)
    steps = [env.step({"robot": 0, "ann": SIT, "bob": SIT}) for _ in range(4)]
    assert [rewards["ann"] for _, rewards, *_ in steps] == [1.0] * 4
    assert [(t["ann"], c["ann"]) for _, _, t, c, _ in steps] == [(False, False)] * 3 + [
        (False, True)
    ]
    assert env.agents == []


def test_rewards_of_ones_own():
    env = ferry(rewards=lambda happened: {"robot": 3.0, "ann": happened.actions[1], "bob": -1})
    env.reset(seed=0)
    assert env.step(CROSS)[1] == {"robot": 3.0, "ann": 1.0, "bob": -1.0}


def test_masks_and_observations_are_those_of_the_state():
    env = ferry()
    observations, infos = env.reset(seed=0)
    while env.world.state_name(env.state()) != "shore":
        observations, _, _, _, infos = env.step(CROSS)
    assert [infos[agent]["action_mask"].sum() for agent in env.agents] == [3, 2, 2]
    for agent in env.agents:
        assert observations[agent].tolist() == env.state().tolist()
        assert observations[agent] in env.observation_space(agent)
    observations["ann"][:] = 0
    assert observations["bob"].tolist() == env.state().tolist()


def test_grids_can_be_drawn():
    env = WorldParallelEnv("corridor", render_mode="rgb_array")
    env.reset(seed=0)
    picture = env.render()
    env.step(dict.fromkeys(env.agents, 3))
    assert picture.dtype == np.uint8
    assert (picture != env.render()).any()


def test_mistakes_are_told():
    with pytest.raises(InputError, match="unknown human 'zoe'"):
        ferry(goals={"zoe": "x"})
    with pytest.raises(InputError, match="unknown goal of bob 'cross'"):
        ferry(goals={"bob": "cross"})
    with pytest.raises(InputError, match="cannot render"):
        ferry(render_mode="rgb_array")
    env = ferry(illegal="error")
    with pytest.raises(ResetNeeded):
        env.step(CROSS)
    env.reset(seed=0)
    with pytest.raises(InputError, match="missing ann, bob"):
        env.step({"robot": 0})
    source = copy.deepcopy(FERRY)
    source["initial"] = "there"
    env = ferry(source, illegal="error")
    env.reset(seed=0)
    with pytest.raises(InputError, match="action 1 is illegal here"):
        env.step(CROSS)
