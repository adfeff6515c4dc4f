"""From the states of a chunk to all their successors, as codes, in one compiled call."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import AnyArray, Array, Bool, Float, Int
from empo.worlds.packing import pack, unpack
from empo.worlds.world import Model


class Successors(NamedTuple):
    """Where each joint action leads, as `Chunk` describes, with codes for indices."""

    codes: Int[AnyArray, "s a k"]
    prob: Float[AnyArray, "s a k"]
    total: Float[AnyArray, "s a"]
    """The sum of the probabilities as the model gave them; nan if one is negative."""
    in_range: Bool[AnyArray, "s a"]
    """Does every factor of every next state have a value that it can have?"""
    n_outcomes: Int[AnyArray, ""]
    """The largest number of different outcomes."""
    n_transitions: Int[AnyArray, " s"]
    """The number of different outcomes of all legal joint actions together."""


def joint_actions(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """All joint actions in C order: a_r of each, and a_H of each, (a,) and (a, h)."""
    sizes = (model.n_actions_r, *(model.n_actions_h,) * model.n_humans)
    grid = np.indices(sizes, dtype=np.int32).reshape(len(sizes), -1)
    return grid[0], grid[1:].T


@jax.jit
def expand(model: Model, codes: Int[Array, " s"]) -> Successors:
    """The successors of states. Needs 64-bit mode."""
    per_state = jax.vmap(lambda code: _expand_one(model, code))(codes)
    return per_state._replace(n_outcomes=jnp.max(per_state.n_outcomes))


def _expand_one(model: Model, code: Int[Array, ""]) -> Successors:
    a_r, a_h = joint_actions(model)
    state = unpack(code, model.cardinalities)
    situation = model.situation(state)
    legal = situation.legal_r[a_r] & jnp.all(
        situation.legal_h[np.arange(model.n_humans), a_h], axis=-1
    )
    some_legal = jnp.argmax(legal)
    a_r, a_h = (jnp.where(_like(legal, a), a, jnp.asarray(a)[some_legal]) for a in (a_r, a_h))
    states, prob = jax.vmap(model.outcomes, in_axes=(None, 0, 0))(state, a_r, a_h)
    possible = (states >= 0) & (states < np.array(model.cardinalities)[None, None])
    codes, merged = jax.vmap(_merge)(pack(states, model.cardinalities), prob)
    n_outcomes = jnp.sum(merged > 0, axis=-1)
    return Successors(
        codes=codes,
        prob=merged,
        total=jnp.where(jnp.any(prob < 0, axis=-1), jnp.nan, jnp.sum(prob, axis=-1)),
        in_range=jnp.all(possible | (prob == 0)[..., None], axis=(-1, -2)),
        n_outcomes=jnp.max(n_outcomes),
        n_transitions=jnp.sum(jnp.where(legal, n_outcomes, 0)),
    )


def _merge(
    codes: Int[Array, " k"], prob: Float[Array, " k"]
) -> tuple[Int[Array, " k"], Float[Array, " k"]]:
    """Add up equal outcomes, drop impossible ones, and move what is left to the front."""
    if len(codes) == 1:
        return codes, prob
    equal = codes[:, None] == codes[None, :]
    is_first = ~jnp.any(jnp.tril(equal, -1), axis=1)
    total = jnp.where(is_first, jnp.sum(jnp.where(equal, prob, 0.0), axis=1), 0.0)
    place = jnp.where(total > 0, jnp.cumsum(total > 0) - 1, -1)
    moved = place[None, :] == jnp.arange(len(codes))[:, None]
    kept = jnp.sum(jnp.where(moved, codes, 0), axis=1)
    kept = jnp.where(jnp.any(moved, axis=1), kept, kept[0])
    return kept, jnp.sum(jnp.where(moved, total, 0.0), axis=1)


def _like(legal: Bool[Array, " a"], actions: np.ndarray) -> Bool[Array, " a *h"]:
    return legal.reshape(legal.shape + (1,) * (actions.ndim - 1))
