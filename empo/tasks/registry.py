"""Device tasks by name."""

from __future__ import annotations

import difflib

from empo.core.errors import InputError
from empo.tasks.acrobot import ACROBOT
from empo.tasks.cartpole import CARTPOLE
from empo.tasks.mountain_car import MOUNTAIN_CAR, MOUNTAIN_CAR_CONTINUOUS
from empo.tasks.pendulum import PENDULUM
from empo.tasks.probes import PROBES
from empo.tasks.task import Task
from empo.tasks.toys import TOYS

CLASSIC = (CARTPOLE, PENDULUM, ACROBOT, MOUNTAIN_CAR, MOUNTAIN_CAR_CONTINUOUS)
"""Those that equal a Gymnasium environment."""

_TASKS = {task.name: task for task in (*CLASSIC, *(probe.task for probe in (*PROBES, *TOYS)))}


def names() -> tuple[str, ...]:
    """All names, those of the classic tasks first."""
    return tuple(_TASKS)


def device_task(name: str) -> Task:
    """The task of that name. Raises `InputError` if there is none."""
    if name in _TASKS:
        return _TASKS[name]
    near = difflib.get_close_matches(name, _TASKS, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(_TASKS)}"
    raise InputError(f"task: found {name!r} ({hint})")
