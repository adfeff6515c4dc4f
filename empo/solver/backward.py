"""One backward sweep: finite horizons and acyclic worlds, each layer from those behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from empo.solver.problem import Keep, Problem, Values, check_power, check_values
from empo.solver.tables import Given, Tables, arrival_values, solve_layer, write
from empo.worlds.tabular import Layer

Progress = Callable[[int], None]
"""Gets the number of states solved so far."""

_ONE_SIZE = 1 << 16
"""Tables up to this many rows all have the same, so that one program is compiled."""


Policies = Sequence[Sequence[Given] | None]
"""Of each layer: those of its chunks, or none if they are to be computed."""


def sweep_backward(
    problem: Problem,
    keep: Keep,
    progress: Progress,
    given: Sequence[Sequence[Given]] | None = None,
) -> list[Values]:
    """The values of every layer, in the order of the layers; of policies, where those are given."""
    sweep = _from_the_end if problem.game.order == "horizon" else _from_the_leaves
    computed = problem.prior == "computed" and given is None
    return sweep(problem, keep, progress, given or [None] * len(problem.game.layers), computed)


def _from_the_end(
    problem: Problem, keep: Keep, progress: Progress, given: Policies, computed: bool
) -> list[Values]:
    layers = problem.game.layers
    rows_of = _table_sizes([sum(len(c.codes) for c in layer.chunks) for layer in layers])
    rows = rows_of(problem.game.end.n_states)
    nothing = arrival_values(problem, problem.game.end.codes, rows)
    tables = Tables(nothing if computed else None, nothing, jnp.zeros(rows))
    solved: list[Values] = []
    for time in reversed(range(len(layers))):
        values, arrivals = solve_layer(problem, layers[time], tables, keep, given[time])
        check_values(problem, time, values)
        tables = _padded(arrivals, rows_of(len(arrivals.v_r)))
        solved.append(values)
        progress(sum(len(values.v_r) for values in solved))
    return solved[::-1]


def _from_the_leaves(
    problem: Problem, keep: Keep, progress: Progress, given: Policies, computed: bool
) -> list[Values]:
    layers = problem.game.layers
    codes = np.concatenate([layer.codes for layer in layers])
    rows = _table_sizes([])(len(codes) + len(layers[0].chunks[0].codes))
    leaves = np.arange(len(codes)) < layers[0].n_states
    start = arrival_values(problem, codes, rows, for_ever=leaves)
    tables = Tables(start if computed else None, jnp.array(start), jnp.full(rows, -1.0, float))
    tables = _stay_for_ever(problem, layers[0], tables, given[0])
    solved: list[Values] = []
    begin = 0
    for level, layer in enumerate(layers):
        values, arrivals = solve_layer(problem, layer, tables, keep, given[level])
        check_values(problem, level, values)
        tables = write(tables, arrivals, begin)
        solved.append(values)
        begin += layer.n_states
        progress(begin)
    return solved


def _stay_for_ever(
    problem: Problem, leaves: Layer, tables: Tables, given: Sequence[Given] | None
) -> Tables:
    """Set V_r = U_r / (1 - gamma_r) where nothing ever changes."""
    values, _ = solve_layer(problem, leaves, tables, frozenset(), given)
    check_power(problem, 0, values.x_h)
    v_r = jnp.asarray(values.u_r) / (1 - problem.theory.gamma_r)
    return tables._replace(v_r=write(tables.v_r, v_r, 0))


def _padded(tables: Tables, rows: int) -> Tables:
    """The tables with rows added at the end."""
    missing = rows - len(tables.v_r)
    return jax.tree.map(lambda x: jnp.pad(x, ((0, missing), *((0, 0),) * (x.ndim - 1))), tables)


def _table_sizes(padded: list[int]) -> Callable[[int], int]:
    """How many rows a table has, given how many are needed: few sizes mean few compilations."""
    largest = max(padded, default=0)

    def rows(needed: int) -> int:
        if needed <= largest <= _ONE_SIZE:
            return largest
        whole = 1 << max(needed - 1, 7).bit_length()
        return whole if whole <= 4 * _ONE_SIZE else -(-needed // _ONE_SIZE) * _ONE_SIZE

    return rows
