"""`empo compare`: runs side by side: learning curves of tasks, or two solutions of a world."""

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
from empo.runs.solutions import target_of, what_is_in

TEACHING = """\
Compare training runs: the return of the last evaluation (interquartile mean over
seeds with its 95% bootstrap interval), the steps until it reached a threshold,
and the time it took. Runs of the same target are shown together. A page with the
learning curves laid over each other is written, too.

The threshold is the return from which on Gymnasium calls the task solved, where
it says so; --threshold sets another.

Of worlds, compare two: what `empo solve` found and what `empo train` learned, or
two of either. Told are the distances of pi_r, V_r, V_h^e, X_h, U_r and Q_r over
all states, where they are largest, and both policies along a rollout; the page
shows where on the grid they differ.

Examples:
  empo compare runs/ppo runs/a2c
  empo compare runs/* --threshold 195 --out cartpole.html
  empo compare runs/ppo runs/sac --json
  empo compare runs/key-door runs/key-door-learned"""


@dataclass
class _Flags:
    folders: Annotated[
        Positional[tuple[str, ...]],
        tyro.conf.arg(metavar="FOLDER...", help_behavior_hint=""),
    ]
    """What `empo train` wrote, finished or not; of worlds also what `empo solve` wrote."""
    seed: Annotated[
        int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: the first)")
    ] = None
    """Whose robot is compared, of a world's training run with several seeds."""
    threshold: Annotated[
        float | None,
        tyro.conf.arg(metavar="X", help_behavior_hint="(default: Gymnasium's, if it has one)"),
    ] = None
    """The return that counts as solved; for runs of one target."""
    out: Annotated[str, tyro.conf.arg(metavar="F")] = "compare.html"
    """The page to write."""
    json: bool = False
    """Print one JSON object for each run, in a list, and nothing else."""


def run(arguments: Sequence[str]) -> int:
    """The command."""
    flags = parse(_Flags, "compare", arguments, TEACHING)
    if not flags.folders:
        raise InputError("no folders given (wanted some that `empo train` wrote)")
    folders = [Path(folder) for folder in flags.folders]
    if _are_of_worlds(folders):
        return _in_worlds(flags, folders)
    if flags.seed is not None:
        raise InputError("--seed: found runs on tasks (wanted runs in a world: see --help)")
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


def _are_of_worlds(folders: Sequence[Path]) -> bool:
    """Do they hold solutions, solved or learned? Raises `InputError` if only some of them do."""
    found = {}
    for folder in folders:
        try:
            found[folder] = what_is_in(folder)
        except InputError:
            if folder == folders[0]:
                return False  # `read_runs` tells of it, and of all others
            raise
    tasks = [folder for folder, what in found.items() if what == "task"]
    worlds = [folder for folder, what in found.items() if what != "task"]
    if tasks and worlds:
        held = "a solution" if found[worlds[0]] == "solved" else "a robot that was learned"
        raise InputError(
            f"{worlds[0]} holds {held} of a world, {tasks[0]} a training run on "
            f"{target_of(tasks[0])} (wanted runs on tasks only, or two of the same world)"
        )
    return bool(worlds)


def _in_worlds(flags: _Flags, folders: Sequence[Path]) -> int:
    if flags.threshold is not None:
        raise InputError("--threshold: found solutions of a world (wanted runs on tasks)")
    if len(folders) != 2:
        raise InputError(f"found {len(folders)} folders of worlds (wanted two to compare)")
    from empo.cli.side_by_side import compare_solutions

    compare_solutions(folders[0], folders[1], flags.seed, Path(flags.out), as_json=flags.json)
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
