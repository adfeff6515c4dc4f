"""An update in two halves, for workers that learn side by side.

A worker gathers data with the learner as it knew it and sends a message; the master, whose learner
has meanwhile moved on, makes of it what it can. A3C sends gradients; off-policy learners can be
sent the data themselves, whose log-probabilities tell who took them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from empo.core.errors import InputError
from empo.core.types import Array
from empo.rl.algorithm import Algorithm, Metrics, Rollout
from empo.rl.data import Steps


@dataclass(frozen=True)
class Halves:
    """The whole of an algorithm, whose update is `receive` after `send`.

    send(learner, data)              -> message; the learner as the worker knew it
    receive(learner, message, key=)  -> learner, metrics; the learner of now
    """

    algorithm: Algorithm
    send: Callable[[Any, Steps], Any]
    receive: Callable[..., tuple[Any, Metrics]]

    def __post_init__(self) -> None:
        if not isinstance(self.algorithm.gather, Rollout):
            raise InputError(
                "asynchronous workers: found an algorithm with a replay buffer (wanted one that "
                "learns from rollouts: each worker sends its own)"
            )


def of_data(algorithm: Algorithm) -> Halves:
    """Workers send their data; the update must bear with data of an older policy, as IMPALA's."""

    def send(_: Any, data: Steps) -> Steps:
        return data

    def receive(learner: Any, data: Steps, *, key: Array) -> tuple[Any, Metrics]:
        return algorithm.update(learner, data, key=key)

    return Halves(algorithm, send, receive)
