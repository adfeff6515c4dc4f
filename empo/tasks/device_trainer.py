"""Training on a device task: all seeds, and all updates between two looks, in one program."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import Array
from empo.tasks.device import Ended, Run, iterate, start
from empo.tasks.seeds import Seeds
from empo.tasks.trainer import Chunk, all_finite, check_finite

MANY_NUMBERS = 1_000_000
"""Up to here a learner is looked through after every update; that costs next to nothing."""
SELDOM = 500
"""Updates after which one with more numbers is."""


class DeviceTrainer(Seeds):
    """A `Trainer` of one algorithm on one task; with several seeds every array has an axis more."""

    exact = True

    def start(self) -> Run:
        """A run before its first update, its replay buffer warmed up."""
        return self._programs.once(self._over_seeds(self._start), self._keys)

    def shape(self) -> Run:
        """A run as a pytree of shapes and types, found without any work."""
        return jax.eval_shape(self._over_seeds(self._start), self._keys)

    def advance(self, run: Run, n_updates: int) -> tuple[Run, Chunk]:
        """Make so many updates; the old `run` is used up. Raises `Diverged`."""
        run, sums, ended, n_done, healthy = self._programs.call(
            "advance", self._advance, run, np.int32(n_updates), donate=True
        )
        if not healthy:
            check_finite(run.learner, self.n_steps(run))
        return run, self._chunk(sums, ended, float(n_done))

    def n_steps(self, run: Run) -> int:
        """Environment steps so far, of each seed."""
        return int(np.asarray(run.n_steps).flat[0])

    def _start(self, key: Array) -> Run:
        return start(self._algorithm, self._task, key=key)

    def _advance(
        self, run: Run, n_updates: Array
    ) -> tuple[Run, dict[str, Array], Ended, Array, Array]:
        """Sums over the updates; where a number is found that is not finite it stops."""
        step = self._over_seeds(lambda run: iterate(self._algorithm, self._task, run))
        often = sum(map(jnp.size, jax.tree.leaves(run.learner))) <= MANY_NUMBERS
        nothing = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), jax.eval_shape(step, run)[1:])

        def going_on(carry: tuple[Any, ...]) -> Array:
            return (carry[2] < n_updates) & carry[3]

        def update(carry: tuple[Any, ...]) -> tuple[Any, ...]:
            run, sums, n_done, _ = carry
            run, *brought = step(run)
            sums = jax.tree.map(jnp.add, sums, tuple(brought))
            n_done += 1
            look = often or (n_done % SELDOM == 0) | (n_done == n_updates)
            healthy = jax.lax.cond(look, all_finite, lambda _: jnp.bool_(True), run.learner)
            return run, sums, n_done, healthy

        carry = (run, nothing, jnp.int32(0), jnp.bool_(True))
        run, (metrics, ended), n_done, healthy = jax.lax.while_loop(going_on, update, carry)
        return run, metrics, ended, n_done, healthy
