"""What is to be learned about: a world with the settings of the theory, as one pytree."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.errors import InputError
from empo.core.types import AnyArray, Array, Bool, Float, Int
from empo.solver.problem import weights_of
from empo.solver.sweep import Weights
from empo.theory import Parameters, Theory
from empo.worlds.expand import joint_actions
from empo.worlds.world import Model, World


class Place(NamedTuple):
    """What is learned about: a state, and with a horizon the time at which it is reached."""

    state: Int[AnyArray, " f"]
    time: Int[AnyArray, ""]
    """0 where the game never ends."""


class Next(NamedTuple):
    """Where every joint action leads; `j` runs over a_r, a_1, ..., a_n in C order."""

    places: Place
    """With axes `j k` in front."""
    prob: Float[Array, "j k"]


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["model", "parameters", "weights"],
    meta_fields=["horizon"],
)
@dataclass(frozen=True)
class Problem:
    """A world's dynamics with the numbers of the theory, all in 32 bits."""

    model: Model
    parameters: Parameters
    weights: Weights
    horizon: int | None = field(default=None)

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Of the factors of a place: those of a state, and the time where it matters."""
        time = () if self.horizon is None else (self.horizon + 1,)
        return (*self.model.cardinalities, *time)

    def factors(self, place: Place) -> Int[Array, " f"]:
        """The place as one vector."""
        if self.horizon is None:
            return place.state
        return jnp.append(place.state, place.time)

    def ahead(self, place: Place) -> Bool[Array, ""]:
        """Is there anything still to come, that is, is the game not at its end?"""
        if self.horizon is None:
            return jnp.bool_(True)
        return place.time < self.horizon

    def counts(self, place: Place) -> Bool[Array, ""]:
        """Does what the robot does here make a difference? At the last step it does not."""
        if self.horizon is None:
            return jnp.bool_(True)
        return place.time < self.horizon - 1

    def later(self, place: Place) -> Int[Array, ""]:
        """The time after this step."""
        return place.time if self.horizon is None else place.time + 1

    @property
    def branching(self) -> tuple[int, int]:
        """Joint actions, and outcomes of each, impossible ones included."""
        initial = Place(jnp.zeros(len(self.model.cardinalities), jnp.int32), jnp.int32(0))
        n_joint, n_outcomes = jax.eval_shape(self.following, initial).prob.shape
        return n_joint, n_outcomes

    def following(self, place: Place) -> Next:
        """All next places; those of illegal joint actions are anywhere."""
        a_r, a_h = map(jnp.asarray, joint_actions(self.model))
        states, prob = jax.vmap(self.model.outcomes, in_axes=(None, 0, 0))(place.state, a_r, a_h)
        time = jnp.broadcast_to(self.later(place), states.shape[:-1])
        return Next(Place(states.astype(jnp.int32), time), prob.astype(jnp.float32))


def problem_of(world: World, theory: Theory) -> Problem:
    """The problem. Raises `InputError` for settings that cannot be learned with."""
    if theory.beta_r == float("inf"):
        raise InputError(
            "beta_r: found inf (wanted a finite number: a learned robot is led there from 0)"
        )
    return Problem(
        model=jax.tree.map(_in_32_bits, world.model),
        parameters=jax.tree.map(jnp.float32, theory.parameters),
        weights=jax.tree.map(jnp.float32, weights_of(world.model, theory)),
        horizon=theory.horizon,
    )


def _in_32_bits(x: np.ndarray) -> np.ndarray:
    x = np.asarray(x)
    small = {"f": np.float32, "i": np.int32}.get(x.dtype.kind)
    return x if small is None else x.astype(small)
