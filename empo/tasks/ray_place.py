"""Workers as Ray actors: processes of this machine or of many, each of which may die."""

from __future__ import annotations

import time
from typing import Any

import jax

from empo.core.keys import rebuilt
from empo.tasks.device import Run
from empo.tasks.master import Master, Sent
from empo.tasks.places import Work, WorkerFailed, WorkerLost
from empo.tasks.ray_cluster import Cluster
from empo.tasks.ray_worker import RemoteWorker, Shipped, shipped

MOST_DEATHS = 5
"""Of one worker in a row, without a message in between: more are no accident."""
PATIENCE = 300.0
"""Seconds in which some worker has to be ready, or to send a message."""

_COURTESY = 30.0
"""Seconds that the first who is ready waits for the others, who may come later."""
_LOOK_EVERY = 0.5


class RayPlace:
    """A `Place`: one actor for each worker, and another when it is lost."""

    def __init__(self, address: str, n_workers: int) -> None:
        """Connects. Raises `InputError` if there is no Ray, no cluster or too little room."""
        self._cluster = Cluster(address, n_workers)
        self._ray = self._cluster.ray
        self._actors: list[Any] = [None] * n_workers
        self._answers: list[Any] = [None] * n_workers
        """What says that an actor is ready."""
        self._deaths = [0] * n_workers
        self.pids: dict[int, int] = {}
        """The processes of the workers that are ready."""
        self._n_lost = [0] * n_workers
        self.seconds = 0.0
        self._shipped: Shipped | None = None
        self._program: Any = None

    @property
    def n_replaced(self) -> int:
        """Workers that have been lost so far."""
        return sum(self._n_lost)

    def prepare(self, work: Work, learner: Any, worker: Run) -> None:
        """Send the program to all workers, and wait a while until they have compiled it."""
        if self._shipped is not None:
            return
        begin = time.perf_counter()
        self._shipped = shipped(work, learner, worker)
        self._program = self._ray.put(self._shipped.program)
        for number in range(len(self._actors)):
            self._hire(number)
        self._ray.wait(self._answers, num_returns=1, timeout=PATIENCE)
        self._ray.wait(self._answers, num_returns=len(self._answers), timeout=_COURTESY)
        self.seconds += time.perf_counter() - begin

    def ready(self, number: int, master: Master) -> bool:
        """Wait for that worker's actor; False if meanwhile the master wants no more."""
        while number not in self.pids:
            if not master.wants_more:
                return False
            there, _ = self._ray.wait([self._answers[number]], timeout=_LOOK_EVERY)
            if there:
                self._greet(number)
            elif master.seconds_idle > PATIENCE:
                raise WorkerFailed(f"no process for it, and no message, in {PATIENCE:g} s")
        return True

    def work(self, number: int, learner: Any, worker: Run) -> tuple[Run, Sent]:
        """Let that worker's actor do a piece of work. Raises `WorkerLost`."""
        assert self._shipped is not None
        arrays = self._shipped.arrays(learner, worker)
        try:
            found = self._ray.get(self._actors[number].work.remote(arrays))
        except self._ray.exceptions.RayTaskError as error:
            raise WorkerFailed(f"{error.cause!r}") from error
        except self._losses as error:
            raise WorkerLost(str(error)) from error
        self._deaths[number] = 0
        return rebuilt(found, self._shipped.result)

    def replace(self, number: int) -> None:
        """Hire another actor. Raises `WorkerFailed` if too many were lost in a row."""
        self.pids.pop(number, None)
        self._n_lost[number] += 1
        self._deaths[number] += 1
        if self._deaths[number] > MOST_DEATHS:
            raise WorkerFailed(f"{self._deaths[number]} processes died in a row without a message")
        self._hire(number)

    def close(self) -> None:
        """Let all actors go."""
        for actor in self._actors:
            if actor is not None and self._ray.is_initialized():
                self._ray.kill(actor)
        self._actors = []
        self._cluster.close()

    def _hire(self, number: int) -> None:
        actor = self._ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(RemoteWorker)
        wide = bool(jax.config.values["jax_enable_x64"])
        assert self._shipped is not None
        self._actors[number] = actor.remote(self._program, self._shipped.used, wide)
        self._answers[number] = self._actors[number].pid.remote()

    def _greet(self, number: int) -> None:
        """Its process is ready, or has died before it was."""
        try:
            self.pids[number] = self._ray.get(self._answers[number])
        except self._losses:
            self.replace(number)

    @property
    def _losses(self) -> tuple[type[Exception], ...]:
        """Errors that mean that a process or a machine is gone."""
        gone = self._ray.exceptions
        return (
            gone.RayActorError,
            gone.WorkerCrashedError,
            gone.NodeDiedError,
            gone.ObjectLostError,
            gone.OutOfMemoryError,
        )
