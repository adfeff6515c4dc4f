"""Sweeps: ranks, and going on without training again what is finished."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import empo
from empo.core.errors import InputError
from empo.runs import sweep as sweeping
from empo.runs.sweep import sweep
from empo.runs.sweep_process import Ending
from empo.runs.training_folder import begin_training
from tests.runs.trainings import write_training

GRID = {
    "target": "task:cartpole",
    "algorithm": "a2c",
    "seeds": 3,
    "n_steps": 1000,
    "grid": {"learning_rate": [1e-3, 2e-3, 3e-3]},
}


class Pretenders:
    """Writes folders instead of training: the larger the step size, the better."""

    def __init__(self, endings=()):
        self.endings = dict(endings)
        self.trained = []

    def run(self, job, folder):
        self.trained.append(folder.name)
        ending = self.endings.get(folder.name, Ending("finished"))
        if ending.state != "finished":
            begin_training(folder, sweeping_config(job), overwrite=True)
            return ending
        best = 1e5 * job.setup.algorithm.optim.learning_rate
        write_training(folder, best=best, n_seeds=job.n_seeds)
        write_config(job, folder)
        return ending

    def close(self):
        pass


def sweeping_config(job):
    from empo.runs.trained import _config

    return _config(job)


def write_config(job, folder):
    record = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**record, **sweeping_config(job)}))


@pytest.fixture
def pretend(monkeypatch):
    def pretend(*endings):
        crew = Pretenders(endings)
        monkeypatch.setattr(sweeping, "Processes", lambda: crew)
        return crew

    return pretend


def test_trials_are_ranked_and_summed_up(pretend, tmp_path):
    crew = pretend()
    found = sweep(GRID, out=tmp_path / "out")
    assert [trial.chosen["learning_rate"] for trial in found.ranked] == [3e-3, 2e-3, 1e-3]
    assert found.best.number == 2
    assert crew.trained == ["trial-000", "trial-001", "trial-002"]
    written = json.loads((tmp_path / "out" / "sweep.json").read_text())
    assert (written["best"], written["n_trials"], written["method"]) == (2, 3, "grid")
    assert [trial["rank"] for trial in written["trials"]] == [3, 2, 1]
    best = written["trials"][2]
    assert best["iqm_low"] <= best["iqm"] <= best["iqm_high"]
    assert len(best["per_seed"]) == 3
    np.testing.assert_allclose(best["worst_seed"], min(best["per_seed"]))


def test_the_same_again_trains_nothing_and_finds_the_same(pretend, tmp_path):
    pretend()
    sweep(GRID, out=tmp_path)
    before = (tmp_path / "sweep.json").read_bytes()
    again = pretend()
    assert sweep(GRID, out=tmp_path).best.number == 2
    assert again.trained == []
    assert (tmp_path / "sweep.json").read_bytes() == before


def test_what_has_diverged_is_not_repeated_and_what_has_failed_is(pretend, tmp_path):
    gone = Ending("diverged", "step 3: it is nan")
    broken = Ending("failed", "its process was killed 3 times")
    pretend(("trial-002", gone), ("trial-001", broken))
    found = sweep(GRID, out=tmp_path)
    assert [trial.state for trial in found.trials] == ["finished", "failed", "diverged"]
    assert found.best.number == 0
    assert [trial.trouble for trial in found.others] == [broken.trouble, gone.trouble]
    again = pretend()
    assert sweep(GRID, out=tmp_path).best.number == 1
    assert again.trained == ["trial-001"]


def test_a_killed_sweep_goes_on_with_what_was_begun(pretend, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    crew = pretend()
    run = crew.run

    def killed(job, folder):
        if folder.name == "trial-001":
            raise Killed
        return run(job, folder)

    crew.run = killed
    with pytest.raises(Killed):
        sweep(GRID, out=tmp_path)
    states = [t["state"] for t in json.loads((tmp_path / "sweep.json").read_text())["trials"]]
    assert states == ["finished", "begun"]
    again = pretend()
    assert sweep(GRID, out=tmp_path).share == 1.0
    assert again.trained == ["trial-001", "trial-002"]


def test_a_sweep_may_be_made_longer_and_its_order_kept(pretend, tmp_path):
    search = {key: value for key, value in GRID.items() if key != "grid"} | {
        "search": {"learning_rate": {"low": 1e-3, "high": 1e-2, "log": True}},
    }
    pretend()
    first = sweep({**search, "trials": 2}, out=tmp_path)
    again = pretend()
    longer = sweep({**search, "trials": 4}, out=tmp_path)
    assert again.trained == ["trial-002", "trial-003"]
    assert [t.chosen for t in longer.trials[:2]] == [t.chosen for t in first.trials]


def test_optuna_goes_on_from_what_was_found(pretend, tmp_path):
    pytest.importorskip("optuna")
    search = {key: value for key, value in GRID.items() if key != "grid"} | {
        "search": {"learning_rate": {"low": 1e-3, "high": 1e-2}, "hidden": [[8], [8, 8]]},
        "method": "optuna",
    }
    pretend()
    first = sweep({**search, "trials": 3}, out=tmp_path)
    again = pretend()
    longer = sweep({**search, "trials": 5, "processes": 2}, out=tmp_path)
    assert sorted(again.trained) == ["trial-003", "trial-004"]
    assert [t.chosen for t in longer.trials[:3]] == [t.chosen for t in first.trials]
    with pytest.raises(InputError, match="wanted the sweep of before"):
        sweep({**search, "search": {"hidden": [[8], [9]]}, "trials": 3}, out=tmp_path)


def test_another_sweep_is_not_mixed_with_the_first(pretend, tmp_path):
    pretend()
    sweep(GRID, out=tmp_path)
    other = {**GRID, "n_steps": 2000}
    with pytest.raises(InputError) as error:
        sweep(other, out=tmp_path)
    assert len(error.value.problems) == 3
    assert "holds a run with other settings" in error.value.problems[0]
    again = pretend()
    sweep(other, out=tmp_path, overwrite=True)
    assert len(again.trained) == 3


def test_settings_that_do_not_go_together_are_trials_without_a_result(pretend, tmp_path):
    search = {
        "target": "task:cartpole",
        "algorithm": "impala",
        "n_steps": 1000,
        "search": {"rho_bar": [1.0, 2.0], "c_bar": [1.0, 2.0]},
        "trials": 12,
    }
    crew = pretend()
    with pytest.raises(InputError, match=r"search\.rho_bar: found 1\.0"):
        sweep(search, out=tmp_path)  # an end of a range that never fits is a mistake
    within = {**search, "search": {"rho_bar": [2.0, 1.0], "c_bar": [1.0, 1.5]}}
    found = sweep(within, out=tmp_path)
    failed = [trial for trial in found.trials if trial.state == "failed"]
    assert failed
    assert {trial.chosen["c_bar"] for trial in failed} == {1.5}
    assert len(crew.trained) == 12 - len(failed)


def test_it_is_called_from_python_by_its_name():
    assert empo.sweep is sweep
    with pytest.raises(InputError, match="processes: found 0"):
        empo.sweep(GRID, out="nowhere", processes=0)


REAL = """\
target: task:cartpole
algorithm: a2c
seeds: 2
n_steps: 20000
processes: 2
settings: {hidden: [8], n_evaluations: 10, n_episodes: 2}
grid: {learning_rate: [1e-3, 3e-3, 1e-2]}
"""


def states(folder):
    path = folder / "sweep.json"
    return [t["state"] for t in json.loads(path.read_text())["trials"]] if path.exists() else []


@pytest.mark.slow
def test_a_sweep_killed_at_any_time_ends_the_same(tmp_path):
    file, out = tmp_path / "real.yaml", tmp_path / "killed"
    file.write_text(REAL)
    command = [sys.executable, "-m", "empo.cli", "sweep", str(file), "--out", str(out), "--json"]
    finished = {}
    for _ in range(3):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        n_before = states(out).count("finished")
        deadline = time.monotonic() + 60
        while states(out).count("finished") == n_before and time.monotonic() < deadline:
            time.sleep(0.2)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        for path in out.glob("trial-*/report.json"):
            finished.setdefault(path, path.stat().st_mtime_ns)
    found = sweep(file, out=out)
    assert [trial.state for trial in found.trials] == ["finished"] * 3
    assert finished
    # What was finished was not touched again.
    assert all(path.stat().st_mtime_ns == when for path, when in finished.items())
    alone = sweep(file, out=tmp_path / "alone")
    assert [t.scores.tolist() for t in alone.trials] == [t.scores.tolist() for t in found.trials]


@pytest.mark.slow
def test_trials_are_tasks_of_a_ray_cluster(tmp_path):
    pytest.importorskip("ray")
    asked = {**GRID, "settings": {"hidden": [8], "n_episodes": 2}, "processes": 2}
    found = sweep(asked, out=tmp_path, ray="local")
    assert [trial.state for trial in found.trials] == ["finished"] * 3
