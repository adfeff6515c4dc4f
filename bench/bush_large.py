"""BushWorld 7x3, one robot, two humans, 12 steps: all time-expanded states, exactly."""

from __future__ import annotations

import sys
import time

import jax
import numpy as np

import empo
from bench import dictionary, maps
from bench.report import peak_gib, row, title
from empo.solver.problem import Prior, Problem

BY_DICTIONARY = 200


def main(horizon: int = 12, prior: Prior = "shortest-path") -> None:
    begin = time.perf_counter()
    solution = empo.solve(maps.bush_large(horizon), prior=prior)
    seconds = time.perf_counter() - begin
    n, n_end = solution.game.n_states, solution.game.end.n_states
    title(f"BushWorld 7x3, {horizon} steps, 125 joint actions, 42 goals, prior {prior}")
    row("time-expanded states (before the end)", f"{n + n_end:,}", f"({n:,})")
    row("states and transitions found in", f"{solution.effort.enumerate_seconds:.1f} s")
    row("both phases solved in", f"{solution.effort.seconds:.1f} s")
    row("in all", f"{seconds:.1f} s")
    row("peak memory", f"{peak_gib():.2f} GiB")
    if horizon > 12:
        return
    problem = Problem(solution.game, solution.theory, prior)
    with jax.enable_x64(True):
        whole = dictionary.as_dictionaries(solution, 1)
    some = [{s: whole[0][s] for s in range(BY_DICTIONARY)}, whole[1]]
    begin = time.perf_counter()
    v_r = dictionary.solve(some, problem)
    each = (time.perf_counter() - begin) / BY_DICTIONARY
    np.testing.assert_allclose(
        list(v_r[0].values()), solution.values[-1].v_r[:BY_DICTIONARY], rtol=1e-10
    )
    beside = f"empo is {each * n / solution.effort.seconds:,.0f} times as fast"
    row(f"dictionaries ({BY_DICTIONARY} states measured)", f"{each * n / 3600:.1f} h", beside)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
