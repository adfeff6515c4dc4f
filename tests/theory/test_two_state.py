"""One human who may stay for ever and be paid: one, three, then one solution of (1)-(3).

The example of the paper's supplement B. In s, a0 pays and stays, a1 leads away for good; nobody
else acts, so (1)-(3) are one equation in V = V_h^m(s): V = pi(a0) (1 + gamma_h V).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from empo import theory

GAMMA_H = 0.99
GRID = np.linspace(0.0, 1 / (1 - GAMMA_H), 200_001)


def residual(v: jnp.ndarray, beta_h: float) -> jnp.ndarray:
    """Equations (1)-(3) at s applied to V, minus V; through the functions of the theory."""
    values = jnp.array([[[v]], [[0.0]]])  # after a0 in s, after a1 in s'
    members = jnp.array([[[True]], [[False]]])
    backup = jax.vmap(theory.goal_backup, in_axes=(0, 0, None, None))
    b_next = backup(values, members, jnp.array([[True]]), GAMMA_H)[None, :, 0, :]
    q = theory.cautious_q(b_next, jnp.array([True]), jnp.ones((1, 2)), human=0)
    pi = theory.human_policy(q, jnp.zeros((1, 2)), jnp.array([True, True]), beta_h, 0.0)
    return theory.human_value(pi, q)[0] - v


def number_of_solutions(beta_h: float) -> int:
    sign = np.sign(jax.vmap(residual, in_axes=(0, None))(jnp.asarray(GRID), beta_h))
    return int(np.sum(sign[1:] != sign[:-1]))


def beta_of_solution(v: np.ndarray) -> np.ndarray:
    """The beta_h for which V = v is a solution: log(p / (1 - p)) / (1 + gamma_h v)."""
    p = v / (1 + GAMMA_H * v)
    return np.log(p / (1 - p)) / (1 + GAMMA_H * v)


def test_the_two_bifurcations_are_where_the_paper_has_them():
    beta = beta_of_solution(GRID[1:-1])
    turns = np.flatnonzero(np.diff(np.sign(np.diff(beta)))) + 1
    np.testing.assert_allclose(np.sort(beta[turns]), [0.07442, 0.28870], atol=5e-6)


@pytest.mark.parametrize(
    ("beta_h", "wanted"),
    [(0.0, 1), (0.05, 1), (0.0744, 1), (0.07443, 3), (0.2, 3), (0.2886, 3), (0.2888, 1), (5.0, 1)],
)
def test_the_number_of_solutions(beta_h, wanted):
    assert number_of_solutions(beta_h) == wanted
