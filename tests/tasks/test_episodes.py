"""Episodes end, are cut and begin anew, and nothing of the old one is left in the new one."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.spaces import Box, Discrete
from empo.tasks.episodes import advance, begin, clipped
from empo.tasks.registry import device_task
from empo.tasks.task import Task

TIME_LIMIT = 5
TWO_ACTIONS = Discrete(2)


def count_task(end, action=TWO_ACTIONS):
    """Counts steps from a random start between 0 and 1; each pays the count; ends at `end`."""

    def step(state, action, *, key):
        return state + 1.0, state, state + 1.0 >= end

    def reset(*, key):
        return jax.random.uniform(key, ())

    return Task("count", 1, action, TIME_LIMIT, reset, lambda state: state[None], step)


def played(task, actions, *, key):
    """The episodes after each step and what the steps brought, with the first episode."""
    key, key_begin = jax.random.split(key)
    first = begin(task, key=key_begin)

    def take(episode, inputs):
        action, key = inputs
        episode, stepped = advance(task, episode, action, key=key)
        return episode, (episode, stepped)

    keys = jax.random.split(key, len(actions))
    return first, *jax.lax.scan(take, first, (actions, keys))[1]


def test_the_time_limit_cuts_and_does_not_terminate():
    _, episodes, stepped = played(count_task(jnp.inf), jnp.zeros(12, int), key=jax.random.key(0))
    assert not stepped.terminated.any()
    np.testing.assert_array_equal(np.flatnonzero(stepped.boundary), [4, 9])
    np.testing.assert_array_equal(stepped.length[stepped.boundary], [5, 5])
    np.testing.assert_array_equal(episodes.age, [1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2])


def test_an_end_is_a_boundary_before_the_time_limit_and_at_it():
    # From between 0 and 1 the count reaches 3 at the third step, 5 at the fifth, and 6 never.
    for end, terminated, boundary in ((3.0, [2, 5], [2, 5]), (5.0, [4], [4]), (6.0, [], [4])):
        _, _, stepped = played(count_task(end), jnp.zeros(7, int), key=jax.random.key(1))
        np.testing.assert_array_equal(np.flatnonzero(stepped.terminated), terminated)
        np.testing.assert_array_equal(np.flatnonzero(stepped.boundary), boundary)


def test_the_next_observation_is_the_old_episodes_even_where_a_new_one_has_begun():
    first, episodes, stepped = played(count_task(3.0), jnp.zeros(6, int), key=jax.random.key(2))
    start, second_start = float(first.state), float(episodes.state[2])
    wanted = [start + 1, start + 2, start + 3, *(second_start + i for i in (1, 2, 3))]
    np.testing.assert_allclose(stepped.next_observation[:, 0], wanted, rtol=1e-6)
    assert second_start < 1.0
    assert second_start != start


def test_the_sum_of_rewards_begins_anew_with_each_episode():
    # Each of three steps pays the count: 3 start + 0 + 1 + 2.
    first, episodes, stepped = played(count_task(3.0), jnp.zeros(6, int), key=jax.random.key(3))
    starts = np.array([first.state, episodes.state[2]])
    np.testing.assert_allclose(stepped.total[jnp.array([2, 5])], 3 * starts + 3, rtol=1e-6)
    assert episodes.total[2] == 0.0


@pytest.mark.parametrize("name", ["cartpole", "pendulum", "mountain-car"])
def test_a_new_episode_knows_nothing_of_the_old_one(name):
    # Two episodes of different histories are cut with the same key: what follows is the same.
    task = device_task(name)
    action = jnp.zeros(1) if isinstance(task.action, Box) else jnp.int32(0)
    olds = [
        begin(task, key=jax.random.key(seed))._replace(age=jnp.int32(task.time_limit - 1 + seed))
        for seed in (0, 1)
    ]
    olds[1] = olds[1]._replace(total=jnp.float32(77.0))
    news = [advance(task, old, action, key=jax.random.key(5))[0] for old in olds]
    jax.tree.map(np.testing.assert_array_equal, *news)
    assert news[0].age == 0
    assert news[0].total == 0.0
    assert not np.array_equal(olds[0].state[0], news[0].state[0])


@pytest.mark.parametrize("name", ["cartpole", "pendulum", "acrobot", "cut-chain"])
def test_many_environments_at_once_do_what_each_does_alone_bit_for_bit(name):
    task, n = device_task(name), 4
    shape = (n, task.time_limit + 50)
    if isinstance(task.action, Box):
        actions = jax.random.uniform(jax.random.key(0), (*shape, 1), minval=-2.0, maxval=2.0)
    else:
        actions = jax.random.randint(jax.random.key(0), shape, 0, task.action.n)
    keys = jax.random.split(jax.random.key(1), n)
    together = jax.jit(jax.vmap(lambda a, k: played(task, a, key=k)))(actions, keys)
    alone = jax.jit(lambda a, k: played(task, a, key=k))
    assert together[2].boundary.any()
    for i in range(n):
        mine = jax.tree.map(lambda x, i=i: x[i], together)
        jax.tree.map(np.testing.assert_array_equal, mine, alone(actions[i], keys[i]))


def test_actions_are_clipped_to_the_bounds_of_each_component():
    task = count_task(3.0, Box((-1.0, 0.0), (1.0, float("inf"))))
    np.testing.assert_array_equal(clipped(task, jnp.array([-3.0, -3.0])), [-1.0, 0.0])
    np.testing.assert_array_equal(clipped(task, jnp.array([3.0, 3.0])), [1.0, 3.0])
    assert clipped(count_task(3.0), jnp.int32(1)) == 1


def test_a_step_takes_the_clipped_action():
    task = device_task("pendulum")
    episode = begin(task, key=jax.random.key(0))
    steps = [advance(task, episode, jnp.array([a]), key=jax.random.key(1))[1] for a in (2.0, 50.0)]
    jax.tree.map(np.testing.assert_array_equal, *steps)


def test_episodes_run_in_64_bits_too():
    with jax.enable_x64(True):
        _, episodes, _ = played(count_task(3.0), jnp.zeros(6, int), key=jax.random.key(0))
        assert episodes.total.dtype == jnp.float64
