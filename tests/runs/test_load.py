"""`empo.load` takes runs and worlds."""

from __future__ import annotations

import numpy as np
import pytest

import empo
from tests.runs.games import GAME, solved_ferry


def test_a_run_is_its_solution(tmp_path):
    solved_ferry().save(tmp_path)
    for source in (tmp_path, str(tmp_path)):
        loaded = empo.load(source)
        assert isinstance(loaded, empo.Solution)
        assert loaded.at("shore") == solved_ferry().at("shore")
        assert loaded.world.name == "ferry"


def test_names_files_and_data_are_worlds(tmp_path):
    path = tmp_path / "w.yaml"
    path.write_text("name: w\ninitial: a\nhumans: {h: {goals: {g: [a]}}}\nstates: {a: {}}\n")
    for source, name in (("commitment", "commitment"), (path, "w"), (GAME, "ferry")):
        world = empo.load(source)
        assert isinstance(world, empo.World)
        assert world.name == name


def test_a_bushworld_keeps_its_name_in_a_run(tmp_path):
    solution = empo.solve("bush-line", horizon=1)
    solution.save(tmp_path)
    loaded = empo.load(tmp_path)
    assert loaded.world.name == "bush-line"
    np.testing.assert_array_equal(loaded.values[0].v_r, solution.values[0].v_r)


@pytest.mark.parametrize("source", ["nowhere", "x" * 5000, "a\0b"])
def test_anything_else_is_refused_in_words(source):
    with pytest.raises(empo.InputError):
        empo.load(source)


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(empo.InputError, match="is a folder"):
        empo.load(tmp_path)
