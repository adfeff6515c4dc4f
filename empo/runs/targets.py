"""From a job to a trainer: what `task:NAME` and `gym:ENV-ID` stand for."""

from __future__ import annotations

from empo.core.errors import InputError
from empo.core.spaces import ActionSpace
from empo.nets import ordinary_networks
from empo.rl.algorithm import Algorithm
from empo.rl.halves import Halves
from empo.rl.normalise import InputSettings, normalised
from empo.rl.registry import recipe
from empo.runs.setup import Job
from empo.tasks.device_trainer import DeviceTrainer
from empo.tasks.registry import device_task
from empo.tasks.trainer import Trainer


def trainer_of(job: Job) -> Trainer:
    """A trainer for the job. Raises `InputError` if the target is none, or does not suit."""
    kind, _, name = job.target.partition(":")
    if kind == "task":
        return _on_device(job, name)
    if kind == "gym":
        return _on_host(job, name)
    raise InputError(
        f"target: found {job.target!r} (wanted task:NAME, as task:cartpole, "
        f"or gym:ENV-ID, as gym:CartPole-v1)"
    )


def _on_device(job: Job, name: str) -> Trainer:
    task = device_task(name)
    made = _made(job, task.observation_size, task.action)
    if isinstance(made, Algorithm):
        return DeviceTrainer(made, task, job.seeds)
    from empo.tasks.asynchronous import AsynchronousTrainer

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
