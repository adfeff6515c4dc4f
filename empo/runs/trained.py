"""Training from Python: `train`, `resume`, `evaluate`, and the policy that comes of it."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from empo.core.cache import keep_compiled_programs
from empo.core.store import read_json, write_text
from empo.runs.checkpoint import read_tree, saved_steps
from empo.runs.folder import CONFIG, REPORT
from empo.runs.jobs import job_of
from empo.runs.origin import origin_of, world_again
from empo.runs.policies import Trained, TrainedRobot
from empo.runs.reporting import report_of_training
from empo.runs.setup import Job, from_record, is_world, to_record, with_workers
from empo.runs.targets import placed, trainer_of, world_of
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
from empo.runs.training_folder import (
    CHECKPOINTS,
    KIND,
    begin_training,
    mend_training,
    training_config,
)
from empo.tasks.trainer import Trainer, Verdict
from empo.worlds import World


def train(
    target: str,
    algorithm: str | None = None,
    *,
    preset: str | None = None,
    seed: int = 0,
    n_seeds: int = 1,
    steps: int | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    ray: str | None = None,
    progress: Progress = silent,
    **settings: Any,
) -> Trained:
    """Train an algorithm on task:NAME or gym:ENV-ID, or a robot in a world, by its name or file.

    `settings` replace those of the preset, by name: `learning_rate=1e-3, hidden=(128, 128)`; of the
    theory in a world: `beta_r=10.0`; and `n_evaluations`, `n_episodes` of the run. Without them,
    and without `algorithm` and `steps`, what is known to work is taken. With `out` the run is saved
    there as it goes on, and `resume` can continue it. What was learned about a world comes as a
    `TrainedRobot`. With `ray`, "local" or the address of a cluster, the workers of an asynchronous
    algorithm are processes there. Raises `InputError` for anything that is wrong, and `Diverged`.
    """
    job = job_of(
        target,
        algorithm,
        preset=preset,
        seed=seed,
        n_seeds=n_seeds,
        n_steps=steps,
        settings=settings,
    )
    folder = Path(out) if out else None
    return run_job(job, folder, overwrite=overwrite, ray=ray, progress=progress)


def run_job(
    job: Job,
    folder: Path | None,
    *,
    overwrite: bool = False,
    ray: str | None = None,
    progress: Progress = silent,
) -> Trained:
    """Train from the beginning to the end."""
    keep_compiled_programs()
    world = world_of(job.target) if is_world(job.target) else None
    trainer = placed(trainer_of(job, world, progress), ray)
    try:
        if folder:
            begin_training(folder, _config(job, world), overwrite=overwrite)
        return _finish(begin(job, trainer, folder, progress), progress)
    finally:
        trainer.close()


def resume(
    folder: str | Path,
    *,
    n_workers: int | None = None,
    ray: str | None = None,
    progress: Progress = silent,
) -> Trained:
    """Go on with a run that was interrupted, from its last checkpoint.

    In worlds and on device tasks every number is as if it had never stopped; Gymnasium environments
    begin new episodes. A run that is complete is only judged again. An asynchronous one may go on
    with another number of workers, and elsewhere (`ray`, as `train` has it).
    """
    keep_compiled_programs()
    folder = Path(folder)
    job, world = _again(folder)
    if n_workers is not None:
        job = with_workers(job, n_workers)
    trainer = placed(trainer_of(job, world, progress), ray)
    try:
        if n_workers is not None:
            mend_training(folder, to_record(job))
        if saved_steps(folder / CHECKPOINTS):
            session = restore(job, trainer, folder, progress)
        else:  # it was stopped before its first checkpoint
            session = begin(job, trainer, folder, progress)
        return _finish(session, progress)
    finally:
        trainer.close()


def load_trained(folder: Path, *, progress: Progress = silent) -> Trained:
    """The learners of the best evaluations of a run, finished or not."""
    job, world = _again(folder)
    trainer = trainer_of(job, world, progress)
    like = trainer.learner(trainer.shape())
    learner, _ = read_tree(folder / CHECKPOINTS, BEST, like)
    path = folder / REPORT
    return _trained(job, trainer, learner, read_json(path) if path.exists() else {})


def read_job(folder: Path) -> Job:
    """The job of a training run's folder. Raises `InputError` if it is none."""
    return from_record(training_config(folder)["job"], str(folder / CONFIG))


def _again(folder: Path) -> tuple[Job, World | None]:
    """The job of a run, and its world, if it has one, of which the rules are the same as then."""
    job = read_job(folder)
    if not is_world(job.target):
        return job, None
    return job, world_again(folder, training_config(folder), job.target)


def _trained(
    job: Job,
    trainer: Trainer,
    learner: Any,
    report: Mapping[str, Any],
    verdict: Verdict | None = None,
) -> Trained:
    kind = TrainedRobot if is_world(job.target) else Trained
    return kind(job, trainer, learner, report, verdict)


def _finish(session: Session, progress: Progress) -> Trained:
    try:
        proceed(session)
        progress("Judging", None, f"{session.job.n_episodes} fresh episodes")
        verdict = judge_best(session)
        report = report_of_training(session, verdict)
        if session.folder:
            text = json.dumps(report, indent=1, allow_nan=False) + "\n"
            write_text(session.folder / REPORT, text)
        return _trained(session.job, session.trainer, session.best, report, verdict)
    finally:
        if session.sinks:
            session.sinks.close()


def _config(job: Job, world: World | None = None) -> dict[str, Any]:
    names = ("empo", "jax", "numpy", "optax", "equinox", "gymnasium")
    return {
        "command": "train",
        "kind": KIND,
        "job": to_record(job),
        **(origin_of(world) if world else {}),
        "versions": {
            **{name: version(name) for name in names},
            "python": platform.python_version(),
        },
    }
