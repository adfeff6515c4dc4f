"""Who wins when several agents want the same cell or the same thing.

An agent claims the cells that its move would change. Claims that share a cell clash, so the claims
of n agents form a graph, and those who win are a maximal set of agents without a clash among them.
In a `random` contest the agents are served in a uniformly random order, each getting what it
claims unless an earlier one holds a part of it: everybody who wants the same cell has the same
chance. By `priority` the order is that of the agents' numbers.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from empo.core.types import AnyArray, Array, Bool, Float

MOST_AGENTS = 5
"""Largest number of agents in random contests: 2**10 graphs of clashes are tabulated."""


class Contests(NamedTuple):
    """The winners of every graph of clashes; bit b of a graph is the pair `pairs(n)[b]`."""

    winners: Bool[AnyArray, "graph k n"]
    """Sets of agents that may win."""
    prob: Float[AnyArray, "graph k"]
    """Their probabilities; each row sums to 1."""


def pairs(n: int) -> tuple[tuple[int, int], ...]:
    """The pairs of n agents, in the order of the bits of a graph."""
    return tuple(combinations(range(n), 2))


@cache
def random_contests(n: int) -> Contests:
    """The exact distribution of winners in uniformly random order, for n <= `MOST_AGENTS`.

    There are k = 1, 2, 3, 4, 6 sets of winners at most for n = 1, 2, 3, 4, 5 agents.
    """
    if n > MOST_AGENTS:
        raise ValueError(f"random contests: at most {MOST_AGENTS} agents, found {n}")
    everybody = (1 << n) - 1
    rows = [_winners(everybody, _rivals(n, graph)) for graph in range(1 << len(pairs(n)))]
    k = max(len(row) for row in rows)
    winners = np.zeros((len(rows), k, n), bool)
    prob = np.zeros((len(rows), k))
    for graph, row in enumerate(rows):
        for slot, (group, p) in enumerate(sorted(row.items())):
            winners[graph, slot] = [bool(group >> agent & 1) for agent in range(n)]
            prob[graph, slot] = p
    return Contests(winners, prob)


def random_winners(
    contests: Contests, clash: Bool[Array, " pair"]
) -> tuple[Bool[Array, "k n"], Float[Array, " k"]]:
    """Look up the winners, where `clash` says which pairs of agents exclude each other."""
    graph = jnp.sum(jnp.where(clash, 1 << np.arange(len(clash)), 0))
    return jnp.asarray(contests.winners)[graph], jnp.asarray(contests.prob, float)[graph]


def first_winners(
    able: Bool[Array, " n"], clash: Bool[Array, " pair"]
) -> tuple[Bool[Array, "k n"], Float[Array, " k"]]:
    """The one outcome (k = 1) of serving those who are `able` in the order of their numbers."""
    n = len(able)
    rivals = {pair: clash[bit] for bit, pair in enumerate(pairs(n))}
    wins: list[Bool[Array, ""]] = []
    for agent in range(n):
        lost = [wins[other] & rivals[other, agent] for other in range(agent)]
        wins.append(able[agent] & ~jnp.any(jnp.array(lost, bool)))
    return jnp.stack(wins)[None], jnp.ones(1, float)


def _rivals(n: int, graph: int) -> tuple[int, ...]:
    """For each agent, the bit set of those whose claims clash with its own."""
    rivals = [0] * n
    for bit, (i, j) in enumerate(pairs(n)):
        if graph >> bit & 1:
            rivals[i] |= 1 << j
            rivals[j] |= 1 << i
    return tuple(rivals)


def _winners(waiting: int, rivals: tuple[int, ...]) -> dict[int, float]:
    """Distribution over sets of winners among those who wait; each is equally likely next."""
    agents = [agent for agent in range(len(rivals)) if waiting >> agent & 1]
    if not agents:
        return {0: 1.0}
    total: dict[int, float] = {}
    for agent in agents:
        rest = waiting & ~(1 << agent) & ~rivals[agent]
        for group, p in _winners(rest, rivals).items():
            won = group | 1 << agent
            total[won] = total.get(won, 0.0) + p / len(agents)
    return total
