"""Settings of the robot without an actor, by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from empo.learn.settings import QUANTITIES, Kinds, Rates, RobotSettings, Slow, WarmUp
from empo.nets import NetSettings
from empo.rl.algorithm import Replay
from empo.theory import Theory
from empo.worlds.world import World

LARGEST_PRIOR_TABLE = 1 << 24
"""Numbers of a table of Q_h^m up to which it is preferred to a network: 64 MiB."""
N_EPISODES = 256
"""Fresh episodes by which a robot is judged."""


@dataclass(frozen=True)
class RobotPreset:
    """Settings, and the updates that are made after the warm-up."""

    settings: Any
    nets: NetSettings = NetSettings(hidden=(128, 128))
    n_full: int = 20_000


def standard(theory: Theory, world: World | None) -> RobotPreset:
    """What has been tuned: the default.

    Q_h^m is a table where that is not too large: its minimum over what the robot may do has edges
    that networks smooth, and what is hoped for beyond them they pass on to one another. Where it is
    a network, then one of rows, which is nearly a table of where two of the players stand; and
    hope that was wrong fades by gamma_h at each visit only, so Phase 1 is long.
    """
    tabled = world is not None and prior_table_size(theory, world) <= LARGEST_PRIOR_TABLE
    # What a network knows of Q_h^m is learned on, where the robot leads once it has learned to.
    warm_up = WarmUp(
        warmup_q_h_m_steps=3_000 if tabled else 12_000,
        warmup_v_h_e_steps=1_000,
        warmup_x_h_steps=300,
        warmup_u_r_steps=300,
        warmup_q_r_steps=1_000,
        warmup_v_r_steps=300,
        beta_r_rampup_steps=3_000 if tabled else 5_000,
        prior_every=0 if tabled else 2,
    )
    of_prior = 1.0 if tabled else 2e-3
    rates = Rates(of_prior, lr_v_h_e=1e-3, lr_x_h=1e-3, lr_u_r=1e-3, lr_q_r=1e-3, lr_v_r=1e-3)
    slow = Slow(slow_q_h_m=1 if tabled else 20, **{f"slow_{name}": 20 for name in QUANTITIES[1:]})
    kinds = Kinds(q_h_m="table") if tabled else Kinds()
    settings = RobotSettings(kinds=kinds, rates=rates, slow=slow, warm_up=warm_up)
    if theory.horizon is None:
        nets = NetSettings(hidden=(128, 128), reader="embeddings" if tabled else "rows")
        return RobotPreset(settings, nets, n_full=9_000 if tabled else 18_000)
    # In a game that ends, time tells states apart and values are passed on a few times only:
    # small networks will do, and pairs of its many factors would only slow them down.
    gather = replace(settings.gather, n_envs=512, warmup=2_560)
    nets = NetSettings(hidden=(64, 64), pairs=0)
    return RobotPreset(replace(settings, gather=gather), nets, n_full=7_000)


def equal(theory: Theory, world: World | None) -> RobotPreset:
    """The defaults of the document on time scales: one rate for all."""
    return RobotPreset(RobotSettings())


def evaluator_fast(theory: Theory, world: World | None) -> RobotPreset:
    """V_h^e, X_h and U_r ten times as fast as Q_r and V_r."""
    return RobotPreset(RobotSettings(rates=Rates(lr_v_h_e=1e-3, lr_x_h=1e-3, lr_u_r=1e-3)))


def robot_fast(theory: Theory, world: World | None) -> RobotPreset:
    """The other way round, which the document advises against."""
    return RobotPreset(RobotSettings(rates=Rates(lr_q_r=1e-3, lr_v_r=1e-3)))


def tabular(theory: Theory, world: World | None) -> RobotPreset:
    """Tables of everything, each number set to its target: towards the exact solution."""
    rates = {f"lr_{name}": 1.0 for name in QUANTITIES}
    settings = RobotSettings(
        kinds=Kinds("table", "table", "table", "table", "table", "table"),
        rates=Rates(**rates, law="constant"),
        slow=Slow(**{f"slow_{name}": 1 for name in QUANTITIES}),
        warm_up=WarmUp(
            warmup_q_h_m_steps=3_000,
            warmup_v_h_e_steps=500,
            warmup_x_h_steps=500,
            warmup_u_r_steps=500,
            warmup_q_r_steps=500,
            warmup_v_r_steps=500,
        ),
    )
    return RobotPreset(settings, n_full=6_000)


def fast_small(theory: Theory, world: World | None) -> RobotPreset:
    """A first look in seconds: small networks, few updates."""
    found = standard(theory, world).settings
    warm_up = WarmUp(
        warmup_q_h_m_steps=800,
        warmup_v_h_e_steps=400,
        warmup_x_h_steps=200,
        warmup_q_r_steps=400,
        beta_r_rampup_steps=400,
    )
    gather = Replay(n_envs=64, batch_size=128, warmup=640)
    settings = replace(found, warm_up=warm_up, gather=gather, n_places=128)
    return RobotPreset(settings, NetSettings(hidden=(32, 32)), n_full=1_200)


STANDARD = "standard"
PRESETS: Mapping[str, Callable[[Theory, World | None], RobotPreset]] = {
    STANDARD: standard,
    "equal": equal,
    "evaluator-fast": evaluator_fast,
    "robot-fast": robot_fast,
    "tabular": tabular,
    "fast-small": fast_small,
}
"""By name; what they set may depend on the theory, as on its horizon."""


def prior_table_size(theory: Theory, world: World) -> int:
    """Numbers of a table of Q_h^m."""
    model, times = world.model, 1 if theory.horizon is None else theory.horizon + 1
    return math.prod(model.cardinalities) * times * model.goals.weight.size * model.n_actions_h
