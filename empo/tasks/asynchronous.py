"""Workers in threads of one process: A3C, and IMPALA whose actors lag by themselves.

Each worker has environments of its own. Again and again it takes the learner as it is, gathers data
with it and sends a message, which the master applies when it comes. What others had applied in
between is the message's staleness, which is logged.

Every worker's environments and random keys are determined by the seed, and so is everything if
there is one worker: no message is stale then. With several the order of messages is not, and with
it none of the numbers learned.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.errors import EmpoError
from empo.core.types import Array, Int
from empo.rl.algorithm import Acted, Metrics, at_least
from empo.rl.halves import Halves
from empo.tasks.device import Ended, Run, gather, start
from empo.tasks.seeds import Seeds
from empo.tasks.task import Task
from empo.tasks.trainer import Chunk, all_finite, check_finite


class WorkerFailed(EmpoError):
    """A worker came to an error, so the run has stopped; the error is its cause."""


class Crew(NamedTuple):
    """A run in progress: what the master has learned, and where each worker stands."""

    learner: Any
    workers: tuple[Run, ...]
    """Without a learner of their own."""
    n_updates: Int[Array, ""]


class Sent(NamedTuple):
    """What one piece of work came to."""

    message: Any
    key: Array
    """For the master's half of the update."""
    ended: Ended


class Master:
    """The learner, which one thread at a time may read or change."""

    def __init__(self, learner: Any, receive: Any, n_updates: int) -> None:
        """`receive(learner, message, key)` -> learner, metrics. After `n_updates` it is enough."""
        self.learner = learner
        self.version = 0
        self.staleness: list[int] = []
        """Of every message so far, in the order in which they came."""
        self.sums: tuple[Metrics, Ended] | None = None
        self._receive = receive
        self._n_left = n_updates
        self._lock = threading.Lock()

    def claim(self) -> tuple[Any, int] | None:
        """The learner and its version, for one more message; None if no more is wanted."""
        with self._lock:
            if self._n_left == 0:
                return None
            self._n_left -= 1
            return self.learner, self.version

    def submit(self, sent: Sent, version: int) -> None:
        """Apply a message made with the learner of that version."""
        with self._lock:
            learner, metrics = self._receive(self.learner, sent.message, sent.key)
            self.learner = jax.block_until_ready(learner)
            self.staleness.append(self.version - version)
            self.version += 1
            brought = (metrics, sent.ended)
            self.sums = jax.tree.map(jnp.add, self.sums, brought) if self.sums else brought

    def stop(self) -> None:
        """Want no more messages."""
        with self._lock:
            self._n_left = 0


class AsynchronousTrainer(Seeds):
    """A `Trainer`; several seeds share the order of messages, every array has an axis more."""

    def __init__(self, halves: Halves, task: Task, seeds: Sequence[int], n_workers: int) -> None:
        at_least("n_workers", n_workers, 1)
        super().__init__(halves.algorithm, task, seeds)
        self.exact = n_workers == 1
        self._halves = halves
        self._n_workers = n_workers

    def start(self) -> Crew:
        """A crew before its first update."""
        return self._programs.once(self._over_seeds(self._begin), self._keys)

    def shape(self) -> Crew:
        """A crew as a pytree of shapes and types, found without any work."""
        return jax.eval_shape(self._over_seeds(self._begin), self._keys)

    def advance(self, run: Crew, n_updates: int) -> tuple[Crew, Chunk]:
        """Make so many updates, of all workers together. Raises `Diverged` and `WorkerFailed`.

        All workers begin with the learner as it is.
        """
        self._compile(run)
        master = Master(run.learner, self._programs["receive"], n_updates)
        workers = self._labour(master, run.workers)
        check = self._programs.call("finite", all_finite, master.learner)
        crew = Crew(master.learner, workers, run.n_updates + n_updates)
        if not check:
            check_finite(crew.learner, self.n_steps(crew))
        return crew, self._told(master)

    def n_steps(self, run: Crew) -> int:
        """Environment steps so far, of all workers together, of each seed."""
        n_updates = int(np.asarray(run.n_updates).flat[0])
        return n_updates * self._algorithm.gather.steps_per_update

    def _labour(self, master: Master, workers: tuple[Run, ...]) -> tuple[Run, ...]:
        """Let the workers work until it is enough; what they have become."""
        with ThreadPoolExecutor(self._n_workers, thread_name_prefix="worker") as pool:
            futures = [pool.submit(self._work, master, worker) for worker in workers]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                master.stop()  # also if the wait was interrupted: the pool waits for its threads
        for number, future in enumerate(futures):
            if error := future.exception():
                raise WorkerFailed(
                    f"worker {number} of {self._n_workers}: {type(error).__name__}: {error}"
                ) from error
        return tuple(future.result() for future in futures)

    def _work(self, master: Master, worker: Run) -> Run:
        while claimed := master.claim():
            learner, version = claimed
            worker, sent = jax.block_until_ready(self._programs["gather"](learner, worker))
            master.submit(sent, version)
        return worker

    def _begin(self, key: Array) -> Crew:
        """The learner and the first worker are as a run of their own would be."""
        others = [jax.random.fold_in(key, number) for number in range(1, self._n_workers)]
        runs = [start(self._algorithm, self._task, key=k) for k in (key, *others)]
        workers = tuple(run._replace(learner=()) for run in runs)
        return Crew(runs[0].learner, workers, jnp.int32(0))

    def _compile(self, run: Crew) -> None:
        """Both halves, before any thread needs them."""
        gather, receive = self._over_seeds(self._gather), self._over_seeds(self._receive)
        worker = run.workers[0]
        _, sent = jax.eval_shape(gather, run.learner, worker)
        self._programs.prepared("gather", gather, run.learner, worker)
        self._programs.prepared("receive", receive, run.learner, sent.message, sent.key)

    def _gather(self, learner: Any, worker: Run) -> tuple[Run, Sent]:
        def act(observation: Any, memory: Any, *, key: Array) -> Acted:
            return self._algorithm.act(learner, observation, memory, key=key)

        key, key_gather, key_update = jax.random.split(worker.key, 3)
        worker, data, ended = gather(self._algorithm, self._task, act, worker, key=key_gather)
        message = self._halves.send(learner, data)
        return worker._replace(key=key), Sent(message, key_update, ended)

    def _receive(self, learner: Any, message: Any, key: Array) -> tuple[Any, Metrics]:
        return self._halves.receive(learner, message, key=key)

    def _told(self, master: Master) -> Chunk:
        assert master.sums is not None
        chunk = self._chunk(*master.sums, float(master.version))
        staleness = np.array(master.staleness, np.float64)
        chunk.metrics["staleness"] = np.full(self.n_seeds, float(staleness.mean()))
        chunk.metrics["staleness_max"] = np.full(self.n_seeds, float(staleness.max()))
        return chunk
