"""Workers side by side: steps per second of 1, 2, 4 and 8, as threads and as Ray's processes.

A3C on CartPole, 64 environments and 32 steps in a message, all cores. The figure that matters is
how many times as fast two workers are as one. They take turns, so that other work falls on all.
Where the machine is busy two threads get no more of it than one: then look at steps per second of
processor time, which should be the same, and at the share of the master, which works alone.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import jax
import psutil

from bench.report import best_of, row, title
from empo.runs.jobs import job_of
from empo.runs.targets import placed, trainer_of
from empo.tasks.asynchronous import AsynchronousTrainer
from empo.tasks.ray_cluster import Cluster

SETTINGS = {"n_envs": 64, "n_steps": 32, "hidden": (64, 64)}
MESSAGES, TURNS = 160, 5
NUMBERS = (1, 2, 4, 8)
PER_MESSAGE = 64 * 32


class Timed:
    """A run that goes on and on."""

    def __init__(self, n_workers: int, ray: str | None) -> None:
        settings = {**SETTINGS, "n_workers": n_workers}
        job = job_of("task:cartpole", "a3c", n_steps=10**8, settings=settings)
        trainer = placed(trainer_of(job), ray)
        assert isinstance(trainer, AsynchronousTrainer)
        self.trainer = trainer
        self.rates: list[float] = []
        self.frugality: list[float] = []
        """Steps per second of processor time."""
        self.staleness: list[float] = []
        self.run: Any = trainer.advance(trainer.start(), 4 * n_workers)[0]

    def turn(self) -> None:
        """Some messages more."""
        begin, given = time.perf_counter(), self._given()
        self.run, chunk = self.trainer.advance(self.run, MESSAGES)
        steps = MESSAGES * PER_MESSAGE
        self.rates.append(steps / (time.perf_counter() - begin))
        self.frugality.append(steps / (self._given() - given))
        self.staleness.append(float(chunk.metrics["staleness"][0]))

    def master_share(self) -> float:
        """Of the processor time of a message, what applying it takes."""
        trainer, run = self.trainer, self.run
        work = jax.jit(trainer._gather)
        receive = jax.jit(trainer._receive)
        sent = work(run.learner, run.workers[0])[1]
        doing = best_of(20, lambda: work(run.learner, run.workers[0]))
        applying = best_of(20, lambda: receive(run.learner, sent.message, sent.key))
        return applying / (applying + doing)

    def _given(self) -> float:
        """Processor seconds that the run has had, those of its processes included."""
        pids = getattr(self.trainer.place, "pids", {}).values()
        of_others = (psutil.Process(pid).cpu_times() for pid in pids)
        return time.process_time() + sum(times.user + times.system for times in of_others)


def main() -> None:
    for what, ray in (("threads", None), ("processes of Ray", "local")):
        title(f"A3C, CartPole, 64 x 32 steps in a message: workers as {what}")
        timed, numbers = {}, NUMBERS if ray is None else NUMBERS[:2]
        cluster = None if ray is None else Cluster(ray, sum(numbers))  # with room for all at once
        for number in numbers:
            timed[number] = Timed(number, ray)
        for _ in range(TURNS):
            for one in timed.values():
                one.turn()
        for number, one in timed.items():
            rate = statistics.median(one.rates)
            stale = statistics.mean(one.staleness)
            frugal = statistics.median(one.frugality)
            beside = f"steps/s; {frugal:,.0f} per processor second; staleness {stale:.2f}"
            row(f"{number} at work", f"{rate:,.0f}", beside)
        ratios = [b / a for a, b in zip(timed[1].rates, timed[2].rates, strict=True)]
        row("two beside one, median of turns", f"{statistics.median(ratios):.2f}", "times as fast")
        row("the master's share of a message", f"{timed[1].master_share():.0%}")
        for one in timed.values():
            one.trainer.close()
        if cluster is not None:
            cluster.close()


if __name__ == "__main__":
    main()
