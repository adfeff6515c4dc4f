"""A2C: its gradient against sums by hand, online and by the episode."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo.nets import ordinary_networks
from empo.rl.a2c import A2C, a2c, a2c_gradient, loss
from empo.rl.actor_critic import start
from empo.rl.algorithm import Rollout
from empo.rl.optim import Optim, optimiser
from empo.tasks.device import iterate
from empo.tasks.device import start as started
from empo.tasks.probes import DISCRETE_PROBES
from empo.tasks.toys import PENALTY
from tests.rl.drawn_steps import drawn_steps, largest_difference, networks
from tests.rl.probing import SMALL

GAMMA = 0.9


def nets_and_data():
    nets = start(networks(), optimiser(Optim(), 1), key=jax.random.key(0)).nets
    return nets, drawn_steps(nets.policy, 5, 3, gamma=GAMMA)


def advantages_in_loops(nets, data):
    """The rewards until the cut or the end of the data, then V; less V."""
    value = jax.vmap(jax.vmap(nets.value))
    v, v_next = np.asarray(value(data.observation)), np.asarray(value(data.next_observation))
    found = np.zeros((5, 3))
    for n in range(3):
        for t in range(5):
            factor, row = 1.0, t
            while True:
                found[t, n] += factor * data.reward[row, n]
                factor *= data.discount[row, n]
                if data.boundary[row, n] or row == 4:
                    break
                row += 1
            found[t, n] += factor * v_next[row, n] - v[t, n]
    return found


def test_C09_E13_the_gradient_is_that_of_advantage_times_log_pi_and_of_the_squared_error():
    nets, data = nets_and_data()
    advantage = advantages_in_loops(nets, data)
    assert (np.asarray(data.boundary)).any()
    v = jax.vmap(jax.vmap(nets.value))(data.observation)

    def by_hand(nets):
        policy = jax.vmap(jax.vmap(nets.policy))(data.observation)
        error = jax.vmap(jax.vmap(nets.value))(data.observation) - (advantage + v)
        weighted = advantage * policy.log_prob(data.action)
        return jnp.sum(-weighted + 0.5 * 0.5 * error**2 - 0.01 * policy.entropy()) / 15

    found, metrics = a2c_gradient(A2C(entropy_coef=0.01), nets, data)
    assert largest_difference(found, jax.grad(by_hand)(nets)) < 1e-5
    assert metrics["value_loss"] == pytest.approx(0.5 * np.mean(advantage**2), rel=1e-4)


def test_E16_F13_the_entropy_has_a_coefficient_and_is_inside_the_gradient():
    nets, data = nets_and_data()
    plain, metrics = loss(A2C(), nets, data)
    some, _ = loss(A2C(entropy_coef=0.3), nets, data)
    assert plain - some == pytest.approx(0.3 * float(metrics["entropy"]), rel=1e-5)
    none = a2c_gradient(A2C(), nets, data)[0]
    assert largest_difference(a2c_gradient(A2C(entropy_coef=0.0), nets, data)[0], none) == 0.0
    entropy = jax.grad(
        lambda nets: jnp.mean(jax.vmap(jax.vmap(nets.policy))(data.observation).entropy())
    )(nets)
    some = a2c_gradient(A2C(entropy_coef=0.3), nets, data)[0]
    difference = jax.tree.map(lambda a, b: (a - b) / 0.3, none, some)
    assert largest_difference(difference.policy, entropy.policy) < 1e-5


def trained(settings, task, n_steps):
    algorithm = a2c(settings, ordinary_networks(1, task.action, SMALL), n_steps)

    @jax.jit
    def learn(key):
        n_rounds = n_steps // settings.rollout.steps_per_update
        body = lambda _, run: iterate(algorithm, task, run)[0]  # noqa: E731
        return jax.lax.fori_loop(0, n_rounds, body, started(algorithm, task, key=key)).learner

    return algorithm, learn(jax.random.key(0))


@pytest.mark.parametrize(("n_envs", "n_steps"), [(1, 1), (1, 20)], ids=["online", "batch"])
def test_D13_D14_one_environment_learns_online_and_by_the_episode(n_envs, n_steps):
    settings = A2C(rollout=Rollout(n_envs, n_steps, GAMMA), optim=Optim(3e-3))
    algorithm, learner = trained(settings, PENALTY.task, 10_000)
    assert algorithm.best(learner, jnp.zeros(1)) == PENALTY.best(jnp.zeros(1))
    policy = learner.nets.policy(jnp.zeros(1))
    assert policy.probs()[0] > 0.95


def test_D14_gradients_of_single_steps_vary_far_more_than_those_of_a_batch():
    task = DISCRETE_PROBES[4].task
    networks = ordinary_networks(1, task.action, SMALL)
    nets = start(networks, optimiser(Optim(), 1), key=jax.random.key(0)).nets

    def variance(n):
        def gradient(key):
            key_state, key_act = jax.random.split(key)
            states = jax.vmap(lambda k: task.reset(key=k))(jax.random.split(key_state, n))
            data = drawn_steps(lambda _: nets.policy(jnp.zeros(1)), 1, n)
            action = jax.vmap(nets.policy)(states).sample(key=key_act)
            reward = jax.vmap(lambda s, a: task.step(s, a)[1])(states, action)
            data = data._replace(
                observation=states[None],
                action=action[None],
                reward=reward[None],
                discount=jnp.zeros((1, n)),
                next_observation=states[None],
            )
            return jnp.concatenate(
                [x.reshape(-1) for x in jax.tree.leaves(a2c_gradient(A2C(), nets, data)[0].policy)]
            )

        samples = jax.jit(jax.vmap(gradient))(jax.random.split(jax.random.key(1), 500))
        return float(jnp.var(samples, axis=0).sum())

    # The variance of a mean of n independent gradients is 1/n of that of one.
    assert variance(1) / variance(16) == pytest.approx(16, rel=0.3)
