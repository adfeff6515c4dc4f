"""Policies computed anew for one state, against those that the solver kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import empo
from empo.runs.behaviour import human_policies
from tests.runs.games import BUSH, solved_bush, solved_ferry, solved_ferry_at_once


def without(solution, *names):
    dropped = dict.fromkeys(names)
    return replace(solution, values=tuple(v._replace(**dropped) for v in solution.values))


@pytest.mark.parametrize(
    "solution",
    [
        solved_ferry,
        solved_ferry_at_once,
        solved_bush,
        lambda: empo.solve(BUSH),
        lambda: empo.solve("commitment"),
    ],
    ids=["cyclic", "horizon", "prior", "bush", "acyclic"],
)
def test_policies_computed_anew_are_those_that_were_kept(solution):
    whole = solution()
    bare = without(whole, "pi_h", "q_h_m")
    for layer, tier in enumerate(whole.game.layers):
        for place in range(0, tier.n_states, max(1, tier.n_states // 3)):
            kept = human_policies(whole, layer, place)
            np.testing.assert_allclose(human_policies(bare, layer, place), kept, atol=1e-12)


def test_without_the_values_they_come_from_the_trouble_is_named():
    with pytest.raises(empo.InputError, match="ferry: there was no memory to keep"):
        human_policies(without(solved_ferry(), "pi_h", "v_h_m"), 0, 0)
