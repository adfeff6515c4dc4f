"""Steps per second of an algorithm of stable-baselines3, sb3-contrib or sbx, once warm.

Settings: `library`, `algorithm`, `env`, `n_envs`, `steps` of a spell, `n_spells`, `arguments`.
"""

from __future__ import annotations

import importlib

import torch
from protocol import answer, settings, spells
from stable_baselines3.common.env_util import make_vec_env


def main(told: dict) -> None:
    torch.set_num_threads(1)
    algorithm = getattr(importlib.import_module(told["library"]), told["algorithm"])
    envs = make_vec_env(told["env"], n_envs=told["n_envs"], seed=told["seed"])
    model = algorithm("MlpPolicy", envs, seed=told["seed"], device="cpu", **told["arguments"])
    model.learn(told["steps"])  # compiles; fills the memory of past steps

    def spell() -> None:
        model.learn(told["steps"], reset_num_timesteps=False)

    answer(spells=spells(told["n_spells"], told["steps"], spell))


main(settings())
