"""From what somebody asks for to a job: the preset's settings, with some of them replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from empo.core.errors import InputError
from empo.learn.registry import robot_recipe
from empo.runs.presets import preset as preset_of
from empo.runs.robot_presets import N_EPISODES, STANDARD
from empo.runs.setup import Job, Setup, changed, is_world, setting_names
from empo.runs.targets import world_of
from empo.runs.world_presets import robot_preset, steps_of
from empo.solver import theory_of
from empo.theory import Theory

OF_THE_RUN = ("n_evaluations", "n_episodes")


def default_algorithm(target: str) -> str:
    """What is taken where no algorithm is named."""
    return "q" if is_world(target) else "ppo"


def job_of(
    target: str,
    algorithm: str | None = None,
    *,
    preset: str | None = None,
    n_steps: int | None = None,
    settings: Mapping[str, Any],
    **of_the_run: Any,
) -> Job:
    """The preset's job with some settings replaced. Raises `InputError` for unknown ones."""
    algorithm = algorithm or default_algorithm(target)
    own = {name: settings[name] for name in settings if name in OF_THE_RUN}
    rest = {name: value for name, value in settings.items() if name not in own}
    if is_world(target):
        setup, needed = world_setup(target, algorithm, preset, rest)
        own.setdefault("n_episodes", N_EPISODES)
        n_steps = needed if n_steps is None else n_steps
    else:
        setup = changed(task_setup(target, algorithm, preset), rest)
    if n_steps is not None:
        own["n_steps"] = n_steps
    return Job(target, algorithm, setup, **of_the_run, **own)


def world_setup(
    target: str | None, algorithm: str, preset: str | None, settings: Mapping[str, Any]
) -> tuple[Setup, int]:
    """The settings for a world, or for any (None), and the environment steps that are needed.

    `settings` replace those of the preset and of the world's own theory.
    """
    known = {f.name for f in fields(Theory)}
    own = {name: value for name, value in settings.items() if name in known}
    world = None if target is None else world_of(target)
    theory = Theory(**own) if world is None else theory_of(world, **own)
    idle = robot_recipe(algorithm).idle
    made = robot_preset(algorithm, preset or STANDARD, theory, world)
    setup = Setup(made.settings, made.nets, theory=theory)
    if wrong := sorted(settings.keys() & idle):
        there_are = ", ".join(sorted(setting_names(setup) - idle))
        raise InputError([f"setting {n!r}: there is none (there are {there_are})" for n in wrong])
    setup = changed(setup, settings)
    return setup, steps_of(setup.algorithm, made.n_full)


def task_setup(target: str, algorithm: str, preset: str | None) -> Setup:
    """The settings for a task, or for any ("")."""
    if preset not in (None, STANDARD):
        raise InputError(
            f"preset: found {preset!r} (wanted a world as target: tasks have one each)"
        )
    return preset_of(algorithm, target)
