"""Pictures of a policy at work in a Gymnasium environment, for a video."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import gymnasium
import numpy as np
from gymnasium import error

from empo.core.errors import InputError
from empo.tasks.gymmake import EnvironmentFailed, make_env, missing, told
from empo.tasks.gymspaces import decoder, encoder

Act = Callable[[np.ndarray], Any]
"""From one observation, (o,), to one action: a whole number, or (a,) numbers within the bounds."""

_RGB = "rgb_array"
_T = TypeVar("_T")


def record_frames(
    env_id: str, act: Act, seed: int, *, n_steps: int = 1000, **kwargs: Any
) -> list[np.ndarray]:
    """The frames of one episode, uint8 (y, x, 3): where it begins, and one after each step.

    At most `n_steps` steps; a frame of 480 x 480 pixels takes 0.7 MB. Observations and actions are
    those of `HostEnvs`. Raises `InputError` if the environment cannot be drawn.
    """
    env = _drawable(env_id, kwargs)
    try:
        return _episode(env, env_id, act, seed, n_steps)
    finally:
        env.close()


def _drawable(env_id: str, kwargs: dict[str, Any]) -> gymnasium.Env:
    env = make_env(env_id, **kwargs)
    modes = env.metadata.get("render_modes") or []
    env.close()
    if _RGB not in modes:
        has = f"it renders as {', '.join(map(str, modes))}" if modes else "it renders nothing"
        raise InputError(f"{env_id} cannot be drawn: wanted the render mode {_RGB}, but {has}")
    return make_env(env_id, render_mode=_RGB, **kwargs)


def _episode(
    env: gymnasium.Env, env_id: str, act: Act, seed: int, n_steps: int
) -> list[np.ndarray]:
    _, encode = encoder(env_id, env.observation_space)
    _, decode = decoder(env_id, env.action_space)
    seen, _ = _guarded(f"{env_id} failed at its reset", lambda: env.reset(seed=seed))
    frames = [_frame(env, env_id)]
    over = False
    while not over and len(frames) <= n_steps:
        action = np.asarray(act(encode(seen).astype(np.float32)))
        (given,) = decode(action[None])
        where = f"{env_id} failed at step {len(frames):,}"
        seen, _, terminated, truncated, _ = _guarded(where, lambda given=given: env.step(given))
        over = terminated or truncated
        frames.append(_frame(env, env_id))
    return frames


def _frame(env: gymnasium.Env, env_id: str) -> np.ndarray:
    """A copy, since some environments paint over what they gave."""
    frame = np.array(_guarded(f"{env_id} cannot be drawn", env.render))
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        found = f"an array of {frame.dtype} with shape {frame.shape}"
        raise EnvironmentFailed(f"{env_id}: wanted frames of uint8 (y, x, 3), got {found}")
    return frame


def _guarded(what: str, call: Callable[[], _T]) -> _T:
    """What the call returns; whatever it raises becomes one line that begins with `what`."""
    try:
        return call()
    except error.DependencyNotInstalled as problem:
        raise InputError(missing(what, problem)) from problem
    except Exception as problem:
        message = told(problem)
        hint = " (without a screen, set MUJOCO_GL=egl)" if "OpenGL" in message else ""
        raise EnvironmentFailed(f"{what}: {message}{hint}") from problem
