"""Arrays, numerics and distributions: the floor everything stands on."""

from empo.core.errors import EmpoError, InputError, NotConverged
from empo.core.numerics import boltzmann, log_mean_exp, power_law

__all__ = ["EmpoError", "InputError", "NotConverged", "boltzmann", "log_mean_exp", "power_law"]
