"""Any world as a Gymnasium environment: one player acts, the others follow policies.

The task is a goal of one human: a step into it pays 1 and ends the episode. Where that human plays,
this is the goal's own problem, equation (1) with the others' policies in mu_-h; where the robot
plays, it is an ordinary assistance task whose goal the robot has been told. Worlds have no terminal
states, so nothing else ends an episode; a time limit cuts it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from empo.core.errors import InputError
from empo.worlds.load import load, shipped
from empo.worlds.pixels import scene_pixels
from empo.worlds.play import Observation, Play, aim, check_word, legal_action
from empo.worlds.stepping import Moment, Stepper, Transition, choose, policies_of
from empo.worlds.world import World

Source = World | str | os.PathLike[str] | Mapping[str, Any]
"""A world, or what `load` makes one of."""

TIME_LIMIT = 100
"""Steps until episodes of the registered environments are cut."""


class WorldEnv(gymnasium.Env[np.ndarray, np.int64]):
    """A world, played by one of its players; the keywords are the settings of `Play`.

    `info["action_mask"]` tells the legal actions. All randomness, the other players' included,
    comes from the seed of `reset`.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 4}  # noqa: RUF012

    def __init__(self, source: Source, *, render_mode: str | None = None, **play: Any) -> None:
        self.play = Play(**play)
        self.world = as_world(source)
        self.metadata = {**self.metadata, "render_modes": render_modes(self.world, render_mode)}
        self.render_mode = render_mode
        self._stepper = Stepper(self.world)
        self._aim = aim(self._stepper, self.play)
        self._policies = policies_of(self._stepper.players, self.play.others)
        self.action_space = action_space(self._stepper, self._aim.player)
        self.observation_space = observation_space(self.world, self.play.observation)
        self._moment: Moment | None = None
        self._time = 0

    @property
    def state(self) -> np.ndarray:
        """The state now, int32 (f,); `world` knows its name and its picture."""
        return self._now().state

    @property
    def goal(self) -> str | None:
        """The name of the goal that is played for."""
        goal = self._aim.goal
        return None if goal is None else self.world.goals[self._aim.human][goal]

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """A new episode from an initial state; there are no options."""
        super().reset(seed=seed)
        self._moment, self._time = self._stepper.begin(self.np_random), 0
        return self._seen(self._moment)

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """One step of all players at once."""
        before = self._now()
        actions = self._joint_action(before, int(action))
        after = self._stepper.follow(before, actions, self.np_random)
        self._moment, self._time = after, self._time + 1
        aim, limit = self._aim, self.play.time_limit
        attained = aim.goal is not None and bool(after.members[aim.human, aim.goal])
        reward = float(attained)
        if self.play.reward is not None:
            happened = Transition(before.state, actions, after.state, after.members)
            reward = float(self.play.reward(happened))
        truncated = limit is not None and self._time >= limit
        observation, info = self._seen(after)
        return observation, reward, attained and aim.ends, truncated, info

    def render(self) -> np.ndarray | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The state now as uint8 (y, x, 3), with the render mode `rgb_array`."""
        return None if self.render_mode is None else frame(self.world, self.state)

    def _joint_action(self, moment: Moment, action: int) -> tuple[int, ...]:
        me = self._aim.player
        taken = legal_action(action, moment.legal[me], self.play.illegal)
        return tuple(
            taken if player == me else choose(policy, moment, player, self.np_random)
            for player, policy in enumerate(self._policies)
        )

    def _now(self) -> Moment:
        if self._moment is None:
            raise gymnasium.error.ResetNeeded("call reset first")
        return self._moment

    def _seen(self, moment: Moment) -> tuple[np.ndarray, dict[str, Any]]:
        mask = action_mask(moment, self._aim.player)
        return observe(self.world, self.play.observation, moment.state), {"action_mask": mask}


def register() -> tuple[str, ...]:
    """Make the shipped worlds known to `gymnasium.make` as `empo/NAME-v0`; returns all ids.

    Any other world is `empo/world-v0` with the keyword `source`. May be called again.
    """
    kwargs = {"empo/world-v0": {}} | {f"empo/{name}-v0": {"source": name} for name in shipped()}
    for env_id in kwargs.keys() - gymnasium.registry.keys():
        gymnasium.register(
            id=env_id,
            entry_point="empo.worlds.gym:WorldEnv",
            max_episode_steps=TIME_LIMIT,
            kwargs=kwargs[env_id],
        )
    return tuple(kwargs)


def as_world(source: Source) -> World:
    """The world itself."""
    return source if isinstance(source, World) else load(source)


def action_space(stepper: Stepper, player: int) -> spaces.Discrete:
    """A player's actions, those included that are legal in some states only."""
    return spaces.Discrete(stepper.n_actions(player))


def action_mask(moment: Moment, player: int) -> np.ndarray:
    """The legal actions, as `Discrete.sample` wants them."""
    return moment.legal[player].astype(np.int8)


def observation_space(world: World, kind: Observation) -> spaces.Space[np.ndarray]:
    """Where observations of states lie."""
    check_word("observation", kind, ("factors", "one-hot"))
    sizes = world.model.cardinalities
    if kind == "factors":
        return spaces.MultiDiscrete(list(sizes))
    return spaces.Box(0.0, 1.0, (sum(sizes),), np.float32)


def observe(world: World, kind: Observation, state: np.ndarray) -> np.ndarray:
    """A state as its factors' numbers, int64 (f,), or as their one-hot vectors joined, float32."""
    if kind == "factors":
        return state.astype(np.int64)
    sizes = world.model.cardinalities
    vector = np.zeros(sum(sizes), np.float32)
    vector[np.cumsum((0, *sizes[:-1])) + state] = 1.0
    return vector


def render_modes(world: World, wanted: str | None) -> list[str]:
    """The modes that the world has; raises `InputError` if that wanted is none of them."""
    modes = [] if world.scene(world.initial[0]) is None else ["rgb_array"]
    if wanted is None or wanted in modes:
        return modes
    has = "wanted 'rgb_array' or None" if modes else "it is no grid, so there is nothing to draw"
    raise InputError(f"{world.name}: cannot render with mode {wanted!r} ({has})")


def frame(world: World, state: np.ndarray) -> np.ndarray:
    """The picture of a state of a grid, uint8 (y, x, 3)."""
    scene = world.scene(state)
    assert scene is not None, "render modes are checked before"
    return scene_pixels(scene)
