"""`empo sweep`: many settings tried, each with several seeds, and ranked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.table import Table
from rich.text import Text

from empo.cli.flags import Positional, parse
from empo.cli.progress import showing
from empo.cli.summary import make_console
from empo.core.errors import InputError
from empo.runs.sweep import sweep
from empo.runs.sweep_result import Swept, summary

TEACHING = """\
Try many settings, each with several seeds, and rank them. FILE says what is
trained and which settings are tried:

  target: task:cartpole           # or a world, by its name or file
  algorithm: ppo
  seeds: 5
  n_steps: 50000
  processes: 2                    # trials at once
  settings: {n_envs: 8}           # of every trial
  grid:                           # every combination
    learning_rate: [3e-4, 1e-3]
    n_epochs: [4, 10]

In place of a grid, settings may be searched by chance, or by Optuna:

  search:
    learning_rate: {low: 1e-5, high: 1e-2, log: true}
    hidden: [[64], [64, 64]]
  method: optuna                  # or random; the extra is empo[optuna]
  trials: 30

Each trial is a folder of `empo train`. sweep.json has every number, sweep.html
pictures. The same command again goes on where it was interrupted; what is
finished is not trained again.

Examples:
  empo sweep ppo.yaml
  empo sweep ppo.yaml --processes 4 --out runs/ppo-sweep --json
  empo sweep ppo.yaml --ray 10.0.0.1:6379

Exit codes: 2 for bad input, or if no trial came to a result."""

_SHOWN = 20
"""Trials in the table on the terminal; the page has all."""


@dataclass
class _Flags:
    file: Annotated[Positional[str], tyro.conf.arg(metavar="FILE")]
    """The sweep file."""
    out: Annotated[
        str | None,
        tyro.conf.arg(metavar="FOLDER", help_behavior_hint="(default: runs/sweep-FILE)"),
    ] = None
    """Where results go."""
    processes: Annotated[
        int | None,
        tyro.conf.arg(metavar="N", help_behavior_hint="(default: what the file says, or 1)"),
    ] = None
    """How many trials are trained at once."""
    ray: Annotated[
        str | None,
        tyro.conf.arg(metavar="ADDRESS", help_behavior_hint="(default: processes here)"),
    ] = None
    """Trials are tasks of the Ray cluster there, or of one on this machine: local."""
    overwrite: bool = False
    """Begin anew where the folder holds another sweep."""
    json: bool = False
    """Print the result as one JSON object and nothing else."""


def run(arguments: Sequence[str]) -> int:
    """The command."""
    flags = parse(_Flags, "sweep", arguments, TEACHING)
    folder = Path(flags.out or f"runs/sweep-{Path(flags.file).stem}")
    with showing() as show:
        swept = sweep(
            flags.file,
            out=folder,
            processes=flags.processes,
            ray=flags.ray,
            overwrite=flags.overwrite,
            progress=show,
        )
        show("Drawing", None, str(folder))
        # Drawing is heavy to import, so it is only when there is something to draw.
        from empo.views.sweep import write_sweep

        page = write_sweep(folder / "sweep.html", swept)
    if flags.json:
        print(json.dumps(summary(swept), indent=1, allow_nan=False))
    else:
        _print(swept)
        print(f"Pictures: {page}")
    if swept.best is None:
        raise InputError(f"{folder}: no trial came to a result (wanted at least one)")
    return 0


def _print(swept: Swept) -> None:
    console = make_console()
    asked = swept.asked
    head = f"{asked.algorithm} on {asked.target}: {asked.measure.words}, best first"
    console.print(Text(head, style="bold"))
    console.print(_table(swept))
    if (rest := len(swept.ranked) - _SHOWN) > 0:
        console.print(Text(f"and {rest} more"))
    for trial in swept.others:
        console.print(Text(f"{trial.folder.name} ({trial.label}) {trial.state}: {trial.trouble}"))


def _table(swept: Swept) -> Table:
    from empo.views.charts import compact
    from empo.views.intervals import bounds

    measure = swept.asked.measure
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("settings", overflow="fold", min_width=20)
    for head in (measure.symbol, "95% interval", "worst", "trial"):
        table.add_column(head, justify="right", no_wrap=True)
    for rank, trial in enumerate(swept.ranked[:_SHOWN], 1):
        assert trial.estimate is not None
        assert trial.scores is not None
        table.add_row(
            str(rank),
            Text(trial.label or "as given"),
            compact(float(trial.estimate.centre)),
            bounds(trial.estimate),
            compact(measure.worst(trial.scores)),
            str(trial.number),
        )
    return table
