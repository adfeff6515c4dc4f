"""Training from Python: `train`, `resume`, `evaluate`, and the policy that comes of it."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np

from empo.core.cache import keep_compiled_programs
from empo.core.errors import InputError
from empo.core.store import read_json, write_text
from empo.core.types import AnyArray
from empo.runs.checkpoint import read_tree, saved_steps
from empo.runs.folder import CONFIG, REPORT
from empo.runs.presets import preset
from empo.runs.setup import Job, changed, from_record, to_record
from empo.runs.stats import over_seeds
from empo.runs.targets import trainer_of
from empo.runs.training import (
    BEST,
    Progress,
    Session,
    begin,
    judge_best,
    proceed,
    restore,
    silent,
)
from empo.runs.training_folder import CHECKPOINTS, KIND, begin_training, training_config
from empo.tasks.trainer import Judged, Trainer


@dataclass(frozen=True)
class Trained:
    """What a training run has learned: for each seed the learner of its best evaluation."""

    job: Job
    trainer: Trainer
    learner: Any
    report: Mapping[str, Any]
    """What stands in report.json."""
    judged: Judged | None = None
    """Fresh episodes of these learners, if they were played."""

    def act(self, observation: AnyArray, *, seed: int | None = None) -> AnyArray:
        """The action for ONE observation, without exploring; `seed` says whose (default: first)."""
        return self.trainer.act(self.learner, np.asarray(observation), self._number(seed))

    def evaluate(self, n_episodes: int = 20, *, seed: int = 0) -> Judged:
        """Play fresh episodes of each seed's learner."""
        return self.trainer.judge(self.learner, n_episodes, seed=seed)

    def _number(self, seed: int | None) -> int:
        if seed is None:
            return 0
        if seed not in self.job.seeds:
            raise InputError(
                f"seed: found {seed} (the run has {', '.join(map(str, self.job.seeds))})"
            )
        return self.job.seeds.index(seed)


def train(
    target: str,
    algorithm: str = "ppo",
    *,
    seed: int = 0,
    n_seeds: int = 1,
    steps: int = 100_000,
    out: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
    **settings: Any,
) -> Trained:
    """Train an algorithm on task:NAME or gym:ENV-ID.

    `settings` replace those of the preset, by name: `learning_rate=1e-3, hidden=(128, 128)`, and
    `n_evaluations`, `n_episodes` of the run. With `out` the run is saved there as it goes on, and
    `resume` can continue it. Raises `InputError` for anything that is wrong, and `Diverged`.
    """
    job = job_of(target, algorithm, seed=seed, n_seeds=n_seeds, n_steps=steps, settings=settings)
    return run_job(job, Path(out) if out else None, overwrite=overwrite, progress=progress)


def job_of(target: str, algorithm: str, *, settings: Mapping[str, Any], **of_the_run: Any) -> Job:
    """The preset's job with some settings replaced. Raises `InputError` for unknown ones."""
    own = {name: settings[name] for name in settings if name in ("n_evaluations", "n_episodes")}
    rest = {name: value for name, value in settings.items() if name not in own}
    setup = changed(preset(algorithm, target), rest)
    return Job(target, algorithm, setup, **of_the_run, **own)


def run_job(
    job: Job, folder: Path | None, *, overwrite: bool = False, progress: Progress = silent
) -> Trained:
    """Train from the beginning to the end."""
    keep_compiled_programs()
    trainer = trainer_of(job)
    try:
        if folder:
            begin_training(folder, _config(job), overwrite=overwrite)
        return _finish(begin(job, trainer, folder, progress), progress)
    finally:
        trainer.close()


def resume(folder: str | Path, *, progress: Progress = silent) -> Trained:
    """Go on with a run that was interrupted, from its last checkpoint.

    On device tasks every number is as if it had never stopped; Gymnasium environments begin new
    episodes. A run that is complete is only judged again.
    """
    keep_compiled_programs()
    folder = Path(folder)
    job = read_job(folder)
    trainer = trainer_of(job)
    try:
        if saved_steps(folder / CHECKPOINTS):
            session = restore(job, trainer, folder, progress)
        else:  # it was stopped before its first checkpoint
            session = begin(job, trainer, folder, progress)
        return _finish(session, progress)
    finally:
        trainer.close()


def load_trained(folder: Path) -> Trained:
    """The learners of the best evaluations of a run, finished or not."""
    job = read_job(folder)
    trainer = trainer_of(job)
    like = trainer.learner(trainer.shape())
    learner, _ = read_tree(folder / CHECKPOINTS, BEST, like)
    path = folder / REPORT
    return Trained(job, trainer, learner, read_json(path) if path.exists() else {})


def read_job(folder: Path) -> Job:
    """The job of a training run's folder. Raises `InputError` if it is none."""
    return from_record(training_config(folder)["job"], str(folder / CONFIG))


def report_of_training(session: Session, judged: Judged) -> dict[str, Any]:
    """report.json: the result in a few numbers."""
    job = session.job
    scores = judged.returns.mean(axis=1)
    estimate = over_seeds(scores)
    interval = (estimate.low, estimate.high)
    low, high = (float(x) if np.isfinite(x) else None for x in interval)
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
        "eval_return_mean": float(scores.mean()),
        "eval_return_iqm": float(estimate.centre),
        "eval_return_low": low,
        "eval_return_high": high,
        "eval_return_worst_seed": float(scores.min()),
        "device": jax.devices()[0].device_kind,
    }


def _finish(session: Session, progress: Progress) -> Trained:
    try:
        proceed(session)
        progress("Judging", None, f"{session.job.n_episodes} fresh episodes")
        judged = judge_best(session)
        report = report_of_training(session, judged)
        if session.folder:
            text = json.dumps(report, indent=1, allow_nan=False) + "\n"
            write_text(session.folder / REPORT, text)
        return Trained(session.job, session.trainer, session.best, report, judged)
    finally:
        if session.sinks:
            session.sinks.close()


def _config(job: Job) -> dict[str, Any]:
    names = ("empo", "jax", "numpy", "optax", "equinox", "gymnasium")
    return {
        "command": "train",
        "kind": KIND,
        "job": to_record(job),
        "versions": {
            **{name: version(name) for name in names},
            "python": platform.python_version(),
        },
    }
