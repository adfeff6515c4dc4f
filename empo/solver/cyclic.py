"""Phase 1 and Phase 2 on a cyclic game, as operators whose fixed points are the solutions.

Unknowns are what arriving in a state is worth: B_{V_h^m}(s, g) for Phase 1; B_{V_h^e}(s, g) and
log(-V_r(s)) for Phase 2. So goals are already reached, V_r keeps its sign under any combination of
iterates, and a change of log(-V_r) is a relative change of V_r.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import Array, Float
from empo.solver.problem import Problem
from empo.solver.sweep import Phase1, Phase2, given_prior, phase1, phase2
from empo.solver.tables import arrival_values, over_chunks
from empo.theory import Parameters
from empo.worlds.tabular import Chunk, Layer


@dataclass(frozen=True)
class Cyclic:
    """A problem on a game of one layer that leads into itself."""

    problem: Problem

    @property
    def layer(self) -> Layer:
        """All states."""
        return self.problem.game.layers[0]

    @cached_property
    def n_rows(self) -> int:
        """States with the padding of the last chunk, which repeats the last state."""
        return sum(len(chunk.codes) for chunk in self.layer.chunks)

    @cached_property
    def for_ever(self) -> np.ndarray:
        """Which states only lead to themselves."""
        stays = [
            (chunk.next == begin + np.arange(len(chunk.codes))).all(axis=(0, 1))
            for begin, chunk in self._with_begin()
        ]
        return np.concatenate(stays)[: self.layer.n_states]

    @cached_property
    def start(self) -> Float[Array, "n h g"]:
        """B_V for V = 0; where one stays for ever, the solution."""
        return arrival_values(self.problem, self.layer.codes, self.n_rows, self.for_ever)

    @property
    def most(self) -> np.ndarray:
        """The largest value of B_V, (h, g)."""
        again = 1 / (1 - self.problem.theory.gamma_h)
        return np.where(np.asarray(self.problem.model.goals.repeat), again, 1.0)

    def _with_begin(self) -> list[tuple[int, Chunk]]:
        size = len(self.layer.chunks[0].codes)
        return [(place * size, chunk) for place, chunk in enumerate(self.layer.chunks)]

    def humans(self, b_h_m: Float[Array, "n h g"], first_goal: int = 0) -> list[Phase1]:
        """Equations (1)-(3) on all chunks, for the goals from `first_goal` on."""
        problem = self.problem

        def work(_begin: int, chunk: Chunk) -> Phase1:
            return phase1(problem.model, problem.parameters, chunk, b_h_m, first_goal)

        return list(over_chunks(work, self.layer.chunks))

    def given_humans(self) -> list[Array]:
        """pi_h on all chunks where the prior is given."""
        problem = self.problem

        def work(_begin: int, chunk: Chunk) -> Array:
            return given_prior(problem.model, problem.parameters, chunk)

        return list(over_chunks(work, self.layer.chunks))

    def robot(
        self, parameters: Parameters, pi_h: list[Array], b_h_e: Array, v_r: Array
    ) -> list[Phase2]:
        """Equations (4)-(9) on all chunks, with a beta_r that may be on its way."""
        problem = self.problem
        size = len(self.layer.chunks[0].codes)

        def work(begin: int, chunk: Chunk) -> Phase2:
            policy = pi_h[begin // size]
            return phase2(problem.model, parameters, problem.weights, chunk, policy, b_h_e, v_r)

        return list(over_chunks(work, self.layer.chunks))


def human_operator(cyclic: Cyclic, first_goal: int, n_goals: int) -> Callable:
    """B_{V_h^m} -> its next iterate by (1)-(3), for a block of goals, on flat vectors."""
    shape = (cyclic.n_rows, cyclic.problem.model.n_humans, n_goals)

    def operator(x: np.ndarray) -> np.ndarray:
        parts = cyclic.humans(jnp.asarray(x.reshape(shape)), first_goal)
        return np.concatenate([np.asarray(part.b_h_m) for part in parts]).ravel()

    return operator


def robot_operator(cyclic: Cyclic, pi_h: list[Array], beta_r: float) -> Callable:
    """(B_{V_h^e}, log(-V_r)) -> their next iterates by (4)-(9), on flat vectors."""
    parameters = cyclic.problem.parameters._replace(beta_r=beta_r)

    def operator(x: np.ndarray) -> np.ndarray:
        b_h_e, v_r = unpack_robot(cyclic, x)
        parts = cyclic.robot(parameters, pi_h, b_h_e, v_r)
        return pack_robot([part.b_h_e for part in parts], [part.v_r for part in parts])

    return operator


def pack_robot(b_h_e: list[Array], v_r: list[Array]) -> np.ndarray:
    """The flat vector of Phase 2 from the chunks' parts."""
    flat = [np.asarray(part).ravel() for part in b_h_e]
    return np.concatenate([*flat, *(np.log(-np.asarray(part)) for part in v_r)])


def unpack_robot(cyclic: Cyclic, x: np.ndarray) -> tuple[Array, Array]:
    """B_{V_h^e} and V_r from the flat vector of Phase 2."""
    goals = cyclic.problem.model.goals.weight.shape
    b_h_e, log_neg_v_r = np.split(x, [len(x) - cyclic.n_rows])
    return jnp.asarray(b_h_e.reshape(cyclic.n_rows, *goals)), -jnp.exp(jnp.asarray(log_neg_v_r))
