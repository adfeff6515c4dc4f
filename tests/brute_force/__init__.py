"""The independent judge: the whole theory as plain loops over dictionaries.

Nothing here imports empo. It reads a game file (a dictionary in the form of GAME_FORMAT) and
returns the same nested result, so that the two can be compared key by key.
"""

from tests.brute_force.game import Game
from tests.brute_force.judge import Judge, NoPower
from tests.brute_force.solve import DidNotSettle, one_more_sweep, solve

__all__ = ["DidNotSettle", "Game", "Judge", "NoPower", "one_more_sweep", "solve"]
