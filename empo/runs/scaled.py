"""A game in which all power is a multiple of what it was: the weights of all goals are multiplied.

By equation (7) that multiplies every X_h, by (8) and (9) every U_r, V_r and Q_r by a power of the
factor, and by (5) leaves the robot's policy as it is. A probability of success b in place of 1
would do the same, with the factor b^zeta.
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

    Raises `InputError` for worlds that are no games, and where power is given by states.
    """
    path = folder / f"{world.name}-times-{factor:g}.yaml"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, yaml.safe_dump(scaled(world, factor), sort_keys=False))
    return str(path)


def scaled(world: World, factor: float) -> dict[str, Any]:
    """The game's data with the weights of all goals multiplied."""
    data = world.data
    if not isinstance(data, Mapping) or "humans" not in data or "states" not in data:
        raise InputError(f"{world.name}: is no game (wanted one, to multiply weights of goals)")
    if any(isinstance(state, Mapping) and "power" in state for state in data["states"].values()):
        raise InputError(f"{world.name}: states give power (wanted power from goals alone)")
    humans = {
        name: {**human, "goals": {g: _times(goal, factor) for g, goal in human["goals"].items()}}
        for name, human in data["humans"].items()
    }
    return {**data, "name": f"{world.name}-times-{factor:g}", "humans": humans}


def _times(goal: Any, factor: float) -> dict[str, Any]:
    """A goal is a list of states, or a mapping with more."""
    whole = dict(goal) if isinstance(goal, Mapping) else {"states": goal}
    return {**whole, "weight": factor * whole.get("weight", 1.0)}
