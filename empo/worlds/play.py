"""Who plays a world, and for what: the settings of the Gymnasium environment.

A goal is attained by a step into a state that has it; where play begins does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np

from empo.core.errors import InputError
from empo.worlds.stepping import Policy, Stepper, Transition, place_of

Reward = Callable[[Transition], float]
Observation = Literal["factors", "one-hot"]
Illegal = Literal["first", "error"]


@dataclass(frozen=True)
class Play:
    """Who plays, and for what; names are checked against the world by `WorldEnv`."""

    player: str | None = None
    """`robot` or a human's name; None: the first human."""
    human: str | None = None
    """Whose goal it is; None: the player's, or the first human's where the robot plays."""
    goal: str | None = None
    """The goal's name; None: the last one that does not hold already where play begins.

    That may be out of reach: nobody has looked.
    """
    others: Mapping[str, Policy] = field(default_factory=lambda: MappingProxyType({}))
    """Policies of other players by name; who is not named acts uniformly."""
    reward: Reward | None = None
    """Replaces the reward; then only a `goal` that is named ends an episode."""
    observation: Observation = "factors"
    """The state as the numbers of its factors, or each of them as a one-hot vector."""
    illegal: Illegal = "first"
    """What an illegal action is: the first legal one, or an error."""
    time_limit: int | None = None
    """Steps after which an episode is truncated; None: never."""

    def __post_init__(self) -> None:
        check_word("observation", self.observation, ("factors", "one-hot"))
        check_word("illegal", self.illegal, ("first", "error"))
        check_time_limit(self.time_limit)


class Aim(NamedTuple):
    """Settings as numbers."""

    player: int
    human: int
    goal: int | None
    """None: a reward of one's own, and no end."""
    ends: bool
    """Does attaining the goal end the episode? One that pays at every step does not."""


def aim(stepper: Stepper, play: Play) -> Aim:
    """Who plays and for whose goal; raises `InputError` if there is no such name."""
    world = stepper.world
    player = 1 if play.player is None else place_of("player", play.player, stepper.players)
    own = max(player - 1, 0)
    human = own if play.human is None else place_of("human", play.human, world.humans)
    if play.goal is None and play.reward is not None:
        return Aim(player, human, None, False)
    goal = find_goal(stepper, human, play.goal)
    return Aim(player, human, goal, not repeats(stepper)[human, goal])


def find_goal(stepper: Stepper, human: int, name: str | None) -> int:
    """The human's goal of that name.

    Without a name, the last one that does not hold in any initial state, else the last.
    """
    world = stepper.world
    names = world.goals[human]
    if name is not None:
        return place_of(f"goal of {world.humans[human]}", name, names)
    starts = world.initial[world.initial_prob > 0]
    held = np.any([stepper.look(state).members[human] for state in starts], axis=0)
    open_goals = np.flatnonzero(~held[: len(names)])
    return int(open_goals[-1]) if len(open_goals) else len(names) - 1


def repeats(stepper: Stepper) -> np.ndarray:
    """Which goals pay at every step, bool (h, g)."""
    return np.asarray(stepper.world.model.goals.repeat)


def legal_action(action: int, legal: np.ndarray, illegal: Illegal) -> int:
    """The action, or what an illegal one counts as.

    Raises `InputError` if there is no such action, or illegal ones are errors.
    """
    if not 0 <= action < len(legal):
        raise InputError(f"action {action} is not one of 0 ... {len(legal) - 1}")
    if legal[action]:
        return action
    if illegal == "error":
        raise InputError(f"action {action} is illegal here; legal are {_numbers(legal)}")
    return int(np.argmax(legal))


def check_word(key: str, value: str, known: Sequence[str]) -> None:
    """Raises `InputError` unless the value is one of the words."""
    if value not in known:
        raise InputError(f"{key} must be {' or '.join(map(repr, known))}, got {value!r}")


def check_time_limit(time_limit: int | None) -> None:
    """Raises `InputError` unless it is a number of steps, or None."""
    if time_limit is not None and time_limit < 1:
        raise InputError(f"time_limit must be at least 1 or None, got {time_limit}")


def _numbers(legal: np.ndarray) -> list[int]:
    return np.flatnonzero(legal).tolist()
