"""`empo train WORLD`, `resume`, `evaluate`, `view`: a robot from the command line."""

from __future__ import annotations

import json

import pytest
import yaml

import empo
from tests.runs.games import ferry
from tests.runs.robots import SHORT, ferry_file

FLAGS = [
    word
    for name, value in SHORT.items()
    if name not in ("n_episodes", "n_evaluations")
    for word in (f"--{name.replace('_', '-')}", *map(str, value if name == "hidden" else [value]))
]
QUICK = ("--preset", "fast-small", "--steps", "400", "--evaluations", "2", "--episodes", "4")


@pytest.mark.slow
def test_a_robot_is_trained_judged_resumed_and_refused_when_rules_change(empo_main, tmp_path):
    ferry_file(tmp_path)
    done = empo_main("train", "ferry.yaml", "--seeds", "2", "--seed", "7", *QUICK, *FLAGS)
    assert done.code == 0, done.err
    assert max(map(len, done.out.splitlines())) <= 80
    folder = tmp_path / "runs" / "ferry-q"
    written = {path.name for path in folder.iterdir()}
    assert {"config.json", "metrics.jsonl", "report.json", "report.html", "checkpoints"} <= written
    report = json.loads((folder / "report.json").read_text())
    assert "q on ferry.yaml: 400 steps, 2 seeds" in done.out
    assert f"{report['tv']:.4f}" in done.out
    assert "NOT settled" in done.out
    said = " ".join(done.out.split())
    assert report["advice"]
    assert all(sentence in said for sentence in report["advice"])

    result = json.loads(empo_main("evaluate", folder, "--episodes", "4", "--json").out)
    assert result["seeds"] == [7, 8]
    assert len(result["by_seed"]) == 2
    assert result["tv"] == pytest.approx(sum(row["tv"] for row in result["by_seed"]) / 2)
    told = empo_main("evaluate", folder, "--episodes", "4").out
    assert f"{result['v_h_e_error']:.4f}" in told
    assert max(map(len, told.splitlines())) <= 80

    again = json.loads(empo_main("resume", folder, "--json").out)
    assert again["tv"] == report["tv"]
    assert empo_main("view", folder).out == f"{folder / 'report.html'}\n"
    assert empo.load(folder).policy("shore").keys() == {"wait", "row"}

    refused = empo_main("debug", folder)
    assert refused.code == 2
    assert "the advice at its end tells what to change" in refused.err

    game = ferry(beta_r=5.0)
    game["initial"] = {"here": 0.5, "shore": 0.5}
    (tmp_path / "ferry.yaml").write_text(yaml.safe_dump(game, sort_keys=False))
    for command in ("resume", "evaluate"):
        refused = empo_main(command, folder)
        assert refused.code == 2
        assert "the rules of ferry.yaml have changed" in refused.err


@pytest.mark.parametrize("arguments", [("key-door",), ("--algorithm", "q"), ("norm.yaml",)])
def test_help_lists_every_setting_in_80_columns(empo_main, monkeypatch, tmp_path, arguments):
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "norm.yaml").write_text(yaml.safe_dump(ferry(beta_r=5.0), sort_keys=False))
    done = empo_main("train", *arguments, "--help")
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 82
    for flag in (
        *("--prior", "--q-r", "--lr-v-h-e", "--slow-q-r", "--warmup-x-h-steps", "--goal-steps"),
        *("--n-envs", "--epsilon-r", "--hidden", "--beta-r", "--horizon", "--preset", "--exact"),
    ):
        assert f"{flag} " in done.out, flag
    for flag in ("--normalise-observations", "--gamma ", "--log-std"):
        assert flag not in done.out


def test_help_shows_the_worlds_own_theory_and_the_presets_settings(empo_main):
    told = empo_main("train", "--preset=tabular", "key-door", "--seed", "3", "--help").out
    told = " ".join(told.split())
    assert "best action). (default: 20)" in told.replace("│ │ ", "")
    assert "table" in told
    plain = " ".join(empo_main("train", "--help").out.split())
    assert "--clip" in plain
    assert "--zeta" not in plain


@pytest.mark.slow
def test_a_rate_without_bounds_stops_with_exit_code_2(empo_main, tmp_path):
    ferry_file(tmp_path)
    done = empo_main("train", "ferry.yaml", *QUICK, *FLAGS, "--lr-x-h", "1e30")
    assert done.code == 2
    assert "kept.x_h" in done.err
    assert "the last checkpoint is intact" in done.err
    assert empo.load(tmp_path / "runs" / "ferry-q").policy("shore")
