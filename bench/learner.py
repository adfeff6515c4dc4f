"""Learning the robot: how fast, where the time of an update goes, and how near the machine's limit.

A corridor, BushWorld `Hu 01 Ro 01 01` with 8 steps, by the standard preset, one seed, all cores.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bench.matrix_products import floating_point_operations
from bench.report import best_of, row, title
from empo.learn.lessons import expected
from empo.learn.once import BLOCK, distinguish, spread
from empo.learn.problem import Place
from empo.learn.q_robot import followed, lagging, q_robot
from empo.learn.settings import QUANTITIES
from empo.learn.stages import NAMES, moment
from empo.learn.task import world_task
from empo.learn.trainer import RobotTrainer
from empo.rl.minibatch import take
from empo.rl.replay import sample
from empo.runs.jobs import job_of
from empo.runs.sinks import Sinks
from empo.runs.targets import trainer_of
from empo.runs.training import LOGS_PER_EVALUATION
from empo.tasks.device import Run, gather

CORRIDOR = {"kind": "bushworld", "map": "Hu 01 Ro 01 01", "B": 1, "max_steps": 8}
THEORY = {
    "beta_r": 5.0,
    "gamma_h": 0.95,
    "gamma_r": 0.95,
    "zeta": 2.0,
    "xi": 1.0,
    "eta": 1.1,
    "prior": "shortest-path",
}
STAGE = 50
"""Updates of each stage of the warm-up here, so that all are seen."""
SPELL, N_SPELLS = 100, 15
PUBLISHED = "20 to 90"
"""Steps per second that a public implementation of Phase 2 reports for a corridor of that size."""


class Compilations:
    """Counts the programs that are compiled from now on."""

    def __init__(self) -> None:
        self.number = 0
        jax.monitoring.register_event_duration_secs_listener(self._hear)

    def _hear(self, event: str, _seconds: float, **_: object) -> None:
        self.number += event == "/jax/core/compile/backend_compile_duration"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corridor.json"
        path.write_text(json.dumps(CORRIDOR))
        stages = {f"warmup_{name}_steps": STAGE for name in QUANTITIES}
        job = job_of(str(path), settings={**THEORY, **stages, "beta_r_rampup_steps": STAGE})
        trainer = trainer_of(job)
        assert isinstance(trainer, RobotTrainer)
        run = trainer.start()
        begin = time.perf_counter()
        run, _ = trainer.advance(run, 1)
        first = time.perf_counter() - begin
        run = _stages(trainer, run, first)
        run, seconds, metrics = _speed(trainer, run)
        logged = trainer.n_updates(job.n_steps) / (job.n_evaluations * LOGS_PER_EVALUATION)
        _logging(Path(folder), metrics, seconds * logged)
    _parts(trainer, run, seconds)


def _stages(trainer: RobotTrainer, run: Run, first: float) -> Run:
    """From the first update through all stages: is anything compiled again?"""
    compilations, seen = Compilations(), set()
    while NAMES[-1] not in seen:
        run, chunk = trainer.advance(run, STAGE // 2)
        seen.add(NAMES[int(chunk.metrics["stage"][0])])
    title("Compiling")
    row("the first update", f"{first:.1f} s")
    row("programs compiled after it", f"{compilations.number}", f"in {len(seen)} stages")
    return run


def _speed(trainer: RobotTrainer, run: Run) -> tuple[Run, float, Mapping[str, Any]]:
    """Seconds of an update in the last stage, the least of some spells, as of the parts below."""
    spells, metrics = [], {}
    before = trainer.n_steps(run)
    for _ in range(N_SPELLS):
        begin = time.perf_counter()
        run, chunk = trainer.advance(run, SPELL)
        spells.append((time.perf_counter() - begin) / SPELL)
        metrics = chunk.metrics
    steps = (trainer.n_steps(run) - before) / (SPELL * N_SPELLS)
    usual, rates = float(np.median(spells)), [1 / max(spells), 1 / min(spells)]
    title("Learning the corridor by the standard preset: one seed")
    beside = f"{rates[0]:,.0f} to {rates[1]:,.0f} in {N_SPELLS} spells"
    row("updates per second", f"{1 / usual:,.0f}", beside)
    row("environment steps per second", f"{steps / usual:,.0f}", f"{steps:g} an update")
    row("a public implementation, as published", PUBLISHED, "not measured here")
    return run, min(spells), metrics


def _logging(folder: Path, metrics: Mapping[str, Any], training: float) -> None:
    """The cost of a row of metrics beside the training that it tells of."""
    told = {name: float(column[0]) for name, column in metrics.items()}
    with Sinks(folder / "log") as sinks:

        def write() -> None:
            sinks.write(0, 0, "train", told)
            sinks.flush()

        seconds = best_of(50, write)
    title("Logging")
    row("writing a row", f"{1e3 * seconds:.2f} ms", f"{len(told)} numbers, both files")
    row("the training that it tells of", f"{1e3 * training:,.0f} ms", f"{seconds / training:.2%}")


def _parts(trainer: RobotTrainer, run: Run, whole: float) -> None:
    """Each part as a program of its own, which has to be called and to write its results."""
    assigned = trainer.assigned
    problem, quantities, settings = assigned.problem, assigned.quantities, assigned.settings
    algorithm = q_robot(problem, settings, quantities, trainer.stages)
    task = world_task(assigned.world, problem, settings.pace)
    key = jax.random.key(0)
    now = moment(trainer.stages, settings, run.learner.n_updates)
    beta_r = jnp.asarray(problem.parameters.beta_r)

    def play(run: Run) -> Any:
        def act(seen: Any, memory: Any, *, key: Any) -> Any:
            return algorithm.act(run.learner, seen, memory, key=key)

        played, data, _ = gather(algorithm, task, act, run, key=key)
        return played.episodes, data

    def choose(replay: Any) -> Place:
        data = sample(replay, settings.gather.batch_size, key=key)
        factors = jax.vmap(problem.factors)(data.observation.place)
        return take(data.observation.place, spread(factors, settings.n_places, key=key))

    def targets(learner: Any, places: Place) -> Any:
        return expected(quantities, problem, lagging(learner), places, beta_r, key).second()

    def follow(learner: Any) -> Any:
        return {
            name: followed(kept, settings.slow.of(name), learner.n_updates)
            for name, kept in learner.kept.items()
        }

    places = jax.jit(choose)(run.replay)
    batches = jax.jit(targets)(run.learner, places)
    n_blocks = -(-_distinct_next(problem, places) // BLOCK)
    parts: dict[str, tuple[Any, tuple[Any, ...]]] = {
        "play a step in each world": (play, (run,)),
        "sample states": (choose, (run.replay,)),
        "targets": (targets, (run.learner, places)),
    }
    for name, estimator in quantities.estimators.items():
        rate = now.rate[QUANTITIES.index(name)]
        parts[f"improve {name}"] = (
            estimator.improve,
            (run.learner.kept[name], batches[name], rate),
        )
    parts["lagging copies"] = (follow, (run.learner,))

    title("Where the time of an update goes, each part measured by itself, the least times")
    together, products = 0.0, 0.0
    for name, (function, arguments) in parts.items():
        compiled = jax.jit(function)
        seconds = best_of(100, lambda c=compiled, a=arguments: c(*a))
        work = floating_point_operations(function, *arguments, trips=n_blocks)
        rate = f"{work / 1e6:7.1f} million in matrix products, {work / seconds / 1e9:5.1f} G/s"
        row(name, f"{1e3 * seconds:.2f} ms", f"{seconds / whole:4.0%}  {rate}")
        together, products = together + seconds, products + work
    row("these together", f"{1e3 * together:.2f} ms", f"{together / whole:4.0%}")
    row(
        "the whole update, in one program",
        f"{1e3 * whole:.2f} ms",
        "with what is remembered and told",
    )
    _against_the_limit(products, whole)


def _against_the_limit(products: float, seconds: float) -> None:
    size = 2048
    square = jnp.asarray(np.random.default_rng(0).standard_normal((size, size)), jnp.float32)
    product = jax.jit(lambda x: x @ x)
    limit = 2 * size**3 / best_of(5, lambda: product(square))
    title(f"Matrix products, float32, {len(os.sched_getaffinity(0))} cores")
    row("one of 2048 x 2048 by 2048 x 2048", f"{limit / 1e9:.0f} G/s")
    row(
        "the update's",
        f"{products / seconds / 1e9:.1f} G/s",
        f"{products / 1e6:,.0f} million operations: {products / seconds / limit:.1%} of that",
    )


def _distinct_next(problem: Any, places: Place) -> int:
    """How many different places an update's targets look at."""
    after = jax.vmap(problem.following)(places).places
    every = jax.tree.map(lambda x: x.reshape(-1, *x.shape[3:]), after)
    return int(distinguish(jax.vmap(problem.factors)(every)).number)


if __name__ == "__main__":
    main()
