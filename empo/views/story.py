"""What a report tells: one rollout of a solution, with everything said about each of its steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from empo.core.errors import InputError
from empo.runs.events import Event, events
from empo.runs.rollout import Rollout, likely_path, rollout
from empo.solver import Solution
from empo.worlds.world import Scene

_REST = 2
"""Steps shown after the last change."""


@dataclass(frozen=True)
class Story:
    """A rollout with what the solution says of its states."""

    solution: Solution
    path: Rollout
    events: tuple[Event, ...]

    @property
    def n_steps(self) -> int:
        """Number of steps; the states are 0 ... n_steps."""
        return self.path.n_steps

    @property
    def n_valued(self) -> int:
        """Number of states that have values: all but that at the end of a finite horizon."""
        return int(np.isfinite(self.path.x_h).all(axis=1).sum())

    @cached_property
    def scenes(self) -> list[Scene] | None:
        """The pictures' contents; None for worlds that are no grid."""
        scenes = [self.path.world.scene(state) for state in self.path.states]
        found = [scene for scene in scenes if scene is not None]
        return found if len(found) == len(scenes) else None

    @cached_property
    def u_r(self) -> np.ndarray:
        """Equation (8) along the path, where there are values."""
        return np.array([self._value("u_r", step) for step in range(self.n_valued)])

    @property
    def best(self) -> int:
        """The step at which U_r is largest."""
        return int(np.argmax(self.u_r))

    def policy(self, step: int) -> dict[str, float]:
        """The robot's probability of each legal action."""
        return self.solution.policy(self.path.states[step], self.time(step))

    def time(self, step: int) -> int:
        """The time that the solution's values of a step belong to."""
        return step if self.solution.game.horizon is not None else 0

    def caption(self, step: int) -> str:
        """What everybody does at a step, in one line."""
        if step == self.n_steps:
            return "the end"
        world, state = self.path.world, self.path.states[step]
        robot = world.robot_action(state, int(self.path.actions_r[step]))
        parts = [f"robot: {robot} ({self.path.prob_r[step]:.0%})"]
        parts += [
            f"{name}: {world.human_action(state, human, int(action))}"
            for human, (name, action) in enumerate(
                zip(world.humans, self.path.actions_h[step], strict=True)
            )
        ]
        return "  ·  ".join(parts)

    def powers(self, step: int) -> str:
        """The humans' power in bits, in one line."""
        if step >= self.n_valued:
            return "the time is up"
        named = zip(self.path.world.humans, self.path.w_h[step], strict=True)
        told = [f"power of {name}: {w_h:.2f} bits" for name, w_h in named]
        if (horizon := self.solution.game.horizon) is not None:
            told.append(f"{horizon - step} steps left")
        return "  ·  ".join(told)

    def moments(self, most: int = 4) -> list[int]:
        """Steps worth a closer look: the start, those that change U_r most by what they do to
        things, and where U_r is largest.
        """
        gain = np.abs(np.diff(self.u_r))
        turning = {event.time for event in self.events if 0 < event.time < len(gain)}
        turning -= {0, self.best}
        largest = sorted(turning, key=lambda step: -gain[step])[: max(most - 2, 0)]
        return sorted({0, *largest, self.best})

    def _value(self, name: str, step: int) -> np.ndarray:
        layer, place = self.solution.game.find(self.path.states[step], self.time(step))
        return getattr(self.solution.values[layer], name)[place]


def tell(solution: Solution) -> Story:
    """The likely path of a solution; only its start where people's behaviour was not kept."""
    try:
        path = _without_rest(likely_path(solution))
    except InputError:
        nobody = [0] * len(solution.world.humans)
        path = rollout(solution, 0, goals=nobody)
    return Story(solution, path, tuple(events(path)))


def _without_rest(path: Rollout) -> Rollout:
    """The path without its end if nothing changes there any more, except for the first steps."""
    changed = np.flatnonzero((path.states[1:] != path.states[:-1]).any(axis=1))
    last = int(changed[-1]) + 1 if len(changed) else 0
    return path.cut(min(path.n_steps, last + _REST))
