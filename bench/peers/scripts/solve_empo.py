"""Seconds and steps until empo has solved an environment.

Settings: `target`, `algorithm`, `arguments` (settings by name), `seed`, `threshold` of the mean
return, `episodes` per evaluation, `every` how many steps one is held, `most` steps.
"""

from __future__ import annotations

import time

BEGIN = time.perf_counter()

from protocol import answer, settings  # noqa: E402

from empo.core.cache import keep_compiled_programs  # noqa: E402
from empo.runs.targets import trainer_of  # noqa: E402
from empo.runs.trained import job_of  # noqa: E402


def main(told: dict) -> None:
    imported = time.perf_counter() - BEGIN
    keep_compiled_programs()
    arguments = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in told["arguments"].items()
    }
    begin = time.perf_counter()
    job = job_of(
        told["target"],
        told["algorithm"],
        settings=arguments,
        seed=told["seed"],
        n_steps=told["most"],
    )
    trainer = trainer_of(job)
    run = trainer.start()
    learning = time.perf_counter() - begin
    evaluating, best, steps = 0.0, -float("inf"), 0
    rounds = trainer.n_updates(told["every"])
    while best < told["threshold"] and steps < told["most"]:
        begin = time.perf_counter()
        run, _ = trainer.advance(run, rounds)
        steps = trainer.n_steps(run)
        learning += time.perf_counter() - begin
        begin = time.perf_counter()
        judged = trainer.judge(trainer.learner(run), told["episodes"], seed=1000 + told["seed"])
        best = max(best, float(judged.returns.mean()))
        evaluating += time.perf_counter() - begin
    trainer.close()
    answer(
        solved=best >= told["threshold"],
        steps=steps,
        import_seconds=imported,
        learn_seconds=learning,
        evaluate_seconds=evaluating,
        compile_seconds=trainer.compile_seconds,
    )


main(settings())
