"""A training run from its first step to its last, judged and saved on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from empo.learn.stages import NAMES
from empo.runs.checkpoint import load_last, save, write_tree
from empo.runs.history import History, history_of, read_history
from empo.runs.setup import Job
from empo.runs.sinks import Kind, Sinks, Values
from empo.runs.training_folder import CHECKPOINTS
from empo.tasks.asynchronous import AsynchronousTrainer
from empo.tasks.trainer import Chunk, Diverged, Trainer, Verdict

BEST = "best"
"""Name of the checkpoint that holds the learner of the best evaluation, for each seed."""

LOGS_PER_EVALUATION = 5
"""How often the metrics are written between two evaluations."""

Progress = Callable[[str, float | None, str], None]


def silent(what: str, fraction: float | None, detail: str) -> None:
    """Show no progress."""


class Stage(NamedTuple):
    """Some updates, after which the metrics are written, and perhaps the policy is judged."""

    n_updates: int
    judged: bool


@dataclass
class Session:
    """A run in progress: what is saved in a checkpoint, and where it reports to."""

    job: Job
    trainer: Trainer
    run: Any
    best: Any
    best_score: np.ndarray
    """Mean return of the best evaluation of each seed; -inf before the first."""
    n_done: int = 0
    """Updates made."""
    seconds: float = 0.0
    """Of everything, earlier sessions of the same run included."""
    training_seconds: float = 0.0
    """Of gathering and learning alone, without compiling."""
    compile_seconds: float = 0.0
    folder: Path | None = None
    sinks: Sinks | None = None
    progress: Progress = silent
    verdict: Verdict | None = None
    """The last."""
    rows: list[dict[str, Any]] = field(default_factory=list)
    """What metrics.jsonl would hold, if there is no folder."""

    @property
    def n_steps(self) -> int:
        """Environment steps so far, of each seed."""
        return self.trainer.n_steps(self.run)

    def tell(self, seed: int, kind: Kind, values: Values) -> None:
        """A row of metrics: what holds of that seed now."""
        if self.sinks:
            self.sinks.write(self.n_steps, seed, kind, values)
        else:
            self.rows.append({"step": self.n_steps, "seed": seed, "kind": kind, **values})

    def history(self) -> History:
        """All rows so far."""
        if not self.sinks or not self.folder:
            return history_of(self.rows)
        self.sinks.flush()
        return read_history(self.folder)


def begin(job: Job, trainer: Trainer, folder: Path | None, progress: Progress) -> Session:
    """A run before its first update."""
    progress("Starting", None, f"{job.algorithm} on {job.target}")
    run = trainer.start()
    learner = trainer.learner(run)
    nothing = np.full(job.n_seeds, -np.inf)
    best = trainer.pick(np.ones(job.n_seeds, bool), learner, learner)
    sinks = Sinks(folder) if folder else None
    session = Session(job, trainer, run, best, nothing, folder=folder, sinks=sinks)
    session.progress = progress
    return session


def restore(job: Job, trainer: Trainer, folder: Path, progress: Progress) -> Session:
    """The run as its last checkpoint left it; what was written after that is taken back.

    It may have been saved with another number of workers.
    """

    def like(manifest: Mapping[str, Any]) -> Any:
        shape = trainer.shape()
        if isinstance(trainer, AsynchronousTrainer):
            shape = trainer.shape(manifest.get("n_workers"))
        return shape, trainer.learner(shape), np.zeros(job.n_seeds)

    (run, best, score), manifest = load_last(folder / CHECKPOINTS, like)
    if isinstance(trainer, AsynchronousTrainer):
        run = trainer.crewed(run)
    session = Session(job, trainer, run, best, score, manifest["n_updates"], folder=folder)
    session.progress = progress
    session.seconds, session.training_seconds, session.compile_seconds = manifest["seconds"]
    position, purge_step = manifest["metrics_position"], session.n_steps + 1
    session.sinks = Sinks(folder, position=position, purge_step=purge_step)
    return session


def proceed(session: Session) -> None:
    """Train to the end; a run that begins is judged first, for its performance untrained."""
    if np.isneginf(session.best_score).all():
        with _timed(session):
            _judge(session)
        _save(session)
    total = session.trainer.n_updates(session.job.n_steps)
    for stage in stages(total, session.job.n_evaluations):
        if stage.n_updates <= session.n_done:
            continue
        with _timed(session):
            compiled = session.trainer.compile_seconds
            begun = time.perf_counter()
            session.run, chunk = session.trainer.advance(
                session.run, stage.n_updates - session.n_done
            )
            passed = time.perf_counter() - begun
            session.training_seconds += passed - (session.trainer.compile_seconds - compiled)
            session.n_done = stage.n_updates
            _record(session, chunk)
            session.progress("Training", session.n_done / total, _detail(session, chunk))
            if stage.judged:
                _judge(session)
        if stage.judged:
            _save(session)


def stages(n_updates: int, n_evaluations: int) -> Iterator[Stage]:
    """When metrics are written and when the policy is judged: the same however often resumed."""
    judged = _spread(n_updates, n_evaluations)
    for number in sorted(judged | _spread(n_updates, n_evaluations * LOGS_PER_EVALUATION)):
        yield Stage(number, number in judged)


def judge_best(session: Session) -> Verdict:
    """Fresh episodes of each seed's best learner, none of which it was chosen by."""
    seed = _judging_seed(session.job, -1)
    return session.trainer.judge(session.best, session.job.n_episodes, seed=seed)


def _judge(session: Session) -> None:
    job, learner = session.job, session.trainer.learner(session.run)
    seed = _judging_seed(job, session.n_done)
    judged = session.trainer.judge(learner, job.n_episodes, seed=seed)
    score = judged.score
    if not np.isfinite(score).all():
        raise Diverged(
            f"step {session.n_steps:,}: episodes that the policy was judged by returned {score} "
            f"(wanted finite numbers: look at the rewards)"
        )
    better = score >= session.best_score  # of equals the later, which has learned from more
    if better.any():
        session.best = session.trainer.pick(better, learner, session.best)
        session.best_score = np.where(better, score, session.best_score)
    session.verdict = judged
    for number, job_seed in enumerate(job.seeds):
        row = judged.row(number)
        _check_finite(row, f"step {session.n_steps:,}, seed {job_seed}")
        session.tell(job_seed, "evaluate", row)


def _record(session: Session, chunk: Chunk) -> None:
    for number, seed in enumerate(session.job.seeds):
        row = {name: float(column[number]) for name, column in chunk.metrics.items()}
        ended = {"n_episodes": float(chunk.n_ended[number])}
        if not chunk.n_ended[number]:  # no episode ended: there is no mean to tell
            row = {name: x for name, x in row.items() if not name.startswith("episode_")}
        session.tell(seed, "train", row | ended)


def _check_finite(row: Mapping[str, Any], where: str) -> None:
    """Raise `Diverged` where what was learned, though finite itself, leads to what is not."""
    for name, value in row.items():
        if isinstance(value, float) and not np.isfinite(value):
            raise Diverged(
                f"{where}: {name} is {value} (wanted a finite number; smaller learning rates may "
                f"help; the last checkpoint is intact)"
            )


def _save(session: Session) -> None:
    if not session.folder or not session.sinks:
        return
    session.sinks.flush()
    folder = session.folder / CHECKPOINTS
    manifest = {
        "n_updates": session.n_done,
        "n_steps": session.n_steps,
        "metrics_position": session.sinks.position(),
        "seconds": [session.seconds, session.training_seconds, session.compile_seconds],
    }
    if isinstance(session.trainer, AsynchronousTrainer):
        manifest["n_workers"] = session.trainer.n_workers
    state = (session.run, session.best, session.best_score)
    # The best learner goes first: one that is ahead of its checkpoint is found again, while one
    # that is behind the last checkpoint would stay so.
    write_tree(folder, BEST, session.best, {"scores": session.best_score.tolist()})
    save(folder, session.n_steps, state, manifest)


@contextmanager
def _timed(session: Session) -> Iterator[None]:
    begun, compiled = time.perf_counter(), session.trainer.compile_seconds
    try:
        yield
    finally:
        session.seconds += time.perf_counter() - begun
        session.compile_seconds += session.trainer.compile_seconds - compiled


def _detail(session: Session, chunk: Chunk) -> str:
    rate = session.n_steps * session.job.n_seeds / max(session.training_seconds, 1e-9)
    said = f"{session.n_steps:,} steps, {rate:,.0f} per second"
    if "stage" not in chunk.metrics:
        return f"{said}, best return {session.best_score.mean():.1f}"
    stage = NAMES[int(chunk.metrics["stage"].max())]
    said = f"{said}, stage {stage}, beta_r {chunk.metrics['beta_r'].mean():.3g}"
    rows = [session.verdict.row(i) for i in range(session.job.n_seeds)] if session.verdict else []
    distances = [row["tv"] for row in rows if "tv" in row]
    return f"{said}, tv {np.mean(distances):.3f}" if distances else said


def _spread(n: int, parts: int) -> set[int]:
    """Numbers from 1 to n, evenly spread, n among them."""
    return {max(round(n * part / parts), 1) for part in range(1, parts + 1)}


def _judging_seed(job: Job, n_done: int) -> int:
    """Its own for every evaluation, and none that training uses."""
    return int(np.random.SeedSequence([job.seed, n_done + 1, 1]).generate_state(1)[0])
