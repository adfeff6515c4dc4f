"""The world of a run, as config.json keeps it and as it is found again."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from empo.core.errors import InputError
from empo.runs.origin import origin_of, world_again
from empo.runs.trained import _config
from empo.runs.training_folder import begin_training, training_config
from empo.worlds import load
from empo.worlds.rules import rule_hash
from tests.runs.games import BUSH, ferry
from tests.runs.robots import short_job

GONE = "gone.yaml"


@pytest.mark.parametrize(
    "source",
    [ferry(), ferry(beta_h=math.inf), ferry(beta_r=5.0), BUSH, "menu"],
    ids=["beta_r infinite", "both infinite", "finite", "bushes", "menu"],
)
def test_a_world_is_kept_whatever_its_numbers(source, tmp_path):
    world = load(source)
    job = short_job(Path("key-door"))
    begin_training(tmp_path / "run", _config(job, world), overwrite=False)
    again = world_again(tmp_path, training_config(tmp_path / "run"), GONE)
    assert (again.name, again.theory) == (world.name, world.theory)
    assert rule_hash(again) == rule_hash(world)


def test_infinity_is_kept_as_what_it_is():
    world = load(ferry())
    again = world_again(Path("run"), origin_of(world), GONE)
    assert again.data == world.data
    assert again.theory["beta_r"] == math.inf


@pytest.mark.parametrize("data", ["{", {"name": "a mapping"}, 3])
def test_a_world_that_was_not_kept_as_text_is_told(data):
    config = origin_of(load("menu"))
    config["world"]["data"] = data
    with pytest.raises(InputError, match="does not tell the world that it was trained in"):
        world_again(Path("run"), config, GONE)
