"""Steps or updates per second of an algorithm of empo, once compiled; evaluations are left out.

Settings: `target`, `algorithm`, `arguments` (settings by name), `seed`, `n_seeds`, `updates` of a
spell, `per_update` (what an update of one seed counts for), `n_spells`.
"""

from __future__ import annotations

import time

import jax
from protocol import answer, peak_mib, settings, spells

from empo.runs.targets import trainer_of
from empo.runs.trained import job_of

STEPS_OF_A_RUN = 10_000_000
"""Only the schedules of step sizes know of it; they cost the same for all lengths."""


def main(told: dict) -> None:
    arguments = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in told["arguments"].items()
    }
    job = job_of(
        told["target"],
        told["algorithm"],
        settings=arguments,
        seed=told["seed"],
        n_seeds=told["n_seeds"],
        n_steps=STEPS_OF_A_RUN,
    )
    trainer = trainer_of(job)
    run = trainer.start()
    begin = time.perf_counter()
    run, _ = trainer.advance(run, 1)
    first_seconds = time.perf_counter() - begin
    compilations = Compilations()

    def spell() -> None:
        nonlocal run
        run, _ = trainer.advance(run, told["updates"])
        jax.block_until_ready(trainer.learner(run))

    amount = told["updates"] * told["per_update"] * told["n_seeds"]
    found = spells(told["n_spells"], amount, spell)
    trainer.close()
    answer(
        spells=found,
        compile_seconds=first_seconds,
        recompilations=compilations.number,
        peak_mib=peak_mib(),
    )


class Compilations:
    """Counts the programs that are compiled from now on."""

    def __init__(self) -> None:
        self.number = 0
        jax.monitoring.register_event_duration_secs_listener(self._hear)

    def _hear(self, event: str, _seconds: float, **_: object) -> None:
        self.number += event == "/jax/core/compile/backend_compile_duration"


main(settings())
