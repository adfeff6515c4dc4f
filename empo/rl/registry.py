"""All algorithms by name: whoever trains, on ordinary tasks or the robot, finds them here."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from empo.core.errors import InputError
from empo.nets import Networks
from empo.rl.a2c import A2C, a2c
from empo.rl.algorithm import Algorithm
from empo.rl.ppo import PPO, ppo


@dataclass(frozen=True)
class Recipe:
    """How an algorithm is set and made: build(settings, networks, n_steps)."""

    settings: type[Any]
    build: Callable[[Any, Networks, int], Algorithm]


RECIPES: dict[str, Recipe] = {
    "a2c": Recipe(A2C, a2c),
    "ppo": Recipe(PPO, ppo),
}


def recipe(name: str) -> Recipe:
    """The recipe of that name. Raises `InputError` if there is none."""
    if name not in RECIPES:
        near = difflib.get_close_matches(name.lower(), RECIPES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(RECIPES)}"
        raise InputError(f"algorithm: found {name!r} ({hint})")
    return RECIPES[name]
