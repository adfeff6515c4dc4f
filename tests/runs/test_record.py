"""What a run says about itself."""

from __future__ import annotations

import json
import math

import pytest

from empo.runs.record import Metrics, config_of, report_of
from empo.solver import Options
from tests.runs.games import solved_bush, solved_ferry


def test_the_report_is_flat_and_says_what_the_solution_says():
    solution = solved_ferry()
    report = report_of(solution, "ferry.yaml", 1.5)
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert not any(isinstance(value, (dict, list)) for value in report.values())
    wanted = {"algorithm": "exact", "target": "ferry.yaml", "world": "ferry", "order": "cyclic"}
    assert report.items() >= wanted.items()
    assert (report["n_states"], report["initial"], report["total_seconds"]) == (3, "shore", 1.5)
    assert report["v_r"] == solution.at("shore")["v_r"]
    assert report["x_h.ann"] == solution.power("shore")["ann"]
    assert report["w_h.ann"] == pytest.approx(math.log2(report["x_h.ann"]))
    assert report["residual"] < 1e-12
    assert 0.05 < report["peak_memory_gib"] < 100


def test_the_settings_can_be_written_and_tell_what_was_given():
    options = Options(tolerance=1e-9)
    config = config_of(solved_ferry(), "ferry.yaml", options, {"beta_r": math.inf})
    assert json.loads(json.dumps(config, allow_nan=False)) == config
    assert config["theory"]["beta_r"] == "inf"
    assert config["theory"]["gamma_h"] == 0.5
    assert config["given"] == {"beta_r": "inf"}
    assert config["options"]["tolerance"] == 1e-9
    assert config["versions"].keys() == {"empo", "jax", "numpy", "python"}


def test_the_options_are_those_in_force():
    config = config_of(solved_bush(), "x", Options(prior="shortest-path"), {})
    assert config["options"]["prior"] == "shortest-path"


def test_metrics_keep_every_stage_but_not_every_call():
    metrics = Metrics()
    for sweep in range(1000):
        metrics("Solving humans", None, f"sweep {sweep}")
    metrics("Solving the robot", 0.123456, "sweep 1")
    stages = [line["stage"] for line in metrics.lines]
    assert stages[0] == "Solving humans"
    assert stages[-1] == "Solving the robot"
    assert len(stages) < 100
    assert metrics.lines[-1]["done"] == 0.1235
    assert 0 <= metrics.lines[-1]["seconds"] <= metrics.seconds + 0.001  # it is rounded
