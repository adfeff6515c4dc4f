"""The networks that an actor may ask for, reading the robot's observations."""

from __future__ import annotations

from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp

from empo.core.dists import Categorical
from empo.core.errors import InputError
from empo.core.spaces import Discrete
from empo.core.types import Array, Float
from empo.learn.observed import Observed
from empo.learn.problem import Problem
from empo.nets import FactorNet, NetSettings, Networks, PowerLawPolicy, factor_net

Head = Literal["power-law", "softmax"]


class RobotPowerLaw(eqx.Module):
    """pi(a | s) proportional to f(s, a)^-beta_r, with f = exp(body(s)) > 0."""

    law: PowerLawPolicy

    def __call__(self, seen: Observed) -> Categorical:
        """The robot's choice."""
        return self.law(seen.factors, seen.beta_r, seen.legal)


class RobotSoftmax(eqx.Module):
    """pi(a | s) = softmax(body(s)) over what is legal."""

    body: FactorNet

    def __call__(self, seen: Observed) -> Categorical:
        """The robot's choice."""
        return Categorical(jnp.where(seen.legal, self.body(seen.factors), -jnp.inf))


class OfFactors(eqx.Module):
    """A number for each action."""

    body: FactorNet

    def __call__(self, seen: Observed) -> Float[Array, " a_r"]:
        """The numbers."""
        return self.body(seen.factors)


class OneOfFactors(eqx.Module):
    """A single number."""

    body: FactorNet

    def __call__(self, seen: Observed) -> Float[Array, ""]:
        """The number."""
        return self.body(seen.factors)[0]


def robot_networks(problem: Problem, head: Head, settings: NetSettings) -> Networks:
    """Networks on a place's factors. Asked for a policy without chance they raise `InputError`."""
    n_actions = problem.model.n_actions_r

    def body(n_out: int, key: Array) -> FactorNet:
        return factor_net(problem.cardinalities, jnp.zeros(n_out), settings, key=key)

    def policy(key: Array) -> RobotPowerLaw | RobotSoftmax:
        found = body(n_actions, key)
        return RobotSoftmax(found) if head == "softmax" else RobotPowerLaw(PowerLawPolicy(found))

    def value(key: Array) -> OneOfFactors:
        return OneOfFactors(body(1, key))

    def q(key: Array) -> OfFactors:
        return OfFactors(body(n_actions, key))

    def deterministic(key: Array) -> Any:
        raise InputError(
            "algorithm: found one whose policy leaves nothing to chance (wanted one with a "
            "distribution over discrete actions: equation (5) is one)"
        )

    return Networks(Discrete(n_actions), policy, value, q, policy, deterministic)
