"""The classic tasks against Gymnasium's, 10,000 steps each.

Before every step Gymnasium is put into our state: rounding errors cannot grow, and an error cannot
hide in what went before.
"""

from __future__ import annotations

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.spaces import Box
from empo.tasks.episodes import advance, begin
from empo.tasks.registry import CLASSIC

N_STEPS = 10_000
RANGES = {
    "cartpole": (2.6, 3.0, 0.23, 3.0),
    "pendulum": (np.pi, 8.0),
    "acrobot": (np.pi, np.pi, 13.0, 29.0),
    "mountain-car": (1.2, 0.07),
    "mountain-car-continuous": (1.2, 0.07),
}
"""The magnitude up to which each number of a state is drawn."""
SPAN = {"mountain-car": (-1.2, 0.6), "mountain-car-continuous": (-1.2, 0.6)}
"""Where the first number of a state can lie, if not between -magnitude and magnitude."""

each_task = pytest.mark.parametrize("task", CLASSIC, ids=lambda task: task.name)


def random_actions(task, n, *, key):
    if isinstance(task.action, Box):
        low, high = np.array(task.action.low), np.array(task.action.high)
        return jax.random.uniform(key, (n, len(low)), minval=low, maxval=high)
    return jax.random.randint(key, (n,), 0, task.action.n)


def drawn_states(task, n, *, key):
    """States from all over the space, each number uniformly."""
    example = jax.eval_shape(lambda: task.reset(key=key))
    numbers = jax.random.uniform(key, (n, len(example)), minval=-1.0, maxval=1.0)
    columns = list((numbers * np.array([RANGES[task.name]])).T)
    if task.name in SPAN:
        columns[0] = jnp.clip(columns[0], *SPAN[task.name])
    return type(example)(*columns)


def visited_states(task, actions, *, key):
    """The states of episodes with these actions, one after the other."""

    def take(episode, inputs):
        action, key = inputs
        return advance(task, episode, action, key=key)[0], episode.state

    keys = jax.random.split(key, len(actions))
    return jax.jit(lambda: jax.lax.scan(take, begin(task, key=key), (actions, keys))[1])()


def our_steps(task, states, actions):
    """Next observation, reward and terminated of every step."""

    def one(state, action):
        state, reward, terminated = task.step(state, action, key=jax.random.key(0))
        return task.observe(state), reward, terminated

    return [np.asarray(x) for x in jax.jit(jax.vmap(one))(states, actions)]


def gymnasium_steps(task, states, actions):
    """The same by Gymnasium, each step from our state."""
    env = gymnasium.make(task.gym_id).unwrapped
    env.reset(seed=0)
    observations, rewards, ends = [], [], []
    rows = np.stack(states, axis=-1).astype(np.float64)
    for state, action in zip(rows, np.asarray(actions), strict=True):
        env.state, env.steps_beyond_terminated = state, None
        observation, reward, terminated, _, _ = env.step(action)
        observations.append(observation)
        rewards.append(reward)
        ends.append(terminated)
    return np.array(observations), np.array(rewards, dtype=float), np.array(ends)


def assert_equal(ours, wanted, tolerance):
    np.testing.assert_array_equal(ours[2], wanted[2])
    np.testing.assert_allclose(ours[0], wanted[0], rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(ours[1], wanted[1], rtol=tolerance, atol=tolerance)


@each_task
def test_each_step_of_an_episode_equals_gymnasiums(task):
    actions = random_actions(task, N_STEPS, key=jax.random.key(1))
    states = visited_states(task, actions, key=jax.random.key(2))
    wanted = gymnasium_steps(task, states, actions)
    assert_equal(our_steps(task, states, actions), wanted, tolerance=1e-5)


@each_task
def test_in_64_bits_steps_from_anywhere_equal_gymnasiums_to_its_last_digit(task):
    # Gymnasium reports in 32 bits. In 32 bits of our own the fastest of the acrobot's spins, which
    # episodes hardly reach, would turn a rounding error of the input into 1e-3.
    with jax.enable_x64(True):
        actions = random_actions(task, N_STEPS, key=jax.random.key(3))
        states = drawn_states(task, N_STEPS, key=jax.random.key(4))
        ours = our_steps(task, states, actions)
    assert ours[2].any() == (task.name != "pendulum")
    assert not ours[2].all()
    assert_equal(ours, gymnasium_steps(task, states, actions), tolerance=2e-7)


@each_task
def test_first_states_are_drawn_as_gymnasiums_are(task):
    # The largest distance of two empirical laws, 20,000 draws each, exceeds 0.0195 by chance with
    # probability 0.001 (Kolmogorov-Smirnov: 1.95 sqrt(2 / n)).
    n = 20_000
    ours = np.stack(
        jax.vmap(lambda key: task.reset(key=key))(jax.random.split(jax.random.key(5), n))
    )
    env = gymnasium.make(task.gym_id).unwrapped
    env.reset(seed=6)
    wanted = np.array([env.reset() and env.state for _ in range(n)], dtype=float).T
    for our_numbers, wanted_numbers in zip(ours, wanted, strict=True):
        assert distance(our_numbers, wanted_numbers) < 0.0195
    # The ends of a uniform law are known far more precisely: to ten parts in n.
    width = np.ptp(wanted, axis=1)
    np.testing.assert_array_less(abs(ours.min(axis=1) - wanted.min(axis=1)), 0.0005 * width + 1e-9)
    np.testing.assert_array_less(abs(ours.max(axis=1) - wanted.max(axis=1)), 0.0005 * width + 1e-9)


def distance(x, y):
    """The largest difference of two empirical distribution functions."""
    both = np.concatenate([x, y])
    below = [np.searchsorted(np.sort(z), both, side="right") / len(z) for z in (x, y)]
    return abs(below[0] - below[1]).max()


@each_task
def test_spaces_and_time_limits_equal_gymnasiums(task):
    env = gymnasium.make(task.gym_id)
    assert env.spec is not None
    assert task.time_limit == env.spec.max_episode_steps
    assert env.observation_space.shape == (task.observation_size,)
    assert task.observe(task.reset(key=jax.random.key(0))).shape == (task.observation_size,)
    if isinstance(task.action, Box):
        np.testing.assert_allclose(env.action_space.low, task.action.low)
        np.testing.assert_allclose(env.action_space.high, task.action.high)
    else:
        assert task.action.n == env.action_space.n
