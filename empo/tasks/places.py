"""Where workers work: a place has a hand for each worker. Threads of this process are one.

A hand does one piece of work, which is a pure function of the learner and of where the worker
stands. So nothing of a worker is ever only in its hand: if a hand is lost, all that is lost is the
piece that it was doing, and the worker goes on with another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import jax

from empo.core.errors import EmpoError
from empo.tasks.device import Run
from empo.tasks.master import Master, Sent
from empo.tasks.programs import Programs

Work = Callable[[Any, Run], tuple[Run, Sent]]
"""work(learner, worker) -> worker, what it sends."""


class WorkerFailed(EmpoError):
    """A worker came to an error, so the run has stopped; the error is its cause."""


class WorkerLost(EmpoError):
    """A worker has died, or cannot be reached; another can take its place."""


class Place(Protocol):
    """Made ready once, then used by one thread for each worker."""

    @property
    def seconds(self) -> float:
        """Spent making ready, compiling included."""
        ...

    @property
    def n_replaced(self) -> int:
        """Workers that have been lost so far."""
        ...

    def prepare(self, work: Work, learner: Any, worker: Run) -> None:
        """Make ready for work on arguments like these; without effect if it is."""
        ...

    def work(self, number: int, learner: Any, worker: Run) -> tuple[Run, Sent]:
        """Let that worker's hand do a piece of work. Raises `WorkerLost`."""
        ...

    def ready(self, number: int, master: Master) -> bool:
        """Wait for that worker's hand; False if meanwhile the master wants no more."""
        ...

    def replace(self, number: int) -> None:
        """Look for another hand for a worker. Raises `WorkerFailed` if too many were lost."""
        ...

    def close(self) -> None:
        """Let all hands go."""
        ...


class Threads:
    """The threads that ask for the work do it themselves."""

    n_replaced = 0

    def __init__(self) -> None:
        self._programs = Programs()

    @property
    def seconds(self) -> float:
        """Spent compiling."""
        return self._programs.seconds

    def prepare(self, work: Work, learner: Any, worker: Run) -> None:
        """Compile before any thread needs it."""
        self._programs.prepared("work", work, learner, worker)

    def work(self, number: int, learner: Any, worker: Run) -> tuple[Run, Sent]:
        """Work until it is done."""
        return jax.block_until_ready(self._programs["work"](learner, worker))

    def ready(self, number: int, master: Master) -> bool:
        """They always are."""
        return True

    def replace(self, number: int) -> None:
        """A thread is never lost: what goes wrong in it is an error."""

    def close(self) -> None:
        """There is nothing to let go of."""
