"""TRPO on CartPole, beside sb3-contrib: time and steps to a mean return of 475 on one core."""

from __future__ import annotations

from bench.peers.contenders import empo_solves, sb3_solves
from bench.peers.contest import compete
from bench.peers.table import solved
from bench.report import title

OURS = {"n_envs": 8, "n_steps": 128}
SB3 = {"n_steps": 128}
TUNED = {
    "n_steps": 512,
    "batch_size": 512,
    "cg_damping": 1e-3,
    "gae_lambda": 0.98,
    "learning_rate": 1e-3,
    "n_critic_updates": 20,
}
"""Of the collection of tuned settings that its authors keep, with 2 environments."""
GOAL = {"threshold": 475.0, "episodes": 20, "every": 1024, "most": 100_000}
SEEDS = 5


def main() -> None:
    turns = [{"seed": seed} for seed in range(SEEDS)]
    title(f"TRPO, CartPole: cold process to a mean return of 475; medians of {SEEDS} seeds")
    contenders = [
        empo_solves("task:cartpole", "trpo", OURS, GOAL),
        empo_solves("gym:CartPole-v1", "trpo", OURS, GOAL),
        sb3_solves("sb3-contrib", "TRPO", "CartPole-v1", 8, SB3, GOAL),
    ]
    solved(compete(contenders, turns))
    tuned = sb3_solves("sb3-contrib", "TRPO", "CartPole-v1", 2, TUNED, GOAL)
    solved({"sb3-contrib, tuned": compete([tuned], turns)[tuned.name]})


if __name__ == "__main__":
    main()
