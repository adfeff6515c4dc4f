"""`--workers` and `--ray` of `empo train` and `empo resume`."""

from __future__ import annotations

import json

import pytest

QUICK = ("--steps", "400", "--evaluations", "2", "--episodes", "3", "--hidden", "8", "--json")


def test_a_run_has_the_workers_asked_for_and_goes_on_with_others(empo_main):
    train = ("train", "task:cartpole", "--algorithm", "a3c", "--out", "run", *QUICK)
    done = empo_main(*train, "--workers", "2")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert (report["n_workers"], report["workers_lost"]) == (2, 0)
    again = empo_main("resume", "run", "--workers", "1", "--json")
    assert json.loads(again.out)["n_workers"] == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--algorithm", "a3c", "--workers", "0"), "n_workers: found 0"),
        (("--algorithm", "a3c", "--workers", "many"), "--workers: found 'many' (wanted a whole"),
        (("--algorithm", "a2c", "--workers", "2"), "unknown flag '--workers'"),
        (("--algorithm", "a2c", "--ray", "local"), "ray: found an algorithm without workers"),
        (("--algorithm", "a3c", "--ray", "nowhere"), "ray: found 'nowhere' (wanted local"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(empo_main, tmp_path, arguments, told):
    done = empo_main("train", "task:cartpole", *arguments, *QUICK)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert len(done.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())
