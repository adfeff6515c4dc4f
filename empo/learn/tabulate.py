"""What was learned, written out as a `Solution`: whatever shows exact solutions shows it, too."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from empo.learn.assignment import Assignment
from empo.learn.gap import Described
from empo.learn.problem import Place
from empo.solver import Solution
from empo.solver.problem import Values
from empo.solver.solution import Effort
from empo.worlds.compile import Search, compile_world
from empo.worlds.tabular import TabularGame


def tabulate(assigned: Assignment, say: Callable[[Place], Described]) -> Solution:
    """Every quantity at all states that can be reached, as learned.

    `say` tells what was learned about places: `RobotTrainer.describe` of a learner. Its residuals
    are the largest at any state. Raises `InputError` if the world cannot be enumerated.
    """
    game = _game(assigned)
    values, residuals = [], {}
    for number in range(len(game.layers)):
        states = game.states(number)
        time = number if game.order == "horizon" else 0
        told = say(Place(states.astype(np.int32), np.full(len(states), time, np.int32)))
        values.append(_values(told))
        for name, found in told.residuals.items():
            residuals[name] = max(residuals.get(name, 0.0), float(found.max()))
    prior = "shortest-path" if assigned.settings.prior == "shortest-path" else "computed"
    effort = Effort(0.0, 0.0, sweeps=0, residuals=residuals, lipschitz=None)
    return Solution(game, assigned.theory, prior, tuple(values), effort)


def _game(assigned: Assignment) -> TabularGame:
    """The enumerated game, which a solution that was found here holds already."""
    solution = assigned.solution
    if solution is not None and solution.game.layers[0].chunks:
        return solution.game
    return compile_world(Search(assigned.world), assigned.theory.horizon)


def _values(told: Described) -> Values:
    of = told.values
    exact = (np.asarray(x, np.float64) for x in (of.q_r, of.pi_r, of.v_h_e, of.x_h, of.u_r, of.v_r))
    q_r, pi_r, v_h_e, x_h, u_r, v_r = exact
    q_h_m = None if told.q_h_m is None else np.asarray(told.q_h_m, np.float64)
    pi_h = np.asarray(told.pi_h, np.float64)
    v_h_m = None if q_h_m is None else np.sum(pi_h * q_h_m, axis=-1)
    return Values(q_h_m, pi_h, v_h_m, q_r, pi_r, v_h_e, x_h, u_r, v_r)
