"""Folders as `empo train` writes them, with numbers made up by a known rule."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from empo.runs.sinks import Sinks
from empo.runs.trained import _config, job_of
from empo.runs.training_folder import begin_training


def write_training(
    folder: Path,
    *,
    algorithm: str = "ppo",
    target: str = "task:cartpole",
    n_seeds: int = 3,
    best: float = 500.0,
    rate: float = 3.0,
    with_returns: bool = True,
    finished: bool = True,
) -> Path:
    """Returns rise from 20 to near `best`; ten rows of training, five evaluations."""
    job = job_of(
        target,
        algorithm,
        n_seeds=n_seeds,
        n_steps=10_000,
        settings={"n_evaluations": 5, "max_grad_norm": float("inf")},
    )
    begin_training(folder, _config(job), overwrite=True)
    random = np.random.default_rng(0)
    offsets = random.normal(0, 0.05 * abs(best), n_seeds)
    with Sinks(folder) as sinks:
        for step in range(0, 10_001, 1000):
            for seed in range(n_seeds):
                level = 20 + (best - 20 + offsets[seed]) * (1 - np.exp(-rate * step / 1e4))
                if step:
                    sinks.write(step, seed, "train", _training(step, level, random))
                if step % 2000 == 0:
                    sinks.write(step, seed, "evaluate", _evaluation(level, random, with_returns))
    report = {
        "algorithm": algorithm,
        "target": target,
        "seed": 0,
        "n_seeds": n_seeds,
        "steps": 10_000,
        "seconds": 12.5,
        "compile_seconds": 4.25,
        "steps_per_second": 2400.0,
        "eval_return_mean": best,
        "eval_return_iqm": best,
        "eval_return_low": None if n_seeds == 1 else 0.9 * best,
        "eval_return_high": None if n_seeds == 1 else 1.1 * best,
        "eval_return_worst_seed": 0.9 * best,
    }
    if not finished:
        return folder
    (folder / "report.json").write_text(json.dumps(report))
    return folder


def _training(step: int, level: float, random: np.random.Generator) -> dict:
    part = step / 1e4
    return {
        "episode_return": level + random.normal(0, 5),
        "episode_length": level,
        "n_episodes": 7,
        "entropy": 0.69 * (1 - 0.6 * part),
        "kl": 0.01 + 0.005 * random.random(),
        "clip_fraction": 0.1 + 0.05 * random.random(),
        "explained_variance": 0.9 * part,
        "value_loss": 40 * np.exp(-part),
        "policy_loss": -0.01 * random.random(),
        "grad_norm": 1.5 + random.random(),
    }


def _evaluation(level: float, random: np.random.Generator, with_returns: bool) -> dict:
    returns = level + random.normal(0, 10, 20)
    row = {
        "return_mean": returns.mean(),
        "return_min": returns.min(),
        "return_max": returns.max(),
        "length_mean": level,
    }
    return row | ({"returns": returns} if with_returns else {})
