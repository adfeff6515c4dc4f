"""Robots with actors, small and short, for tests of everything around them."""

from __future__ import annotations

from typing import Any

import empo.rl.registry
from bench.games import RICH
from empo.learn.assignment import Assignment, assignment
from empo.learn.registry import robot_recipe, robot_trainer
from empo.learn.settings import WarmUp
from empo.nets import NetSettings
from empo.runs.setup import changed, setting_names
from empo.runs.training import silent
from empo.solver import theory_of
from empo.worlds.load import load

SHORT = {"n_envs": 4, "n_steps": 2, "batch_size": 8, "capacity": 64, "warmup": 8}
"""Of the actor."""
WARM_UP = WarmUp(4, 4, 4, 0, 4, 0, beta_r_rampup_steps=4)
"""16 updates of evaluators before the ramp."""


def assigned_to(algorithm: str, of_actor: dict[str, Any] | None = None, **settings) -> Assignment:
    """What is there before an actor is trained in a game where it always has a choice."""
    world = load(RICH)
    plain = empo.rl.registry.recipe(algorithm).settings()
    wanted = {**SHORT, "n_minibatches": 1, **(of_actor or {})}
    known = setting_names(plain)
    actor = changed(plain, {name: value for name, value in wanted.items() if name in known})
    settings = {
        "evaluator_updates": 2,
        "places_drawn": 8,
        "n_places": 8,
        "places_remembered": 64,
        "warm_up": WARM_UP,
        **settings,
    }
    made = robot_recipe(algorithm).settings(actor=actor, **settings)
    return assignment(world, theory_of(world), made, NetSettings(hidden=(8,)), silent)


def trainer_of(algorithm: str, *, n_updates=20, seeds=(3,), of_actor=None, **settings):
    """Its trainer, for so many updates of the actor with those before the ramp."""
    assigned = assigned_to(algorithm, of_actor, **settings)
    n_steps = n_updates * assigned.settings.gather.steps_per_update
    return robot_trainer(robot_recipe(algorithm), assigned, seeds, n_steps)
