"""The world that a robot was trained in: kept in its run's folder, and found again unchanged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from empo.core.errors import InputError
from empo.runs.targets import is_there, world_of
from empo.worlds import World, load
from empo.worlds.rules import rule_hash


def origin_of(world: World) -> dict[str, Any]:
    """What config.json holds of the world: its data as text, since JSON knows no infinity."""
    data = None if world.data is None else json.dumps(world.data)
    return {"world": {"name": world.name, "rules": rule_hash(world), "data": data}}


def world_again(folder: Path, config: Mapping[str, Any], target: str) -> World:
    """The world of a run: as its name or file has it now, or where there is none any more as kept.

    Raises `InputError` with both hashes if its rules are no longer those that the run began with.
    """
    try:
        name, rules, text = (config["world"][key] for key in ("name", "rules", "data"))
        data = None if text is None else json.loads(text)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder}: does not tell the world that it was trained in") from error
    world = _kept(data, name) if data is not None and not is_there(target) else world_of(target)
    found = rule_hash(world)
    if found != rules:
        raise InputError(
            f"{folder}: the rules of {target} have changed since this run began: found {found} "
            f"(wanted {rules})"
        )
    return world


def _kept(data: Mapping[str, Any], name: str) -> World:
    return replace(load(data), name=name)
