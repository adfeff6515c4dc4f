"""The coupled equations (4)-(9) as beta_r rises: how they contract, turn, and settle.

For each beta_r, at the exact solution: the eigenvalues of the operator's Jacobian, the largest by
size and the largest imaginary part; and how plain iteration behaves: sweeps until it stands, the
rate at which it does, and how far it is from the solution in the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import empo
from bench.games import HASTY, RICH
from bench.report import title
from empo.core.types import Array
from empo.solver import Solution
from empo.solver.cyclic import Cyclic, pack_robot, robot_operator
from empo.solver.problem import Problem
from empo.solver.sweep import phase2
from empo.solver.tables import arrival_values

BETAS = (0.0, 1.0, 5.0, 10.0, 20.0)
SWEEPS = 400
SETTLED = 1e-9
WORLDS = {"rich": RICH, "hasty": HASTY}


@dataclass(frozen=True)
class Coupled:
    """What is found at one beta_r."""

    beta_r: float
    radius: float
    """The largest eigenvalue by size."""
    leading: complex
    """That eigenvalue."""
    turning: float
    """The largest imaginary part of any."""
    sweeps: int
    """Until plain iteration stands; `SWEEPS` if it never does."""
    rate: float
    """By which its residual falls with each of the last sweeps."""
    error: float
    """How far from the solution it ends."""


def coupled(world: Any, beta_r: float) -> Coupled:
    """Solve a small cyclic world and look at the operator there."""
    solution = empo.solve(world, beta_r=beta_r)
    with jax.enable_x64(True):
        cyclic, pi_h, x = at_solution(solution)
        values = np.linalg.eigvals(jacobian(cyclic, pi_h, x))
        start = np.concatenate([x[: -cyclic.n_rows], np.zeros(cyclic.n_rows)])
        sweeps, rate, end = iterate(robot_operator(cyclic, pi_h, beta_r), start)
    leading = complex(values[np.argmax(np.abs(values))])
    error = float(np.max(np.abs(end - x)))
    return Coupled(
        beta_r, abs(leading), leading, float(np.abs(values.imag).max()), sweeps, rate, error
    )


def at_solution(solution: Solution) -> tuple[Cyclic, list[Array], np.ndarray]:
    """The operator, pi_h and the vector of unknowns of a solved game of one chunk."""
    cyclic = Cyclic(Problem(solution.game, solution.theory, solution.prior))
    values = solution.values[0]
    row = np.minimum(np.arange(cyclic.n_rows), cyclic.layer.n_states - 1)
    assert values.v_h_e is not None
    assert values.pi_h is not None
    repeat = np.asarray(cyclic.problem.model.goals.repeat)
    members = np.asarray(arrival_values(cyclic.problem, cyclic.layer.codes, cyclic.n_rows))[row]
    later = solution.theory.gamma_h * values.v_h_e[row]
    b_h_e = np.where((members > 0) & ~repeat, 1.0, members + later)
    x = pack_robot(cyclic, [jnp.asarray(b_h_e)], [jnp.asarray(values.v_r[row])])
    return cyclic, [jnp.asarray(values.pi_h[row])], x


def jacobian(cyclic: Cyclic, pi_h: list[Array], x: np.ndarray) -> np.ndarray:
    """The whole matrix of a game of one chunk, by forward differentiation."""
    problem, (chunk,) = cyclic.problem, cyclic.layer.chunks
    most = jnp.asarray(cyclic.most)

    def following(x: Array) -> Array:
        b_h_e = x[: -cyclic.n_rows].reshape(cyclic.n_rows, *most.shape) * most[None]
        v_r = -jnp.exp(x[-cyclic.n_rows :])
        robot = phase2(
            problem.model, problem.parameters, problem.weights, chunk, pi_h[0], b_h_e, v_r
        )
        return jnp.concatenate([(robot.b_h_e / most[None]).ravel(), jnp.log(-robot.v_r)])

    return np.asarray(jax.jacfwd(following)(jnp.asarray(x)))


def iterate(operator: Any, x: np.ndarray) -> tuple[int, float, np.ndarray]:
    """Plain iteration: the sweeps it takes, its rate at the end, and where it ends."""
    residuals = []
    for _ in range(SWEEPS):
        following = operator(x)
        residuals.append(float(np.max(np.abs(following - x))))
        x = following
        if residuals[-1] < SETTLED:
            break
    last = residuals[-min(20, len(residuals)) :]
    rate = (last[-1] / last[0]) ** (1 / max(len(last) - 1, 1)) if last[0] > 0 else 0.0
    return len(residuals), rate, x


def main() -> None:
    title("The coupled operator at the solution, and plain iteration to it")
    print("  world  beta_r  radius    leading eigenvalue   imaginary  sweeps   rate    error")
    for name, world in WORLDS.items():
        for beta_r in BETAS:
            at = coupled(world, beta_r)
            spectrum = f"{at.radius:6.4f}  {at.leading:20.4f}  {at.turning:10.4f}"
            course = f"{at.sweeps:>6}  {at.rate:5.3f}  {at.error:7.0e}"
            print(f"  {name:<6} {beta_r:>6g}  {spectrum}  {course}", flush=True)


if __name__ == "__main__":
    main()
