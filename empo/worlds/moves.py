"""One step on a grid: what each agent tries, which attempts exclude each other, what follows.

Everything is judged by the positions at the start of the step. A move claims the cell it enters
and, if it pushes a chain of things, the cells of the chain and the one the chain moves on to.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from empo.core.types import AnyArray, Array, Bool, Int
from empo.worlds.contests import pairs
from empo.worlds.terrain import BUSH, DOOR, FLOOR, KEY


class Ground(NamedTuple):
    """What never changes, as tables over cells (c) and positions (p); see `terrain.Cells`."""

    target: Int[AnyArray, "c 5"]
    """The cell that an action leads to; the own cell where there is a wall."""
    kind: Int[AnyArray, " c"]
    """FLOOR, LAVA, ..."""
    gate: Int[AnyArray, " c"]
    """The factor that holds the state of the cell's key, door or bush; else 0."""
    position: Int[AnyArray, " c"]
    cell_at: Int[AnyArray, " p"]
    """-1 for wall."""
    steps: Int[AnyArray, "5"]
    """The change of position by an action."""


class Things(NamedTuple):
    """The things of the map, each group in the order of its factors."""

    pushes: Bool[AnyArray, "n m"]
    """May this agent push this thing?"""
    clears: Bool[AnyArray, " n"]
    """Does this agent walk through bushes and clear them?"""
    key_cell: Int[AnyArray, " key"]
    key_colour: Int[AnyArray, " key"]
    door_cell: Int[AnyArray, " door"]
    """The doors that began shut."""
    lock_colour: Int[AnyArray, " door"]
    """The colour of the key that the door needs, -1 for none."""
    bush_cell: Int[AnyArray, " bush"]


class Factors(NamedTuple):
    """A state taken apart; see `grid` for the meaning of the values."""

    agents: Int[Array, " n"]
    pushable: Int[Array, " m"]
    keys: Int[Array, " key"]
    doors: Int[Array, " door"]
    bushes: Int[Array, " bush"]


class Attempt(NamedTuple):
    """What each agent tries."""

    able: Bool[Array, " n"]
    """Would it move if it were the only one?"""
    dest: Int[Array, " n"]
    """The cell it wants to enter."""
    pushed: Bool[Array, "n m"]
    """The things that would move with it, each by one cell."""
    clash: Bool[Array, " pair"]
    """Which pairs of able agents exclude each other, as in `contests.pairs`."""


class _Chain(NamedTuple):
    """What each agent would push, if it pushes anything."""

    pushed: Bool[Array, "n m"]
    """The things of the unbroken line ahead of the agent that it may push."""
    last: Int[Array, " n"]
    """The cell that the last thing, or without any the agent itself, would enter; -1 for wall."""
    claims: Int[Array, "n m+1"]
    """Positions of all cells from the agent's destination to that last one, filled up with
    negative numbers that differ between agents."""


def split(state: Int[AnyArray, " f"], things: Things) -> Factors:
    """Take a state apart."""
    groups = (things.key_cell, things.door_cell, things.bush_cell)
    sizes = [*things.pushes.shape, *(len(group) for group in groups)]
    return Factors(*jnp.split(state, np.cumsum(sizes)[:-1]))


def attempt(
    ground: Ground, things: Things, state: Int[AnyArray, " f"], actions: Int[Array, " n"]
) -> Attempt:
    """What the agents try with these actions, and which of them are in each other's way."""
    factors = split(state, things)
    dest = jnp.asarray(ground.target)[factors.agents, actions]
    empty = ~_meets(dest, factors.agents)  # a step into a wall ends where it began: it fails here
    able = empty & ~_shut(ground, things, state, dest)
    if not things.pushes.shape[1]:
        nothing = jnp.zeros((len(actions), 0), bool)
        return Attempt(able, dest, nothing, _clash(able, dest[:, None]))
    chain = _chain(ground, things, factors, actions)
    lands = _plain(ground, state, chain.last) & ~_meets(chain.last, factors.agents)
    able &= ~_meets(chain.last, factors.pushable) & (lands | ~jnp.any(chain.pushed, axis=1))
    return Attempt(able, dest, chain.pushed, _clash(able, chain.claims))


def step(
    ground: Ground,
    things: Things,
    state: Int[AnyArray, " f"],
    actions: Int[Array, " n"],
    tries: Attempt,
    wins: Bool[Array, " n"],
) -> Int[Array, " f"]:
    """The state after the moves of those who are able and win; shut doors are opened besides."""
    factors = split(state, things)
    moves = tries.able & wins
    entered = jnp.where(moves, tries.dest, -1)
    moved_on = jnp.asarray(ground.target)[factors.pushable[None], actions[:, None]]
    after = Factors(
        agents=jnp.where(moves, tries.dest, factors.agents),
        pushable=_replace(factors.pushable, moved_on, tries.pushed & moves[:, None]),
        keys=_pick(things, factors, entered),
        doors=_open(things, factors, tries.dest),
        bushes=_clear(things, factors, entered),
    )
    return jnp.concatenate(after).astype(jnp.int32)


def _meets(cells: Int[Array, " n"], others: Int[Array, " k"]) -> Bool[Array, " n"]:
    """Is the cell one of the others?"""
    return jnp.any(cells[:, None] == others[None], axis=1)


def _shut(
    ground: Ground, things: Things, state: Int[AnyArray, " f"], dest: Int[Array, " n"]
) -> Bool[Array, " n"]:
    """Does a shut door, or a bush for those who cannot clear it, keep the agent out?"""
    kind = jnp.asarray(ground.kind)[dest]
    blocks = (kind == DOOR) | ((kind == BUSH) & ~jnp.asarray(things.clears))
    return blocks & (state[jnp.asarray(ground.gate)[dest]] == 0)


def _plain(
    ground: Ground, state: Int[AnyArray, " f"], cells: Int[Array, " n"]
) -> Bool[Array, " n"]:
    """Is the cell nothing but floor (its key taken, its bush cleared)? -1 is wall."""
    kind = jnp.asarray(ground.kind)[cells]
    gone = (state[jnp.asarray(ground.gate)[cells]] > 0) & ((kind == KEY) | (kind == BUSH))
    return (cells >= 0) & ((kind == FLOOR) | gone)


def _chain(ground: Ground, things: Things, factors: Factors, actions: Int[Array, " n"]) -> _Chain:
    position = jnp.asarray(ground.position)
    start, steps = position[factors.agents], jnp.asarray(ground.steps)[actions]
    n, m = things.pushes.shape
    ahead = start[:, None] + steps[:, None] * np.arange(1, m + 2)[None]
    at = (ahead[:, :m, None] == position[factors.pushable][None, None]) & things.pushes[:, None]
    unbroken = jnp.cumprod(jnp.any(at, axis=2), axis=1).astype(bool)
    length = jnp.sum(unbroken, axis=1)
    last = jnp.asarray(ground.cell_at)[start + steps * (length + 1)]
    blank = -1 - np.arange(n)[:, None]
    claims = jnp.where(np.arange(m + 1)[None] <= length[:, None], ahead, blank)
    return _Chain(jnp.any(at & unbroken[:, :, None], axis=1), last, claims)


def _clash(able: Bool[Array, " n"], claims: Int[Array, "n k"]) -> Bool[Array, " pair"]:
    """Do two able agents claim the same cell?"""
    first, second = np.array(pairs(len(able)), int).reshape(-1, 2).T
    shared = jnp.any(claims[first][:, :, None] == claims[second][:, None], axis=(1, 2))
    return able[first] & able[second] & shared


def _replace(
    values: Int[Array, " k"], by: Int[Array, "n k"], who: Bool[Array, "n k"]
) -> Int[Array, " k"]:
    """Replace values by what an agent makes of them; at most one agent does so for each."""
    return jnp.where(jnp.any(who, axis=0), jnp.sum(jnp.where(who, by, 0), axis=0), values)


def _pick(things: Things, factors: Factors, entered: Int[Array, " n"]) -> Int[Array, " key"]:
    """Keys go to whoever enters their cell with empty hands."""
    holder = 1 + np.arange(len(entered))[:, None]
    empty_handed = ~jnp.any(factors.keys[None] == holder, axis=1, keepdims=True)
    takes = (entered[:, None] == things.key_cell[None]) & empty_handed & (factors.keys == 0)[None]
    return _replace(factors.keys, jnp.broadcast_to(holder, takes.shape), takes)


def _open(things: Things, factors: Factors, dest: Int[Array, " n"]) -> Int[Array, " door"]:
    """Doors open for whoever walks into them and, if they are locked, holds a key that fits.

    Several may open one door at once: whoever is the one to do it, the outcome is the same.
    """
    holder = 1 + np.arange(len(dest))[:, None]
    holds = (factors.keys[None] == holder)[:, None]
    fits = jnp.any(holds & (things.key_colour[None] == things.lock_colour[:, None])[None], axis=2)
    opens = (dest[:, None] == things.door_cell[None]) & (fits | (things.lock_colour < 0)[None])
    return factors.doors | jnp.any(opens, axis=0).astype(factors.doors.dtype)


def _clear(things: Things, factors: Factors, entered: Int[Array, " n"]) -> Int[Array, " bush"]:
    """Bushes go for good where somebody walks: only who clears them can get there."""
    gone = jnp.any(entered[:, None] == things.bush_cell[None], axis=0)
    return factors.bushes | gone.astype(factors.bushes.dtype)
