"""What is learned is what is solved: the corridor and key-door, with the presets as they are."""

from __future__ import annotations

import pytest
import yaml

import empo
from empo.tasks.programs import Programs
from tests.test_key_door import assert_that_the_story_is_told

CORRIDOR = {"kind": "bushworld", "map": "Hu 01 Ro 01 01", "B": 1, "max_steps": 8}
THEORY = {"beta_r": 5.0, "gamma_h": 0.95, "gamma_r": 0.95, "zeta": 2.0, "xi": 1.0, "eta": 1.1}


@pytest.fixture(scope="module")
def corridor(tmp_path_factory):
    path = tmp_path_factory.mktemp("world") / "corridor.yaml"
    path.write_text(yaml.safe_dump(CORRIDOR))
    return str(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "n_seeds", "most"), [("standard", 1, 0.02), ("tabular", 5, 0.001)]
)
def test_the_corridor_is_learned_by_all_seeds(corridor, preset, n_seeds, most):
    few = {"n_evaluations": 1, "prior": "shortest-path"}
    robots = empo.train(corridor, "q", preset=preset, n_seeds=n_seeds, **few, **THEORY)
    assert robots.report["tv_worst_seed"] <= most
    assert robots.report["tv_uniform"] > 0.15
    assert robots.report["settled"]


@pytest.mark.slow
def test_key_door_is_learned_and_its_story_told(tmp_path):
    robot = empo.train("key-door", "q", seed=12, n_evaluations=2, out=tmp_path / "run")
    report = robot.report
    assert report["tv"] <= 0.1 * report["tv_uniform"]
    assert report["v_h_e_error"] <= 0.02
    assert_that_the_story_is_told(robot.solution(), seed=12)
    # What is loaded again acts alike.
    again = empo.load(tmp_path / "run")
    state = robot.solution().states()[0]
    assert again.policy(state) == robot.policy(state)


@pytest.mark.slow
def test_nothing_is_compiled_twice_in_all_stages(corridor, monkeypatch):
    compiled = []
    lower = Programs.prepared

    def prepared(self, name, *arguments, **options):
        if name not in self._compiled:
            compiled.append(name)
        return lower(self, name, *arguments, **options)

    monkeypatch.setattr(Programs, "prepared", prepared)
    empo.train(corridor, "q", preset="fast-small", prior="shortest-path", **THEORY)
    assert compiled.count("advance") == 1
    assert len(compiled) == len({*compiled})
