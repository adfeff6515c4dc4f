"""From a cold process to a CartPole solved by PPO: imports and compilation included, on one core.

Solved is a mean return of at least 475 over 20 fresh episodes, judged every 1,024 steps.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace

from bench.peers.contenders import empo_solves, sb3_solves
from bench.peers.contest import compete
from bench.peers.table import median_of, solved
from bench.ppo import N_ENVS, OURS, SB3
from bench.report import row, title

GOAL = {"threshold": 475.0, "episodes": 20, "every": 1024, "most": 100_000}
SEEDS = 5


def main() -> None:
    turns = [{"seed": seed} for seed in range(SEEDS)]
    ours = empo_solves("task:cartpole", "ppo", OURS, GOAL)
    peers = [sb3_solves(name, "PPO", "CartPole-v1", N_ENVS, SB3, GOAL) for name in ("SB3", "sbx")]
    never = replace(
        ours,
        name="empo, nothing compiled before",
        environment={"JAX_ENABLE_COMPILATION_CACHE": "false"},
    )
    title(f"PPO, CartPole: cold process to a mean return of 475; medians of {SEEDS} seeds")
    answers = compete([never, *peers], turns)
    solved(answers)
    with tempfile.TemporaryDirectory() as cache:
        kept = replace(
            ours, name="empo, programs kept on disk", environment={"XDG_CACHE_HOME": cache}
        )
        compete([kept], turns[:1])
        solved(compete([kept], turns))
    row(
        "of that without cache, compiling",
        f"{median_of(answers[never.name], 'compile_seconds'):.1f} s",
    )


if __name__ == "__main__":
    main()
