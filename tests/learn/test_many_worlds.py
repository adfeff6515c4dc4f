"""Many worlds at once (A22): each goes its own way, as if it were alone."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
import pytest

from empo.learn.prior import Learned
from empo.learn.problem import problem_of
from empo.learn.q_robot import q_robot
from empo.learn.quantities import quantities
from empo.learn.settings import Hybrids, Pace, RobotSettings, WarmUp
from empo.learn.stages import stage_table
from empo.learn.task import world_task
from empo.nets import NetSettings
from empo.rl.algorithm import Replay, Rollout
from empo.tasks.device import gather, start
from empo.tasks.episodes import begin, move, renewed
from tests.learn.filled import ALL_TABLES, solution_of

N_WORLDS, N_STEPS = 4, 40
PACE = Pace(shortest_episode=3, longest_episode=20, goal_steps=4)
SETTINGS = RobotSettings(
    kinds=ALL_TABLES,
    warm_up=WarmUp(0, 0, 0, 0, 0, 0, beta_r_rampup_steps=0),
    pace=PACE,
    gather=Replay(n_envs=N_WORLDS, n_steps=N_STEPS, batch_size=160, capacity=160, warmup=1),
    n_places=8,
)
ALONG = dataclasses.replace(SETTINGS, hybrids=Hybrids(target_lambda=0.9))


@pytest.mark.parametrize(
    ("name", "settings"),
    [("rich", SETTINGS), ("rich-horizon", ALONG), ("nook", SETTINGS)],
    ids=["samples", "trajectories", "grid"],
)
def test_A22_worlds_side_by_side_go_the_ways_of_single_ones_bit_for_bit(name, settings):
    solution = solution_of(name)
    problem = problem_of(solution.world, solution.theory)
    found = quantities(problem, settings, NetSettings(hidden=(4,)), Learned())
    algorithm = q_robot(problem, settings, found, stage_table(settings, 100))
    task = world_task(solution.world, problem, PACE)
    key = jax.random.key(3)

    def act(observation, memory, *, key):
        return algorithm.act(run.learner, observation, memory, key=key)

    fresh = dataclasses.replace(algorithm, gather=Rollout(N_WORLDS, N_STEPS))
    run = start(fresh, task, key=key)
    _, together, _ = jax.jit(lambda run: gather(algorithm, task, act, run, key=key))(run)
    assert np.asarray(together.boundary).any()

    @jax.jit
    def alone(episode, keys):
        """The trajectory of one world, from its own keys."""

        def step(episode, keys):
            key_act, key_step, key_reset = keys
            seen = task.observe(episode.state)
            acted = act(seen, (), key=key_act)
            episode, stepped = move(task, episode, acted.action, key=key_step)
            episode = renewed(episode, begin(task, key=key_reset), stepped)
            return episode, (seen, acted.action, acted.log_prob, stepped.boundary)

        return jax.lax.scan(step, episode, keys)[1]

    keys = jax.random.split(key, (3, N_STEPS, N_WORLDS))
    for world in range(N_WORLDS):
        episode = jax.tree.map(lambda x, world=world: x[world], run.episodes)
        mine = jax.tree.map(lambda x, world=world: x[:, world], together)
        wanted = alone(episode, tuple(keys[:, :, world]))
        jax.tree.map(
            np.testing.assert_array_equal,
            (mine.observation, mine.action, mine.log_prob, mine.boundary),
            wanted,
        )
