"""A run that is interrupted, however rudely, ends as if it never had been."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import yaml

from empo.core import store
from empo.core.errors import InputError
from empo.core.store import read_arrays
from empo.runs import trained
from empo.runs.trained import job_of, read_job, resume, run_job
from empo.runs.training_folder import CHECKPOINTS

ON_POLICY = job_of(
    "task:cartpole",
    "a2c",
    seed=3,
    n_seeds=2,
    n_steps=800,
    settings={"n_evaluations": 4, "n_episodes": 2, "hidden": (8,), "n_steps": 5},
)


class Killed(BaseException):
    """Stands for a signal: nobody catches it on purpose."""


def outcome(folder: Path) -> dict[str, bytes]:
    """All that must not depend on interruptions: parameters, optimiser, environments, metrics."""
    found = {"metrics": (folder / "metrics.jsonl").read_bytes()}
    for name in ("best", *last_three(folder)):
        arrays, _ = read_arrays(folder / CHECKPOINTS, name)
        found |= {f"{name}:{key}": array.tobytes() for key, array in arrays.items()}
    return found


def last_three(folder: Path) -> list[str]:
    return sorted(path.stem for path in (folder / CHECKPOINTS).glob("step-*.json"))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("uninterrupted") / "run"
    run_job(ON_POLICY, folder)
    return outcome(folder)


@pytest.fixture
def one_trainer(monkeypatch):
    """Sessions share their compiled programs, as processes do through the cache on disk."""
    trainer = trained.trainer_of(ON_POLICY)
    monkeypatch.setattr(trained, "trainer_of", lambda *_: trainer)


def test_the_same_seed_gives_the_same_numbers(tmp_path, uninterrupted, one_trainer):
    run_job(ON_POLICY, tmp_path / "again")
    assert outcome(tmp_path / "again") == uninterrupted


def test_a_run_killed_at_any_write_ends_the_same(tmp_path, monkeypatch, uninterrupted, one_trainer):
    write_together = store._write_together
    for kill_at in range(1, 13):
        folder = tmp_path / str(kill_at)
        writes = 0

        def write(writers, kill_at=kill_at):
            nonlocal writes
            writes += 1
            if writes == kill_at:  # half of the files are complete, none has its name yet
                path, fill = next(iter(writers.items()))
                path.parent.mkdir(parents=True, exist_ok=True)
                fill(path.with_name(f".{path.name}.1.tmp"))
                raise Killed
            write_together(writers)

        monkeypatch.setattr(store, "_write_together", write)
        try:
            run_job(ON_POLICY, folder)
        except Killed:
            monkeypatch.setattr(store, "_write_together", write_together)
            if kill_at <= 2:  # not even the settings were saved
                run_job(ON_POLICY, folder, overwrite=True)
            else:
                resume(folder)
        assert outcome(folder) == uninterrupted, kill_at


def test_a_run_stopped_again_and_again_ends_the_same(
    tmp_path, monkeypatch, uninterrupted, one_trainer
):
    folder, trainer = tmp_path / "run", trained.trainer_of(ON_POLICY)
    advance, n_calls, n_stops = trainer.advance, 0, 0

    def some(run, n_updates):
        nonlocal n_calls
        n_calls += 1
        if n_calls % 7 == 0:  # a checkpoint is five calls apart: what came after it is lost
            raise Killed
        return advance(run, n_updates)

    monkeypatch.setattr(trainer, "advance", some)
    go_on = partial(run_job, ON_POLICY, folder)
    while True:
        try:
            go_on()
            break
        except Killed:
            n_stops += 1
            go_on = partial(resume, folder)
    assert n_stops >= 3
    assert outcome(folder) == uninterrupted


def test_a_finished_run_is_only_judged_again(tmp_path, uninterrupted, one_trainer):
    folder = tmp_path / "run"
    first = run_job(ON_POLICY, folder)
    again = resume(folder)
    assert outcome(folder) == uninterrupted
    assert (again.judged.returns == first.judged.returns).all()


def test_a_run_is_not_overwritten_unasked(tmp_path, one_trainer):
    folder = tmp_path / "run"
    run_job(ON_POLICY, folder)
    before = outcome(folder)
    with pytest.raises(InputError, match=r"holds a run already.*resume"):
        run_job(ON_POLICY, folder)
    assert outcome(folder) == before
    assert read_job(folder) == ON_POLICY


def test_only_folders_of_training_runs_are_resumed(tmp_path):
    with pytest.raises(InputError, match="holds no run"):
        resume(tmp_path)
    (tmp_path / "config.json").write_text('{"format": "empo run 1"}')
    with pytest.raises(InputError, match="holds no training run"):
        resume(tmp_path)


TRAIN = ("train", "task:pendulum", "--algorithm", "sac", "--steps", "4000", "--hidden", "16,16")
SMALL = ("--warmup", "500", "--capacity", "2000", "--batch-size", "32", "--episodes", "2")


def empo(*arguments: object) -> int:
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "empo.cli", *map(str, arguments)]
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


CORRIDOR = {"kind": "bushworld", "map": "Hu 02 Ro 01", "B": 2, "max_steps": 4}
ROBOT = (
    *("--preset", "fast-small", "--hidden", "8", "--batch-size", "32", "--n-places", "16"),
    *("--prior", "shortest-path", "--x-h", "direct", "--exact", "never"),
    *("--steps", "160000", "--evaluations", "12", "--episodes", "8"),
)


@pytest.mark.slow
@pytest.mark.parametrize("trained", ["task", "world"])
def test_twenty_kills_at_random_moments_change_nothing(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    world, whole, killed = tmp_path / "corridor.yaml", tmp_path / "whole", tmp_path / "killed"
    world.write_text(yaml.safe_dump(CORRIDOR))
    train = (*TRAIN, *SMALL) if trained == "task" else ("train", world, *ROBOT)
    assert empo(*train, "--out", whole) == 0
    report = json.loads((whole / "report.json").read_text())
    training = report["seconds"] - report["compile_seconds"]
    moments = random.Random(0)
    n_kills = 0
    command = (*train, "--out", killed)
    while n_kills < 20:
        if killed_on_its_way(command, killed, moments.uniform(0.0, 0.3) * training):
            n_kills += 1
            command = ("resume", killed)
        else:  # it was faster: begin another one that is to be killed
            assert outcome(killed) == outcome(whole)
            command = (*train, "--out", killed, "--overwrite")
    assert empo(*command) == 0
    assert outcome(killed) == outcome(whole)


def killed_on_its_way(command: tuple[object, ...], folder: Path, pause: float) -> bool:
    """Kill a command so many seconds after it has saved something; False if it ends before."""
    before = {*last_three(folder)}
    process = subprocess.Popen(
        [sys.executable, "-m", "empo.cli", *map(str, command)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and {*last_three(folder)} <= before:
        time.sleep(0.01)
    try:
        assert process.wait(pause) == 0
        return False
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True
