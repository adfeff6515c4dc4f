"""How good a solution of a cyclic game is: residuals of each equation and the local Lipschitz
constant."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import Array
from empo.solver.cyclic import Cyclic, unpack_robot
from empo.solver.problem import Values
from empo.solver.sweep import phase2

RELATIVE = frozenset(("q_r", "u_r", "v_r"))
"""Quantities without a natural unit, whose residuals are relative."""


def residuals(first: Values, second: Values) -> dict[str, float]:
    """The residual of each equation: the largest change of its left side by one more sweep.

    Relative for Q_r, U_r and V_r, absolute for probabilities and powers.
    """
    found = {}
    for name, a, b in zip(Values._fields, first, second, strict=True):
        if a is None or b is None:
            continue
        change = np.abs(a - b)
        if name in RELATIVE:
            size = np.maximum(np.abs(a), np.abs(b))
            change = np.divide(change, size, out=np.zeros_like(change), where=size > 0)
        found[name] = float(change.max())
    return found


def lipschitz(cyclic: Cyclic, pi_h: list[Array], x: np.ndarray, iterations: int) -> float | None:
    """The local Lipschitz constant of Phase 2 at its solution, in the best norm there is.

    That is the spectral radius of the operator's Jacobian, estimated by power iteration with
    Jacobian-vector products: the geometric mean growth over the second half of the iterations.
    None where the operator has no finite derivative.
    """
    point = unpack_robot(cyclic, x)
    tangent = np.random.default_rng(0).standard_normal(len(x))
    growth = []
    for _ in range(iterations):
        tangent = _derivative(cyclic, pi_h, point, tangent / np.linalg.norm(tangent))
        growth.append(float(np.linalg.norm(tangent)))
        if growth[-1] == 0:
            return 0.0
        if not np.isfinite(growth[-1]):
            return None
    return float(np.exp(np.mean(np.log(growth[iterations // 2 :]))))


def _derivative(
    cyclic: Cyclic, pi_h: list[Array], point: tuple[Array, Array], tangent: np.ndarray
) -> np.ndarray:
    """The Jacobian of (B_{V_h^e}, log(-V_r)) -> their next iterates, times a vector."""
    b_h_e, v_r = point
    d_b, d_log = np.split(tangent, [len(tangent) - cyclic.n_rows])
    d_point = (jnp.asarray(d_b.reshape(b_h_e.shape) * cyclic.most), jnp.asarray(d_log) * v_r)
    problem = cyclic.problem
    push = partial(_push, problem.model, problem.parameters, problem.weights)
    parts = cyclic.map(lambda place, chunk: push(chunk, pi_h[place], point, d_point))
    d_b_next = [(np.asarray(part[0]) / cyclic.most).ravel() for part in parts]
    return np.concatenate([*d_b_next, *(np.asarray(part[1]) for part in parts)])


@jax.jit
def _push(model, parameters, weights, chunk, pi_h, point, d_point):
    def of_point(b_h_e: Array, v_r: Array) -> tuple[Array, Array]:
        robot = phase2(model, parameters, weights, chunk, pi_h, b_h_e, v_r)
        return robot.b_h_e, jnp.log(-robot.v_r)

    return jax.jvp(of_point, point, d_point)[1]
