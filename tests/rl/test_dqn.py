"""DQN's targets by hand, and how much it explores."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.core.errors import InputError
from empo.rl.algorithm import Replay
from empo.rl.dqn import DQN, dqn, explored, random_share, value_next
from tests.rl.batches import BOX, THREE, drawn_steps, networks, trees_equal

KEY = jax.random.key(0)


def made(settings):
    algorithm = dqn(settings, networks(THREE), 1000)
    learner = algorithm.init(key=KEY)
    return algorithm, learner._replace(slow=jax.tree.map(lambda x: jnp.sin(9 * x), learner.q))


def rows(critic, observations):
    only = jax.tree.map(lambda x: x[0], critic)
    return np.asarray(jax.vmap(only)(observations))


def test_the_slow_network_values_and_in_the_double_form_the_other_chooses():
    _, learner = made(DQN())
    data = drawn_steps(THREE, 64)
    slow, quick = (rows(q, data.next_observation) for q in (learner.slow, learner.q))
    single = value_next(DQN(double=False), learner, data)
    double = value_next(DQN(double=True), learner, data)
    np.testing.assert_allclose(single, slow.max(axis=1), rtol=1e-6)
    np.testing.assert_allclose(double, slow[np.arange(64), quick.argmax(axis=1)], rtol=1e-6)
    assert np.all(np.asarray(double) <= np.asarray(single) + 1e-6)
    assert np.mean(single - double) > 0.01


def test_F14_the_loss_is_the_squared_error_and_an_end_is_worth_nothing():
    algorithm, learner = made(DQN(double=False))
    data = drawn_steps(THREE)
    q = rows(learner.q, data.observation)[np.arange(16), data.action]
    worth = np.where(np.arange(16) % 4 == 0, 0.0, rows(learner.slow, data.next_observation).max(1))
    wanted = 0.5 * np.mean((q - np.asarray(data.reward) - 0.9 * worth) ** 2)
    _, metrics = jax.jit(algorithm.update)(learner, data, key=KEY)
    np.testing.assert_allclose(metrics["q_loss"], wanted, rtol=1e-5)
    assert all(np.isfinite(value) for value in metrics.values())


def test_D39_the_slow_network_is_copied_at_the_interval():
    algorithm, learner = made(DQN(slow_every=3))
    update, old = jax.jit(algorithm.update), learner.slow
    for count in range(1, 4):
        learner, _ = update(learner, drawn_steps(THREE), key=KEY)
        assert trees_equal(learner.slow, learner.q if count == 3 else old)


def test_random_actions_grow_fewer_evenly_and_then_stay():
    settings = DQN(epsilon=1.0, epsilon_final=0.2, exploration=0.5)
    shares = [float(random_share(settings, jnp.int32(n), 100)) for n in (0, 25, 50, 100)]
    np.testing.assert_allclose(shares, [1.0, 0.6, 0.2, 0.2], rtol=1e-6)
    assert float(random_share(replace(settings, exploration=0.0), jnp.int32(0), 100)) == (
        pytest.approx(0.2)
    )


def test_it_says_with_which_probability_it_acted():
    # Epsilon .3, three actions: .8 for the best, .1 for each other one.
    acted = jax.vmap(lambda key: explored(jnp.int32(1), jnp.float32(0.3), 3, (), key=key))(
        jax.random.split(KEY, 20_000)
    )
    action, prob = np.asarray(acted.action), np.exp(np.asarray(acted.log_prob))
    np.testing.assert_allclose(prob, np.where(action == 1, 0.8, 0.1), rtol=1e-5)
    np.testing.assert_allclose(np.bincount(action) / 20_000, [0.1, 0.8, 0.1], atol=4 * 0.0028)


def test_the_best_action_is_that_of_the_largest_Q():
    algorithm, learner = made(DQN())
    for observation in drawn_steps(THREE).observation:
        q = rows(learner.q, observation[None])[0]
        assert int(algorithm.best(learner, observation)) == q.argmax()


def test_exploration_is_a_share_of_all_updates():
    # 200 steps in rounds of 4 steps and 2 updates: 100 updates, the first half explores less.
    settings = DQN(exploration=0.5, replay=Replay(n_envs=4, n_updates=2))
    algorithm = dqn(settings, networks(THREE), 200)
    learner = algorithm.init(key=KEY)._replace(n_updates=jnp.int32(25))
    _, metrics = jax.jit(algorithm.update)(learner, drawn_steps(THREE), key=KEY)
    np.testing.assert_allclose(metrics["epsilon"], 1 - 0.5 * 0.95, rtol=1e-6)


@pytest.mark.parametrize("changes", [{"epsilon": 1.5}, {"exploration": -1.0}, {"slow_every": 0}])
def test_settings_that_make_no_sense_are_refused(changes):
    with pytest.raises(InputError, match=next(iter(changes))):
        replace(DQN(), **changes)


def test_continuous_actions_are_refused():
    with pytest.raises(InputError, match="discrete"):
        dqn(DQN(), networks(BOX), 1000)
