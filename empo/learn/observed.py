"""What an explicit policy, and whatever else the actor learns, sees of a place."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp

from empo.core.types import Array, Bool, Float, Int, Scalar
from empo.learn.problem import Place, Problem


class Observed(NamedTuple):
    """An observation of the robot's."""

    factors: Int[Array, " f"]
    legal: Bool[Array, " a_r"]
    """What the robot may do."""
    beta_r: Float[Array, ""]
    """As far as the warm-up has raised it."""


def observed(problem: Problem, place: Place, beta_r: Scalar) -> Observed:
    """The observation of ONE place."""
    legal = problem.model.situation(place.state).legal_r
    return Observed(problem.factors(place), jnp.asarray(legal), jnp.float32(beta_r))
