"""From a job to a trainer: what task:NAME, gym:ENV-ID and the name of a world stand for."""

from __future__ import annotations

import os

from empo.core.errors import InputError
from empo.core.spaces import ActionSpace
from empo.learn.assignment import assignment
from empo.learn.registry import robot_recipe, robot_trainer, stages_within
from empo.nets import ordinary_networks
from empo.rl.algorithm import Algorithm
from empo.rl.halves import Halves
from empo.rl.normalise import InputSettings, normalised
from empo.rl.registry import recipe
from empo.runs.setup import Job, is_world
from empo.runs.training import Progress, silent
from empo.tasks.asynchronous import AsynchronousTrainer
from empo.tasks.device_trainer import DeviceTrainer
from empo.tasks.registry import device_task, names
from empo.tasks.trainer import Trainer
from empo.worlds import World, load, shipped


def trainer_of(job: Job, world: World | None = None, progress: Progress = silent) -> Trainer:
    """A trainer for the job. Raises `InputError` if the target is none, or does not suit.

    `world` is what the target stands for, if it is a world and has been read already.
    """
    if is_world(job.target):
        return _in_world(job, world or world_of(job.target), progress)
    kind, _, name = job.target.partition(":")
    return _on_device(job, name) if kind == "task" else _on_host(job, name)


def placed(trainer: Trainer, ray: str | None) -> Trainer:
    """The same trainer, its workers in processes of the Ray cluster at that address, if any.

    Raises `InputError` if it has no workers, and without Ray or the cluster.
    """
    if ray is None:
        return trainer
    if not isinstance(trainer, AsynchronousTrainer):
        raise InputError(
            "ray: found an algorithm without workers (wanted a3c, or impala with workers)"
        )
    from empo.tasks.ray_place import RayPlace

    trainer.place = RayPlace(ray, trainer.n_workers)
    return trainer


def world_of(target: str) -> World:
    """The world of that name or file. Raises `InputError` that lists all mistakes."""
    try:
        return load(target)
    except InputError as error:
        if is_there(target):
            raise
        if target in names():
            raise InputError(f"target: found {target!r} (did you mean task:{target}?)") from None
        raise InputError(f"target: {error}; tasks are task:NAME and gym:ENV-ID") from error


def check_target(target: str) -> None:
    """Raise `InputError` if there is no such target."""
    kind, _, name = target.partition(":")
    if is_world(target):
        world_of(target)
    elif kind == "task":
        device_task(name)
    else:
        from empo.tasks.gymnasium import spaces_of

        spaces_of(name)


def is_there(target: str) -> bool:
    """Is there a world of that name or file, with or without mistakes?"""
    return target in shipped() or ("\0" not in target and os.path.lexists(target))


def _in_world(job: Job, world: World, progress: Progress) -> Trainer:
    setup, made = job.setup, robot_recipe(job.algorithm)
    assert setup.theory is not None
    stages_within(setup.algorithm, job.n_steps)  # before the work of solving the world
    assigned = assignment(world, setup.theory, setup.algorithm, setup.nets, progress)
    return robot_trainer(made, assigned, job.seeds, job.n_steps)


def _on_device(job: Job, name: str) -> Trainer:
    task = device_task(name)
    made = _made(job, task.observation_size, task.action)
    if isinstance(made, Algorithm):
        return DeviceTrainer(made, task, job.seeds)
    return AsynchronousTrainer(made, task, job.seeds, job.setup.algorithm.n_workers)


def _on_host(job: Job, env_id: str) -> Trainer:
    # Gymnasium takes a while to import, and device tasks do without it.
    from empo.tasks.gymnasium import spaces_of
    from empo.tasks.host_trainer import HostTrainer

    made = _made(job, *spaces_of(env_id))
    if isinstance(made, Halves):
        raise InputError(
            f"target: found {job.target!r} with workers in threads, as {job.algorithm} has them "
            f"(wanted task:NAME: the environments of Gymnasium hold each other up)"
        )
    return HostTrainer(made, env_id, job.seeds)


def _made(job: Job, observation_size: int, action: ActionSpace) -> Algorithm | Halves:
    setup = job.setup
    networks = ordinary_networks(observation_size, action, setup.nets)
    made = recipe(job.algorithm).build(setup.algorithm, networks, job.n_steps)
    if isinstance(made, Algorithm):
        return normalised(made, setup.inputs, observation_size)
    if setup.inputs != InputSettings():
        raise InputError(
            f"{job.algorithm}: found settings of inputs (wanted none: its workers have no "
            f"statistics in common)"
        )
    return made
