"""Settings that work out of the box, for each algorithm and family of tasks."""

from __future__ import annotations

from empo.rl.algorithm import Rollout
from empo.rl.optim import Optim
from empo.rl.ppo import PPO
from empo.rl.registry import recipe
from empo.runs.setup import Setup

_PPO_CARTPOLE = PPO(
    n_epochs=20,
    n_minibatches=1,
    lambda_=0.8,
    rollout=Rollout(n_envs=8, n_steps=32, gamma=0.98),
    optim=Optim(learning_rate=1e-3, anneal=1.0),
)

_PRESETS: dict[tuple[str, str], Setup] = {
    ("ppo", "cartpole"): Setup(_PPO_CARTPOLE),
}

_FAMILIES = ("cartpole", "pendulum", "acrobot", "mountaincar", "mountain-car")


def preset(algorithm: str, target: str) -> Setup:
    """The settings for that target, or the algorithm's general ones."""
    made = recipe(algorithm)
    return _PRESETS.get((algorithm, family(target))) or Setup(made.settings(), made.nets)


def family(target: str) -> str:
    """Which tasks it is one of: those with the same name share their settings."""
    name = target.lower()
    found = next((known for known in _FAMILIES if known in name), "")
    return found.replace("-", "")
