"""A2C on CartPole, steps per second on one core: 8 environments, 5 steps per update."""

from __future__ import annotations

from bench.peers.contenders import empo, sb3
from bench.peers.contest import compete
from bench.peers.table import rates
from bench.report import title

N_ENVS, N_STEPS = 8, 5
PER_UPDATE = N_ENVS * N_STEPS
OURS = {"n_envs": N_ENVS, "n_steps": N_STEPS, "hidden": (64, 64), "activation": "tanh"}
SB3 = {"n_steps": N_STEPS}
TURNS = 3


def main() -> None:
    contenders = [
        empo("gym:CartPole-v1", "a2c", OURS, updates=500, per_update=PER_UPDATE),
        empo("task:cartpole", "a2c", OURS, updates=5000, per_update=PER_UPDATE),
        sb3("SB3", "A2C", "CartPole-v1", SB3, n_envs=N_ENVS, steps=500 * PER_UPDATE),
    ]
    title("A2C, CartPole, 8 x 5 steps per update, 2 x 64 tanh: one core")
    rates(compete(contenders, [{}] * TURNS), contenders[0].name, "steps/s")


if __name__ == "__main__":
    main()
