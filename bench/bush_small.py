"""BushWorld 3x3, one robot, one human, 12 steps: from a cold process, and once compiled."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jax
import numpy as np

import empo
from bench import dictionary, maps
from bench.report import best_of, row, title
from empo.solver.backward import sweep_backward
from empo.solver.problem import Problem

LAYERS_BY_DICTIONARY = 4


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bush-3x3.json"
        path.write_text(json.dumps(maps.bush_small()))
        program = f"import empo; empo.solve({str(path)!r}, prior='shortest-path')"
        cold = []
        for _ in range(3):
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True)
            cold.append(time.perf_counter() - begin)
    solution = empo.solve(maps.bush_small(), prior="shortest-path")
    problem = Problem(solution.game, solution.theory, "shortest-path")
    with jax.enable_x64(True):
        seconds = best_of(5, lambda: sweep_backward(problem, frozenset(("v_h_e",)), _quietly))
        game = dictionary.as_dictionaries(solution, LAYERS_BY_DICTIONARY)
    begin = time.perf_counter()
    v_r = dictionary.solve(game, problem)
    by_dictionary = time.perf_counter() - begin
    n_by_dictionary = sum(map(len, game[:-1]))
    for states, values in zip(v_r, solution.values[-LAYERS_BY_DICTIONARY:], strict=False):
        np.testing.assert_allclose(list(states.values()), values.v_r, rtol=1e-10)

    n = solution.game.n_states
    each = by_dictionary / n_by_dictionary
    title(f"BushWorld 3x3, 12 steps: {n:,} time-expanded states before the end")
    row("empo, Phase 2 once compiled", f"{seconds:.3f} s")
    row("empo, cold process, median of 3", f"{np.median(cold):.2f} s")
    beside = f"empo is {each * n / seconds:,.0f} times as fast"
    row(f"dictionaries ({n_by_dictionary:,} states measured)", f"{each * n:.1f} s", beside)


def _quietly(_done: int) -> None:
    pass


if __name__ == "__main__":
    main()
