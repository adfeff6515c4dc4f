"""empo: robots that help people by increasing what people can do.

>>> import empo
>>> solution = empo.solve("key-door")
>>> solution.policy(solution.states()[0])  # the robot's action probabilities
>>> robot = empo.train("key-door")  # learns the same; robot.policy(...) answers likewise

Names are imported when they are first used, so that `import empo` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from empo.core.errors import EmpoError, InputError, NotConverged
    from empo.runs.load import load
    from empo.runs.policies import Trained, TrainedRobot
    from empo.runs.sweep import sweep
    from empo.runs.trained import resume, train
    from empo.solver import Options, Solution, solve
    from empo.theory import Theory
    from empo.worlds import World, check, shipped

__all__ = [
    "EmpoError",
    "InputError",
    "NotConverged",
    "Options",
    "Solution",
    "Theory",
    "Trained",
    "TrainedRobot",
    "World",
    "check",
    "load",
    "resume",
    "shipped",
    "solve",
    "sweep",
    "train",
]

_HOMES = {
    "empo.core.errors": ("EmpoError", "InputError", "NotConverged"),
    "empo.runs.load": ("load",),
    "empo.runs.policies": ("Trained", "TrainedRobot"),
    "empo.runs.sweep": ("sweep",),
    "empo.runs.trained": ("resume", "train"),
    "empo.solver": ("Options", "Solution", "solve"),
    "empo.theory": ("Theory",),
    "empo.worlds": ("World", "check", "shipped"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'empo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
