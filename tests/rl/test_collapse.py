"""One bad update and what becomes of it, with a trust region and without (C12)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from empo.core.spaces import Discrete
from empo.nets import NetSettings, ordinary_networks
from empo.rl.algorithm import Rollout
from empo.rl.ball_step import BallStep, ball_step
from empo.rl.stepwise import Critic, flat_gradient, judged
from empo.rl.trust_region import backtracked, longest_in_ball, mean_kl
from empo.tasks.cartpole import CARTPOLE
from empo.tasks.device import gather, iterate, play, start

SETTINGS = BallStep(
    epsilon=0.02, critic=Critic(n_epochs=4), rollout=Rollout(n_envs=8, n_steps=64, gamma=0.98)
)
N_UPDATES = 40
SPIKE = 100.0
"""Times the usual length of a step."""
REGION = 0.02

pytestmark = pytest.mark.slow


def experiment(protect):
    """Returns before a step that is far too long, after it, and after as much training again."""
    networks = ordinary_networks(4, Discrete(2), NetSettings(hidden=(32, 32)))
    algorithm = ball_step(SETTINGS, networks, 10**6)

    def trained(run):
        body = lambda _, run: iterate(algorithm, CARTPOLE, run)[0]  # noqa: E731
        return jax.lax.fori_loop(0, N_UPDATES, body, run)

    def spiked(run):
        nets = run.learner.nets

        def act(observation, memory, *, key):
            return algorithm.act(run.learner, observation, memory, key=key)

        _, data, _ = gather(algorithm, CARTPOLE, act, run, key=run.key)
        choices, _ = judged(SETTINGS.critic, nets, data)
        theta, unravel = ravel_pytree(nets.policy)
        gradient = flat_gradient(nets.policy, choices)
        step = longest_in_ball(gradient, SETTINGS.epsilon * SPIKE**2)

        def within_region(theta):
            return mean_kl(choices.policy_old, unravel(theta), choices.observation) <= REGION

        if protect:
            theta, _ = backtracked(within_region, theta, step, shrink=0.5, n_tries=20)
        else:
            theta = theta + step
        kl = mean_kl(choices.policy_old, unravel(theta), choices.observation)
        learner = run.learner._replace(nets=nets._replace(policy=unravel(theta)))
        return run._replace(learner=learner), kl

    def score(run):
        return jnp.mean(play(algorithm, CARTPOLE, run.learner, 20, key=jax.random.key(9))[0])

    def one(key):
        before = trained(start(algorithm, CARTPOLE, key=key))
        after, kl = spiked(before)
        return score(before), score(after), score(trained(after)), kl

    return map(np.asarray, jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(0), 5)))


def test_C12_a_bad_update_is_not_recovered_from_and_a_trust_region_does_not_make_it():
    before, after, later, kl = experiment(protect=False)
    assert before.mean() > 150
    assert kl.min() > 10 * REGION
    assert np.median(after) < 0.5 * np.median(before)
    # Its own data are all that it learns from, and those are of a policy that fails at once.
    assert np.median(later) < 0.5 * np.median(before)
    before, after, later, kl = experiment(protect=True)
    assert kl.max() <= REGION
    assert np.median(after) > 0.5 * np.median(before)
    assert np.median(later) > 0.8 * np.median(before)
