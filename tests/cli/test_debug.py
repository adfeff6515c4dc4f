"""`empo debug`: the printed list, JSON, and what it leaves in a run's folder."""

from __future__ import annotations

import json

import pytest

from empo.runs.checkup import Batch, Checkup, Move, Update, Watched, read_checkup
from tests.runs.trainings import write_training

ACTING = (
    Move(0, (0.25, -1.0), (1.0,), 1.0),
    Move(1, tuple(1234.5678 for _ in range(6)), (0.0,), 1.0),
    Move(41, (0.5, 2.0), (1.0,), -100.0),
)
FOUND = Checkup(
    "task:cartpole",
    "ppo",
    8,
    tuple(map(float, range(160))),
    (20.0, 25.0),
    (
        Update(256, {"entropy": 0.69, "kl": 0.5, "grad_norm": 1.0}),
        Update(512, {"entropy": 0.6, "kl": 0.4, "grad_norm": 1.0, "episode_return": 25.0}),
    ),
    (Batch(1, 256, {"policy": 0.05}, 0.5), Batch(4, 1024, {"policy": 0.5}, None)),
    (Watched(0, 20.0, 42, ACTING), Watched(20, 500.0, 500, ACTING)),
)


@pytest.fixture
def measured(monkeypatch):
    """What would be measured, and with which job."""
    jobs = []

    def check_up(job, checklist, *, progress):
        jobs.append((job, checklist))
        return FOUND

    monkeypatch.setattr("empo.cli.debug.check_up", check_up)
    return jobs


def test_all_points_are_printed_in_80_columns(empo_main, measured):
    done = empo_main("debug", "task:cartpole", "--algorithm", "a2c", "--seed", "3", "--seeds", "4")
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 80
    ((job, checklist),) = measured
    assert (job.algorithm, job.seed, checklist.n_seeds) == ("a2c", 3, 4)
    for said in ("untrained policies", "random actions", "× 4", "1,024", "after 20 updates"):
        assert said in done.out
    for heading in ("1, 2.", "3.", "4.", "5."):
        assert f"\n{heading} " in done.out
    assert "! kl: 0.45 in the middle" in done.out  # suspicious, and so marked
    assert "! batch: Two updates" in done.out
    assert "  entropy: From 0.69 to 0.6 nats." in done.out


def test_json_is_one_object_with_all_that_was_found(empo_main, measured):
    record = json.loads(empo_main("debug", "task:cartpole", "--json").out)
    assert record["batches"][1]["size"] == 1024
    assert record["findings"]["kl"]["suspect"]


def test_a_folder_keeps_it_and_shows_it(empo_main, measured, tmp_path):
    folder = write_training(tmp_path / "run", n_seeds=1)
    done = empo_main("debug", "run")
    assert (done.code, done.err) == (0, "")
    assert measured[0][0].n_steps == 10_000  # the run's own job
    assert read_checkup(folder) == FOUND
    assert "try larger batches" in (folder / "report.html").read_text()


def test_networks_that_did_not_move_are_told(empo_main, monkeypatch):
    from dataclasses import replace

    still = replace(FOUND, batches=())
    monkeypatch.setattr("empo.cli.debug.check_up", lambda *_, **__: still)
    assert "the networks did not move" in empo_main("debug", "task:cartpole").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing"], "holds no run"),
        (["task:no-such-task"], "no-such-task"),
        (["task:cartpole", "--algorithm", "pop"], "did you mean ppo"),
        (["task:cartpole", "--seeds", "1"], "n_seeds: found 1"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(empo_main, arguments, words):
    done = empo_main("debug", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert len(done.err.splitlines()) == 1
