"""All ways to learn a robot by name: whoever trains one in a world finds them here.

One has no actor. The others are the algorithms of `rl`, all that learn a policy with chance in it:
whatever is added there can be had here.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from empo.core.errors import InputError
from empo.learn.actor_nets import robot_networks
from empo.learn.actor_robot import actor_robot
from empo.learn.actor_settings import ActorSettings, settings_for
from empo.learn.assignment import Assignment
from empo.learn.q_robot import q_robot
from empo.learn.settings import RobotSettings
from empo.learn.stages import Stages, stage_table
from empo.learn.task import blank_step
from empo.learn.trainer import AsynchronousRobotTrainer, SynchronousRobotTrainer
from empo.rl.algorithm import Algorithm
from empo.rl.halves import Halves
from empo.rl.registry import RECIPES, Recipe
from empo.rl.rollout_memory import remembering
from empo.tasks.trainer import updates_within

IMPLICIT = "q"
"""The way that has no actor: equation (5) of what is learned of Q_r."""


@dataclass(frozen=True)
class RobotRecipe:
    """How a way to learn is set, and made: build(assigned, stages, n_steps)."""

    settings: type[Any]
    build: Callable[[Assignment, Stages, int], Algorithm | Halves]
    idle: frozenset[str] = frozenset(("gamma", "log_std"))
    """Settings that mean nothing here: there are no rewards to discount, and no Gaussians."""


def robot_names() -> tuple[str, ...]:
    """All ways there are."""
    return (IMPLICIT, *(name for name, found in RECIPES.items() if found.by_chance))


def robot_recipe(name: str) -> RobotRecipe:
    """The recipe of that name. Raises `InputError` if there is none."""
    if name == IMPLICIT:
        return RobotRecipe(RobotSettings, _implicit)
    if name in RECIPES:
        if not RECIPES[name].by_chance:
            raise InputError(
                f"algorithm: found {name}, which learns no policy with chance in it (wanted one of "
                f"{', '.join(robot_names())})"
            )
        return _explicit(name)
    near = difflib.get_close_matches(name, robot_names(), n=1)
    hint = f"did you mean {near[0]}?" if near else f"for worlds there is {', '.join(robot_names())}"
    raise InputError(f"algorithm: found {name!r} ({hint})")


def stages_within(settings: RobotSettings | ActorSettings, n_steps: int) -> Stages:
    """The stages of training for so many environment steps.

    Raises `InputError` if there are too few.
    """
    evaluators = settings.evaluators
    n_updates = updates_within(settings.gather, n_steps) * evaluators.gather.n_updates
    return stage_table(evaluators, n_updates)


def robot_trainer(
    recipe: RobotRecipe, assigned: Assignment, seeds: Sequence[int], n_steps: int
) -> SynchronousRobotTrainer | AsynchronousRobotTrainer:
    """The trainer of a run of so many environment steps."""
    stages = stages_within(assigned.settings, n_steps)
    made = recipe.build(assigned, stages, n_steps)
    if isinstance(made, Algorithm):
        return SynchronousRobotTrainer(assigned, stages, made, seeds)
    assert isinstance(assigned.settings, ActorSettings)
    n_workers = assigned.settings.actor.n_workers
    return AsynchronousRobotTrainer(assigned, stages, made, seeds, n_workers)


def _implicit(assigned: Assignment, stages: Stages, n_steps: int) -> Algorithm:
    assert isinstance(assigned.settings, RobotSettings)
    return q_robot(assigned.problem, assigned.settings, assigned.quantities, stages)


@cache
def _settings_of(recipe: Recipe) -> type[Any]:
    return settings_for(recipe.settings)


def _explicit(name: str) -> RobotRecipe:
    recipe = RECIPES[name]

    def build(assigned: Assignment, stages: Stages, n_steps: int) -> Algorithm | Halves:
        settings, problem = assigned.settings, assigned.problem
        assert isinstance(settings, ActorSettings)
        networks = robot_networks(problem, settings.head, assigned.nets)
        made = actor_robot(
            problem,
            settings,
            assigned.quantities,
            stages,
            recipe.build(settings.actor, networks, n_steps),
            soft=recipe.soft,
        )
        if settings.remembered == 1:
            return made
        if isinstance(made, Halves):
            raise InputError(
                "remembered: found rollouts of the past with workers of their own (wanted 1: these "
                "lag by themselves)"
            )
        return remembering(made, settings.remembered, blank_step(problem).observation)

    return RobotRecipe(_settings_of(recipe), build)
