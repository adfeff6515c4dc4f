"""`empo debug`: the checklist for a training that does not learn."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from rich.table import Table
from rich.text import Text

from empo.cli.flags import Positional, parse
from empo.cli.progress import showing
from empo.cli.summary import WIDTH, make_console
from empo.core.cache import keep_compiled_programs
from empo.runs.checkup import Checkup, Watched, write_checkup
from empo.runs.debugging import Checklist, check_up
from empo.runs.health import Finding
from empo.runs.trained import job_of, read_job

TEACHING = """\
Measure what to look at first when a training does not learn:
  1. performance before training, beside random actions
  2. the spread of those returns
  3. what a larger batch would change
  4. an episode before and after the first updates
  5. entropy, KL, clip fraction, explained variance, norm of the gradient

For a folder, the run's own settings are used, and the result is kept there and
shown in its report.html. For a target, they are those of `empo train`.

Examples:
  empo debug runs/task-cartpole-ppo
  empo debug task:cartpole --algorithm a2c
  empo debug gym:CartPole-v1 --seeds 4 --json"""

_COLUMNS = {
    "steps": "steps",
    "episode_return": "return",
    "entropy": "entropy",
    "kl": "KL",
    "clip_fraction": "clipped",
    "explained_variance": "explained",
    "grad_norm": "gradient",
    "value_loss": "value loss",
}


@dataclass
class _Flags:
    what: Annotated[Positional[str], tyro.conf.arg(metavar="FOLDER|TARGET")]
    """A folder that `empo train` wrote, or task:NAME or gym:ENV-ID."""
    algorithm: str = "ppo"
    """The algorithm; for targets."""
    seed: int = 0
    """The first seed; for targets."""
    seeds: int = Checklist().n_seeds
    """Untrained policies, and independent draws of data for the comparison of updates."""
    json: bool = False
    """Print one JSON object and nothing else."""


def run(arguments: Sequence[str]) -> int:
    """The command."""
    flags = parse(_Flags, "debug", arguments, TEACHING)
    keep_compiled_programs()
    folder = None if flags.what.startswith(("task:", "gym:")) else Path(flags.what)
    checklist = Checklist(n_seeds=flags.seeds)
    if folder is not None:
        job = read_job(folder)
    else:
        job = job_of(flags.what, flags.algorithm, seed=flags.seed, settings={})
    with showing() as show:
        checkup = check_up(job, checklist, progress=show)
        if folder is not None:
            show("Drawing", None, str(folder))
            _keep(folder, checkup)
    if flags.json:
        found = {name: asdict(finding) for name, finding in checkup.findings().items()}
        print(json.dumps({**asdict(checkup), "findings": found}, indent=1, allow_nan=False))
        return 0
    _print(checkup)
    if folder is not None:
        print(f"Kept, and shown on the page: {folder / 'report.html'}")
    return 0


def _keep(folder: Path, checkup: Checkup) -> None:
    # Drawing is heavy to import, so it is only when there is something to draw.
    from empo.views.training_report import write_training_report

    write_checkup(folder, checkup)
    write_training_report(folder)


def _print(checkup: Checkup) -> None:
    console, found = make_console(), checkup.findings()
    blocks: list[tuple[str, Table | Text]] = [
        ("1, 2. Returns before training", _returns(checkup)),
        ("3. What a larger batch changes: cosine of two updates", _batches(checkup)),
        *(_episode(watched) for watched in checkup.watched),
        (f"5. First updates, medians of {checkup.n_seeds} seeds", _updates(checkup)),
    ]
    console.print(Text(f"{checkup.algorithm} on {checkup.target}\n", style="bold"))
    for heading, block in blocks:
        console.print(Text(heading, style="bold"))
        console.print(block)
        console.print()
    console.print(Text("What was found", style="bold"))
    for name, finding in found.items():
        for line in _lines(name, finding):
            console.print(Text(line))


def _returns(checkup: Checkup) -> Table:
    table = _table("", "episodes", "least", "quarter", "median", "3 quarters", "most", "mean")
    rows = {"untrained policies": checkup.untrained, "random actions": checkup.random}
    for name, returns in rows.items():
        numbers = [*np.quantile(returns, [0, 0.25, 0.5, 0.75, 1]).tolist(), np.mean(returns)]
        table.add_row(name, str(len(returns)), *(f"{number:.4g}" for number in numbers))
    return table


def _batches(checkup: Checkup) -> Table | Text:
    if not checkup.batches:
        return Text("the networks did not move")
    names = checkup.batches[0].alike
    table = _table("batch", "steps", *(name.replace("_", " ") for name in names), "KL")
    for batch in checkup.batches:
        cosines = (f"{batch.alike[name]:.2f}" for name in names)
        kl = "" if batch.kl is None else f"{batch.kl:.2g}"
        table.add_row(f"× {batch.factor}", f"{batch.size:,}", *cosines, kl)
    return table


def _updates(checkup: Checkup) -> Table:
    present = [name for name in _COLUMNS if name == "steps" or len(checkup.series(name))]
    table = _table(*(_COLUMNS[name] for name in present))
    for update in checkup.updates:
        numbers = {"steps": float(update.step), **update.numbers}
        cells = (f"{numbers[name]:.3g}" if name in numbers else "" for name in present[1:])
        table.add_row(f"{update.step:,}", *cells)
    return table


def _episode(watched: Watched) -> tuple[str, Table]:
    when = f"after {watched.n_updates} updates" if watched.n_updates else "before training"
    heading = f"4. An episode {when}: return {watched.total:.4g} in {watched.length} steps"
    table = _table("step", "reward")
    for head in ("action", "observation"):
        table.add_column(head, overflow="ellipsis", no_wrap=True)
    last = -1
    for move in watched.moves:
        if move.step != last + 1:
            table.add_row("...")
        table.add_row(
            str(move.step),
            f"{move.reward:.3g}",
            _numbers(move.action),
            _numbers(move.observation),
        )
        last = move.step
    return heading, table


def _numbers(numbers: tuple[float, ...]) -> str:
    return " ".join(f"{number:.3g}" for number in numbers)


def _lines(name: str, finding: Finding) -> list[str]:
    mark = "!" if finding.suspect else " "
    head = f"{mark} {name.replace('_', ' ')}: "
    return textwrap.wrap(head + finding.said, WIDTH, subsequent_indent="    ")


def _table(first: str, *heads: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(first, justify="left", no_wrap=True)
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    return table
