"""Solving drawn game files with empo, and comparing two results key by key."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, settings

import empo
from tests.strategies import File

RELATIVE = ("q_r", "v_r", "u_r")
"""Quantities that can be of any size; the others are probabilities or of order 1."""


def games(max_examples: int) -> settings:
    """The same games at every run."""
    return settings(
        max_examples=max_examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.filter_too_much,
        ],
    )


def solved(file: File, **overrides: Any) -> empo.Solution:
    """What empo says of a game file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drawn.yaml"
        path.write_text(yaml.safe_dump(file, sort_keys=False))
        return empo.solve(path, **overrides)


def states(file: File, **overrides: Any) -> dict[str, Any]:
    """The values per state, at time 0 if there is a horizon."""
    return solved(file, **overrides).to_dict()["states"]


def at_all_times(file: File, **overrides: Any) -> list[dict[str, Any]]:
    """The values per state, for every time of the horizon."""
    solution = solved(file, **overrides)
    horizon = file.get("theory", {}).get("horizon")
    if horizon is None:
        return [solution.to_dict()["states"]]
    return [solution.to_dict(time=t)["states"] for t in range(horizon)]


def differences(found: Any, wanted: Any, tolerance: float = 1e-9, where: str = "") -> Iterator[str]:
    """Every place where two nested results differ; a list is one result per time."""
    if isinstance(wanted, list):
        found, wanted = dict(enumerate(found)), dict(enumerate(wanted))
    if isinstance(wanted, dict):
        if not isinstance(found, dict) or set(found) != set(wanted):
            keys = sorted(found) if isinstance(found, dict) else found
            yield f"{where}: found {keys}, wanted {sorted(wanted)}"
            return
        for key, value in wanted.items():
            yield from differences(found[key], value, tolerance, f"{where}/{key}")
    else:
        relative = any(f"/{name}" in where for name in RELATIVE)
        scale = abs(wanted) if relative else max(1.0, abs(wanted))
        if not abs(found - wanted) <= tolerance * scale:
            yield f"{where}: {found!r} is not {wanted!r}"


def same(found: Any, wanted: Any, tolerance: float = 1e-9) -> None:
    """Fail with the first places where two results differ."""
    problems = list(differences(found, wanted, tolerance))
    assert not problems, "\n".join(problems[:20])
