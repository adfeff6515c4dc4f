"""A very short training of a robot, for tests of everything around it."""

from __future__ import annotations

from pathlib import Path

import yaml

from empo.runs.setup import Job
from empo.runs.trained import job_of
from tests.runs.games import ferry

SHORT = {
    "hidden": (8,),
    "n_envs": 4,
    "batch_size": 8,
    "n_places": 8,
    "warmup": 8,
    "capacity": 64,
    "n_episodes": 4,
    "n_evaluations": 4,
    "episode_steps": 4,
    "slow_q_r": 10,
    **{f"warmup_{name}_steps": 8 for name in ("q_h_m", "v_h_e", "x_h", "q_r")},
    "beta_r_rampup_steps": 8,
}
"""40 updates of warm-up, 4 steps each."""

WARM_UP = 40


def ferry_file(folder: Path) -> Path:
    """The ferry as a file, with a robot that is not infinitely decisive."""
    path = folder / "ferry.yaml"
    path.write_text(yaml.safe_dump(ferry(beta_r=5.0), sort_keys=False))
    return path


def short_job(path: Path, *, n_seeds: int = 2, **settings) -> Job:
    """400 steps, which are 98 updates."""
    return job_of(
        str(path),
        preset="fast-small",
        seed=3,
        n_seeds=n_seeds,
        n_steps=400,
        settings={**SHORT, **settings},
    )
