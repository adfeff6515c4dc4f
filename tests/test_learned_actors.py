"""An explicit policy becomes equation (5): PPO against backward induction."""

from __future__ import annotations

import pytest
import yaml

import empo
from tests.test_learned_robots import CORRIDOR, THEORY


@pytest.mark.slow
def test_A31_ppo_with_the_power_law_head_finds_the_exact_policy(tmp_path):
    path = tmp_path / "corridor.yaml"
    path.write_text(yaml.safe_dump(CORRIDOR))
    robot = empo.train(str(path), "ppo", prior="shortest-path", n_evaluations=1, **THEORY)
    report = robot.report
    assert report["tv"] <= 0.15 * report["tv_uniform"]
    assert report["tv"] < 0.05
    assert report["residual_pi_r"] < 0.05
    assert report["settled"]
