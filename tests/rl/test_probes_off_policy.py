"""Every learner from old data finds the values and the best actions of the five probes."""

from __future__ import annotations

from dataclasses import replace

import jax.numpy as jnp
import pytest

from empo.rl.algorithm import Replay, Rollout
from empo.rl.critics import q_values
from empo.rl.ddpg import DDPG, TD3, ddpg, td3
from empo.rl.dqn import DQN, dqn
from empo.rl.off_policy_actor_critic import OffPolicyActorCritic, off_policy_actor_critic
from empo.rl.off_policy_gradient import OffPolicyGradient, off_policy_gradient
from empo.rl.optim import Optim
from empo.rl.sac import SAC, sac
from empo.tasks.probes import CONTINUOUS_PROBES, DISCRETE_PROBES
from tests.rl.probing import check_choices, check_values, taught

GAMMA = 0.7
REPLAY = Replay(n_envs=8, n_updates=2, batch_size=64, capacity=2000, warmup=200, gamma=GAMMA)
FAST = Optim(learning_rate=1e-2, anneal=0.9, max_grad_norm=float("inf"))
SLOWER = replace(FAST, learning_rate=3e-3)
"""For policies that follow Q: they must not run away before it is known."""
N_STEPS = 4000
BOTH = pytest.mark.parametrize(
    "probes", [DISCRETE_PROBES, CONTINUOUS_PROBES], ids=["discrete", "continuous"]
)


def value_of_best(critics, best):
    """Q of the action that the learner would take."""

    def value(learner, observation):
        action = best(learner, observation)
        if jnp.issubdtype(action.dtype, jnp.integer):
            return q_values(critics(learner), observation[None]).min(axis=0)[0, action]
        return q_values(critics(learner), observation[None], action[None]).min()

    return value


def check(pupil, critics=lambda learner: learner.nets.critics):
    value = value_of_best(critics, pupil.algorithm.best)
    check_values(pupil, value, GAMMA, tolerance=0.1)
    check_choices(pupil, tolerance=0.1)


@BOTH
@pytest.mark.parametrize("separate_value", [False, True], ids=["q", "v"])
def test_sac(probes, separate_value):
    settings = SAC(
        alpha=0.02,
        automatic=False,
        separate_value=separate_value,
        tau=0.05,
        replay=REPLAY,
        optim=FAST,
    )
    check(taught(sac, settings, probes, N_STEPS))


@pytest.mark.parametrize(("build", "kind"), [(ddpg, DDPG), (td3, TD3)], ids=["ddpg", "td3"])
def test_deterministic_policies(build, kind):
    settings = kind(tau=0.05, target_sigma=0.0, replay=REPLAY, optim=SLOWER)
    check(taught(build, settings, CONTINUOUS_PROBES, N_STEPS))


@pytest.mark.parametrize("double", [False, True], ids=["single", "double"])
def test_dqn(double):
    settings = DQN(double=double, slow_every=20, replay=REPLAY, optim=FAST)
    check(taught(dqn, settings, DISCRETE_PROBES, N_STEPS), lambda learner: learner.q)


@BOTH
def test_off_policy_actor_critic(probes):
    replay = replace(REPLAY, n_updates=4)
    settings = OffPolicyActorCritic(tau=0.05, replay=replay, optim=SLOWER)
    check(taught(off_policy_actor_critic, settings, probes, N_STEPS))


@BOTH
@pytest.mark.parametrize("full_product", [False, True], ids=["per-decision", "full-product"])
def test_off_policy_gradient(probes, full_product):
    settings = OffPolicyGradient(
        lag=3,
        full_product=full_product,
        rollout=Rollout(n_envs=64, n_steps=4, gamma=GAMMA),
        optim=FAST,
    )
    pupil = taught(off_policy_gradient, settings, probes, 60_000)
    check_values(pupil, lambda learner, o: learner.nets.value(o), GAMMA, tolerance=0.15)
    check_choices(pupil, tolerance=0.1)
