"""From a job to a trainer: what `task:NAME` and `gym:ENV-ID` stand for."""

from __future__ import annotations

from empo.core.errors import InputError
from empo.nets import ordinary_networks
from empo.rl.algorithm import Algorithm
from empo.rl.registry import recipe
from empo.runs.setup import Job
from empo.tasks.device_trainer import DeviceTrainer
from empo.tasks.registry import device_task
from empo.tasks.trainer import Trainer


def trainer_of(job: Job) -> Trainer:
    """A trainer for the job. Raises `InputError` if the target is none, or does not suit."""
    kind, _, name = job.target.partition(":")
    if kind == "task":
        task = device_task(name)
        return DeviceTrainer(_algorithm(job, task.observation_size, task.action), task, job.seeds)
    if kind == "gym":
        # Gymnasium takes a while to import, and device tasks do without it.
        from empo.tasks.gymnasium import spaces_of
        from empo.tasks.host_trainer import HostTrainer

        size, action = spaces_of(name)
        return HostTrainer(_algorithm(job, size, action), name, job.seeds)
    raise InputError(
        f"target: found {job.target!r} (wanted task:NAME, as task:cartpole, "
        f"or gym:ENV-ID, as gym:CartPole-v1)"
    )


def _algorithm(job: Job, observation_size: int, action: object) -> Algorithm:
    networks = ordinary_networks(observation_size, action, job.setup.nets)  # pyright: ignore
    return recipe(job.algorithm).build(job.setup.algorithm, networks, job.n_steps)
