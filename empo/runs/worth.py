"""What the learned policies are worth, exactly, beside the exact solution's."""

from __future__ import annotations

from typing import Any

import numpy as np

from empo.core.errors import NotConverged
from empo.learn.exact import LARGEST
from empo.learn.tabulate import tabulate
from empo.learn.trainer import RobotTrainer
from empo.runs.training import Session
from empo.solver import Solution
from empo.solver.evaluate import of_policy, v_r_start
from empo.solver.fixed_point import Rules
from empo.solver.problem import NoPower

_RULES = Rules(tolerance=1e-10)
"""Finer than 32 bits, by which learned policies are held."""


def worth_of_policies(session: Session) -> dict[str, Any]:
    """V_r at the start if the robot acts as learned, of each seed, and how far it is from exact.

    The gaps are shares of |V_r| of the exact solution: negative where acting as learned leaves
    people less. V_r is None where the policy leaves somebody nothing at all, so that it is minus
    infinity; then there are no gaps. Nothing is told of worlds that were not solved here, and of
    large ones.
    """
    trainer = session.trainer
    assert isinstance(trainer, RobotTrainer)
    solution = trainer.assigned.solution
    if solution is None or not solution.game.layers[0].chunks or solution.game.n_states > LARGEST:
        return {}
    session.progress("Judging", None, "V_r of what was learned")
    exact = v_r_start(solution)
    found = [_v_r(session, trainer, solution, number) for number in range(session.job.n_seeds)]
    told: dict[str, Any] = {"v_r_start": found, "v_r_start_exact": exact}
    known = np.array([v_r for v_r in found if v_r is not None])
    if len(known) < len(found):
        return told
    gaps = (known - exact) / abs(exact)
    return told | {
        "v_r_of_policy_gap": float(gaps.mean()),
        "v_r_of_policy_gap_worst_seed": float(gaps.min()),
    }


def _v_r(session: Session, trainer: RobotTrainer, solution: Solution, number: int) -> float | None:
    """V_r at the start of one seed's policy."""
    learned = tabulate(
        trainer.assigned, lambda places: trainer.describe(session.best, places, number)
    )
    try:
        return v_r_start(of_policy(solution, [values.pi_r for values in learned.values], _RULES))
    except (NoPower, NotConverged):
        return None
