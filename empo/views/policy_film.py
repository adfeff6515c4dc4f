"""A film of a trained policy: one episode in the Gymnasium environment, without exploring."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import numpy as np

from empo.core.errors import InputError
from empo.core.store import write_file
from empo.runs.policies import Trained
from empo.runs.setup import is_world
from empo.tasks.registry import device_task
from empo.views.animate import MP4, encode
from empo.views.training_sections import VIDEO

_MOST_STEPS = 250
"""Frames are all in memory at once: 250 of 600 x 400 pixels take 0.2 GB."""
_SECONDS = 1 / 30
_SEED = 4321
"""Of the episode."""


def write_policy_film(folder: Path, trained: Trained) -> Path | None:
    """Write policy.mp4 beside the report; None if the target cannot be drawn.

    Shown are the first steps of an episode of the seed with the best evaluation. A device task is
    filmed in the environment that it equals. Raises `InputError` if the disk refuses.
    """
    if is_world(trained.job.target):  # its film is that of a rollout, see `robot_report`
        return None
    env_id = drawable_id(trained.job.target)
    if env_id is None:
        return None
    from empo.tasks.frames import record_frames  # slow to import

    # What draws the classic environments looks for a screen, and complains where there is none.
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

    number = 0 if trained.judged is None else int(trained.judged.returns.mean(axis=1).argmax())
    act = partial(trained.trainer.act, trained.learner, number=number)
    try:
        frames = record_frames(env_id, act, _SEED, n_steps=_MOST_STEPS)
    except InputError:  # it has no pictures, or what draws them is not installed
        return None
    path = folder / VIDEO
    write_file(path, lambda file: encode(file, [_even(f) for f in frames], MP4, _SECONDS))
    return path


def drawable_id(target: str) -> str | None:
    """The Gymnasium id of a target, if it has one."""
    kind, _, name = target.partition(":")
    return device_task(name).gym_id if kind == "task" else name


def _even(frame: np.ndarray) -> np.ndarray:
    """Without a last odd row and column, which the video's format cannot hold."""
    return frame[: frame.shape[0] // 2 * 2, : frame.shape[1] // 2 * 2]
