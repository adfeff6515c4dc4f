"""Runs side by side: numbers by hand from metrics made for it, and what cannot be compared."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from empo.core.errors import InputError
from empo.runs.compare import labels, read_runs, read_targets
from empo.runs.sinks import Sinks
from empo.runs.stats import over_seeds
from empo.tasks.thresholds import known_threshold
from tests.runs.trainings import write_training


def scripted(folder: Path, scores: list[list[float]], **more) -> Path:
    """A run whose seeds are judged every ten steps, with these returns."""
    write_training(folder, n_seeds=len(scores), **more)
    with Sinks(folder) as sinks:
        for i in range(len(scores[0])):
            for seed, returns in enumerate(scores):
                sinks.write(10 * i, seed, "evaluate", {"return_mean": returns[i]})
    return folder


def test_final_returns_and_their_interval_are_those_of_the_last_evaluations(tmp_path):
    scripted(tmp_path / "run", [[0, 9, 1], [0, 9, 2], [0, 9, 4], [0, 9, 100]])
    (run,) = read_runs([tmp_path / "run"], {})
    record = run.record()
    assert record["final_returns"] == [1, 2, 4, 100]
    assert record["final_return_iqm"] == 3  # (2 + 4) / 2
    estimate = over_seeds(np.array([1.0, 2, 4, 100]))
    assert record["final_return_low"] == float(estimate.low)
    assert record["final_return_high"] == float(estimate.high)
    assert (record["steps"], record["seeds"], record["seconds"]) == (20, [0, 1, 2, 3], 12.5)


def test_steps_to_a_threshold_are_those_of_the_first_evaluation_that_reached_it(tmp_path):
    scripted(tmp_path / "run", [[0, 5, 4], [0, 1, 5], [0, 1, 2]])
    (run,) = read_runs([tmp_path / "run"], {"task:cartpole": 5.0})
    assert run.record()["steps_to_threshold"] == [10, 20, None]
    (run,) = read_runs([tmp_path / "run"], {"task:cartpole": None})
    assert run.record()["steps_to_threshold"] is None


def test_records_are_strict_json_for_one_seed_and_unfinished_runs_too(tmp_path):
    write_training(tmp_path / "run", n_seeds=1, finished=False)
    (run,) = read_runs([tmp_path / "run"], {"task:cartpole": 1e9})
    record = json.loads(json.dumps(run.record(), allow_nan=False))
    assert not record["finished"]
    for name in ("final_return_low", "final_return_high", "seconds", "steps_per_second"):
        assert record[name] is None


def test_runs_are_grouped_by_target_in_the_order_given(tmp_path):
    for name, target in (("b", "task:pendulum"), ("c", "task:acrobot"), ("a", "task:pendulum")):
        write_training(tmp_path / name, target=target)
    folders = [tmp_path / name for name in "bca"]
    assert [run.folder.name for run in read_runs(folders, {})] == ["c", "b", "a"]
    assert read_targets(folders) == {"task:pendulum", "task:acrobot"}


def test_labels_tell_runs_apart(tmp_path):
    for name, algorithm in (("x/one", "ppo"), ("y/one", "ppo"), ("two", "ppo"), ("three", "a2c")):
        write_training(tmp_path / name, algorithm=algorithm)
    folders = [tmp_path / name for name in ("x/one", "y/one", "two", "three")]
    found = labels(read_runs(folders, {}))
    assert found == [f"ppo ({folders[0]})", f"ppo ({folders[1]})", "ppo (two)", "a2c"]


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    good, solved = write_training(tmp_path / "good"), tmp_path / "solved"
    solved.mkdir()
    (solved / "config.json").write_text('{"format": "empo run 1", "command": "solve"}')
    fresh = write_training(tmp_path / "fresh")
    (fresh / "metrics.jsonl").write_text("")
    headless = write_training(tmp_path / "headless")
    config = json.loads((headless / "config.json").read_text())
    (headless / "config.json").write_text(json.dumps({**config, "job": ["no", "object"]}))
    with pytest.raises(InputError) as caught:
        read_runs([good, solved, tmp_path / "missing", good, fresh, headless], {})
    said = caught.value.problems
    words = ("no training run", "holds no run", "named twice", "no evaluation", "target and algo")
    assert len(said) == len(words)
    assert all(word in line for word, line in zip(words, said, strict=True))


@pytest.mark.parametrize(
    ("target", "threshold"),
    [
        ("task:cartpole", 475.0),
        ("gym:CartPole-v1", 475.0),
        ("gym:CartPole-v0", 195.0),
        ("task:pendulum", None),
        ("task:no-such-task", None),
        ("gym:NoSuchThing-v7", None),
        ("gym:nothing_installed:Thing-v0", None),
        ("something else", None),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_thresholds_are_those_of_gymnasium(target, threshold):
    assert known_threshold(target) == threshold
