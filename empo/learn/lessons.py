"""What one update learns from: for each quantity places, targets, and how much each counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from empo.core.errors import InputError
from empo.core.types import Array, Float
from empo.learn.estimators import Batch
from empo.learn.exact_targets import phase1_target, phase2_targets
from empo.learn.problem import Place, Problem
from empo.learn.quantities import Quantities, Weights
from empo.learn.sampled_targets import phase1_samples, phase2_samples
from empo.learn.settings import RobotSettings
from empo.learn.stages import Moment

MOST_NEXT = 1 << 20
"""Next places that one update may look at: with some hundred numbers known of each of them, and
what it takes to tell which are equal, these fill about 1 GiB for each seed."""


class Phases(NamedTuple):
    """What there is to learn, not computed yet."""

    first: Callable[[], dict[str, Batch]] | None
    """None where the prior is not learned."""
    second: Callable[[], dict[str, Batch]]


def expected(
    quantities: Quantities,
    problem: Problem,
    slow: Weights,
    places: Place,
    beta_r: Float[Array, ""],
    key: Array,
) -> Phases:
    """Exact expectations."""
    factors = jax.vmap(problem.factors)(places)

    def first() -> dict[str, Batch]:
        return {"q_h_m": Batch(factors, *phase1_target(quantities, problem, slow, places))}

    def second() -> dict[str, Batch]:
        found = phase2_targets(quantities, problem, slow, places, beta_r)
        return {name: Batch(factors, *found[name]) for name in _rest(quantities)}

    return Phases(first if "q_h_m" in quantities.estimators else None, second)


def sampled(
    quantities: Quantities,
    problem: Problem,
    slow: Weights,
    places: Place,
    beta_r: Float[Array, ""],
    key: Array,
) -> Phases:
    """Samples."""
    factors = jax.vmap(problem.factors)(places)

    def first() -> dict[str, Batch]:
        found = phase1_samples(quantities, problem, slow, places, key=key)
        return {
            "q_h_m": Batch(factors, *found.q_h_m),
            "q_h_r": Batch(found.factors, *found.q_h_r),
        }

    def second() -> dict[str, Batch]:
        found = phase2_samples(quantities, problem, slow, places, beta_r, key=key)
        return {name: Batch(factors, *found[name]) for name in _rest(quantities)}

    return Phases(first if "q_h_m" in quantities.estimators else None, second)


def joined(phases: Phases, more: Callable[[], dict[str, Batch]]) -> Phases:
    """With other batches in place of some of Phase 2."""
    return phases._replace(second=lambda: phases.second() | more())


def under_way(phases: Phases, now: Moment) -> dict[str, Batch]:
    """Only the phase that is under way is computed."""
    first, second = phases
    if first is None:
        return second()
    nothing1, nothing2 = (_nothing(jax.eval_shape(phase)) for phase in (first, second))
    return jax.lax.cond(now.phase_1, lambda: first() | nothing2, lambda: nothing1 | second())


def check_affordable(problem: Problem, settings: RobotSettings) -> None:
    """Raise `InputError` if there are too many joint actions for exact expectations."""
    n_joint, n_outcomes = problem.branching
    n_places = settings.n_places
    if n_places * n_joint * n_outcomes > MOST_NEXT:
        raise InputError(
            f"expectation: found exact for {n_joint:,} joint actions with up to {n_outcomes:,} "
            f"outcomes each, {n_places * n_joint * n_outcomes:,} next states for the {n_places:,} "
            f"states of one update (wanted at most {MOST_NEXT:,}: take expectation sampled, or a "
            f"smaller n_places)"
        )


def _rest(quantities: Quantities) -> tuple[str, ...]:
    return tuple(name for name in quantities.estimators if name != "q_h_m")


def _nothing(shapes: dict[str, Batch]) -> dict[str, Batch]:
    return jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
