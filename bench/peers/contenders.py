"""Contenders of each library, for how fast they go once warm and how soon they solve a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.peers.contest import Contender

Settings = Mapping[str, Any]

LIBRARY = {"SB3": "stable_baselines3", "sb3-contrib": "sb3_contrib", "sbx": "sbx"}


def empo(target: str, algorithm: str, arguments: Settings, **told: Any) -> Contender:
    """empo at a steady pace; `told` holds `updates` of a spell and what counts `per_update`."""
    settings = {
        "target": target,
        "algorithm": algorithm,
        "arguments": arguments,
        "seed": 0,
        "n_seeds": 1,
        "n_spells": 3,
        **told,
    }
    return Contender(f"empo, {target}", "rate_empo", None, settings)


def rejax(algorithm: str, arguments: Settings, **told: Any) -> Contender:
    """rejax at a steady pace; `told` holds `steps` of a spell."""
    settings = {
        "algorithm": algorithm,
        "arguments": arguments,
        "seed": 0,
        "n_seeds": 1,
        "n_spells": 3,
        **told,
    }
    return Contender(f"rejax, {arguments['env']} on the device", "rate_rejax", "rejax", settings)


def sb3(library: str, algorithm: str, env: str, arguments: Settings, **told: Any) -> Contender:
    """SB3, sb3-contrib or sbx at a steady pace; `told` holds `n_envs` and `steps` of a spell."""
    settings = {
        "library": LIBRARY[library],
        "algorithm": algorithm,
        "env": env,
        "arguments": arguments,
        "seed": 0,
        "n_spells": 3,
        **told,
    }
    return Contender(f"{library}, {env}", "rate_sb3", "sb3", settings)


def empo_solves(target: str, algorithm: str, arguments: Settings, goal: Settings) -> Contender:
    """empo from a cold process to the goal: `threshold`, `episodes`, `every` and `most` steps."""
    settings = {"target": target, "algorithm": algorithm, "arguments": arguments, **goal}
    return Contender(f"empo, {target}", "solve_empo", None, settings)


def sb3_solves(
    library: str, algorithm: str, env: str, n_envs: int, arguments: Settings, goal: Settings
) -> Contender:
    """SB3, sb3-contrib or sbx from a cold process to the same goal."""
    settings = {
        "library": LIBRARY[library],
        "algorithm": algorithm,
        "env": env,
        "n_envs": n_envs,
        "arguments": arguments,
        **goal,
    }
    return Contender(f"{library}, {env}", "solve_sb3", "sb3", settings)
