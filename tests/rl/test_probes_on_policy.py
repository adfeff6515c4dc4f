"""Every learner from its own data finds the values and the best actions of the five probes."""

from __future__ import annotations

import jax
import pytest

from empo.rl.a2c import A2C, a2c
from empo.rl.adaptive_trpo import AdaptiveTRPO, adaptive_trpo
from empo.rl.algorithm import Rollout
from empo.rl.ball_step import BallStep, ball_step
from empo.rl.impala import Impala, impala
from empo.rl.npg import NPG, npg
from empo.rl.optim import Optim
from empo.rl.ppo import PPO, ppo
from empo.rl.q_actor_critic import QActorCritic, q_actor_critic
from empo.rl.reinforce import Reinforce, reinforce
from empo.rl.stepwise import Critic
from empo.rl.trpo import TRPO, trpo
from empo.tasks.probes import CONTINUOUS_PROBES, DISCRETE_PROBES
from tests.rl.probing import check_choices, check_values, taught

GAMMA = 0.7
SHORT = Rollout(n_envs=32, n_steps=4, gamma=GAMMA)
FAST = Optim(learning_rate=1e-2, anneal=0.9)
CRITIC = Critic(n_epochs=4, n_minibatches=2, optim=FAST)
N_STEPS = 60_000
BOTH = pytest.mark.parametrize(
    "probes",
    [DISCRETE_PROBES, pytest.param(CONTINUOUS_PROBES, marks=pytest.mark.slow)],
    ids=["discrete", "continuous"],
)
STATE_CRITICS = {
    "a2c": (a2c, A2C(rollout=SHORT, optim=FAST)),
    "impala": (impala, Impala(lag=2, rollout=SHORT, optim=FAST)),
    "ppo": (ppo, PPO(n_epochs=2, n_minibatches=2, rollout=SHORT, optim=FAST)),
    "npg": (npg, NPG(critic=CRITIC, rollout=SHORT)),
    "trpo": (trpo, TRPO(critic=CRITIC, rollout=SHORT)),
    "adaptive trpo": (adaptive_trpo, AdaptiveTRPO(critic=CRITIC, rollout=SHORT)),
    "ball step": (ball_step, BallStep(critic=CRITIC, rollout=SHORT)),
}


@BOTH
@pytest.mark.parametrize("name", STATE_CRITICS)
def test_learners_with_values_of_states(name, probes):
    if name == "impala" and probes is CONTINUOUS_PROBES:
        pytest.skip("known to fall short: after these steps it still explores too widely")
    pupil = taught(*STATE_CRITICS[name], probes, N_STEPS)
    # The value of a continuous probe is that of acting best; who still explores earns a bit less.
    check_values(pupil, lambda learner, o: learner.nets.value(o), GAMMA, tolerance=0.15)
    check_choices(pupil, tolerance=0.15)


@pytest.mark.parametrize("probes", [DISCRETE_PROBES], ids=["discrete"])
def test_a_learner_with_values_of_actions(probes):
    settings = QActorCritic(n_critic_steps=4, rollout=SHORT, optim=FAST)
    pupil = taught(q_actor_critic, settings, probes, N_STEPS)

    def value(learner, observation):
        action = pupil.algorithm.best(learner, observation)
        if probes is DISCRETE_PROBES:
            return learner.q(observation)[action]
        return learner.q(observation, action)

    check_values(pupil, value, GAMMA, tolerance=0.15)
    check_choices(pupil, tolerance=0.15)


@BOTH
@pytest.mark.parametrize(
    "baseline",
    [
        "value",
        *(
            pytest.param(b, marks=pytest.mark.slow)
            for b in ("none", "mean", "leave-one-out", "optimal")
        ),
    ],
)
def test_reinforce(baseline, probes):
    settings = Reinforce(baseline, rollout=SHORT, optim=FAST)
    pupil = taught(reinforce, settings, probes, N_STEPS)
    check_choices(pupil, tolerance=0.2)
    if baseline == "value" and probes is DISCRETE_PROBES:
        # It estimates the return of a window, whose last rows see less than an episode.
        one_step = pupil._replace(
            probes=[p for p in probes if "delay" not in p.task.name],
            learner=jax.tree.map(lambda x: x[jax.numpy.array([0, 1, 3, 4])], pupil.learner),
        )
        check_values(one_step, lambda learner, o: learner.nets.value(o), GAMMA, tolerance=0.1)
