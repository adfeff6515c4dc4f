"""How humans act: a policy object that Phase 2 takes, wherever it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import jax
import jax.numpy as jnp

from empo.core.errors import InputError
from empo.core.types import Array, Float
from empo.learn.given import Rows
from empo.learn.problem import Place, Problem
from empo.solver.sweep import human_settings
from empo.theory import human_policy


class Prior(Protocol):
    """A pytree with pi_h(s, g) of ONE place; illegal actions have probability 0."""

    def __call__(
        self, problem: Problem, place: Place, q_h_m: Float[Array, "h g a_h"] | None
    ) -> Float[Array, "h g a_h"]:
        """pi_h; `q_h_m` is what was learned of Q_h^m there, if anything."""
        ...


@partial(jax.tree_util.register_dataclass, data_fields=[], meta_fields=[])
@dataclass(frozen=True)
class Learned:
    """Equation (2) of the learned Q_h^m."""

    def __call__(
        self, problem: Problem, place: Place, q_h_m: Float[Array, "h g a_h"] | None
    ) -> Float[Array, "h g a_h"]:
        """pi_h."""
        assert q_h_m is not None
        situation = problem.model.situation(place.state)
        beta_h, nu_h = human_settings(situation, problem.parameters)
        return jax.vmap(human_policy)(q_h_m, situation.habit, situation.legal_h, beta_h, nu_h)


@partial(jax.tree_util.register_dataclass, data_fields=[], meta_fields=[])
@dataclass(frozen=True)
class ShortestPath:
    """Straight towards the goal, as the world has it."""

    def __call__(
        self, problem: Problem, place: Place, q_h_m: Float[Array, "h g a_h"] | None
    ) -> Float[Array, "h g a_h"]:
        """pi_h."""
        beta_h, _ = human_settings(problem.model.situation(place.state), problem.parameters)
        found = problem.model.shortest_path(place.state, beta_h)  # pyright: ignore[reportAttributeAccessIssue]
        return found.astype(jnp.float32)


@partial(jax.tree_util.register_dataclass, data_fields=["rows"], meta_fields=[])
@dataclass(frozen=True)
class Tabulated:
    """As the exact solver computed it."""

    rows: Rows

    def __call__(
        self, problem: Problem, place: Place, q_h_m: Float[Array, "h g a_h"] | None
    ) -> Float[Array, "h g a_h"]:
        """pi_h; nobody acts where a row holds only zeros: such a place cannot be reached."""
        return self.rows(problem, place)


def check_shortest_path(model: Any, name: str) -> None:
    """Raise `InputError` if the world has no such prior."""
    if not hasattr(model, "shortest_path"):
        raise InputError(f"{name}: prior shortest-path needs a world on a grid")
