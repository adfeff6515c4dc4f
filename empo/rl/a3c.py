"""A3C (Mnih et al. 2016): workers send gradients to a master, which applies them as they come.

It is A2C with a gradient that may be stale. With one worker, which fetches the parameters after
each of its gradients, it is A2C to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from empo.core.types import Array
from empo.nets import Networks
from empo.rl.a2c import A2C, a2c, a2c_gradient, applied
from empo.rl.actor_critic import ActorCritic
from empo.rl.algorithm import Metrics, at_least
from empo.rl.data import Steps
from empo.rl.halves import Halves
from empo.rl.optim import optimiser


@dataclass(frozen=True)
class A3C:
    """Each worker is as A2C is set, with environments of its own."""

    n_workers: int = 2
    """Threads, or processes, that gather data and send gradients."""
    worker: A2C = field(default_factory=A2C)

    def __post_init__(self) -> None:
        at_least("n_workers", self.n_workers, 1)


def a3c(settings: A3C, networks: Networks, n_steps: int) -> Halves:
    """The two halves for a training run of `n_steps` environment steps, of all workers together."""
    worker = settings.worker
    adam = optimiser(worker.optim, n_steps // worker.rollout.steps_per_update)

    def send(learner: ActorCritic, data: Steps) -> tuple[Any, Metrics]:
        return a2c_gradient(worker, learner.nets, data)

    def receive(
        learner: ActorCritic, message: tuple[Any, Metrics], *, key: Array
    ) -> tuple[ActorCritic, Metrics]:
        return applied(adam, learner, *message)

    return Halves(a2c(worker, networks, n_steps), send, receive)
