"""`empo check`: everything that is wrong with world files, at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import tyro

from empo.cli.flags import Positional, parse
from empo.cli.guard import BAD_INPUT
from empo.theory import Theory
from empo.worlds import Report, check

TEACHING = """\
List every mistake in world files: games, grids and BushWorlds, in YAML or JSON.

Each line names the file, the line, the key, what was found and what was wanted.
Warnings tell of what may be meant, such as a state that cannot be reached.

Examples:
  empo check my-world.yaml
  empo check --json worlds/*.yaml

Exit code 2 if any file has a mistake."""


@dataclass
class _Flags:
    files: Annotated[
        Positional[tuple[str, ...]], tyro.conf.arg(metavar="FILE [FILE ...]", help_behavior_hint="")
    ]
    """World files, or names of shipped worlds."""
    json: bool = False
    """Print one JSON object: file -> errors and warnings."""


def run(arguments: Sequence[str]) -> int:
    """The command."""
    flags = parse(_Flags, "check", arguments, TEACHING)
    if not flags.files:
        print("empo check: no files given; see empo check --help", file=sys.stderr)
        return BAD_INPUT
    reports = [check(file, lambda settings: Theory(**settings)) for file in flags.files]
    if flags.json:
        found = {
            report.path: {"errors": report.errors, "warnings": report.warnings}
            for report in reports
        }
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        for report in reports:
            _print(report)
    return BAD_INPUT if any(report.errors for report in reports) else 0


def _print(report: Report) -> None:
    for error in report.errors:
        print(error, file=sys.stderr)
    for warning in report.warnings:
        print(f"{warning} (warning)", file=sys.stderr)
    if report.world is not None:
        humans, model = report.world.humans, report.world.model
        goals = sum(map(len, report.world.goals))
        print(
            f"{report.path}: good: {len(humans)} human{'s' * (len(humans) != 1)} with {goals} "
            f"goal{'s' * (goals != 1)}, {model.n_actions_r} robot actions"
        )
