"""Settings of learning a robot by name, and how long it takes with them."""

from __future__ import annotations

import difflib

from empo.core.errors import InputError
from empo.learn.actor_settings import ActorSettings
from empo.learn.registry import IMPLICIT, robot_recipe
from empo.learn.settings import RobotSettings
from empo.learn.stages import FULL, stage_table
from empo.rl.algorithm import Replay
from empo.runs.actor_presets import ACTOR_PRESETS
from empo.runs.robot_presets import PRESETS, RobotPreset
from empo.tasks.trainer import warmup_rounds
from empo.theory import Theory
from empo.worlds.world import World

_FOR_EVER = 2**31 - 1
"""Updates, more than any warm-up has."""


def robot_preset(algorithm: str, name: str, theory: Theory, world: World | None) -> RobotPreset:
    """The preset of that name, for a world or for any. Raises `InputError` if there is none."""
    robot_recipe(algorithm)
    known = PRESETS if algorithm == IMPLICIT else ACTOR_PRESETS
    if name not in known:
        near = difflib.get_close_matches(name.lower(), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise InputError(f"preset: found {name!r} ({hint})")
    if algorithm == IMPLICIT:
        return PRESETS[name](theory, world)
    return ACTOR_PRESETS[name](algorithm, theory, world)


def steps_of(settings: RobotSettings | ActorSettings, n_full: int) -> int:
    """Environment steps that the warm-up takes with so many updates after it."""
    evaluators, gather = settings.evaluators, settings.gather
    n_updates = int(stage_table(evaluators, _FOR_EVER).begin[FULL]) + n_full
    rounds = -(-n_updates // evaluators.gather.n_updates)
    if isinstance(gather, Replay):
        rounds += warmup_rounds(gather)
    return rounds * gather.steps_per_update
