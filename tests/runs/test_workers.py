"""Runs of asynchronous workers: what is reported, and going on with another number of them."""

from __future__ import annotations

import json

import pytest

from empo.core.errors import InputError
from empo.runs import trained
from empo.runs.trained import job_of, read_job, resume, run_job

SETTINGS = {"n_evaluations": 4, "n_episodes": 2, "hidden": (8,), "n_steps": 5}


class Stopped(BaseException):
    """Stands for a signal."""


def job(n_workers):
    return job_of(
        "task:cartpole", "a3c", n_steps=800, settings={**SETTINGS, "n_workers": n_workers}
    )


def interrupted(folder, n_workers, monkeypatch):
    """A run that was stopped after its second evaluation."""
    judge, n_judged = trained.Session.tell, 0

    def tell(session, seed, kind, values):
        nonlocal n_judged
        n_judged += kind == "evaluate"
        if n_judged > 3:
            raise Stopped
        judge(session, seed, kind, values)

    with monkeypatch.context() as patch:
        patch.setattr(trained.Session, "tell", tell)
        with pytest.raises(Stopped):
            run_job(job(n_workers), folder)


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1)])
def test_a_run_goes_on_with_another_number_of_workers(tmp_path, monkeypatch, before, after):
    interrupted(tmp_path / "run", before, monkeypatch)
    report = resume(tmp_path / "run", n_workers=after).report
    assert (report["n_workers"], report["steps"]) == (after, 800)
    assert read_job(tmp_path / "run") == job(after)
    # What it goes on from now was saved with the new number, whatever config.json said before.
    assert resume(tmp_path / "run").report["n_workers"] == after


def test_the_report_tells_how_stale_messages_were_and_what_was_lost(tmp_path):
    run_job(job(1), tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    told = {"staleness": 0, "staleness_max": 0, "workers_lost": 0, "messages_lost": 0}
    assert report | told == report


def test_only_runs_with_workers_go_on_with_others(tmp_path):
    alone = job_of("task:cartpole", "a2c", n_steps=40, settings=SETTINGS)
    run_job(alone, tmp_path)
    with pytest.raises(InputError, match="workers: found a2c without workers"):
        resume(tmp_path, n_workers=2)
    with pytest.raises(InputError, match="ray: found an algorithm without workers"):
        resume(tmp_path, ray="local")


def test_no_workers_at_all_are_refused(tmp_path):
    run_job(job(1), tmp_path)
    with pytest.raises(InputError, match="workers: found 0"):
        resume(tmp_path, n_workers=0)
