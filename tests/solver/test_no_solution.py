"""Games without any solution at beta_r = inf, which is told after a bearable number of sweeps."""

from __future__ import annotations

import copy
from itertools import pairwise

import pytest

import empo
from empo.core.errors import NotConverged
from tests.runs.games import ferry

BACK_AGAIN = copy.deepcopy(ferry())
BACK_AGAIN["states"]["there"] = {"next": [{"to": "shore"}]}
"""The ferry goes there and back.

A robot that rows at times makes the shore the better place, from where one can get over, so it had
better wait. One that never rows makes both places equal, so it would not mind to row: no infinitely
decisive robot is right. The more decisive it is, the more seldom it rows.
"""


def test_the_more_decisive_the_robot_the_more_seldom_it_rows():
    rows = [empo.solve(BACK_AGAIN, beta_r=b).policy("shore")["row"] for b in (1.0, 1e1, 1e2, 1e3)]
    assert all(0 < more_decisive < less for less, more_decisive in pairwise(rows))
    assert rows[-1] < 0.15


@pytest.mark.slow
def test_that_no_infinitely_decisive_robot_is_right_is_told_soon():
    n_sweeps = 0

    def count(what, done, detail):
        nonlocal n_sweeps
        n_sweeps += 1

    with pytest.raises(NotConverged, match="at beta_r = inf did not converge"):
        empo.solve(BACK_AGAIN, progress=count)
    assert n_sweeps < 10_000
