"""empo: robots that help people by increasing what people can do.

>>> import empo
>>> solution = empo.solve("key-door")
>>> solution.policy(solution.states()[0])  # the robot's action probabilities
"""

from empo.core.errors import EmpoError, InputError, NotConverged
from empo.solver import Options, Solution, solve
from empo.theory import Theory
from empo.worlds import World, check, load, shipped

__all__ = [
    "EmpoError",
    "InputError",
    "NotConverged",
    "Options",
    "Solution",
    "Theory",
    "World",
    "check",
    "load",
    "shipped",
    "solve",
]
