"""The equations (1)-(9) of Heitzig & Potham (arXiv 2508.00159), one function each, for ONE state.

Callers `vmap` them over states. Symbols, shapes and conventions: `docs/equations.md`.
"""

from empo.theory.human import average_others, cautious_q, goal_backup, human_policy, human_value
from empo.theory.params import Parameters, Theory
from empo.theory.power import effective_value, human_power, power_in_bits, robot_reward
from empo.theory.robot import goal_average, robot_policy, robot_q, robot_value

__all__ = [
    "Parameters",
    "Theory",
    "average_others",
    "cautious_q",
    "effective_value",
    "goal_average",
    "goal_backup",
    "human_policy",
    "human_power",
    "human_value",
    "power_in_bits",
    "robot_policy",
    "robot_q",
    "robot_reward",
    "robot_value",
]
