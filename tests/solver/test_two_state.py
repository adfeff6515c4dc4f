"""The paper's example with one, three, then one solution of Phase 1, against scalar iteration.

The equations and the two bifurcations are in tests/theory/test_two_state.py. Iteration from 0
reaches the least solution, which vanishes at beta_h = 0.28870.
"""

from __future__ import annotations

import math

import pytest

from tests.solver.drawn import solved, states

GAMMA_H = 0.99


def two_state(beta_h: float) -> dict:
    return {
        "name": "two-state",
        "initial": "s",
        "theory": {"gamma_h": GAMMA_H, "gamma_r": 0.5, "beta_h": beta_h, "beta_r": 1.0},
        "humans": {"ann": {"goals": {"paid": {"states": ["s"], "repeat": True}}}},
        "states": {
            "s": {
                "humans": {"ann": ["a0", "a1"]},
                "next": [{"ann": "a0", "to": "s"}, {"ann": "a1", "to": "away"}],
            },
            "away": {"power": {"ann": 1}},
        },
    }


def plain_iteration(beta_h: float, v: float = 0.0) -> float:
    for _ in range(100_000):
        q = 1 + GAMMA_H * v
        v, before = q / (1 + math.exp(-beta_h * q)), v
        if abs(v - before) < 1e-14:
            return v
    raise AssertionError(f"no fixed point for beta_h = {beta_h}")


@pytest.mark.parametrize(
    "beta_h",
    [
        *(0.0, 0.05, 0.08, 0.2, 0.28, 0.2886, 0.3, 5.0),
        *(pytest.param(beta_h, marks=pytest.mark.slow) for beta_h in (0.28871, 0.289)),
    ],
)
def test_phase_1_is_the_solution_that_plain_iteration_from_0_reaches(beta_h):
    # 0.28871 passes slowly where two solutions have just vanished, then on to V = 100.
    found = states(two_state(beta_h))["s"]["v_h_m"]["ann"]["paid"]
    assert found == pytest.approx(plain_iteration(beta_h), rel=1e-9)


@pytest.mark.parametrize("beta_h", [0.08, 0.1, 0.2, 0.28])
def test_several_starts_find_the_least_and_the_largest_solution(beta_h):
    effort = solved(two_state(beta_h), repeat=4).effort
    assert effort.n_phase1_solutions is not None
    assert effort.n_phase1_solutions >= 2
    # The mean over both states of B: 1 + gamma_h V in s, 0 in the other.
    wanted = [(1 + GAMMA_H * plain_iteration(beta_h, v)) / 2 for v in (0.0, 100.0)]
    assert effort.phase1_range["ann"] == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("beta_h", [0.05, 0.35])
def test_several_starts_find_one_solution_where_there_is_one(beta_h):
    assert solved(two_state(beta_h), repeat=4).effort.n_phase1_solutions == 1
