"""A game in which all power is a multiple of what it was.

The weights of all goals are multiplied, and power that states give. By equation (7) that multiplies
every X_h, by (8) and (9) every U_r, V_r and Q_r by a power of the factor, and by (5) leaves the
robot's policy as it is. A probability of success b in place of 1 does the same, with factor b^zeta.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from empo.core.errors import InputError
from empo.core.store import write_text
from empo.worlds import World


def scaled_file(world: World, factor: float, folder: Path) -> str:
    """The path of a file with the scaled game, written unless it is there.

    Raises `InputError` for worlds that are no games.
    """
    path = folder / f"{world.name}-times-{factor:g}.yaml"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, yaml.safe_dump(scaled(world, factor), sort_keys=False))
    return str(path)


def scaled(world: World, factor: float) -> dict[str, Any]:
    """The game's data with the weights of all goals, and all power, multiplied."""
    data = world.data
    if not isinstance(data, Mapping) or "humans" not in data or "states" not in data:
        raise InputError(f"{world.name}: is no game (wanted one, to multiply weights of goals)")
    humans = {
        name: {**human, "goals": {g: _times(goal, factor) for g, goal in human["goals"].items()}}
        for name, human in data["humans"].items()
    }
    states = {name: _empowering(state, factor) for name, state in data["states"].items()}
    name = f"{world.name}-times-{factor:g}"
    return {**data, "name": name, "humans": humans, "states": states}


def _empowering(state: Any, factor: float) -> Any:
    if not isinstance(state, Mapping) or "power" not in state:
        return state
    return {**state, "power": {human: factor * x for human, x in state["power"].items()}}


def _times(goal: Any, factor: float) -> dict[str, Any]:
    """A goal is a list of states, or a mapping with more."""
    whole = dict(goal) if isinstance(goal, Mapping) else {"states": goal}
    return {**whole, "weight": factor * whole.get("weight", 1.0)}
