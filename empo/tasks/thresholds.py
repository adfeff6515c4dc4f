"""The return from which on Gymnasium calls a task solved."""

from __future__ import annotations

import gymnasium

from empo.core.errors import InputError
from empo.tasks.registry import device_task


def known_threshold(target: str) -> float | None:
    """That of gym:ENV-ID, or of the environment that task:NAME equals; None if there is none."""
    kind, _, name = target.partition(":")
    try:
        env_id = device_task(name).gym_id if kind == "task" else name
        return gymnasium.spec(env_id).reward_threshold if env_id else None
    except (InputError, gymnasium.error.Error, ModuleNotFoundError):
        return None  # a task or an environment that is not installed here
