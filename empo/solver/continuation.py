"""Cyclic games: Phase 1 by fixed point, Phase 2 by following its solution while beta_r rises.

At beta_r = 0 the robot acts uniformly, V_h^e is the value of a fixed policy and the solution is
unique. From there beta_r rises in steps, each solved from the last one's solution; a step that does
not converge is tried again shorter. The last step is solved to the full tolerance. The solution may
end on the way, where it meets another one and both vanish; then plain iteration at the final beta_r
leaps to whichever solution it finds, and the result says from where.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import jax.numpy as jnp
import numpy as np

from empo.core.errors import NotConverged
from empo.core.types import Array
from empo.solver.basin import plain_limit
from empo.solver.cyclic import Cyclic, human_operator, pack_robot, robot_operator, uniform_operator
from empo.solver.fixed_point import Operator, Result, Rules, fixed_point
from empo.solver.problem import Problem, check_power
from empo.solver.tables import join

Progress = Callable[[str, int, float], None]
"""Gets what is being solved, the number of sweeps so far and the residual."""

_WORTHWHILE = 100
"""Phase 1 goes on in plain steps if so many may do: acceleration has to be checked."""
_ON_THE_WAY = 1e-3
"""The tolerance for values of beta_r below the final one."""
_SWEEPS_ON_THE_WAY = 300
_FIRST_STEP = 1.0
_SHORTEST_STEP = 0.01
"""As a share of 1 + beta_r: a solution that cannot be followed further by this much has ended."""
_SHARP = 1024.0
"""From here beta_r = inf is tried; once, since from sharper robots it would begin much the same."""


def solve_humans(
    cyclic: Cyclic, rules: Rules, block: int, progress: Progress, start: np.ndarray | None = None
) -> tuple[Array, int]:
    """B_{V_h^m} and the number of sweeps; goals are solved in blocks of `block`.

    The solution that plain iteration reaches from V_h^m = 0, or from the values of B given. Raises
    `NotConverged`.
    """
    begin = np.asarray(cyclic.start if start is None else start) / cyclic.most
    blocks, sweeps = [], 0
    for first in range(0, begin.shape[2], block):
        shares = begin[..., first : first + block]
        found = plain_limit(
            human_operator(cyclic, first, shares.shape[2]),
            shares.ravel(),
            replace(rules, worthwhile=_WORTHWHILE),
            _are_shares,
            lambda n, residual, before=sweeps: progress("equations (1)-(3)", before + n, residual),
        )
        sweeps += found.sweeps
        _demand(found, cyclic.problem, "equations (1)-(3), how humans act,")
        blocks.append(found.x.reshape(shares.shape))
    return jnp.asarray(np.concatenate(blocks, axis=2) * cyclic.most), sweeps


@dataclass(frozen=True)
class Followed:
    """A solution of Phase 2 and how it was come by."""

    x: np.ndarray
    """The flat vector of unknowns."""
    sweeps: int
    leap_at: float | None
    """The beta_r up to which the solution could be followed, if it ends before the final one."""


def solve_robot(cyclic: Cyclic, pi_h: list[Array], rules: Rules, progress: Progress) -> Followed:
    """Follow the solution from beta_r = 0; where it ends, leap. Raises `NotConverged`."""
    target = cyclic.problem.theory.beta_r
    on_the_way = replace(rules, tolerance=_ON_THE_WAY, max_sweeps=_SWEEPS_ON_THE_WAY)
    x, sweeps = _fixed_robot(cyclic, pi_h, rules, progress, "beta_r = 0")

    def attempt(beta_r: float, limits: Rules) -> Result:
        return fixed_point(
            robot_operator(cyclic, pi_h, beta_r),
            x,
            replace(limits, settle=3),
            partial(_may_be_values, cyclic),
            lambda n, residual: progress(f"beta_r = {beta_r:g}", sweeps + n, residual),
        )

    reached, step = 0.0, _FIRST_STEP
    while True:
        beta_r = _next_beta(reached, step, target)
        found = attempt(beta_r, rules if beta_r == target else on_the_way)
        sweeps += found.sweeps
        if found.converged and beta_r == target:
            return Followed(found.x, sweeps, None)
        if found.converged:
            x, reached, step = found.x, beta_r, 2 * step
        elif beta_r < math.inf and step > _SHORTEST_STEP * (1 + reached):
            step = min(step, beta_r - reached) / 4
        else:
            break
    found = attempt(target, replace(rules, memory=0))
    _demand(found, cyclic.problem, f"equations (4)-(9) at beta_r = {target:g}")
    return Followed(found.x, sweeps + found.sweeps, reached)


def evaluate_robot(cyclic: Cyclic, pi_h: list[Array], rules: Rules, progress: Progress) -> Followed:
    """The values of the policy that is given, which are unique. Raises `NotConverged`."""
    x, sweeps = _fixed_robot(cyclic, pi_h, rules, progress, "the policy given")
    found = fixed_point(
        robot_operator(cyclic, pi_h, cyclic.problem.theory.beta_r),
        x,
        replace(rules, settle=3),
        partial(_may_be_values, cyclic),
        lambda n, residual: progress("the policy given", sweeps + n, residual),
    )
    _demand(found, cyclic.problem, "equations (4) and (6)-(9) of the policy given", "")
    return Followed(found.x, sweeps + found.sweeps, None)


def _fixed_robot(
    cyclic: Cyclic, pi_h: list[Array], rules: Rules, progress: Progress, robot: str
) -> tuple[np.ndarray, int]:
    """The values of humans under a robot whose policy does not depend on any values, the uniform
    or a given one, and V_r as if every state lasted for ever."""
    operator = uniform_operator(cyclic, pi_h)
    found = fixed_point(
        operator,
        _reach_all(operator, (np.asarray(cyclic.start) / cyclic.most).ravel()),
        replace(rules, tolerance=_ON_THE_WAY, settle=0),
        _are_shares,
        lambda n, residual: progress(robot, n, residual),
    )
    _demand(found, cyclic.problem, f"equation (6), {robot},", "")
    b_h_e = jnp.asarray(found.x.reshape(cyclic.start.shape) * cyclic.most)
    no_v_r = jnp.full(cyclic.n_rows, -1.0, float)
    parts = cyclic.map(lambda i, _: cyclic.robot(i, pi_h, b_h_e, no_v_r, 0.0))
    check_power(cyclic.problem, 0, join([part.x_h for part in parts], cyclic.layer.n_states))
    lasting = [part.u_r / (1 - cyclic.problem.theory.gamma_r) for part in parts]
    return pack_robot(cyclic, [b_h_e], lasting), found.sweeps


def _next_beta(reached: float, step: float, target: float) -> float:
    """What to try after a beta_r that was reached."""
    if target < math.inf:
        return min(reached + step, target)
    return math.inf if reached >= _SHARP else min(reached + step, _SHARP)


def _reach_all(operator: Operator, x: np.ndarray) -> np.ndarray:
    """Iterate from 0 until every value is positive that ever will be, however small."""
    while True:
        following = operator(x)
        if np.count_nonzero(following) == np.count_nonzero(x):
            return following
        x = following


def _may_be_values(cyclic: Cyclic, guess: np.ndarray) -> bool:
    return _are_shares(guess[: -cyclic.n_rows]) and bool(np.isfinite(guess).all())


def _are_shares(x: np.ndarray) -> bool:
    return bool(np.all((x >= 0) & (x <= 1)))


def _demand(
    found: Result,
    problem: Problem,
    what: str,
    advice: str = "; a smaller beta_r or beta_h may help",
) -> None:
    if not found.converged:
        raise NotConverged(
            f"{problem.game.world.name}: {what} did not converge: after {found.sweeps} sweeps the "
            f"residual is {found.residual:.3g}{advice}"
        )
