"""All algorithms by name: whoever trains, on ordinary tasks or the robot, finds them here."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from empo.core.errors import InputError
from empo.nets import NetSettings, Networks
from empo.rl.a2c import A2C, a2c
from empo.rl.a3c import A3C, a3c
from empo.rl.adaptive_trpo import AdaptiveTRPO, adaptive_trpo
from empo.rl.algorithm import Algorithm
from empo.rl.ball_step import BallStep, ball_step
from empo.rl.ddpg import DDPG, TD3, ddpg, td3
from empo.rl.dqn import DQN, dqn
from empo.rl.halves import Halves, of_data
from empo.rl.impala import Impala, impala
from empo.rl.npg import NPG, npg
from empo.rl.off_policy_actor_critic import OffPolicyActorCritic, off_policy_actor_critic
from empo.rl.off_policy_gradient import OffPolicyGradient, off_policy_gradient
from empo.rl.ppo import PPO, ppo
from empo.rl.q_actor_critic import QActorCritic, q_actor_critic
from empo.rl.reinforce import Reinforce, reinforce
from empo.rl.sac import SAC, sac
from empo.rl.trpo import TRPO, trpo

ON_POLICY_NETS = NetSettings()
OFF_POLICY_NETS = NetSettings(hidden=(256, 256), activation="relu", orthogonal=False)


@dataclass(frozen=True)
class Recipe:
    """How an algorithm is set and made: build(settings, networks, n_steps).

    What is made comes in `Halves` if workers in threads are to gather for it.
    """

    settings: type[Any]
    build: Callable[[Any, Networks, int], Algorithm | Halves]
    nets: NetSettings = ON_POLICY_NETS
    """Networks as its authors have them."""
    by_chance: bool = True
    """Does it learn a policy that leaves something to chance?"""
    soft: bool = False
    """Does it add entropy to the rewards by itself?"""


def _impala(settings: Impala, networks: Networks, n_steps: int) -> Algorithm | Halves:
    made = impala(settings, networks, n_steps)
    return of_data(made) if settings.n_workers else made


RECIPES: dict[str, Recipe] = {
    "reinforce": Recipe(Reinforce, reinforce),
    "q-actor-critic": Recipe(QActorCritic, q_actor_critic),
    "a2c": Recipe(A2C, a2c),
    "a3c": Recipe(A3C, a3c),
    "impala": Recipe(Impala, _impala),
    "ball-step": Recipe(BallStep, ball_step),
    "npg": Recipe(NPG, npg),
    "trpo": Recipe(TRPO, trpo),
    "adaptive-trpo": Recipe(AdaptiveTRPO, adaptive_trpo),
    "ppo": Recipe(PPO, ppo),
    "off-policy-gradient": Recipe(OffPolicyGradient, off_policy_gradient),
    "off-policy-actor-critic": Recipe(
        OffPolicyActorCritic, off_policy_actor_critic, OFF_POLICY_NETS
    ),
    "dqn": Recipe(DQN, dqn, OFF_POLICY_NETS, by_chance=False),
    "ddpg": Recipe(DDPG, ddpg, OFF_POLICY_NETS, by_chance=False),
    "td3": Recipe(TD3, td3, OFF_POLICY_NETS, by_chance=False),
    "sac": Recipe(SAC, sac, OFF_POLICY_NETS, soft=True),
}


def recipe(name: str) -> Recipe:
    """The recipe of that name. Raises `InputError` if there is none."""
    if name not in RECIPES:
        near = difflib.get_close_matches(name.lower(), RECIPES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(RECIPES)}"
        raise InputError(f"algorithm: found {name!r} ({hint})")
    return RECIPES[name]
