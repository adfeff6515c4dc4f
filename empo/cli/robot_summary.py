"""What the commands say of a robot that was learned: how far it is from exact, and any advice."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from empo.cli.summary import WIDTH

_QUANTITIES = {
    "tv": "total variation of pi_r",
    "tv_uniform": "that of a uniform robot",
    "tv_max": "the worst at any place",
    "v_r_rel_error": "relative error of V_r",
    "v_h_e_error": "error of V_h^e",
    "v_h_e_max": "the worst at any place",
    "v_r_of_policy_gap": "relative gain in V_r over exact",
    "lipschitz": "local Lipschitz constant",
}

_SIZE = "parameters_"


def print_robot_report(report: Mapping[str, Any]) -> None:
    """A few lines for people."""
    n_seeds = report["n_seeds"]
    seeds = f", {n_seeds} seeds" if n_seeds > 1 else ""
    print(f"{report['algorithm']} on {report['target']}: {report['steps']:,} steps{seeds}")
    for line in distances([report]):
        print(f"  {line}")
    if n_seeds > 1 and "tv_worst_seed" in report:
        print(f"  {'total variation of the worst seed':34} {report['tv_worst_seed']:10.4f}")
    for line in _without_power(report):
        print(textwrap.fill(line, WIDTH, initial_indent="  ", subsequent_indent="  "))
    sizes = {name: size for name, size in report.items() if name.startswith(_SIZE)}
    if sizes:
        each = ", ".join(f"{name.removeprefix(_SIZE)} {size:,}" for name, size in sizes.items())
        text = f"Parameters, each network with an optimiser of its own: {each}."
        print(textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="  "))
    print(
        f"  {report['steps_per_second']:,.0f} steps per second; "
        f"{report['seconds']:.1f} s, of which {report['compile_seconds']:.1f} s compiling"
    )
    print(f"  {'It has settled.' if report['settled'] else 'It has NOT settled:'}")
    for sentence in report["advice"]:
        print(textwrap.fill(sentence, WIDTH, initial_indent="  - ", subsequent_indent="    "))


def _without_power(report: Mapping[str, Any]) -> list[str]:
    """Of which seeds V_r is no number."""
    found = report.get("v_r_start", [])
    seeds = [str(report["seed"] + number) for number, v_r in enumerate(found) if v_r is None]
    if not seeds:
        return []
    return [
        f"Of seed {', '.join(seeds)} the policy leaves somebody no power at all, or so little that "
        f"its V_r is no finite number."
    ]


def distances(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each distance to the exact solution and each residual, a column for each row."""
    names = {name: said for name, said in _QUANTITIES.items() if name in rows[0]}
    lines = [f"{said:34}" + _cells(rows, name) for name, said in names.items()]
    if "tv" not in names:
        lines.append("no exact solution to compare with (see --exact)")
    residuals = [name for name in rows[0] if name.startswith("residual_")]
    said = "residual of {}"
    return lines + [
        f"{said.format(name.removeprefix('residual_')):34}" + _cells(rows, name)
        for name in residuals
    ]


def _cells(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    return "".join(f" {row[name]:10.4f}" if name in row else f" {'':10}" for row in rows)
