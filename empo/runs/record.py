"""What a run says about itself: its settings, its result in a few numbers, and how it went."""

from __future__ import annotations

import math
import platform
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np

from empo.solver import Options, Solution

_SECONDS_BETWEEN = 0.05
"""Least time between two lines of one stage in the metrics."""


@dataclass
class Metrics:
    """Collects progress; call it as a solver's `progress`."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    """Records for metrics.jsonl: seconds since the start, stage, fraction done (None: unknown)."""
    _begin: float = field(default_factory=time.perf_counter)

    def __call__(self, what: str, fraction: float | None, detail: str) -> None:
        """Note a step of the work, unless the last note of its stage is very fresh."""
        now = time.perf_counter() - self._begin
        last = self.lines[-1] if self.lines else None
        if last and last["stage"] == what and now - last["seconds"] < _SECONDS_BETWEEN:
            return
        done = None if fraction is None else round(fraction, 4)
        line = {"seconds": round(now, 3), "stage": what, "done": done, "detail": detail}
        self.lines.append(line)

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._begin


def config_of(
    solution: Solution, source: str, options: Options, given: Mapping[str, Any]
) -> dict[str, Any]:
    """config.json: the world, the theory and options in force, which of them were given."""
    return {
        "command": "solve",
        "source": source,
        "world": solution.world.name,
        "description": solution.world.description,
        "theory": _plain(asdict(solution.theory)),
        "options": _plain(asdict(options)),
        "given": _plain(given),
        "versions": {
            **{name: version(name) for name in ("empo", "jax", "numpy")},
            "python": platform.python_version(),
        },
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def report_of(solution: Solution, source: str, seconds: float) -> dict[str, Any]:
    """report.json: the result in a few numbers, one level deep.

    `v_r`, `x_h.NAME` (power) and `w_h.NAME` (power in bits) are those of the initial state, the
    likeliest if there are several.
    """
    world, game, effort = solution.world, solution.game, solution.effort
    initial = world.initial[int(np.argmax(world.initial_prob))]
    here = solution.at(initial)
    return {
        "algorithm": "exact",
        "target": source,
        "world": world.name,
        "order": game.order,
        "n_states": game.n_states,
        "n_transitions": game.n_transitions,
        "compile_seconds": round(effort.enumerate_seconds, 4),
        "planned_memory_gib": round(effort.planned_gib, 3),
        "seconds": round(effort.seconds, 4),
        "total_seconds": round(seconds, 4),
        "peak_memory_gib": round(_peak_memory() / 2**30, 3),
        "sweeps": effort.sweeps,
        "residual": effort.residual,
        "lipschitz": effort.lipschitz,
        "leap_at": effort.leap_at,
        "n_phase1_solutions": effort.n_phase1_solutions,
        "initial": world.state_name(initial),
        "v_r": here["v_r"],
        **{f"x_h.{name}": x_h for name, x_h in here["x_h"].items()},
        **{f"w_h.{name}": w_h for name, w_h in here["w_h"].items()},
    }


def _peak_memory() -> float:
    """The most bytes that this process has had in memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON can hold them: infinity as a word."""
    return {name: "inf" if value == math.inf else value for name, value in settings.items()}
