"""The checklist for a training run that does not learn, measured on its first updates.

1. performance at the beginning: is an untrained policy about as good as chance?
2. returns at the beginning: do they differ at all?
3. a larger batch: how much of an update is chance, and would more data help?
4. look at what the policy does, now and then
5. entropy of the actions, and KL, clip fraction, explained variance, norm of the gradient
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import combinations
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.errors import InputError
from empo.rl.algorithm import Replay, Rollout, at_least
from empo.runs.checkup import Batch, Checkup, Update, Watched
from empo.runs.setup import Job, changed, is_world
from empo.runs.targets import trainer_of
from empo.runs.training import Progress, silent
from empo.runs.watching import random_returns, watch
from empo.tasks.device import Run
from empo.tasks.host import HostRun
from empo.tasks.trainer import Chunk, Judged, Trainer

_NETWORKS = ("policy", "value", "q", "critics")
_OWN = ("queue", "total_now")
"""Parts of a learner that are data, and so are not shared when updates are compared."""
_EPISODES_SEED = 54321
"""Of episodes that are played to look, and by random actions."""


@dataclass(frozen=True)
class Checklist:
    """How much is measured."""

    n_seeds: int = 8
    """Untrained policies, and independent draws of data for the comparison of updates."""
    n_rows: int = 10
    """Rows about the first updates."""
    share: float = 0.05
    """Part of the training that counts as the first updates."""
    n_mixing: int = 2
    """Updates before two are compared, so that the environments are not all at their beginning."""
    factor: int = 4
    """How many times larger the larger batch is."""

    def __post_init__(self) -> None:
        at_least("n_seeds", self.n_seeds, 2)  # updates are compared in pairs
        at_least("n_rows", self.n_rows, 1)
        at_least("n_mixing", self.n_mixing, 0)
        at_least("factor", self.factor, 2)
        if not 0 < self.share <= 1:
            raise InputError(f"share: found {self.share} (wanted above 0 and at most 1)")


def check_up(
    job: Job, checklist: Checklist | None = None, *, progress: Progress = silent
) -> Checkup:
    """Measure all points of the list on fresh runs of the job, with seeds of its own."""
    if is_world(job.target):
        raise InputError(
            f"target: found the world {job.target!r} (wanted a task: of a robot's training the "
            f"advice at its end tells what to change)"
        )
    plan = checklist or Checklist()
    job = replace(job, n_seeds=plan.n_seeds)
    progress("Random actions", None, job.target)
    random = random_returns(job.target, job.n_episodes, seed=_EPISODES_SEED)
    progress("First updates", None, f"{job.algorithm} on {job.target}")
    trainer = trainer_of(job)
    try:
        run = trainer.start()
        untrained = trainer.judge(trainer.learner(run), job.n_episodes, seed=_EPISODES_SEED)
        assert isinstance(untrained, Judged)
        watched = [_watched(job, trainer, run, 0)]
        updates = []
        stride = max(1, round(trainer.n_updates(job.n_steps) * plan.share / plan.n_rows))
        for row in range(plan.n_rows):
            run, chunk = trainer.advance(run, stride)
            updates.append(Update(trainer.n_steps(run), _medians(chunk)))
            progress("First updates", (row + 1) / plan.n_rows, "")
        watched.append(_watched(job, trainer, run, stride * plan.n_rows))
        batches = _batches(job, plan, trainer, run, progress)
    finally:
        trainer.close()
    return Checkup(
        job.target,
        job.algorithm,
        plan.n_seeds,
        tuple(untrained.returns.reshape(-1).tolist()),
        tuple(random.tolist()),
        tuple(updates),
        batches,
        tuple(watched),
    )


def _batches(
    job: Job, plan: Checklist, trainer: Trainer, run: Any, progress: Progress
) -> tuple[Batch, ...]:
    """Updates from batches of two sizes; none where updates do not follow one another."""
    present = _gathering(job)
    if present is None or not (isinstance(run, Run) or _are_host_runs(run)):
        return ()
    size = present.batch_size if isinstance(present, Replay) else present.steps_per_update
    progress("Larger batch", 0.0, f"{size:,} steps")
    larger = trainer_of(_larger(job, present, plan.factor))
    try:
        begun = larger.start()
        shared = with_optimiser_of(learners(begun)[0], learners(run)[0])
        small, kl_small = compare_updates(trainer, run, shared, plan.n_mixing)
        progress("Larger batch", 0.5, f"{plan.factor * size:,} steps")
        large, kl_large = compare_updates(larger, begun, shared, plan.n_mixing)
    finally:
        larger.close()
    both = [name for name in small if name in large]
    if not both:
        return ()
    return (
        Batch(1, size, {name: small[name] for name in both}, kl_small),
        Batch(plan.factor, plan.factor * size, {name: large[name] for name in both}, kl_large),
    )


def compare_updates(
    trainer: Trainer, run: Any, shared: Any, n_mixing: int
) -> tuple[dict[str, float], float | None]:
    """How alike one update of the learner `shared` is with the data of each seed, and its KL."""
    if n_mixing:
        run, _ = trainer.advance(given(run, shared), n_mixing)
    run, chunk = trainer.advance(given(run, shared), 1)
    before = networks(shared)
    after = [networks(learner) for learner in learners(run)]
    moves = {name: [_vector(one[name]) - _vector(before[name]) for one in after] for name in before}
    found = {name: mean_cosine(vectors) for name, vectors in moves.items()}
    alike = {name: cosine for name, cosine in found.items() if cosine is not None}
    return alike, _medians(chunk).get("kl")


def mean_cosine(vectors: Sequence[np.ndarray]) -> float | None:
    """The mean over all pairs; those without a direction are left out. None if no pair is left.

    For noise of variance n around a signal of squared length s, about s / (s + n): a batch four
    times as large makes n a quarter.
    """
    lengths = [np.linalg.norm(vector) for vector in vectors]
    units = [v / n for v, n in zip(vectors, lengths, strict=True) if n > 0]
    cosines = [float(a @ b) for a, b in combinations(units, 2)]
    return float(np.mean(cosines)) if cosines else None


def learners(run: Any) -> list[Any]:
    """The learner of each seed of a run with several."""
    if isinstance(run, Run):
        n_seeds = len(run.n_steps)
        return [jax.tree.map(lambda x, i=i: x[i], run.learner) for i in range(n_seeds)]
    return [one.learner for one in run]


def given(run: Any, shared: Any) -> Any:
    """The run with that learner for every seed, except for what is data of its own."""
    mixed = [_with_own(shared, own) for own in learners(run)]
    if isinstance(run, Run):
        return run._replace(learner=jax.tree.map(lambda *x: jnp.stack(x), *mixed))
    pairs = zip(run, mixed, strict=True)
    # Copies, since each update uses up the learner it begins with.
    return tuple(one._replace(learner=jax.tree.map(jnp.copy, new)) for one, new in pairs)


def with_optimiser_of(fresh: Any, learner: Any) -> Any:
    """The learner with its optimisers as at the beginning.

    Their momentum, common to all updates that are compared, would make them look alike.
    """
    renewed = {n: getattr(fresh, n) for n in learner._fields if "optimiser" in n}
    if hasattr(learner, "inner"):
        renewed["inner"] = with_optimiser_of(fresh.inner, learner.inner)
    return learner._replace(**renewed)


def networks(learner: Any) -> dict[str, Any]:
    """The networks that are learned, by name; a place for one may be empty."""
    while hasattr(learner, "inner"):  # around it is what makes its inputs of one size
        learner = learner.inner
    where = learner.nets if hasattr(learner, "nets") else learner
    named = {name: getattr(where, name) for name in _NETWORKS if hasattr(where, name)}
    return {name: net for name, net in named.items() if jax.tree.leaves(net)}


def _are_host_runs(run: Any) -> bool:
    return type(run) is tuple and all(isinstance(one, HostRun) for one in run)


def _with_own(shared: Any, own: Any) -> Any:
    kept = {name: getattr(own, name) for name in shared._fields if name in _OWN}
    if hasattr(shared, "inner"):
        kept["inner"] = _with_own(shared.inner, own.inner)
    return shared._replace(**kept)


def _vector(tree: Any) -> np.ndarray:
    leaves = [np.asarray(leaf, np.float64).reshape(-1) for leaf in jax.tree.leaves(tree)]
    return np.concatenate(leaves)


def _gathering(job: Job) -> Rollout | Replay | None:
    """How the job gathers data, where that is one of the usual ways."""
    settings = job.setup.algorithm
    values = [getattr(settings, f.name) for f in fields(settings)]
    return next((value for value in values if isinstance(value, Rollout | Replay)), None)


def _larger(job: Job, present: Rollout | Replay, factor: int) -> Job:
    """The job with a larger batch and as many updates."""
    if isinstance(present, Replay):
        setup = changed(job.setup, {"batch_size": factor * present.batch_size})
        return replace(job, setup=setup)
    setup = changed(job.setup, {"n_envs": factor * present.n_envs})
    return replace(job, setup=setup, n_steps=factor * job.n_steps)


def _medians(chunk: Chunk) -> dict[str, float]:
    """Of all that is known of any seed."""
    known = {name: values[np.isfinite(values)] for name, values in chunk.metrics.items()}
    return {name: float(np.median(values)) for name, values in known.items() if len(values)}


def _watched(job: Job, trainer: Trainer, run: Any, n_updates: int) -> Watched:
    act = partial(trainer.act, trainer.learner(run), number=0)
    return watch(job.target, act, n_updates, seed=_EPISODES_SEED)
