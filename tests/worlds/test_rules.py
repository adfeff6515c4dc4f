"""The fingerprint of a world's rules changes when they do, and only then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import jax
import pytest

from empo.worlds import load, shipped
from empo.worlds.grid import GridModel
from empo.worlds.rules import rule_hash

KEY_DOOR = rule_hash(load("key-door"))


def test_the_same_file_has_the_same_hash_and_worlds_differ():
    hashes = {name: rule_hash(load(name)) for name in ("key-door", "bush-line", "menu", "norm")}
    assert hashes["key-door"] == KEY_DOOR
    assert len({*hashes.values()}) == len(hashes)
    assert all(len(found) == 64 for found in hashes.values())


def test_names_and_the_theory_are_no_rules():
    world = load("key-door")
    named = replace(world, name="other", description="", humans=("someone",), theory={})
    assert rule_hash(named) == KEY_DOOR


def test_where_play_begins_is_a_rule():
    world = load("key-door")
    assert rule_hash(replace(world, initial=world.initial[:, ::-1].copy() * 0)) != KEY_DOOR


def test_a_changed_table_is_noticed():
    world = load("key-door")
    weight = world.model.humans.weight
    humans = world.model.humans._replace(weight=weight * 2)
    assert rule_hash(replace(world, model=replace(world.model, humans=humans))) != KEY_DOOR


@partial(
    jax.tree_util.register_dataclass,
    data_fields=("ground", "things", "contests", "humans"),
    meta_fields=("n_robots", "cardinalities"),
)
@dataclass(frozen=True, eq=False)
class LazyRobot(GridModel):
    """The same tables, but the robot does not move: the code has changed, not the file."""

    def outcomes(self, state, a_r, a_h):
        return super().outcomes(state, a_r * 0, a_h)


def test_changed_code_is_noticed_though_all_tables_are_the_same():
    world = load("key-door")
    model = world.model
    fields = {name: getattr(model, name) for name in GridModel.__dataclass_fields__}
    assert rule_hash(replace(world, model=LazyRobot(**fields))) != KEY_DOOR
    assert rule_hash(replace(world, model=GridModel(**fields))) == KEY_DOOR


@pytest.mark.slow
def test_every_shipped_world_has_a_hash_of_its_own():
    assert len({rule_hash(load(name)) for name in shipped()}) == len(shipped())
