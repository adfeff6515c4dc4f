"""Phase 1 and Phase 2 on a cyclic game, as operators whose fixed points are the solutions.

Unknowns are what arriving in a state is worth, as a share of the most that it can be:
B_{V_h^m}(s, g) for Phase 1; B_{V_h^e}(s, g) and log(-V_r(s)) for Phase 2. So goals are already
reached, shares lie between 0 and 1, V_r keeps its sign under any combination of iterates, and a
change of log(-V_r) is a relative change of V_r.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import jax.numpy as jnp
import numpy as np

from empo.core.types import Array, Float, Scalar
from empo.solver.fixed_point import Operator
from empo.solver.problem import Problem
from empo.solver.sweep import Phase1, Phase2, given_prior, phase1, phase2
from empo.solver.tables import Result, arrival_values, over_chunks
from empo.worlds.tabular import Chunk, Layer


@dataclass(frozen=True)
class Cyclic:
    """A problem on a game of one layer that leads into itself."""

    problem: Problem
    pi_r: Sequence[Array] | None = None
    """The robot's policy on all chunks, where it is given instead of equation (5)."""

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

    def prior(self) -> list[Array]:
        """pi_h on all chunks where the prior is given."""
        model, parameters = self.problem.model, self.problem.parameters
        return self.map(lambda _, chunk: given_prior(model, parameters, chunk))

    def humans(self, chunk: Chunk, b_h_m: Float[Array, "n h g"], first_goal: int = 0) -> Phase1:
        """Equations (1)-(3) on a chunk, for the goals from `first_goal` on."""
        return phase1(self.problem.model, self.problem.parameters, chunk, b_h_m, first_goal)

    def robot(
        self, place: int, pi_h: list[Array], b_h_e: Array, v_r: Array, beta_r: Scalar
    ) -> Phase2:
        """Equations (4)-(9) on the chunk at a place, with a beta_r that may be on its way."""
        parameters = self.problem.parameters._replace(beta_r=beta_r)
        chunk, weights = self.layer.chunks[place], self.problem.weights
        pi_r = None if self.pi_r is None else self.pi_r[place]
        model = self.problem.model
        return phase2(model, parameters, weights, chunk, pi_h[place], b_h_e, v_r, pi_r)

    def map(self, work: Callable[[int, Chunk], Result]) -> list[Result]:
        """work(place, chunk) for all chunks."""
        return list(over_chunks(work, self.layer.chunks))


def human_operator(cyclic: Cyclic, first_goal: int, n_goals: int) -> Operator:
    """B_{V_h^m} -> its next iterate by (1)-(3), for a block of goals, on flat vectors."""
    most = cyclic.most[:, first_goal : first_goal + n_goals]

    def operator(x: np.ndarray) -> np.ndarray:
        b_h_m = jnp.asarray(x.reshape(-1, *most.shape) * most)
        parts = cyclic.map(lambda _, chunk: cyclic.humans(chunk, b_h_m, first_goal).b_h_m)
        return _shares(parts, most)

    return operator


def uniform_operator(cyclic: Cyclic, pi_h: list[Array]) -> Operator:
    """B_{V_h^e} -> its next iterate by (6) under a uniform or a given robot, on flat vectors."""
    most = cyclic.most
    no_v_r = jnp.full(cyclic.n_rows, -1.0, float)

    def operator(x: np.ndarray) -> np.ndarray:
        b_h_e = jnp.asarray(x.reshape(-1, *most.shape) * most)
        parts = cyclic.map(lambda i, _: cyclic.robot(i, pi_h, b_h_e, no_v_r, 0.0).b_h_e)
        return _shares(parts, most)

    return operator


def robot_operator(cyclic: Cyclic, pi_h: list[Array], beta_r: float) -> Operator:
    """(B_{V_h^e}, log(-V_r)) -> their next iterates by (4)-(9), on flat vectors."""

    def of_chunk(place: int, b_h_e: Array, v_r: Array) -> tuple[Array, Array]:
        robot = cyclic.robot(place, pi_h, b_h_e, v_r, beta_r)
        return robot.b_h_e, robot.v_r

    def operator(x: np.ndarray) -> np.ndarray:
        b_h_e, v_r = unpack_robot(cyclic, x)
        parts = cyclic.map(lambda place, _: of_chunk(place, b_h_e, v_r))
        return pack_robot(cyclic, [part[0] for part in parts], [part[1] for part in parts])

    return operator


def pack_robot(cyclic: Cyclic, b_h_e: list[Array], v_r: list[Array]) -> np.ndarray:
    """The flat vector of Phase 2 from the chunks' parts."""
    log_neg_v_r = (np.log(-np.asarray(part)) for part in v_r)
    return np.concatenate([_shares(b_h_e, cyclic.most), *log_neg_v_r])


def unpack_robot(cyclic: Cyclic, x: np.ndarray) -> tuple[Array, Array]:
    """B_{V_h^e} and V_r from the flat vector of Phase 2."""
    shares, log_neg_v_r = np.split(x, [len(x) - cyclic.n_rows])
    b_h_e = shares.reshape(cyclic.n_rows, *cyclic.most.shape) * cyclic.most
    return jnp.asarray(b_h_e), -jnp.exp(jnp.asarray(log_neg_v_r))


def _shares(b: Sequence[Array | None], most: np.ndarray) -> np.ndarray:
    return np.concatenate([(np.asarray(part) / most).ravel() for part in b])
