"""Settings that work out of the box, for each algorithm and family of tasks.

With them five of five seeds reach what the tests of learning ask for.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from empo.nets import NetSettings
from empo.rl.a2c import A2C
from empo.rl.a3c import A3C
from empo.rl.adaptive_trpo import AdaptiveTRPO
from empo.rl.algorithm import Replay, Rollout
from empo.rl.ball_step import BallStep
from empo.rl.ddpg import DDPG, TD3
from empo.rl.dqn import DQN
from empo.rl.impala import Impala
from empo.rl.normalise import InputSettings
from empo.rl.npg import NPG
from empo.rl.optim import Optim
from empo.rl.ppo import PPO
from empo.rl.q_actor_critic import QActorCritic
from empo.rl.registry import recipe
from empo.rl.reinforce import Reinforce
from empo.rl.sac import SAC
from empo.rl.trpo import TRPO
from empo.runs.setup import Setup

_STEADY = Rollout(n_envs=8, n_steps=32, gamma=0.98)
_SHORT = Rollout(n_envs=8, n_steps=64, gamma=0.98)
_LONG = Rollout(n_envs=16, n_steps=64, gamma=0.99)
_ROUNDS = Replay(n_envs=8, n_steps=32, n_updates=128, batch_size=64, capacity=50_000, warmup=1_000)
_EVERY_STEP = Replay(batch_size=128, capacity=10_000, warmup=500)
_NEARER = replace(_EVERY_STEP, gamma=0.98)
_FREE = Optim(learning_rate=1e-3, max_grad_norm=math.inf)

_A2C_CARTPOLE = A2C(standardise=True, rollout=_STEADY, optim=Optim(learning_rate=3e-3, anneal=1.0))

_CARTPOLE = {
    "reinforce": Reinforce(
        baseline="value",
        rollout=Rollout(n_envs=8, n_steps=256, gamma=0.98),
        optim=Optim(learning_rate=1e-2),
    ),
    "q-actor-critic": QActorCritic(
        n_critic_steps=20,
        standardise=True,
        rollout=_SHORT,
        optim=Optim(learning_rate=3e-3, max_grad_norm=10.0),
    ),
    "a2c": _A2C_CARTPOLE,
    "a3c": A3C(worker=_A2C_CARTPOLE),
    "impala": Impala(
        lambda_=0.9,
        standardise=True,
        rollout=_STEADY,
        optim=Optim(learning_rate=1.5e-3, anneal=1.0),
    ),
    "ball-step": BallStep(epsilon=0.01, rollout=_SHORT),
    "npg": NPG(delta=0.02, rollout=_SHORT),
    "trpo": TRPO(delta=0.02, rollout=_SHORT),
    "adaptive-trpo": AdaptiveTRPO(kl_target=0.02, rollout=_SHORT),
    "ppo": PPO(
        n_epochs=10,
        n_minibatches=2,
        lambda_=0.9,
        rollout=_SHORT,
        optim=Optim(learning_rate=1e-3, anneal=1.0),
    ),
    "dqn": DQN(
        exploration=0.2,
        epsilon_final=0.04,
        slow_every=128,
        replay=_ROUNDS,
        optim=Optim(learning_rate=2.3e-3, max_grad_norm=10.0),
    ),
    "sac": SAC(tau=0.02, replay=_ROUNDS, optim=Optim(learning_rate=2e-3, max_grad_norm=math.inf)),
}

_ACROBOT = {
    "npg": NPG(delta=0.02, rollout=_LONG),
    "trpo": TRPO(delta=0.02, rollout=_LONG),
    "adaptive-trpo": AdaptiveTRPO(kl_target=0.02, rollout=_LONG),
    "ppo": PPO(
        entropy_coef=0.01,
        rollout=Rollout(n_envs=16, n_steps=256, gamma=0.99),
        optim=Optim(learning_rate=1e-3, anneal=1.0),
    ),
}

_PENDULUM = {
    "ppo": PPO(
        n_epochs=10,
        n_minibatches=8,
        value_coef=1.0,
        rollout=Rollout(n_envs=16, n_steps=128, gamma=0.95),
        optim=Optim(learning_rate=1e-3, anneal=1.0),
    ),
    "ddpg": DDPG(tau=0.01, replay=_EVERY_STEP, optim=_FREE),
    "td3": TD3(tau=0.01, replay=_NEARER, optim=_FREE),
    "sac": SAC(tau=0.02, replay=_EVERY_STEP, optim=_FREE),
}

_MOUNTAIN_CAR = {
    "ppo": PPO(
        lambda_=0.98,
        rollout=Rollout(n_envs=16, n_steps=128, gamma=0.99),
        optim=Optim(learning_rate=1e-3, anneal=1.0),
    ),
}

_INVERTED_PENDULUM = {
    "trpo": TRPO(delta=0.02, rollout=Rollout(n_envs=8, n_steps=128, gamma=0.98)),
    "ppo": PPO(
        n_epochs=10,
        n_minibatches=8,
        lambda_=0.9,
        rollout=Rollout(n_envs=8, n_steps=128, gamma=0.98),
        optim=Optim(learning_rate=1e-3, anneal=1.0),
    ),
    "sac": SAC(tau=0.02, replay=_NEARER, optim=_FREE),
}

_SETTINGS: dict[str, dict[str, Any]] = {
    "cartpole": _CARTPOLE,
    "acrobot": _ACROBOT,
    "invertedpendulum": _INVERTED_PENDULUM,
    "pendulum": _PENDULUM,
    "mountaincar": _MOUNTAIN_CAR,
}

_SMALL = NetSettings(hidden=(64, 64), activation="relu")
_LARGE = NetSettings(hidden=(256, 256), activation="relu")
_NETS = {
    **{("cartpole", name): _LARGE for name in ("dqn", "sac")},
    **{("pendulum", name): _SMALL for name in ("ddpg", "td3", "sac")},
    ("invertedpendulum", "sac"): _SMALL,
}

_INPUTS = {
    ("pendulum", "ppo"): InputSettings(scale_rewards=True),
    ("mountaincar", "ppo"): InputSettings(normalise_observations=True, scale_rewards=True),
}


def preset(algorithm: str, target: str) -> Setup:
    """The settings for that target, or the algorithm's general ones."""
    made, tasks = recipe(algorithm), family(target)
    settings = _SETTINGS.get(tasks, {}).get(algorithm) or made.settings()
    nets = _NETS.get((tasks, algorithm), made.nets)
    return Setup(settings, nets, _INPUTS.get((tasks, algorithm), InputSettings()))


def family(target: str) -> str:
    """The family of tasks that it is one of, or its own name."""
    name = target.lower().replace("-", "").replace("_", "")
    return next((known for known in _SETTINGS if known in name), name)
