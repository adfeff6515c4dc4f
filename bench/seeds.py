"""64 seeds of PPO on CartPole in one program, beside one seed: steps per second on one core."""

from __future__ import annotations

from dataclasses import replace

from bench.peers.contenders import empo, rejax
from bench.peers.contest import Answer, compete
from bench.peers.table import median_of, rates
from bench.ppo import OURS, PER_UPDATE, REJAX
from bench.report import row, title

N_SEEDS, UPDATES, TURNS = 64, 256, 3


def main() -> None:
    """Spells are of the same number of steps, over all seeds together."""
    title(f"PPO, CartPole, the shape of `bench ppo`: {N_SEEDS} seeds in one program, one core")
    for one, all_seeds in (
        (
            empo("task:cartpole", "ppo", OURS, updates=UPDATES, per_update=PER_UPDATE),
            {"n_seeds": N_SEEDS, "updates": UPDATES // N_SEEDS},
        ),
        (
            rejax("PPO", REJAX, steps=UPDATES * PER_UPDATE),
            {"n_seeds": N_SEEDS, "steps": UPDATES // N_SEEDS * PER_UPDATE},
        ),
    ):
        library = one.name.split(",")[0]
        single = replace(one, name=f"{library}, one seed")
        many = replace(
            one, name=f"{library}, {N_SEEDS} seeds", settings={**one.settings, **all_seeds}
        )
        answers = compete([many, single], [{}] * TURNS)
        found = rates(answers, many.name, "steps/s")
        if found[many.name] is not None:
            _costs(answers[many.name])


def _costs(answers: list[Answer]) -> None:
    row("  compiling the update", f"{median_of(answers, 'compile_seconds'):.1f} s")
    row("  peak memory", f"{median_of(answers, 'peak_mib'):,.0f} MiB")
    if "recompilations" in answers[0]:
        row("  programs compiled after the first update", f"{answers[0]['recompilations']}")


if __name__ == "__main__":
    main()
