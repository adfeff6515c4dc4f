"""All ways to learn a robot by name: whoever trains one in a world finds them here."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from empo.core.errors import InputError
from empo.learn.settings import RobotSettings
from empo.learn.stages import Stages, stage_table
from empo.learn.trainer import Assignment, RobotTrainer, assignment
from empo.nets import NetSettings
from empo.solver.solve import Progress
from empo.tasks.trainer import updates_within
from empo.theory import Theory
from empo.worlds.world import World


@dataclass(frozen=True)
class RobotRecipe:
    """How a way to learn is set, what is there before training, and its trainer."""

    settings: type[Any]
    assign: Callable[[World, Theory, Any, NetSettings, Progress], Assignment]
    """assign(world, theory, settings, nets, progress)."""
    trainer: Callable[[Assignment, Sequence[int], int], RobotTrainer]
    """trainer(assigned, seeds, n_steps)."""
    stages: Callable[[Any, int], Stages]
    """stages(settings, n_steps), which raises `InputError` if there are too few steps."""
    idle: frozenset[str] = frozenset(("gamma", "log_std"))
    """Settings that mean nothing here: there are no rewards to discount, and no Gaussians."""


def stages_within(settings: RobotSettings, n_steps: int) -> Stages:
    """The stages of training for so many environment steps."""
    gather = settings.gather
    return stage_table(settings, updates_within(gather, n_steps) * gather.n_updates)


ROBOTS: dict[str, RobotRecipe] = {
    "q": RobotRecipe(RobotSettings, assignment, RobotTrainer, stages_within),
}


def robot_recipe(name: str) -> RobotRecipe:
    """The recipe of that name. Raises `InputError` if there is none."""
    if name not in ROBOTS:
        near = difflib.get_close_matches(name.lower(), ROBOTS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"for worlds there is {', '.join(ROBOTS)}"
        raise InputError(f"algorithm: found {name!r} ({hint})")
    return ROBOTS[name]
