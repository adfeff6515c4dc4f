"""Small games that are no grid, as states and the arrows between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import jax
import numpy as np

from empo.core.errors import InputError
from empo.runs.behaviour import human_policies
from empo.solver import Solution
from empo.worlds.expand import expand, joint_actions
from empo.worlds.packing import pack, unpack

MOST_STATES = 40


class Arrow(NamedTuple):
    """A step that can happen."""

    start: int
    end: int
    prob: float
    """Under everybody's policies, goals drawn by weight."""


@dataclass(frozen=True)
class Graph:
    """The states in the order in which they are found from the initial ones."""

    codes: tuple[int, ...]
    names: tuple[str, ...]
    powers: tuple[str, ...]
    """X_h in words."""
    arrows: tuple[Arrow, ...]

    def place(self, solution: Solution, state: np.ndarray) -> int:
        """The number of a state."""
        return self.codes.index(int(pack(state, solution.world.model.cardinalities)))


def game_graph(solution: Solution) -> Graph | None:
    """The game as a graph; None if it has too many states, or people's behaviour was not kept.

    With a horizon a state shows the values of the first time at which it can be reached.
    """
    world, cardinalities = solution.world, solution.world.model.cardinalities
    column = {int(pack(state, cardinalities)): 0 for state in world.initial}
    leads: list[Mapping[int, float]] = []
    queue = list(column)
    for code in queue:
        if len(queue) > MOST_STATES:
            return None
        try:
            leads.append(_leads_to(solution, code, column[code]))
        except InputError:
            return None
        new = [after for after in leads[-1] if after not in column]
        column |= dict.fromkeys(new, column[code] + 1)
        queue += new
    return Graph(
        codes=tuple(queue),
        names=tuple(world.state_name(unpack(np.asarray(c), cardinalities)) for c in queue),
        powers=tuple(_power(solution, code, column[code]) for code in queue),
        arrows=tuple(
            Arrow(start, queue.index(code), prob)
            for start, found in enumerate(leads)
            for code, prob in found.items()
        ),
    )


def _leads_to(solution: Solution, code: int, step: int) -> dict[int, float]:
    """All next states that some joint action leads to, and their probabilities."""
    found = _find(solution, code, step)
    if found is None:
        return {}
    (layer, place), model = found, solution.world.model
    weight = np.asarray(model.goals.weight, float)
    share = weight / weight.sum(axis=1, keepdims=True)
    pi_h = np.einsum("hg,hga->ha", share, human_policies(solution, layer, place))
    a_r, a_h = joint_actions(model)
    prob = solution.values[layer].pi_r[place][a_r]
    for human in range(model.n_humans):
        prob = prob * pi_h[human][a_h[:, human]]
    with jax.enable_x64(True):
        successors = expand(model, np.asarray([code], np.int64))
    codes, chance = np.asarray(successors.codes[0]), np.asarray(successors.prob[0])
    expected = chance * prob[:, None]
    return {
        after: float(expected[codes == after].sum())
        for after in np.unique(codes[chance > 0]).tolist()
    }


def _power(solution: Solution, code: int, step: int) -> str:
    found = _find(solution, code, step)
    if found is None:
        return "the end"
    layer, place = found
    named = zip(solution.world.humans, solution.values[layer].x_h[place], strict=True)
    return "  ".join(f"X({name}) {x:.3g}" for name, x in named)


def _find(solution: Solution, code: int, step: int) -> tuple[int, int] | None:
    """Layer and place of a state's values; None at the end of a finite horizon."""
    game = solution.game
    if step == game.horizon:
        return None
    state = np.asarray(unpack(np.asarray(code), solution.world.model.cardinalities))
    return game.find(state, 0 if game.horizon is None else step)
