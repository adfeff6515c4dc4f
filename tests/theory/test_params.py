"""The settings: the defaults of the theory page, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from empo.core.errors import InputError
from empo.theory import Theory


def test_the_defaults_are_those_of_the_theory():
    theory = Theory()
    assert (theory.gamma_h, theory.gamma_r, theory.beta_h, theory.beta_r) == (0.99, 0.99, 5, 5)
    assert (theory.nu_h, theory.zeta, theory.xi, theory.eta) == (0, 2, 1, 1.1)
    assert (theory.goal_aggregation, theory.human_aggregation) == ("sum", "sum")
    assert theory.horizon is None
    assert theory.x_h_floor == 0


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("gamma_h", 1.0),
        ("gamma_r", -0.1),
        ("gamma_r", math.nan),
        ("beta_h", -1),
        ("beta_r", "5"),
        ("nu_h", 1.5),
        ("zeta", 0.5),
        ("zeta", math.inf),
        ("xi", 0.0),
        ("eta", True),
        ("goal_aggregation", "max"),
        ("human_aggregation", None),
        ("horizon", 0),
        ("horizon", 2.5),
        ("horizon", True),
        ("x_h_floor", -1e-9),
    ],
)
def test_a_setting_out_of_range_is_named_with_what_was_found(name, bad):
    with pytest.raises(InputError) as error:
        Theory(**{name: bad})
    (problem,) = error.value.problems
    assert name in problem
    assert repr(bad) in problem


def test_everything_wrong_is_told_at_once():
    bad: dict[str, Any] = {"gamma_h": 2, "zeta": 0, "horizon": -1, "goal_aggregation": "none"}
    with pytest.raises(InputError) as error:
        Theory(**bad)
    assert len(error.value.problems) == 4


def test_infinite_betas_are_allowed():
    theory = Theory(beta_h=math.inf, beta_r=math.inf)
    assert theory.parameters.beta_h == theory.parameters.beta_r == math.inf
