"""GAE and V-trace of 128 steps of 64 worlds in float32 on one core, beside RLax and a numpy loop.

Timed twice: called from Python, where most of the time goes into the call itself, and inside a
larger compiled program, where they are used. Both sides take logarithms of the ratios.
"""

from __future__ import annotations

import numpy as np

from bench.peers.contest import Answer, Contender, compete
from bench.report import best_of, row, title

SHAPE = {"n_rows": 128, "n_columns": 64}
N_TURNS = 3
WORKS = {
    "gae": "GAE",
    "vtrace targets": "V-trace, targets",
    "vtrace": "V-trace, targets and advantages",
}
EMPO, RLAX = "empo", "RLax 0.1.9"


def gae_by_loop(reward, value, value_next, discount, boundary, lambda_):
    advantage, behind = np.empty_like(reward), np.zeros_like(reward[0])
    for row_ in reversed(range(len(reward))):
        delta = reward[row_] + discount[row_] * value_next[row_] - value[row_]
        behind = delta + discount[row_] * lambda_ * np.where(boundary[row_], 0, behind)
        advantage[row_] = behind
    return advantage


def least(answers: list[Answer], work: str, how: str) -> float:
    return min(answer[work][how] for answer in answers)


def main() -> None:
    contenders = (Contender(EMPO, "returns_empo"), Contender(RLAX, "returns_rlax", peer="rlax"))
    answers = compete(contenders, [{**SHAPE, "n_calls": 5000}] * N_TURNS)
    ours, theirs = answers[EMPO], answers[RLAX]
    for work in WORKS if theirs else ():
        np.testing.assert_allclose(ours[0][work]["sums"], theirs[0][work]["sums"], rtol=1e-5)

    for how, of in (("call", "a call from Python"), ("inside", "inside a compiled program")):
        title(f"Microseconds, {of}: 128 steps x 64 worlds, float32, one core")
        for work, name in WORKS.items():
            found = least(ours, work, how)
            row(f"{EMPO}, {name}", f"{found:.1f} us")
            if theirs:
                other = least(theirs, work, how)
                beside = f"empo is {other / found:.2f} times as fast"
                row(f"{RLAX}, {name}", f"{other:.1f} us", beside)

    rng = np.random.default_rng(0)
    columns = rng.normal(size=(4, *SHAPE.values())).astype(np.float32)
    boundary = rng.random(columns[0].shape) < 0.05
    by_loop = 1e6 * best_of(300, lambda: gae_by_loop(*columns, boundary, 0.95))
    row("a loop over rows in numpy, GAE", f"{by_loop:.1f} us")


if __name__ == "__main__":
    main()
