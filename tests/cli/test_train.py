"""`empo train`, `resume` and `evaluate`: what they write, what they print, what they refuse."""

from __future__ import annotations

import json

import pytest

from empo.rl.registry import RECIPES

QUICK = ("--steps", "400", "--evaluations", "2", "--episodes", "3", "--hidden", "8")
SHORT = ("--n-steps", "5")


def test_a_run_is_trained_judged_and_resumed(empo_main, tmp_path):
    done = empo_main("train", "task:cartpole", "--algorithm", "a2c", "--seeds", "2", *QUICK, *SHORT)
    assert done.code == 0, done.err
    assert max(map(len, done.out.splitlines())) <= 80
    folder = tmp_path / "runs" / "task-cartpole-a2c"
    written = {path.name for path in folder.iterdir()}
    assert {"config.json", "metrics.jsonl", "report.json", "report.html", "checkpoints"} <= written
    report = json.loads((folder / "report.json").read_text())
    assert "a2c on task:cartpole: 400 steps" in done.out
    assert f"{report['eval_return_iqm']:.1f}" in done.out

    judged = empo_main("evaluate", folder, "--episodes", "4", "--json")
    result = json.loads(judged.out)
    assert [len(returns) for returns in result["returns"]] == [4, 4]
    assert result["seeds"] == [0, 1]
    told = empo_main("evaluate", folder, "--episodes", "4").out
    assert f"{result['eval_return_iqm']:.1f}" in told

    again = empo_main("resume", folder, "--json")
    assert json.loads(again.out)["eval_return_mean"] == report["eval_return_mean"]

    (folder / "report.html").unlink()
    assert empo_main("view", folder).out == f"{folder / 'report.html'}\n"
    assert "a2c" in (folder / "report.html").read_text()

    refused = empo_main(
        "train", "task:cartpole", "--algorithm", "a2c", "--seeds", "2", *QUICK, *SHORT
    )
    assert refused.code == 2
    assert "holds a run already" in refused.err


@pytest.mark.parametrize("name", RECIPES)
def test_help_lists_every_setting_in_80_columns(empo_main, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "80")
    done = empo_main("train", "task:cartpole", "--algorithm", name, "--help")
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 82
    for flag in ("--gamma", "--learning-rate", "--hidden", "--seeds", "--normalise-observations"):
        assert flag in done.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("task:cartpole", "--algorithm", "pppo"), "algorithm: found 'pppo' (did you mean ppo?)"),
        (("cartpole",), "target: found 'cartpole' (did you mean task:cartpole?)"),
        (("key-door", "--algorithm", "dqn"), "algorithm: found dqn, which learns no policy"),
        (("key-door", "--preset", "equall"), "preset: found 'equall' (did you mean equal?)"),
        (("task:cartpole", "--preset", "equal"), "preset: found 'equal' (wanted a world"),
        (("key-door", "--gamma", "0.9"), "unknown flag '--gamma' (did you mean --gamma-"),
        (("key-door", "--q-r", "direct"), "kind of q_r: found 'direct'"),
        (("key-door", "--beta-r", "-1"), "beta_r must be >= 0"),
        (("key-door", "--steps", "1000"), "wanted more than"),
        (("task:cartpole", "--gama", "1"), "unknown flag '--gama' (did you mean --gamma?)"),
        (("task:cartpole", "--gamma", "1.5"), "gamma: found 1.5 (wanted between 0 and 1)"),
        (("task:cartpole", "--gamma", "many"), "--gamma: found 'many' (wanted a number)"),
        (("task:cartpole", "--hidden", "a,b"), "--hidden: found 'a,b'"),
        (
            ("task:cartpole", "--orthogonal", "maybe"),
            "--orthogonal: found 'maybe' (wanted yes or no)",
        ),
        (("task:cartpole", "--steps", "0"), "n_steps: found 0 (wanted at least 1)"),
        (("task:cartpole", "--seed", "-1"), "seed: found -1"),
        (("gym:Nowhere-v0",), "Nowhere"),
        ((), "TARGET is missing"),
    ],
)
def test_mistakes_get_one_line(empo_main, arguments, told):
    done = empo_main("train", *arguments)
    assert done.code == 2
    assert told in done.err
    assert len(done.err.splitlines()) == 1
    assert "Traceback" not in done.err


@pytest.mark.parametrize("command", ["resume", "evaluate"])
def test_what_is_no_run_is_refused(empo_main, tmp_path, command):
    done = empo_main(command, tmp_path / "nothing")
    assert done.code == 2
    assert "holds no run" in done.err
