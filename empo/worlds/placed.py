"""What all worlds of agents in cells share: goals about places, and joint actions of bodies."""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple, cast

import jax.numpy as jnp
import numpy as np

from empo.core.types import AnyArray, Array, Bool, Float, Int
from empo.worlds.world import Goals, Situation


class Humans(NamedTuple):
    """The humans' goals and settings as tables; the last axes are those of `Goals`, padded."""

    weight: Float[AnyArray, "h g"]
    """w_g, 0 where there is no such goal."""
    inside: Bool[AnyArray, "k c h g"]
    """Does human k in cell c do its part in goal g of human h? A state is in
    the goal if all humans do."""
    distance: Int[AnyArray, "h c g"]
    """Steps from cell c to the nearest cell of h's own part in its goal g, as the
    crow walks; 0 if h has no part in it."""
    beta_h: Float[AnyArray, " h"]
    """Rationality, nan where not given."""
    nu_h: Float[AnyArray, " h"]
    """Weight of habit, nan where not given."""


def goals_of(humans: Humans) -> Goals:
    """Weights and kinds of the goals: those about places pay once."""
    once = np.zeros(humans.weight.shape, bool)
    return Goals(cast("Array", humans.weight), cast("Array", once))


def split_joint(joint: Int[AnyArray, ""], n_bodies: int, n_actions: int) -> Int[Array, " body"]:
    """The actions of the bodies: the digits of the joint action, the first body's first."""
    powers = n_actions ** np.arange(n_bodies - 1, -1, -1)
    return jnp.asarray(joint) // powers % n_actions


def joint_legal(legal: Bool[Array, "body a"]) -> Bool[Array, " a_r"]:
    """Which joint actions are legal: those in which every body's action is."""
    return reduce(lambda joint, body: (joint[:, None] & body[None]).ravel(), legal)


def situation(
    humans: Humans,
    cells: Int[AnyArray, " h"],
    legal_r: Bool[Array, " a_r"],
    legal_h: Bool[Array, "h a_h"],
) -> Situation:
    """The situation in which the humans stand in these cells; habits and beliefs are uniform."""
    n, n_goals = humans.weight.shape
    parts = [jnp.asarray(humans.inside)[k, cells[k]] for k in range(n)]
    uniform = legal_h / jnp.sum(legal_h, axis=1, keepdims=True)
    return Situation(
        legal_r=legal_r,
        legal_h=legal_h,
        members=reduce(jnp.logical_and, parts),
        power=jnp.zeros(n, float),
        beta_h=jnp.asarray(humans.beta_h, float),
        nu_h=jnp.asarray(humans.nu_h, float),
        habit=jnp.broadcast_to(uniform[:, None], (n, n_goals, legal_h.shape[1])),
        beliefs=jnp.broadcast_to(uniform[None], (n, n, legal_h.shape[1])),
    )
