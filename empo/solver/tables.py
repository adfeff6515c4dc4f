"""Solving a layer chunk by chunk, and the tables of next values that this reads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, NamedTuple, TypeVar, cast

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import Array, Float, Int
from empo.solver.problem import OPTIONAL, Keep, Problem, Values
from empo.solver.sweep import Phase1, Phase2, given_prior, phase1, phase2, situations
from empo.worlds.tabular import Chunk, Layer

Result = TypeVar("Result")

_AHEAD = 4
"""Chunks under way per thread."""
_ROWS_PER_CALL = 8192


class Tables(NamedTuple):
    """What is known of all states that can come next."""

    b_h_m: Float[Array, "n h g"] | None
    """B_{V_h^m}; None where it is given how people act."""
    b_h_e: Float[Array, "n h g"]
    """B_{V_h^e}."""
    v_r: Float[Array, " n"]


class Given(NamedTuple):
    """How all act in the states of a chunk, where that is not to be computed."""

    pi_h: Float[Array, "s h g a_h"]
    pi_r: Float[Array, "s a_r"]


def solve_layer(
    problem: Problem,
    layer: Layer,
    tables: Tables,
    keep: Keep,
    given: Sequence[Given] | None = None,
) -> tuple[Values, Tables]:
    """The values of a layer, and what they make of arriving in its (padded) states.

    With policies given, of each chunk, those are evaluated: equations (4) and (6)-(9).
    """

    def work(place: int, chunk: Chunk) -> tuple[Phase1, Phase2]:
        return _solve_chunk(problem, chunk, tables, None if given is None else given[place])

    kept, arrivals = [], []
    for humans, robot in over_chunks(work, layer.chunks):
        kept.append(_select(humans, robot, keep))
        arrivals.append(Tables(humans.b_h_m, robot.b_h_e, robot.v_r))
    joined = jax.tree.map(lambda *rows: jnp.concatenate(rows), *arrivals)
    return join(kept, layer.n_states), joined


def _solve_chunk(
    problem: Problem, chunk: Chunk, tables: Tables, given: Given | None
) -> tuple[Phase1, Phase2]:
    """Equations (1)-(9) on a chunk, from the values of the next states."""
    if given is not None:
        humans = Phase1(None, given.pi_h, None, None)
    elif tables.b_h_m is None:
        pi_h = given_prior(problem.model, problem.parameters, chunk)
        humans = Phase1(None, pi_h, None, None)
    else:
        humans = phase1(problem.model, problem.parameters, chunk, tables.b_h_m, 0)
    robot = phase2(
        problem.model,
        problem.parameters,
        problem.weights,
        chunk,
        humans.pi_h,
        tables.b_h_e,
        tables.v_r,
        None if given is None else given.pi_r,
    )
    return humans, robot


def over_chunks(work: Callable[[int, Chunk], Result], chunks: Sequence[Chunk]) -> Iterator[Result]:
    """work(place, chunk) for each chunk, in order, on all cores."""

    def in_64_bits(place: int) -> Result:
        with jax.enable_x64(True):
            return jax.block_until_ready(work(place, chunks[place]))

    if len(chunks) == 1:
        yield in_64_bits(0)
        return
    window = _AHEAD * (os.cpu_count() or 1)  # not all at once: results wait in memory
    for begin in range(0, len(chunks), window):
        yield from _pool().map(in_64_bits, range(begin, min(begin + window, len(chunks))))


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1)


@partial(jax.jit, donate_argnums=0)
def write(tables: Any, rows: Any, begin: int | Int[Array, ""]) -> Any:
    """The tables with their rows from `begin` on replaced, in place."""
    return jax.tree.map(
        lambda table, row: jax.lax.dynamic_update_slice_in_dim(table, row, begin, axis=0),
        tables,
        rows,
    )


def _select(humans: Phase1, robot: Phase2, keep: Keep) -> Values:
    """The quantities to keep."""
    found: dict[str, Any] = {**humans._asdict(), **robot._asdict()}
    kept = {name: None if name in OPTIONAL - keep else found[name] for name in Values._fields}
    return Values(**cast(dict[str, Any], kept))


def join(parts: Sequence[Any], n_states: int) -> Any:
    """Join the results of chunks, without their padding, as numpy arrays."""
    return jax.tree.map(lambda *xs: np.concatenate([np.asarray(x) for x in xs])[:n_states], *parts)


def arrival_values(
    problem: Problem, codes: np.ndarray, rows: int, for_ever: np.ndarray | None = None
) -> Float[Array, "n h g"]:
    """B_V(s, g) for V = 0: 1 in the goal. For the states in `for_ever`, the solution there."""
    repeat = np.asarray(problem.model.goals.repeat)
    table = np.zeros((rows, *repeat.shape))
    step = min(_ROWS_PER_CALL, 1 << max(3, (len(codes) - 1).bit_length()))
    for begin in range(0, len(codes), step):
        part = codes[begin : begin + step]
        padded = np.pad(part, (0, step - len(part)), mode="edge")
        members = np.asarray(situations(problem.model, padded).members)
        table[begin : begin + len(part)] = members[: len(part)]
    if for_ever is not None:
        paid_again = np.where(repeat, 1 / (1 - problem.theory.gamma_h), 1.0)
        table[: len(codes)][for_ever] *= paid_again
    return jnp.asarray(table)
