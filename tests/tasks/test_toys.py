"""Each toy has the known answer, and shows the effect that it is there for."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.tasks import toys
from empo.tasks.episodes import advance, begin
from tests.tasks.probing import all_actions, backups, first_states

KEY = jax.random.key(0)
BANDITS = (toys.ONE_STATE, toys.PENALTY, toys.TWO_PASSAGES, toys.TWO_PASSAGES_DISCRETE)


@pytest.mark.parametrize("probe", BANDITS, ids=lambda probe: probe.task.name)
def test_value_and_best_action_are_the_maximum_of_the_rewards(probe):
    (state,) = first_states(probe.task).values()
    rewards, value = backups(probe, state, 0.5, key=KEY)
    best = probe.best(probe.task.observe(state))
    np.testing.assert_allclose(all_actions(probe.task)[rewards.argmax()], best, atol=1e-6)
    assert rewards.max() == pytest.approx(value, abs=1e-5)


# One state, a continuous action.


def oscillation(n_samples, *, baseline):
    """The spread over 512 runs of a normal policy's mean, after 4,000 steps of REINFORCE."""
    std, learning_rate = 0.2, 0.0004
    rewards = jax.vmap(lambda action: toys.one_state_reward(jnp.zeros(1), action[None]))

    def update(mean, key):
        action = mean + std * jax.random.normal(key, (n_samples,))
        value = toys.LEVEL - (mean - toys.AIM) ** 2 - std**2
        advantage = rewards(action) - (value if baseline else 0.0)
        return mean + learning_rate * jnp.mean(advantage * (action - mean)) / std**2, None

    def run(key):
        keys = jax.random.split(key, 4_000)
        return jax.lax.scan(update, jnp.float32(toys.AIM), keys)[0]

    return float(jnp.std(jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(1), 512))))


def test_without_a_baseline_the_policy_of_one_state_swings_to_and_fro():
    # Each step pulls the mean back by 2 lr = 0.0008 of its distance and adds noise n, so that the
    # spread becomes n / sqrt(2 * 0.0008). Without a baseline n is lr * 10 / 0.2 = 0.02; the swing
    # is as wide as a quarter of the box, and eight actions only take a factor sqrt(8) from it.
    assert oscillation(1, baseline=False) == pytest.approx(0.5, rel=0.15)
    assert oscillation(8, baseline=False) == pytest.approx(0.5 / 8**0.5, rel=0.15)
    # With it n is lr * 0.2 * sqrt(E z^2 (1 - z^2)^2) = lr * 0.2 * sqrt(10) = 0.00025.
    assert oscillation(1, baseline=True) == pytest.approx(0.0063, rel=0.15)


# The penalty shoot-out.


def test_the_penalty_shoot_out_has_v_one_half_and_advantages_of_one_half():
    (state,) = first_states(toys.PENALTY.task).values()
    q, _ = backups(toys.PENALTY, state, 1.0, key=KEY)
    v = 0.5 * q[toys.LEFT] + 0.5 * q[toys.RIGHT]
    assert v == 0.5
    assert q[toys.LEFT] - v == 0.5
    assert q[toys.RIGHT] - v == -0.5


# Two passages.


def test_a_normal_law_misses_a_passage_that_the_boltzmann_policy_finds():
    # Both maximise E Q + alpha H: among all laws exp(Q / alpha), among normal ones a grid's best.
    alpha = 0.2
    a = np.linspace(-1.0, 1.0, 2_001)
    q = np.asarray(jax.vmap(toys.two_passages_q)(jnp.asarray(a)))
    boltzmann = np.exp(q / alpha)
    boltzmann /= boltzmann.sum()
    mean, std = (x.ravel() for x in np.meshgrid(np.linspace(-1, 1, 81), np.geomspace(0.02, 1, 40)))
    normal = np.exp(-0.5 * ((a - mean[:, None]) / std[:, None]) ** 2)
    normal /= normal.sum(axis=1, keepdims=True)
    objective = normal @ q - alpha * (normal * np.log(np.maximum(normal, 1e-300))).sum(axis=1)
    best = normal[objective.argmax()]
    right = abs(a - 0.5) < 0.2
    assert abs(mean[objective.argmax()] + 0.5) < 0.05
    assert best[right].sum() < 0.01
    assert boltzmann[right].sum() > 0.2


def test_the_discrete_passages_lie_where_the_continuous_ones_do():
    rewards, _ = backups(toys.TWO_PASSAGES_DISCRETE, jnp.zeros(1), 1.0, key=KEY)
    assert rewards[[5, 15]] == pytest.approx([1.0, 0.9])
    # One direction aside of a passage, a standard deviation: exp(-1/2).
    assert rewards[[4, 6]] == pytest.approx(np.exp(-0.5), abs=1e-6)


# A choice that is paid later.


def test_only_the_first_of_three_actions_matters_and_it_is_paid_last():
    for actions in np.ndindex(2, 2, 2):
        state, rewards, ends = jnp.array([0.0, 0.0]), [], []
        for action in actions:
            state, reward, terminated = toys.DELAYED_CHOICE.task.step(
                state, jnp.int32(action), key=KEY
            )
            rewards.append(float(reward))
            ends.append(bool(terminated))
        assert rewards == [0.0, 0.0, 1.0 if actions[0] == 1 else -1.0]
        assert ends == [False, False, True]


def test_the_value_of_the_delayed_choice_is_discounted_twice():
    (observation,) = first_states(toys.DELAYED_CHOICE.task)
    assert observation == toys.DELAYED_CHOICE.observations[0]
    value = toys.DELAYED_CHOICE.value(jnp.array(observation), 0.9)
    assert value == pytest.approx(0.81)
    assert toys.DELAYED_CHOICE.best(jnp.array(observation)) == 1


# A chain that is cut.


def chain_steps(n):
    """States before and after, rewards and ends of independent steps."""

    def one(key):
        key_reset, key_step = jax.random.split(key)
        state = toys.CUT_CHAIN.task.reset(key=key_reset)
        return state, *toys.CUT_CHAIN.task.step(state, jnp.int32(0), key=key_step)

    steps = jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(2), n))
    return (np.asarray(x).ravel() for x in steps)


def test_the_value_of_the_chain_solves_bellmans_equations_with_counted_probabilities():
    gamma = 0.9
    states, after, rewards, ends = chain_steps(200_000)
    follows, pays = np.zeros((2, 2)), np.zeros(2)
    for i, state in enumerate((-1.0, 1.0)):
        here = states == state
        pays[i] = rewards[here].mean()
        for j, state_next in enumerate((-1.0, 1.0)):
            follows[i, j] = (~ends[here] & (after[here] == state_next)).mean()
    solved = np.linalg.solve(np.eye(2) - gamma * follows, pays)
    found = [float(toys.CUT_CHAIN.value(jnp.array([s]), gamma)) for s in (-1.0, 1.0)]
    # A probability of 100,000 counts has a standard deviation of at most 0.0015, a value of 0.03.
    np.testing.assert_allclose(found, solved, atol=0.06)


def test_most_episodes_of_the_chain_are_cut_and_some_end():
    task = toys.CUT_CHAIN.task

    def take(episode, key):
        episode, stepped = advance(task, episode, jnp.int32(0), key=key)
        return episode, (stepped.boundary, stepped.terminated)

    keys = jax.random.split(jax.random.key(3), 20_000)
    _, (boundary, terminated) = jax.jit(lambda: jax.lax.scan(take, begin(task, key=KEY), keys))()
    # 0.95^8 = 0.663 outlive the time limit, but those that end on its very step have ended.
    n = int(boundary.sum())
    cut = int((boundary & ~terminated).sum()) / n
    assert n > 2_500
    assert cut == pytest.approx(0.95**8, abs=0.03)
    assert not (terminated & ~boundary).any()


def test_a_cut_taken_for_an_end_or_an_end_for_a_cut_moves_the_value_far():
    values = [float(toys.CUT_CHAIN.value(jnp.array([s]), 0.9)) for s in (-1.0, 1.0)]
    # At most the discounted rewards of 8 steps if a cut is the end; all there are if nothing ends.
    cut_is_end = 0.5 * (1 - 0.855**8) / (1 - 0.855)
    end_is_cut = 0.5 / (1 - 0.9)
    assert cut_is_end + 0.9 < np.mean(values) < end_is_cut - 0.9
