"""`empo compare`: training runs side by side, as a table and as a page of learning curves."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.table import Table
from rich.text import Text

from empo.cli.flags import Positional, parse
from empo.cli.summary import make_console
from empo.core.errors import InputError
from empo.runs.compare import Compared, labels, read_runs, read_targets

TEACHING = """\
Compare training runs: the return of the last evaluation (interquartile mean over
seeds with its 95% bootstrap interval), the steps until it reached a threshold,
and the time it took. Runs of the same target are shown together. A page with the
learning curves laid over each other is written, too.

The threshold is the return from which on Gymnasium calls the task solved, where
it says so; --threshold sets another.

Examples:
  empo compare runs/ppo runs/a2c
  empo compare runs/* --threshold 195 --out cartpole.html
  empo compare runs/ppo runs/sac --json"""


@dataclass
class _Flags:
    folders: Annotated[
        Positional[tuple[str, ...]],
        tyro.conf.arg(metavar="FOLDER [FOLDER ...]", help_behavior_hint=""),
    ]
    """What `empo train` wrote, finished or not."""
    threshold: Annotated[
        float | None,
        tyro.conf.arg(metavar="X", help_behavior_hint="(default: Gymnasium's, if it has one)"),
    ] = None
    """The return that counts as solved; for runs of one target."""
    out: str = "compare.html"
    """The page to write."""
    json: bool = False
    """Print one JSON object for each run, in a list, and nothing else."""


def run(arguments: Sequence[str]) -> int:
    """The command."""
    flags = parse(_Flags, "compare", arguments, TEACHING)
    if not flags.folders:
        raise InputError("no folders given (wanted some that `empo train` wrote)")
    folders = [Path(folder) for folder in flags.folders]
    targets = read_targets(folders)
    if flags.threshold is not None and len(targets) > 1:
        raise InputError(
            f"--threshold: the runs have unlike targets, {', '.join(sorted(targets))} "
            f"(wanted runs of one target)"
        )
    runs = read_runs(folders, {target: _threshold(flags, target) for target in targets})
    # Drawing is heavy to import, so it is only when there is something to draw.
    from empo.views.comparison import write_comparison

    page = write_comparison(Path(flags.out), runs)
    if flags.json:
        print(json.dumps([run.record() for run in runs], indent=1, allow_nan=False))
        return 0
    console = make_console()
    for target, group in itertools.groupby(runs, lambda run: run.target):
        same = list(group)
        solved = "" if same[0].threshold is None else f", threshold {same[0].threshold:g}"
        console.print(Text(f"{target}{solved}", style="bold"))
        console.print(_table(same))
        console.print()
    print(f"Learning curves: {page}")
    return 0


def _threshold(flags: _Flags, target: str) -> float | None:
    if flags.threshold is not None:
        return flags.threshold
    # Gymnasium, which knows, takes a while to import.
    from empo.tasks.thresholds import known_threshold

    return known_threshold(target)


def _table(runs: Sequence[Compared]) -> Table:
    from empo.views.charts import compact, span
    from empo.views.comparison import reached

    with_steps_to = runs[0].threshold is not None
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("run", overflow="fold", min_width=8)
    heads = ["seeds", "steps", "return", "95% interval"]
    heads += ["solved at", "time", "steps/s"] if with_steps_to else ["time", "steps/s"]
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for name, run in zip(labels(runs), runs, strict=True):
        record = run.record()
        seconds, rate = record["seconds"], record["steps_per_second"]
        table.add_row(
            Text(name if run.report else f"{name}, not finished"),
            str(len(run.seeds)),
            compact(record["steps"]),
            compact(record["final_return_iqm"]),
            span(record["final_return_low"], record["final_return_high"]),
            *([reached(run)] if with_steps_to else []),
            "" if seconds is None else f"{seconds:,.0f} s",
            "" if rate is None else compact(rate),
        )
    return table
