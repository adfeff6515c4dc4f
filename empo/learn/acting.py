"""What all players do: what was learned, mixed with as much chance as is wanted."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import Array, Bool, Float, Int, Scalar
from empo.learn.problem import Problem
from empo.learn.quantities import Quantities, Weights
from empo.learn.task import Seen, drawn, joint_index


def played(
    quantities: Quantities,
    problem: Problem,
    weights: Weights,
    seen: Seen,
    beta_r: Float[Array, ""],
    epsilon_r: Scalar = 0.0,
    epsilon_h: Scalar = 0.0,
    bonus: Float[Array, " a_r"] | float = 0.0,
    *,
    key: Array,
) -> Int[Array, ""]:
    """A joint action: each player's own policy, or any legal action with probability epsilon.

    `bonus` is added to the logits of the robot's policy.
    """
    key_r, key_h = jax.random.split(key)
    situation = problem.model.situation(seen.place.state)
    pi_r = quantities.pi_r(problem, weights, seen.place, beta_r)
    lured = pi_r * jnp.exp(bonus)
    robot = mixed(lured[None] / jnp.sum(lured), situation.legal_r[None], epsilon_r)
    a_r = drawn(robot, key=key_r)[0]
    return moved_by(quantities, problem, weights, seen, a_r, epsilon_h, key=key_h)


def moved_by(
    quantities: Quantities,
    problem: Problem,
    weights: Weights,
    seen: Seen,
    a_r: Int[Array, ""],
    epsilon_h: Scalar = 0.0,
    *,
    key: Array,
) -> Int[Array, ""]:
    """The joint action of a robot that has chosen and of humans who pursue their goals."""
    situation = problem.model.situation(seen.place.state)
    pi_h = quantities.pi_h(problem, weights, seen.place)
    own = pi_h[np.arange(len(seen.goals)), seen.goals]
    humans = mixed(own, situation.legal_h, epsilon_h)
    return joint_index(problem, a_r, drawn(humans, key=key))


def mixed(
    prob: Float[Array, "n a"], legal: Bool[Array, "n a"], epsilon: Scalar
) -> Float[Array, "n a"]:
    """The probabilities, but for a share of any legal action."""
    return (1 - epsilon) * prob + epsilon * legal / jnp.sum(legal, axis=-1, keepdims=True)
