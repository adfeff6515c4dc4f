"""report.json of a training run: the result in a few numbers."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from empo.learn.judging import JudgedRobots
from empo.learn.trainer import network_sizes
from empo.runs.advice import advice_on
from empo.runs.setup import workers_of
from empo.runs.stats import over_seeds
from empo.runs.training import Session
from empo.runs.worth import worth_of_policies
from empo.tasks.trainer import Judged, Verdict


def report_of_training(session: Session, verdict: Verdict) -> dict[str, Any]:
    """What stands in report.json."""
    return _of_the_run(session) | _of_the_verdict(session, verdict) | {"device": _device()}


def _of_the_run(session: Session) -> dict[str, Any]:
    job = session.job
    return {
        "algorithm": job.algorithm,
        "target": job.target,
        "seed": job.seed,
        "n_seeds": job.n_seeds,
        "steps": session.n_steps,
        "seconds": round(session.seconds, 4),
        "compile_seconds": round(session.compile_seconds, 4),
        "steps_per_second": round(
            session.n_steps * job.n_seeds / max(session.training_seconds, 1e-9), 1
        ),
        **_of_the_workers(session),
    }


def _of_the_workers(session: Session) -> dict[str, Any]:
    """How stale messages were and what was lost, over the whole run; nothing without workers."""
    n_workers = workers_of(session.job.setup.algorithm)
    if not n_workers:
        return {}
    history = session.history()
    told = {}
    for name in ("staleness", "staleness_max", "workers_lost", "messages_lost"):
        curve = history.curve("train", name)
        told[name] = np.zeros(1) if curve is None else curve.values[0]
    return {
        "n_workers": n_workers,
        "staleness": round(float(told["staleness"].mean()), 4),
        "staleness_max": int(told["staleness_max"].max()),
        "workers_lost": int(told["workers_lost"].sum()),
        "messages_lost": int(told["messages_lost"].sum()),
    }


def _of_the_verdict(session: Session, verdict: Verdict) -> dict[str, Any]:
    if isinstance(verdict, JudgedRobots):
        advice = advice_on(session, verdict)
        sizes = network_sizes(session.trainer.learner(session.run), session.job.n_seeds)
        return {"updates": verdict.n_updates, **verdict.report(), **worth_of_policies(session)} | {
            **{f"parameters_{name}": size for name, size in sizes.items()},
            "settled": not advice,
            "advice": list(advice),
        }
    assert isinstance(verdict, Judged)
    return of_returns(verdict)


def of_returns(judged: Judged) -> dict[str, Any]:
    """Mean returns over seeds."""
    scores = judged.returns.mean(axis=1)
    estimate = over_seeds(scores)
    interval = (estimate.low, estimate.high)
    low, high = (float(x) if np.isfinite(x) else None for x in interval)
    return {
        "eval_return_mean": float(scores.mean()),
        "eval_return_iqm": float(estimate.centre),
        "eval_return_low": low,
        "eval_return_high": high,
        "eval_return_worst_seed": float(scores.min()),
    }


def _device() -> str:
    return jax.devices()[0].device_kind
