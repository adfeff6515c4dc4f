"""A world stepped on the host, one transition at a time, for the adapters to other libraries.

Players are counted from 0: the robot is player 0, human h is player h + 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.errors import InputError
from empo.worlds.document import listed
from empo.worlds.world import World

ROBOT = "robot"
"""What the robot is called among the players."""

Policy = Callable[[np.ndarray, np.ndarray, np.random.Generator], int]
"""An action, given the state, the mask of the player's legal actions, and randomness."""


class Moment(NamedTuple):
    """A state and what the players may know of it."""

    state: np.ndarray
    """int32 (f,)"""
    legal: tuple[np.ndarray, ...]
    """Per player the mask of legal actions, bool (a_r,) for the robot, (a_h,) for a human."""
    members: np.ndarray
    """Which goals hold here, bool (h, g)."""


class Transition(NamedTuple):
    """One step of a world, for functions that reward it."""

    state: np.ndarray
    """int32 (f,)"""
    actions: tuple[int, ...]
    """What each player did, the robot first."""
    next_state: np.ndarray
    """int32 (f,)"""
    members: np.ndarray
    """Which goals hold in the next state, bool (h, g)."""


class Stepper:
    """The compiled dynamics of a world; worlds of the same shape share one program."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.players = player_names(world)
        self._model = jax.device_put(world.model, _host())

    def n_actions(self, player: int) -> int:
        """Number of a player's actions; a human's is padded to the largest of all humans."""
        model = self.world.model
        return model.n_actions_h if player else model.n_actions_r

    def begin(self, rng: np.random.Generator) -> Moment:
        """An initial state, drawn by its probability."""
        prob = self.world.initial_prob
        place = int(rng.choice(len(prob), p=prob)) if len(prob) > 1 else 0
        return self.look(self.world.initial[place])

    def look(self, state: np.ndarray) -> Moment:
        """This state."""
        return _moment(*_look(self._model, np.asarray(state, np.int32)))

    def follow(self, moment: Moment, actions: Sequence[int], rng: np.random.Generator) -> Moment:
        """One step from there, every player doing its action, which must be legal."""
        a_r, a_h = np.int32(actions[0]), np.array(actions[1:], np.int32)
        chance = rng.random(dtype=np.float32)
        return _moment(*_follow(self._model, moment.state, a_r, a_h, chance))


def player_names(world: World) -> tuple[str, ...]:
    """The robot and the humans; raises `InputError` if a human bears the robot's name."""
    if ROBOT in world.humans:
        raise InputError(f"{world.name}: a human is called {ROBOT!r}, which is the robot's name")
    return (ROBOT, *world.humans)


def place_of(kind: str, name: str, known: Sequence[str]) -> int:
    """The place of a name in a list; raises `InputError` with what is like it."""
    if name in known:
        return list(known).index(name)
    near = get_close_matches(str(name), known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {listed(known, 12)}"
    raise InputError(f"unknown {kind} {name!r} ({hint})")


def uniform(state: np.ndarray, legal: np.ndarray, rng: np.random.Generator) -> int:
    """The policy that takes each legal action equally often."""
    choices = np.flatnonzero(legal)
    return int(choices[rng.integers(len(choices))])


def policies_of(
    players: Sequence[str], given: Mapping[str, Policy], default: Policy = uniform
) -> tuple[Policy, ...]:
    """Each player's policy; raises `InputError` if one is given for nobody."""
    for name in given:
        place_of("player", name, players)
    return tuple(given.get(name, default) for name in players)


def choose(policy: Policy, moment: Moment, player: int, rng: np.random.Generator) -> int:
    """What a policy does; raises `InputError` if that is illegal."""
    legal = moment.legal[player]
    action = int(policy(moment.state, legal, rng))
    if not 0 <= action < len(legal) or not legal[action]:
        raise InputError(
            f"the policy of player {player} took action {action} in state {moment.state.tolist()}; "
            f"legal are {np.flatnonzero(legal).tolist()}"
        )
    return action


def _moment(state, legal_r, legal_h, members) -> Moment:
    legal = (np.asarray(legal_r), *np.asarray(legal_h))
    return Moment(np.asarray(state), legal, np.asarray(members))


def _host() -> Any:
    """The processor: one step of one world is not worth the way to an accelerator."""
    try:
        return jax.local_devices(backend="cpu")[0]
    except RuntimeError:  # JAX was told to use the accelerator only
        return None


@jax.jit
def _look(model, state):
    situation = model.situation(state)
    return state, situation.legal_r, situation.legal_h, situation.members


@jax.jit
def _follow(model, state, a_r, a_h, chance):
    """The first outcome whose cumulative probability is above chance * total.

    As chance < 1, so is that product below the total, and an outcome of probability 0 is never the
    first above anything.
    """
    states, prob = model.outcomes(state, a_r, a_h)
    total = jnp.cumsum(prob)
    state_next = states[jnp.argmax(total > chance * total[-1])]
    return _look(model, state_next.astype(jnp.int32))
