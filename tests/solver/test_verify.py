"""What is said of a solution's quality, against dense linear algebra and by hand."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from empo.solver.continuation import solve_humans, solve_robot
from empo.solver.cyclic import Cyclic, robot_operator, unpack_robot
from empo.solver.fixed_point import Rules
from empo.solver.problem import OPTIONAL, Problem, Values
from empo.solver.solve import theory_of
from empo.solver.tables import Tables, solve_layer
from empo.solver.verify import _derivative, lipschitz, residuals
from empo.worlds.compile import Search, compile_world
from empo.worlds.load import load
from tests.solver.drawn import File

GIB = 2.0**30


def three_rooms(beta_r: float) -> File:
    """Ann walks between rooms; the robot may lock the door of the second."""
    to_second = [
        {"robot": "lock", "ann": "on", "to": {"first": 0.8, "second": 0.2}},
        {"robot": "open", "ann": "on", "to": {"first": 0.1, "second": 0.9}},
        {"to": "first"},
    ]
    return {
        "name": "three-rooms",
        "initial": "first",
        "theory": {"gamma_h": 0.9, "gamma_r": 0.8, "beta_h": 3, "beta_r": beta_r},
        "humans": {"ann": {"goals": {"a": ["first"], "b": ["second"], "c": {"states": ["third"]}}}},
        "states": {
            "first": {
                "robot": ["lock", "open"],
                "humans": {"ann": ["on", "stay"]},
                "next": to_second,
            },
            "second": {
                "humans": {"ann": ["on", "stay"]},
                "next": [{"ann": "on", "to": {"third": 0.7, "first": 0.3}}, {"to": "second"}],
            },
            "third": {"next": [{"to": {"first": 0.5, "third": 0.5}}]},
        },
    }


class Solved:
    """Both phases of a game, and the operator of the second."""

    def __init__(self, beta_r: float) -> None:
        world = load(three_rooms(beta_r))
        game = compile_world(Search(world, GIB, lambda _expanded, _found: None), None)
        self.problem = Problem(game, theory_of(world))
        self.cyclic = Cyclic(self.problem)
        quietly = lambda _what, _sweeps, _residual: None  # noqa: E731
        self.b_h_m, _ = solve_humans(self.cyclic, Rules(), 3, quietly)
        self.pi_h = self.cyclic.map(lambda _, c: self.cyclic.humans(c, self.b_h_m).pi_h)
        self.x = solve_robot(self.cyclic, self.pi_h, Rules(), quietly).x
        self.operator = robot_operator(self.cyclic, self.pi_h, beta_r)

    def jacobian(self) -> np.ndarray:
        """By central differences, one unknown at a time; one-sided would do for none."""
        step = 1e-6
        columns = [
            (self.operator(self.x + step * unit) - self.operator(self.x - step * unit)) / (2 * step)
            for unit in np.eye(len(self.x))
        ]
        return np.stack(columns, axis=1)


@pytest.fixture(scope="module", autouse=True)
def _in_64_bits():
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="module", params=[0.0, 5.0, 40.0])
def solved(request) -> Solved:
    return Solved(request.param)


def test_the_derivative_is_that_of_finite_differences(solved):
    dense = solved.jacobian()
    point = unpack_robot(solved.cyclic, solved.x)
    for seed in range(3):
        tangent = np.random.default_rng(seed).standard_normal(len(solved.x))
        along = _derivative(solved.cyclic, solved.pi_h, point, tangent)
        np.testing.assert_allclose(along, dense @ tangent, rtol=1e-5, atol=1e-7)


def test_the_lipschitz_constant_is_the_spectral_radius_of_the_jacobian(solved):
    radius = np.max(np.abs(np.linalg.eigvals(solved.jacobian())))
    assert 0.3 < radius < 1
    found = lipschitz(solved.cyclic, solved.pi_h, solved.x, 200)
    assert found == pytest.approx(radius, rel=1e-2)
    rough = lipschitz(solved.cyclic, solved.pi_h, solved.x, 24)
    assert rough == pytest.approx(radius, rel=0.1)


def test_errors_shrink_at_the_rate_of_the_lipschitz_constant(solved):
    radius = lipschitz(solved.cyclic, solved.pi_h, solved.x, 200)
    x = solved.x - 1e-5
    sizes = []
    for _ in range(40):
        x = solved.operator(x)
        sizes.append(np.linalg.norm(x - solved.x))
    assert (sizes[-1] / sizes[19]) ** (1 / 20) == pytest.approx(radius, rel=2e-2)


def swept(solved: Solved, tables: Tables) -> tuple[Values, Tables]:
    return solve_layer(solved.problem, solved.cyclic.layer, tables, OPTIONAL)


def test_residuals_tell_a_solution_from_one_that_was_changed(solved):
    b_h_e, v_r = unpack_robot(solved.cyclic, solved.x)
    values, arrivals = swept(solved, Tables(solved.b_h_m, b_h_e, v_r))
    found = residuals(values, swept(solved, arrivals)[0])
    assert set(found) == set(Values._fields)
    assert max(found.values()) < 1e-11

    # V_r 1% too large: so is Q_r; then V_r is too large by 1% of the part V_r - U_r, and Q_r by
    # 1% of a mean of that part. What humans do is as before.
    changed, arrivals = swept(solved, Tables(solved.b_h_m, b_h_e, 1.01 * v_r))
    np.testing.assert_allclose(changed.q_r, 1.01 * values.q_r, rtol=1e-11)
    found = residuals(changed, swept(solved, arrivals)[0])
    part = (values.v_r - values.u_r) / values.v_r
    assert 0.009 * (1 - part.max()) < found["q_r"] < 0.01 * (1 - part.min())
    assert 0 < found["v_r"] < 0.01
    for name in ("q_h_m", "pi_h", "v_h_m"):
        assert found[name] < 1e-11


def test_residuals_by_hand():
    def values(**changed) -> Values:
        same = {
            "q_h_m": None,
            "pi_h": np.array([0.5]),
            "v_h_m": None,
            "q_r": np.array([[-2.0, 0.0]]),
            "pi_r": np.array([[0.25, 0.75]]),
            "v_h_e": np.array([1e-6]),
            "x_h": np.array([8.0]),
            "u_r": np.array([-1e9]),
            "v_r": np.array([-1e-9]),
        }
        return Values(**(same | changed))

    nothing = residuals(values(), values())
    assert nothing.keys() == {"pi_h", "q_r", "pi_r", "v_h_e", "x_h", "u_r", "v_r"}
    assert set(nothing.values()) == {0.0}
    found = residuals(
        values(),
        values(
            q_r=np.array([[-2.5, 0.0]]),  # 0.5 / 2.5
            pi_r=np.array([[0.5, 0.5]]),
            v_h_e=np.array([2e-6]),
            x_h=np.array([6.0]),
            u_r=np.array([-2e9]),
            v_r=np.array([-2e-9]),
            q_h_m=np.array([1.0]),
        ),
    )
    assert found == pytest.approx(
        {"pi_h": 0, "q_r": 0.2, "pi_r": 0.25, "v_h_e": 1e-6, "x_h": 2, "u_r": 0.5, "v_r": 0.5}
    )
