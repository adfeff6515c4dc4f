"""The master of asynchronous workers: who may work, what comes of it, how stale it was."""

from __future__ import annotations

import threading
import time
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from empo.core.types import Array
from empo.rl.algorithm import Metrics
from empo.tasks.device import Ended


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
        self.n_lost = 0
        """Pieces of work that were begun and never came."""
        self._receive = receive
        self._n_left = n_updates
        self._stopped = False
        self._lock = threading.Lock()
        self._last = time.monotonic()

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
            self._last = time.monotonic()

    def lose(self) -> None:
        """What was claimed will not come: somebody is to do it anew, unless it is enough."""
        with self._lock:
            self.n_lost += 1
            if not self._stopped:
                self._n_left += 1

    def stop(self) -> None:
        """Want no more messages."""
        with self._lock:
            self._stopped = True
            self._n_left = 0

    @property
    def wants_more(self) -> bool:
        """Is there work that nobody has claimed?"""
        return self._n_left > 0

    @property
    def seconds_idle(self) -> float:
        """Since the last message, or the beginning."""
        return time.monotonic() - self._last
