"""Workers that learn side by side: A3C, and IMPALA whose actors lag by themselves.

Each worker has environments of its own. Again and again it takes the learner as it is, gathers data
with it and sends a message, which the master applies when it comes. What others had applied in
between is the message's staleness, which is logged. Where the work is done is up to a `Place`:
threads of this process, or processes elsewhere, which may die: then others take their places.

Every worker's environments and random keys are determined by the seed, and so is everything if
there is one worker: no message is stale then. With several the order of messages is not, and with
it none of the numbers learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import Array, Int
from empo.rl.algorithm import Acted, Metrics, at_least
from empo.rl.halves import Halves
from empo.tasks.device import Run, gather, start
from empo.tasks.master import Master, Sent
from empo.tasks.places import Place, Threads, WorkerFailed, WorkerLost
from empo.tasks.seeds import Seeds
from empo.tasks.task import Task
from empo.tasks.trainer import Chunk, all_finite, check_finite

COUNTS = ("workers_lost", "messages_lost")
"""Metrics that are numbers of events; all others are means."""


class Crew(NamedTuple):
    """A run in progress: what the master has learned, and where each worker stands."""

    learner: Any
    workers: tuple[Run, ...]
    """Without a learner of their own."""
    n_updates: Int[Array, ""]


class AsynchronousTrainer(Seeds):
    """A `Trainer`; several seeds share the order of messages, every array has an axis more."""

    def __init__(self, halves: Halves, task: Task, seeds: Sequence[int], n_workers: int) -> None:
        at_least("n_workers", n_workers, 1)
        super().__init__(halves.algorithm, task, seeds)
        self.n_workers = n_workers
        self.exact = n_workers == 1
        self.place: Place = Threads()
        """Where the work is done; to be changed before there is any."""
        self._halves = halves

    @property
    def compile_seconds(self) -> float:
        """Spent compiling so far, and on making the place ready."""
        return self._programs.seconds + self.place.seconds

    def start(self) -> Crew:
        """A crew before its first update."""
        return self._programs.once(self._over_seeds(self._begin), self._keys)

    def shape(self, n_workers: int | None = None) -> Crew:
        """A crew as a pytree of shapes and types, of so many workers if it is not of all."""
        crew = jax.eval_shape(self._over_seeds(self._begin), self._keys)
        return crew if n_workers is None else crew._replace(workers=crew.workers[:1] * n_workers)

    def crewed(self, run: Crew) -> Crew:
        """A run of any number of workers with as many as there are to be.

        Those who are left go on where they stood; new ones begin with fresh environments.
        """
        n_old = len(run.workers)
        if n_old >= self.n_workers:
            return run._replace(workers=run.workers[: self.n_workers])
        return run._replace(workers=run.workers + self.start().workers[n_old:])

    def advance(self, run: Crew, n_updates: int) -> tuple[Crew, Chunk]:
        """Make so many updates, of all workers together. Raises `Diverged` and `WorkerFailed`.

        All workers begin with the learner as it is.
        """
        self._prepare(run)
        master = Master(run.learner, self._programs["receive"], n_updates)
        n_replaced = self.place.n_replaced
        workers = self._labour(master, run.workers)
        check = self._programs.call("finite", all_finite, master.learner)
        crew = Crew(master.learner, workers, run.n_updates + n_updates)
        if not check:
            check_finite(crew.learner, self.n_steps(crew))
        return crew, self._told(master, self.place.n_replaced - n_replaced)

    def n_steps(self, run: Crew) -> int:
        """Environment steps so far, of all workers together, of each seed."""
        n_updates = int(np.asarray(run.n_updates).flat[0])
        return n_updates * self._algorithm.gather.steps_per_update

    def close(self) -> None:
        """Let all workers go."""
        self.place.close()

    def _labour(self, master: Master, workers: tuple[Run, ...]) -> tuple[Run, ...]:
        """Let the workers work until it is enough; what they have become."""
        with ThreadPoolExecutor(self.n_workers, thread_name_prefix="worker") as pool:
            futures = [pool.submit(self._work, master, *each) for each in enumerate(workers)]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                master.stop()  # also if the wait was interrupted: the pool waits for its threads
        for number, future in enumerate(futures):
            if error := future.exception():
                raise WorkerFailed(
                    f"worker {number} of {self.n_workers}: {type(error).__name__}: {error}"
                ) from error
        return tuple(future.result() for future in futures)

    def _work(self, master: Master, number: int, worker: Run) -> Run:
        """One worker's work, until it is enough."""
        while self.place.ready(number, master) and (claimed := master.claim()):
            learner, version = claimed
            try:
                worker, sent = self.place.work(number, learner, worker)
            except WorkerLost:
                master.lose()
                self.place.replace(number)
                continue
            master.submit(sent, version)
        return worker

    def _begin(self, key: Array) -> Crew:
        """The learner and the first worker are as a run of their own would be."""
        others = [jax.random.fold_in(key, number) for number in range(1, self.n_workers)]
        runs = [start(self._algorithm, self._task, key=k) for k in (key, *others)]
        workers = tuple(run._replace(learner=()) for run in runs)
        return Crew(runs[0].learner, workers, jnp.int32(0))

    def _prepare(self, run: Crew) -> None:
        """Both halves, before any worker needs them."""
        gather, receive = self._over_seeds(self._gather), self._over_seeds(self._receive)
        worker = run.workers[0]
        _, sent = jax.eval_shape(gather, run.learner, worker)
        self._programs.prepared("receive", receive, run.learner, sent.message, sent.key)
        self.place.prepare(gather, run.learner, worker)

    def _gather(self, learner: Any, worker: Run) -> tuple[Run, Sent]:
        def act(observation: Any, memory: Any, *, key: Array) -> Acted:
            return self._algorithm.act(learner, observation, memory, key=key)

        key, key_gather, key_update = jax.random.split(worker.key, 3)
        worker, data, ended = gather(self._algorithm, self._task, act, worker, key=key_gather)
        message = self._halves.send(learner, data)
        return worker._replace(key=key), Sent(message, key_update, ended)

    def _receive(self, learner: Any, message: Any, key: Array) -> tuple[Any, Metrics]:
        return self._halves.receive(learner, message, key=key)

    def _told(self, master: Master, n_replaced: int) -> Chunk:
        assert master.sums is not None
        chunk = self._chunk(*master.sums, float(master.version))
        staleness = np.array(master.staleness, np.float64)
        numbers = {
            "staleness": float(staleness.mean()),
            "staleness_max": float(staleness.max()),
            "workers_lost": float(n_replaced),
            "messages_lost": float(master.n_lost),
        }
        for name, number in numbers.items():
            chunk.metrics[name] = np.full(self.n_seeds, number)
        return chunk
