"""Every quantity of Phase 2 at ONE place: learned where it is learned, else by its equation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from empo.core.types import Array, Float, Int
from empo.learn.estimators import Estimator, First, network, table
from empo.learn.forms import magnitude, share
from empo.learn.given import Rows
from empo.learn.observed import observed
from empo.learn.prior import Prior
from empo.learn.problem import Place, Problem
from empo.learn.settings import RobotSettings
from empo.learn.shaping import check_distance, distance_potential
from empo.nets import NetSettings
from empo.theory import human_power, robot_policy, robot_reward, robot_value
from empo.worlds.world import Situation

Weights = Mapping[str, Any]
"""What was learned of each quantity, by its name: the present, or the lagging copies.
An actor's policy stands with them, as `policy`."""


AT_FIRST = 0.02
"""Q_h^m before anything is learned, as a share of the most it can be."""


class Values(NamedTuple):
    """What is believed of ONE place. At the end of a game with a horizon all values are 0."""

    v_h_e: Float[Array, "h g"]
    x_h: Float[Array, " h"]
    u_r: Float[Array, ""]
    q_r: Float[Array, " a_r"]
    pi_r: Float[Array, " a_r"]
    v_r: Float[Array, ""]


@dataclass(frozen=True)
class Quantities:
    """The estimators of what is learned, and the prior."""

    estimators: Mapping[str, Estimator]
    prior: Prior
    q_h_r: Estimator | None = None
    """E_{s'} B_{V_h^m}(s', g), of which equation (1) takes the minimum over a_r, for a place's
    factors and what everybody does; only where Phase 1 learns from samples."""
    given: Mapping[str, Rows] = field(default_factory=dict)
    """What is not learned but known of the exact solution: V_h^e or pi_r."""

    @property
    def all_estimators(self) -> dict[str, Estimator]:
        """With the auxiliary one."""
        extra = {} if self.q_h_r is None else {"q_h_r": self.q_h_r}
        return {**self.estimators, **extra}

    def at(
        self, problem: Problem, weights: Weights, place: Place, beta_r: Float[Array, ""]
    ) -> Values:
        """Everything about Phase 2, as these weights have it."""
        situation = problem.model.situation(place.state)
        held = self._holding(problem, weights, place)
        ahead = problem.ahead(place)
        known = self.given.get("v_h_e")
        v_h_e = jnp.where(ahead, held("v_h_e") if known is None else known(problem, place), 0.0)
        x_h = self._x_h(problem, situation, v_h_e, held)
        u_r = self._u_r(problem, x_h, held)
        q_r = jnp.where(problem.counts(place), -jnp.exp(held("q_r")), 0.0)
        pi_r = self.pi_r(problem, weights, place, beta_r)
        learned = "v_r" in self.estimators
        v_r = -jnp.exp(held("v_r")) if learned else robot_value(u_r, pi_r, q_r)
        return Values(v_h_e, x_h, u_r, q_r, pi_r, jnp.where(ahead, v_r, 0.0))

    def pi_r(
        self, problem: Problem, weights: Weights, place: Place, beta_r: Float[Array, ""]
    ) -> Float[Array, " a_r"]:
        """The policy that is given or explicit, where there is one, else equation (5)."""
        if "pi_r" in self.given:
            return self.given["pi_r"](problem, place)
        if "policy" in weights:
            return weights["policy"](observed(problem, place, beta_r)).probs()
        return self.power_law(problem, weights, place, beta_r)

    def power_law(
        self, problem: Problem, weights: Weights, place: Place, beta_r: Float[Array, ""]
    ) -> Float[Array, " a_r"]:
        """Equation (5) of what is learned of Q_r."""
        held = self._holding(problem, weights, place)
        q_r = jnp.where(problem.counts(place), -jnp.exp(held("q_r")), 0.0)
        return robot_policy(q_r, problem.model.situation(place.state).legal_r, beta_r)

    def q_h_m(
        self, problem: Problem, weights: Weights, place: Place
    ) -> Float[Array, "h g a_h"] | None:
        """Q_h^m where it is learned."""
        if "q_h_m" not in self.estimators:
            return None
        return self._holding(problem, weights, place)("q_h_m")

    def pi_h(self, problem: Problem, weights: Weights, place: Place) -> Float[Array, "h g a_h"]:
        """How humans act for each goal."""
        return self.prior(problem, place, self.q_h_m(problem, weights, place))

    def _holding(self, problem: Problem, weights: Weights, place: Place) -> Callable[[str], Array]:
        factors = problem.factors(place)
        return lambda name: self.estimators[name].at(weights[name], factors)

    def _x_h(
        self, problem: Problem, situation: Situation, v_h_e: Array, held: Callable[[str], Array]
    ) -> Float[Array, " h"]:
        if "x_h" in self.estimators:
            return jnp.exp(held("x_h"))
        return power_of(problem, situation, v_h_e)

    def _u_r(self, problem: Problem, x_h: Array, held: Callable[[str], Array]) -> Float[Array, ""]:
        if "u_r" in self.estimators:
            return -jnp.exp(held("u_r"))
        parameters = problem.parameters
        return robot_reward(x_h, problem.weights.human, parameters.xi, parameters.eta)


def power_of(
    problem: Problem, situation: Situation, v_h_e: Float[Array, "h g"]
) -> Float[Array, " h"]:
    """Equation (7), no less than the floor that the theory's settings have."""
    zeta, floor = problem.parameters.zeta, problem.parameters.x_h_floor
    return jnp.maximum(human_power(v_h_e, problem.weights.goal, situation.power, zeta), floor)


def with_actions(
    problem: Problem, place: Place, a_r: Int[Array, ""], a_h: Int[Array, " h"]
) -> Int[Array, " f"]:
    """The factors of a place and of what everybody does there."""
    return jnp.concatenate([problem.factors(place), a_r[None], a_h])


def quantities(
    problem: Problem, settings: RobotSettings, nets: NetSettings, prior: Prior
) -> Quantities:
    """An estimator for each quantity that is learned. Raises `InputError` for too large tables."""
    model = problem.model
    goals = model.goals.weight.shape
    shapes = {
        "q_h_m": (*goals, model.n_actions_h),
        "v_h_e": goals,
        "x_h": (model.n_humans,),
        "u_r": (),
        "q_r": (model.n_actions_r,),
        "v_r": (),
    }
    forms = dict.fromkeys(shapes, magnitude(settings.loss_space))
    # A goal that pays again and again pays at most 1 / (1 - gamma_h), any other at most 1.
    most = np.where(model.goals.repeat, 1 / (1 - problem.parameters.gamma_h), 1.0)
    # Phase 1's solution is the one reached from below; for V_h^e any start will do but 0, with
    # which nobody would have any power.
    forms |= {"v_h_e": share(most, 0.5), "q_h_m": share(most[..., None], AT_FIRST)}

    first = _first(problem, settings, most)

    def estimator(name: str) -> Estimator:
        begin = _for_each_action(first) if name == "q_h_m" else None
        if getattr(settings.kinds, name) == "table":
            return table(problem.cardinalities, shapes[name], forms[name], begin)
        return network(problem.cardinalities, shapes[name], forms[name], nets, begin)

    learned = settings.learned()
    estimators = {name: estimator(name) for name in learned}
    if settings.expectation == "exact" or "q_h_m" not in learned:
        return Quantities(estimators, prior)
    actions = (model.n_actions_r, *(model.n_actions_h,) * model.n_humans)
    sizes, form = (*problem.cardinalities, *actions), share(most, AT_FIRST)
    if settings.kinds.q_h_m == "table":
        return Quantities(estimators, prior, table(sizes, goals, form, first))
    return Quantities(estimators, prior, network(sizes, goals, form, nets, first))


def _first(problem: Problem, settings: RobotSettings, most: np.ndarray) -> First | None:
    """The starting values of shaping, for each goal."""
    if settings.shaping == "none":
        return None
    check_distance(problem.model)
    n_factors = len(problem.model.cardinalities)
    top = jnp.asarray(most, jnp.float32)
    return lambda factors: top * distance_potential(problem, factors[:n_factors])


def _for_each_action(first: First | None) -> First | None:
    return None if first is None else lambda factors: first(factors)[..., None]
