"""How many parameters a robot's networks have (A11)."""

from __future__ import annotations

import itertools
from math import prod

from empo.learn.trainer import network_sizes
from tests.learn.actors import assigned_to, trainer_of

WIDTH, EMBEDDED = 8, 16
"""Of the hidden layer, and of the numbers that stand for a pair."""


def by_hand(cardinalities, n_out):
    """A row for each value and each pair of values, a bias, and the last layer."""
    pairs = list(itertools.combinations(cardinalities, 2))
    rows = sum(cardinalities) * WIDTH + sum(map(prod, pairs)) * EMBEDDED
    return rows + len(pairs) * EMBEDDED * WIDTH + WIDTH + (WIDTH + 1) * n_out


def test_A11_an_actor_has_one_network_more_and_all_are_counted():
    model = assigned_to("ppo").world.model
    sizes, goals = model.cardinalities, model.goals.weight.size
    wanted = {
        "v_h_e": by_hand(sizes, goals),
        "x_h": by_hand(sizes, model.n_humans),
        "q_r": by_hand(sizes, model.n_actions_r),
    }
    for seeds in ((3,), (3, 4)):
        trainer = trainer_of("ppo", seeds=seeds)
        found = network_sizes(trainer.learner(trainer.start()), len(seeds))
        assert found.pop("policy") > 0
        assert {name: found[name] for name in wanted} == wanted
    assert set(found) - set(wanted) <= {"q_h_m"}
