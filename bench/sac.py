"""SAC on Pendulum: updates per second on one core, and steps to a mean return of -200.

Two layers of 256 units, batches of 256, one update per step, two critics.
"""

from __future__ import annotations

from bench.peers.contenders import empo, empo_solves, rejax, sb3, sb3_solves
from bench.peers.contest import compete
from bench.peers.table import rates, solved
from bench.report import title

OURS = {
    "batch_size": 256,
    "n_updates": 1,
    "n_envs": 1,
    "n_steps": 1,
    "warmup": 100,
    "learning_rate": 1e-3,
    "hidden": (256, 256),
}
SB3 = {"batch_size": 256, "learning_rate": 1e-3, "learning_starts": 100}
REJAX = {
    "env": "Pendulum-v1",
    "num_envs": 1,
    "batch_size": 256,
    "fill_buffer": 100,
    "learning_rate": 1e-3,
    "hidden_layer_sizes": (256, 256),
    "polyak": 0.995,
}
GOAL = {"threshold": -200.0, "episodes": 20, "every": 500, "most": 20_000}
UPDATES = 500
SEEDS = 5


def main() -> None:
    contenders = [
        empo("task:pendulum", "sac", OURS, updates=UPDATES, per_update=1),
        rejax("SAC", REJAX, steps=UPDATES),
        empo("gym:Pendulum-v1", "sac", OURS, updates=UPDATES, per_update=1),
        *(
            sb3(library, "SAC", "Pendulum-v1", SB3, n_envs=1, steps=UPDATES)
            for library in ("sbx", "SB3")
        ),
    ]
    title("SAC, Pendulum, 2 x 256 units, batches of 256, one update per step: one core")
    rates(compete(contenders, [{}] * 2), contenders[0].name, "updates/s")
    contenders = [
        empo_solves("task:pendulum", "sac", OURS, GOAL),
        *(sb3_solves(name, "SAC", "Pendulum-v1", 1, SB3, GOAL) for name in ("sbx", "SB3")),
    ]
    title(f"SAC, Pendulum: cold process to a mean return of -200; medians of {SEEDS} seeds")
    solved(compete(contenders, [{"seed": seed} for seed in range(SEEDS)]))


if __name__ == "__main__":
    main()
