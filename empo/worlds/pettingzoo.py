"""Any world as a PettingZoo parallel environment: the robot and all humans act at once.

Every human has one goal. Attaining it pays that human 1, once or, if the goal repeats, at every
step. The robot earns what the humans earn together. The episode ends for all when everybody's goal
has been attained, never if one of them repeats; a time limit cuts it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding
from pettingzoo import ParallelEnv

from empo.core.errors import InputError
from empo.worlds import gym
from empo.worlds.play import (
    Illegal,
    Observation,
    check_time_limit,
    check_word,
    find_goal,
    legal_action,
    repeats,
)
from empo.worlds.stepping import ROBOT, Moment, Stepper, Transition, place_of

Rewards = Callable[[Transition], Mapping[str, float]]
"""What each player earns, by name."""


@dataclass(frozen=True)
class Party:
    """What everybody plays for; names are checked against the world by `WorldParallelEnv`."""

    goals: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Goals by humans' names; else a human's last one that does not hold where play begins."""
    rewards: Rewards | None = None
    """Replaces the rewards; episodes end as without it."""
    observation: Observation = "factors"
    """The state as the numbers of its factors, or each of them as a one-hot vector."""
    illegal: Illegal = "first"
    """What an illegal action is: the first legal one, or an error."""
    time_limit: int | None = gym.TIME_LIMIT
    """Steps after which an episode is truncated; None: never."""

    def __post_init__(self) -> None:
        check_word("observation", self.observation, ("factors", "one-hot"))
        check_word("illegal", self.illegal, ("first", "error"))
        check_time_limit(self.time_limit)


class WorldParallelEnv(ParallelEnv[str, np.ndarray, np.int64]):
    """A world, played by all its players; the keywords are the settings of `Party`.

    The agents are `robot` and the humans' names. `infos[agent]["action_mask"]` tells the legal
    actions. All players see the state.
    """

    def __init__(self, source: gym.Source, *, render_mode: str | None = None, **party: Any) -> None:
        self.party = Party(**party)
        self.world = gym.as_world(source)
        modes = gym.render_modes(self.world, render_mode)
        name = f"empo/{self.world.name}-v0"
        self.metadata = {"name": name, "render_modes": modes, "is_parallelizable": True}
        self.render_mode = render_mode
        self._stepper = Stepper(self.world)
        self._goals, self._repeats = _goals(self._stepper, self.party.goals)
        self.possible_agents = list(self._stepper.players)
        self.agents: list[str] = []
        self.observation_spaces = {
            agent: gym.observation_space(self.world, self.party.observation)
            for agent in self.possible_agents
        }
        self.action_spaces: dict[str, spaces.Space[np.int64]] = {
            agent: gym.action_space(self._stepper, player)
            for player, agent in enumerate(self.possible_agents)
        }
        self._rng, _ = seeding.np_random()
        self._moment: Moment | None = None
        self._attained = np.zeros(len(self._goals), bool)
        self._time = 0

    @property
    def goals(self) -> dict[str, str]:
        """The goal of each human."""
        named = zip(self.world.humans, self.world.goals, self._goals, strict=True)
        return {human: names[goal] for human, names, goal in named}

    def observation_space(self, agent: str) -> spaces.Space[np.ndarray]:
        """Where an agent's observations lie."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[np.int64]:
        """An agent's actions."""
        return self.action_spaces[agent]

    def state(self) -> np.ndarray:
        """The state now, int32 (f,); `world` knows its name and its picture."""
        return self._now().state

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, dict[str, Any]]]:
        """A new episode from an initial state; there are no options."""
        if seed is not None:
            self._rng, _ = seeding.np_random(seed)
        self.agents = list(self.possible_agents)
        self._moment, self._time = self._stepper.begin(self._rng), 0
        self._attained = np.zeros(len(self._goals), bool)
        return self._observations(), self._infos()

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[
        dict[str, np.ndarray],
        dict[str, float],
        dict[str, bool],
        dict[str, bool],
        dict[str, dict[str, Any]],
    ]:
        """One step of all agents; every one of them needs an action."""
        before = self._now()
        if not self.agents:
            raise ResetNeeded("the episode is over: call reset first")
        joint = self._joint_action(before, actions)
        after = self._stepper.follow(before, joint, self._rng)
        self._moment, self._time = after, self._time + 1
        rewards = self._rewards(Transition(before.state, joint, after.state, after.members))
        limit = self.party.time_limit
        over = bool((self._attained & ~self._repeats).all())
        cut = limit is not None and self._time >= limit
        everybody = self.agents
        found = self._observations(), self._infos()
        self.agents = [] if over or cut else everybody
        terminated, truncated = dict.fromkeys(everybody, over), dict.fromkeys(everybody, cut)
        return found[0], rewards, terminated, truncated, found[1]

    def render(self) -> np.ndarray | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The state now as uint8 (y, x, 3), with the render mode `rgb_array`."""
        return None if self.render_mode is None else gym.frame(self.world, self.state())

    def _joint_action(self, moment: Moment, actions: Mapping[str, Any]) -> tuple[int, ...]:
        if missing := [agent for agent in self.agents if agent not in actions]:
            raise InputError(f"step needs an action of every agent; missing {', '.join(missing)}")
        return tuple(
            legal_action(int(actions[agent]), legal, self.party.illegal)
            for agent, legal in zip(self.possible_agents, moment.legal, strict=True)
        )

    def _rewards(self, happened: Transition) -> dict[str, float]:
        holds = happened.members[np.arange(len(self._goals)), self._goals]
        earned = holds & (self._repeats | ~self._attained)
        self._attained = self._attained | holds
        if self.party.rewards is not None:
            own = self.party.rewards(happened)
            return {agent: float(own[agent]) for agent in self.possible_agents}
        humans = dict(zip(self.world.humans, map(float, earned), strict=True))
        return {ROBOT: float(earned.sum()), **humans}

    def _now(self) -> Moment:
        if self._moment is None:
            raise ResetNeeded("call reset first")
        return self._moment

    def _observations(self) -> dict[str, np.ndarray]:
        world, kind, state = self.world, self.party.observation, self._now().state
        return {agent: gym.observe(world, kind, state) for agent in self.possible_agents}

    def _infos(self) -> dict[str, dict[str, Any]]:
        masks = [gym.action_mask(self._now(), player) for player in range(len(self.action_spaces))]
        named = zip(self.possible_agents, masks, strict=True)
        return {agent: {"action_mask": mask} for agent, mask in named}


def _goals(stepper: Stepper, named: Mapping[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Each human's goal, and whether it pays at every step."""
    humans = stepper.world.humans
    for name in named:
        place_of("human", name, humans)
    goals = [find_goal(stepper, human, named.get(name)) for human, name in enumerate(humans)]
    return np.array(goals), repeats(stepper)[np.arange(len(humans)), goals]
