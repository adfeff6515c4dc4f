"""Sweep files: what they say, and every mistake in them at once, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from empo.core.errors import InputError
from empo.runs.sweep_file import read_sweep
from empo.runs.sweep_space import Choices, Range

GRID = """\
target: task:cartpole
algorithm: a2c
seed: 3
seeds: 4
n_steps: 2000
processes: 2
settings: {n_envs: 8, hidden: [16, 16]}
grid:
  learning_rate: [1e-3, 3e-3]
  max_grad_norm: [0.5, inf]
  standardise: [true, false]
"""

SEARCH = {
    "target": "task:cartpole",
    "algorithm": "ppo",
    "n_steps": 2000,
    "search": {
        "learning_rate": {"low": 1e-5, "high": 1e-2, "log": True},
        "n_epochs": {"low": 1, "high": 10},
        "hidden": [[64], [64, 64]],
    },
    "trials": 12,
}


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def read(text):
        (tmp_path / "sweep.yaml").write_text(text)
        return read_sweep("sweep.yaml")

    return read


def problems(read, text):
    with pytest.raises(InputError) as error:
        read(text)
    return error.value.problems


def test_a_grid_is_every_combination(read):
    found = read(GRID)
    assert (found.n_trials, found.method, found.processes) == (8, "grid", 2)
    search = found.search({})
    trials = [search.propose(number) for number in range(8)]
    assert trials[0] == {"learning_rate": 1e-3, "max_grad_norm": 0.5, "standardise": True}
    assert trials[1] == {"learning_rate": 1e-3, "max_grad_norm": 0.5, "standardise": False}
    assert trials[7]["max_grad_norm"] == float("inf")
    job = found.job(trials[7])
    assert job.seeds == (3, 4, 5, 6)
    assert (job.n_steps, job.setup.nets.hidden) == (2000, (16, 16))
    assert job.setup.algorithm.rollout.n_envs == 8
    assert job.setup.algorithm.optim.learning_rate == 3e-3


def test_a_search_has_ranges_and_choices():
    found = read_sweep(SEARCH)
    assert (found.method, found.n_trials, found.n_seeds) == ("random", 12, 1)
    assert found.space == {
        "learning_rate": Range(1e-5, 1e-2, log=True),
        "n_epochs": Range(1, 10, whole=True),
        "hidden": Choices(((64,), (64, 64))),
    }


def test_a_world_is_swept_like_a_task():
    found = read_sweep(
        {"target": "key-door", "seeds": 2, "grid": {"beta_r": [1, 10.5], "n_envs": [32]}}
        | {"settings": {}}
    )
    assert found.algorithm == "q"
    assert found.measure.name == "tv"
    assert found.job({"beta_r": 10.5}).setup.theory.beta_r == 10.5


def test_all_mistakes_are_told_at_once_with_their_lines(read):
    text = """\
target: task:cartpole
algorithm: a2c
seeds: many
steps: 5
settings: {n_envs: 2.5, gama: 0.9}
grid:
  learning_rate: [1e-3, fast]
  hidden: 64
  entropy_coef: []
measure: returns
"""
    assert problems(read, text) == (
        "sweep.yaml:3: seeds: found the text 'many' (wanted a whole number, at least 1)",
        "sweep.yaml:4: steps: unknown key 'steps' (did you mean 'n_steps'?)",
        "sweep.yaml:5: settings.n_envs: found the number 2.5 (wanted a whole number)",
        "sweep.yaml:5: settings.gama: unknown setting 'gama' (did you mean 'gamma'?)",
        "sweep.yaml:7: grid.learning_rate[1]: found the text 'fast' (wanted a number)",
        "sweep.yaml:8: grid.hidden: found the number 64 (wanted a list of values)",
        "sweep.yaml:9: grid.entropy_coef: found an empty list (wanted at least one value)",
        "sweep.yaml:10: measure: unknown measure 'returns' (wanted one of last evaluation, "
        "mean over the whole training)",
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("target: task:cartpole\n", "", "has no target (wanted what is trained on)"),
        (
            "task:cartpole",
            "task:cartpoel",
            "target: task: found 'cartpoel' (did you mean cartpole?)",
        ),
        ("algorithm: a2c", "algorithm: a2", "algorithm: found 'a2' (did you mean a2c?)"),
        ("algorithm: a2c", "algorithm: 2", "algorithm: found the number 2 (wanted text)"),
        ("grid:", "search:", "has no trials"),
        ("grid:", "trials: 3\ngrid:", "trials: stands beside a grid"),
        ("grid:", "search: {n_steps: [5]}\ngrid:", "found both grid and search"),
        ("n_envs: 8", "learning_rate: 1", "stands under settings, too"),
        ("[0.5, inf]", "[-1]", "grid.max_grad_norm: found -1"),
        ("n_envs: 8", "n_envs: 0", "settings.n_envs: found 0 (wanted at least 1)"),
        ("n_steps: 2000", "n_steps: 0", "n_steps: found the number 0"),
        ("[true, false]", "[1]", "found the number 1 (wanted true or false)"),
        ("seed: 3", "preset: tabular", "preset: found 'tabular' (wanted a world as target"),
    ],
)
def test_a_mistake_is_told_with_its_place(read, old, new, told):
    assert old in GRID
    (problem,) = problems(read, GRID.replace(old, new))
    assert told in problem
    assert problem.startswith("sweep.yaml:")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"low": 3, "high": 1}, "search.n_epochs: found 3 to 1 (wanted low to high)"),
        ({"low": 0, "high": 1, "log": True}, "above 0 as log is true"),
        ({"low": 1}, "has no high (wanted a whole number)"),
        ({"low": 1, "high": 2.5}, "search.n_epochs.high: found the number 2.5"),
        ({"low": 1, "high": 2, "step": 1}, "unknown key 'step'"),
        ({"low": 0, "high": 3}, "n_epochs: found 0 (wanted at least 1)"),
        ({"low": 1, "high": 2, "log": "yes"}, "found the text 'yes' (wanted true or false)"),
    ],
)
def test_a_wrong_range_is_told(change, told):
    wrong = {**SEARCH, "search": {"n_epochs": change}}
    with pytest.raises(InputError) as error:
        read_sweep(wrong)
    (problem,) = error.value.problems
    assert told in problem


def test_ranges_are_of_numbers_only():
    wrong = {**SEARCH, "search": {"hidden": {"low": 1, "high": 2}}}
    with pytest.raises(InputError, match="found a range"):
        read_sweep(wrong)


def test_too_many_combinations_are_refused_before_they_are_made(read):
    many = {name: list(range(1, 200)) for name in ("n_envs", "n_steps", "n_evaluations")}
    with pytest.raises(InputError, match="7,880,599 combinations"):
        read_sweep({"target": "task:cartpole", "algorithm": "a2c", "grid": many})


def test_what_is_no_sweep_file_is_told(read, tmp_path):
    assert "the file is empty (wanted a sweep" in problems(read, "")[0]
    with pytest.raises(InputError, match=r"cannot be read"):
        read_sweep("missing.yaml")
    with pytest.raises(InputError, match=r"is a folder \(wanted a sweep file\)"):
        read_sweep(tmp_path)


SUPPLIED = sorted((Path(__file__).parents[2] / "docs" / "sweeps").glob("*.yaml"))


@pytest.mark.parametrize("file", SUPPLIED, ids=lambda path: path.stem)
def test_A12_A30_sweeps_of_what_ppo_has_beyond_a2c_are_supplied(file):
    found = read_sweep(file)
    assert found.algorithm == "ppo"
    assert {"clip", "n_epochs", "lambda_"} <= found.space.keys()
    assert found.n_trials >= 20
