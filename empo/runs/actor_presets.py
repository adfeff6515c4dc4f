"""Settings of robots with an explicit policy: of the actor, by its algorithm, and of the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from empo.learn.registry import robot_recipe
from empo.learn.settings import Exploration
from empo.rl.algorithm import Replay
from empo.rl.registry import recipe
from empo.runs.robot_presets import STANDARD, RobotPreset, standard
from empo.runs.setup import changed, setting_names
from empo.theory import Theory
from empo.worlds.world import World

ALL: Mapping[str, Any] = {
    "n_envs": 256,
    "n_minibatches": 2,
    "learning_rate": 1e-3,
    "max_grad_norm": 10.0,
    "anneal": 1.0,
    "entropy_coef": 0.0,
    "standardise": False,
}
"""Of every actor that has such settings. Where no action pays there is nothing to standardise; and
swings of the policy die out with the rate."""
ON_POLICY: Mapping[str, Any] = {"n_steps": 4}
FROM_REPLAY: Mapping[str, Any] = {"n_steps": 1, "batch_size": 512, "warmup": 2_560}
OWN: Mapping[str, Mapping[str, Any]] = {
    "ppo": {"n_epochs": 2},
    "npg": {"delta": 3e-4},
    "trpo": {"delta": 3e-4},
    "adaptive-trpo": {"kl_target": 3e-4},
    "ball-step": {"epsilon": 1e-4},
    "sac": {"alpha": 1.0, "automatic": False},
}
"""Of some, besides."""


def standard_actor(algorithm: str, theory: Theory, world: World | None) -> RobotPreset:
    """Evaluators as the robot without an actor has them; the actor is led to equation (5)."""
    found = standard(theory, world)
    of = found.settings
    actor = _actor(algorithm)
    settings = robot_recipe(algorithm).settings(
        actor=actor,
        kinds=of.kinds,
        rates=of.rates,
        slow=of.slow,
        warm_up=of.warm_up,
        evaluator_updates=1 if _learns_from_samples(actor) else 4,
    )
    return replace(found, settings=settings)


def returns(algorithm: str, theory: Theory, world: World | None) -> RobotPreset:
    """The actor is after returns of U_r as they are, so its policy grows greedy."""
    found = standard_actor(algorithm, theory, world)
    settings = replace(
        found.settings,
        reward="u_r",
        pace=replace(found.settings.pace, goal_steps=1),
        exploration=Exploration(epsilon_r=0.0, epsilon_h=0.0),
    )
    return replace(found, settings=settings)


ACTOR_PRESETS: Mapping[str, Callable[[str, Theory, World | None], RobotPreset]] = {
    STANDARD: standard_actor,
    "returns": returns,
}


def _actor(algorithm: str) -> Any:
    """The algorithm's own settings, for so many worlds side by side."""
    plain = recipe(algorithm).settings()
    gather = FROM_REPLAY if _learns_from_samples(plain) else ON_POLICY
    wanted = {**ALL, **gather, **OWN.get(algorithm, {})}
    known = setting_names(plain)
    return changed(plain, {name: value for name, value in wanted.items() if name in known})


def _learns_from_samples(actor: Any) -> bool:
    return isinstance(getattr(actor, "replay", None), Replay)
