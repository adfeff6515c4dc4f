"""Settings that work out of the box, for each algorithm and family of tasks.

With them five of five seeds reach what the tests of learning ask for.
"""

from __future__ import annotations

from empo.rl.a2c import A2C
from empo.rl.a3c import A3C
from empo.rl.adaptive_trpo import AdaptiveTRPO
from empo.rl.algorithm import Rollout
from empo.rl.impala import Impala
from empo.rl.normalise import InputSettings
from empo.rl.npg import NPG
from empo.rl.optim import Optim
from empo.rl.ppo import PPO
from empo.rl.q_actor_critic import QActorCritic
from empo.rl.registry import recipe
from empo.rl.reinforce import Reinforce
from empo.rl.trpo import TRPO
from empo.runs.setup import Setup

_A2C_CARTPOLE = A2C(
    standardise=True,
    rollout=Rollout(n_envs=8, n_steps=32, gamma=0.98),
    optim=Optim(learning_rate=3e-3, anneal=1.0),
)
_SHORT = Rollout(n_envs=8, n_steps=64, gamma=0.98)
_LONG = Rollout(n_envs=16, n_steps=64, gamma=0.99)

_CARTPOLE = {
    "reinforce": Reinforce(
        rollout=Rollout(n_envs=16, n_steps=128, gamma=0.98), optim=Optim(learning_rate=5e-3)
    ),
    "q-actor-critic": QActorCritic(
        n_critic_steps=20,
        standardise=True,
        rollout=_SHORT,
        optim=Optim(learning_rate=3e-3, max_grad_norm=10.0),
    ),
    "a2c": _A2C_CARTPOLE,
    "a3c": A3C(worker=_A2C_CARTPOLE),
    "impala": Impala(standardise=True, rollout=_A2C_CARTPOLE.rollout, optim=_A2C_CARTPOLE.optim),
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
}

_ACROBOT = {
    "npg": NPG(delta=0.02, rollout=_LONG),
    "trpo": TRPO(delta=0.02, rollout=_LONG),
    "ppo": PPO(rollout=_LONG, optim=Optim(learning_rate=1e-3, anneal=1.0)),
}

_PENDULUM = {
    "ppo": PPO(
        n_epochs=10,
        n_minibatches=8,
        value_coef=1.0,
        rollout=Rollout(n_envs=16, n_steps=128, gamma=0.95),
        optim=Optim(learning_rate=1e-3, anneal=1.0),
    ),
}

_SETTINGS = {"cartpole": _CARTPOLE, "acrobot": _ACROBOT, "pendulum": _PENDULUM}
_INPUTS = {("pendulum", "ppo"): InputSettings(scale_rewards=True)}


def preset(algorithm: str, target: str) -> Setup:
    """The settings for that target, or the algorithm's general ones."""
    made, tasks = recipe(algorithm), family(target)
    settings = _SETTINGS.get(tasks, {}).get(algorithm) or made.settings()
    return Setup(settings, made.nets, _INPUTS.get((tasks, algorithm), InputSettings()))


def family(target: str) -> str:
    """The family of tasks that it is one of, or its own name."""
    name = target.lower().replace("-", "").replace("_", "")
    return next((known for known in _SETTINGS if known in name), name)
