"""The rollout on which returns are timed, the same in every environment, and how they are timed.

Settings: `n_rows`, `n_columns`, `n_calls`. Trajectories end by termination only, as not every peer
knows time limits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

LAMBDA = 0.95
N_INSIDE = 200


class Data(NamedTuple):
    reward: jax.Array
    value: jax.Array
    value_next: jax.Array
    discount: jax.Array
    log_rho: jax.Array


def data(told: dict) -> Data:
    shape = (told["n_rows"], told["n_columns"])
    rng = np.random.default_rng(0)
    reward, value, log_rho = rng.normal(size=(3, *shape))
    value_next = np.concatenate([value[1:], rng.normal(size=(1, shape[1]))])
    discount = np.where(rng.random(shape) < 0.05, 0.0, 0.99)
    columns = (reward, value, value_next, discount, 0.5 * log_rho)
    return Data(*(jnp.asarray(x, jnp.float32) for x in columns))


def timed(work: Callable[[Data], Any], columns: Data, n_calls: int) -> dict[str, Any]:
    """Least microseconds of a call from Python, and of one of many inside a compiled program.

    `work` gives an array or a tuple of arrays; `sums` are the sums of their absolute values.
    """
    call = jax.jit(work)
    found = jax.tree.leaves(jax.block_until_ready(call(columns)))

    @jax.jit
    def inside(columns):
        def again(_, reward):  # made of the last result, so that nothing can be left out
            log_rho = columns.log_rho + 1e-9 * reward
            discount = columns.discount * (1 + 1e-9 * reward)
            fresh = columns._replace(reward=reward, discount=discount, log_rho=log_rho)
            found = jax.tree.leaves(work(fresh))
            return reward + 1e-9 * sum(found[1:], start=found[0])

        return jax.lax.fori_loop(0, N_INSIDE, again, columns.reward)

    return {
        "call": 1e6 * _least_seconds(lambda: call(columns), n_calls),
        "inside": 1e6 * _least_seconds(lambda: inside(columns), n_calls // 100) / N_INSIDE,
        "sums": [float(jnp.sum(jnp.abs(x))) for x in found],
    }


def _least_seconds(work: Callable[[], Any], n: int) -> float:
    jax.block_until_ready(work())
    seconds = []
    for _ in range(n):
        begin = time.perf_counter()
        jax.block_until_ready(work())
        seconds.append(time.perf_counter() - begin)
    return min(seconds)
