"""The inner sweep, E_{s'} V(s') for every state and action, on one core.

A plain Markov decision process of 1e5 states, 5 actions, 5 successors, beside other ways to compute
the same; and the share of the machine's streaming bandwidth that the sweep reaches.
"""

from __future__ import annotations

import os
from functools import reduce

import jax
import jax.numpy as jnp
import numpy as np
import quantecon
import scipy.sparse

from bench.report import best_of, row, title
from empo.solver.sweep import expected_next

N_STATES, N_ACTIONS, N_OUTCOMES = 100_000, 5, 5
GAMMA = 0.95


@jax.jit
def ours(next_states, prob, reward, v):
    # Action by action, as a maximum over the stacked array would be computed in two passes.
    expected = expected_next(next_states, prob, v)
    return reduce(jnp.maximum, (reward[a] + GAMMA * expected[a] for a in range(N_ACTIONS)))


@jax.jit
def naive(next_states, prob, reward, v):
    return jnp.max(reward + GAMMA * jnp.sum(prob * v[next_states], axis=-1), axis=-1)


@jax.jit
def stream(x):
    return jnp.sum(x)


def main() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # before JAX counts the cores
    rng = np.random.default_rng(0)
    shape = (N_STATES, N_ACTIONS, N_OUTCOMES)
    next_states = rng.integers(0, N_STATES, shape).astype(np.int32)
    prob = rng.dirichlet(np.ones(N_OUTCOMES), shape[:2])
    reward = rng.random(shape[:2])
    v = rng.random(N_STATES)

    leading = [
        jnp.asarray(np.ascontiguousarray(np.moveaxis(x, 0, -1))) for x in (next_states, prob)
    ]
    args = (*leading, jnp.asarray(reward.T.copy()), jnp.asarray(v))
    seconds = best_of(50, lambda: ours(*args))

    naive_args = tuple(map(jnp.asarray, (next_states, prob, reward, v)))
    by_naive = best_of(20, lambda: naive(*naive_args))

    rows = np.repeat(np.arange(N_STATES * N_ACTIONS), N_OUTCOMES)
    size = (N_STATES * N_ACTIONS, N_STATES)
    csr = scipy.sparse.csr_matrix((prob.ravel(), (rows, next_states.ravel())), shape=size)
    by_scipy = best_of(
        20, lambda: (reward + GAMMA * (csr @ v).reshape(N_STATES, N_ACTIONS)).max(axis=1)
    )

    pairs = np.indices((N_STATES, N_ACTIONS)).reshape(2, -1)
    ddp = quantecon.markov.DiscreteDP(reward.ravel(), csr, GAMMA, *pairs)
    by_quantecon = best_of(20, lambda: ddp.bellman_operator(v))

    for other in (naive(*naive_args), ddp.bellman_operator(v)):
        np.testing.assert_allclose(ours(*args), other, rtol=1e-12)

    title("One Bellman sweep: 100,000 states x 5 actions x 5 successors, float64, one core")
    row("empo", f"{1e3 * seconds:.2f} ms")
    for name, other in (
        ("jax, gather over (states, actions, successors)", by_naive),
        ("scipy CSR", by_scipy),
        ("quantecon DiscreteDP.bellman_operator", by_quantecon),
    ):
        row(name, f"{1e3 * other:.2f} ms", f"empo is {other / seconds:.1f} times as fast")

    big = jnp.asarray(rng.random(40_000_000))
    bandwidth = big.nbytes / best_of(10, lambda: stream(big)) / 1e9
    read = sum(x.nbytes for x in args) / 1e9 / seconds
    title("Bandwidth of the sweep, one core")
    row("reading one long array", f"{bandwidth:.1f} GB/s")
    row(
        "the sweep's indices, probabilities, rewards", f"{read:.1f} GB/s", f"{read / bandwidth:.0%}"
    )


if __name__ == "__main__":
    with jax.enable_x64(True):
        main()
