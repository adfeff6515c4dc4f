"""Arrays, errors and numerics: the floor everything stands on."""

from empo.core.errors import EmpoError, InputError, NotConverged
from empo.core.numerics import boltzmann, power_law

__all__ = ["EmpoError", "InputError", "NotConverged", "boltzmann", "power_law"]
