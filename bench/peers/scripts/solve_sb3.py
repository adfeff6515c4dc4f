"""Seconds and steps until stable-baselines3, sb3-contrib or sbx has solved an environment.

Settings: `library`, `algorithm`, `env`, `n_envs`, `arguments`, `seed`, `threshold` of the mean
return, `episodes` per evaluation, `every` how many steps one is held, `most` steps.
"""

from __future__ import annotations

import time

BEGIN = time.perf_counter()

import importlib  # noqa: E402

import numpy as np  # noqa: E402
import torch  # noqa: E402
from protocol import answer, settings  # noqa: E402
from stable_baselines3.common.env_util import make_vec_env  # noqa: E402


def mean_return(model, env: str, episodes: int, seed: int) -> float:
    """The mean over the first episode of as many environments side by side."""
    envs = make_vec_env(env, n_envs=episodes, seed=seed)
    obs, total, running = envs.reset(), np.zeros(episodes), np.ones(episodes, dtype=bool)
    while running.any():
        actions, _ = model.predict(obs, deterministic=True)
        obs, rewards, ended, _ = envs.step(actions)
        total += rewards * running
        running &= ~ended
    return float(total.mean())


def main(told: dict) -> None:
    torch.set_num_threads(1)
    algorithm = getattr(importlib.import_module(told["library"]), told["algorithm"])
    imported = time.perf_counter() - BEGIN
    envs = make_vec_env(told["env"], n_envs=told["n_envs"], seed=told["seed"])
    model = algorithm("MlpPolicy", envs, seed=told["seed"], device="cpu", **told["arguments"])
    learning = evaluating = 0.0
    best = -float("inf")
    while best < told["threshold"] and model.num_timesteps < told["most"]:
        begin = time.perf_counter()
        model.learn(told["every"], reset_num_timesteps=False)
        learning += time.perf_counter() - begin
        begin = time.perf_counter()
        best = max(best, mean_return(model, told["env"], told["episodes"], 1000 + told["seed"]))
        evaluating += time.perf_counter() - begin
    answer(
        solved=best >= told["threshold"],
        steps=model.num_timesteps,
        import_seconds=imported,
        learn_seconds=learning,
        evaluate_seconds=evaluating,
    )


main(settings())
