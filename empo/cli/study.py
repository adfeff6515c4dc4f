"""`empo study`: a question answered by training several variants, each with several seeds."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.table import Table
from rich.text import Text

from empo.cli.flags import Positional, parse
from empo.cli.progress import showing
from empo.cli.summary import WIDTH, make_console
from empo.core.store import write_text
from empo.runs.measures import Measure
from empo.runs.studies import STUDIES, study
from empo.runs.studying import (
    Extent,
    Outcome,
    by_target,
    carry_out,
    firsts,
    records,
    standings,
)
from empo.runs.training import Progress
from empo.runs.variants import Study

TEACHING = """\
Answer a question by training: several variants, each with several seeds side by
side, compared with the first of them, or of their group. Without NAME, the
studies that there are.

The folder gets study.html (pictures), study.json (every number) and a folder of
`empo train` for each variant. The same command again goes on where it was
interrupted; what is finished is not trained again.

Differences are those of interquartile means over seeds, with 95% bootstrap
intervals. * marks those whose interval does not hold 0. Of many comparisons some
are marked by chance.

Examples:
  empo study
  empo study code-level --target task:cartpole
  empo study code-level --seeds 10 --steps 50000 --out runs/code-level
  empo study timescales"""

DIGITS = 3
"""Of numbers in the terminal, where a table has 80 columns."""
_PRINTED = 3
"""Measures of each target, the most telling ones; the page has all."""


@dataclass
class _Flags:
    name: Annotated[Positional[str], tyro.conf.arg(metavar="[NAME]", help_behavior_hint="")] = ""
    """The study."""
    target: Annotated[
        str | None,
        tyro.conf.arg(metavar="TARGET", help_behavior_hint="(default: those of the study)"),
    ] = None
    """Train on this one only: task:NAME, gym:ENV-ID, or a world by its name or file."""
    seed: int = 0
    """The first seed."""
    seeds: int = 5
    """Independent runs of each variant, with this many seeds from --seed on."""
    steps: Annotated[
        int | None,
        tyro.conf.arg(metavar="N", help_behavior_hint="(default: those of the study)"),
    ] = None
    """Environment steps of each run."""
    out: Annotated[
        str | None,
        tyro.conf.arg(metavar="FOLDER", help_behavior_hint="(default: runs/study-NAME)"),
    ] = None
    """Where results go."""
    overwrite: bool = False
    """Begin anew where a folder holds a run with other settings."""
    json: bool = False
    """Print the result as one JSON object and nothing else."""


def run(arguments: Sequence[str]) -> int:
    """The command."""
    flags = parse(_Flags, "study", arguments, TEACHING)
    if not flags.name:
        _list(as_json=flags.json)
        return 0
    chosen = study(flags.name)
    extent = Extent((flags.target,) if flags.target else (), flags.seed, flags.seeds, flags.steps)
    folder = Path(flags.out or f"runs/study-{flags.name}")
    with showing() as show:
        outcomes = carry_out(chosen, extent, folder, overwrite=flags.overwrite, progress=show)
        text = _written(folder, flags.name, chosen, outcomes, show)
    if flags.json:
        print(text)
        return 0
    _print(chosen, outcomes)
    print(f"Pictures: {folder / 'study.html'}")
    return 0


def _list(*, as_json: bool) -> None:
    if as_json:
        print(json.dumps({name: found.question for name, found in STUDIES.items()}, indent=1))
        return
    for name, found in STUDIES.items():
        about = f"{len(found.variants)} variants on {', '.join(found.targets)}"
        print(name)
        for line in textwrap.wrap(f"{found.question} {about[0].upper()}{about[1:]}.", WIDTH - 2):
            print(f"  {line}")


def _written(
    folder: Path, name: str, chosen: Study, outcomes: Sequence[Outcome], show: Progress
) -> str:
    """study.json, as text; it and the page are in the folder."""
    show("Drawing", None, str(folder))
    # Drawing is heavy to import, so it is only when there is something to draw.
    from empo.views.study import write_study

    result = {"study": name, "question": chosen.question, "variants": records(chosen, outcomes)}
    text = json.dumps(result, indent=1, allow_nan=False)
    write_text(folder / "study.json", text + "\n")
    write_study(folder / "study.html", name, chosen, outcomes)
    return text


def _print(chosen: Study, outcomes: Sequence[Outcome]) -> None:
    console = make_console()
    for line in textwrap.wrap(chosen.question, WIDTH):
        console.print(Text(line, style="bold"))
    for target, group in by_target(outcomes).items():
        for measure in chosen.measures(target)[:_PRINTED]:
            for line in textwrap.wrap(f"{target}: {measure.words}", WIDTH):
                console.print(Text(f"\n{line}", style="bold"))
            console.print(_table(chosen.varied, group, measure))
        for outcome in group:
            if outcome.trouble:
                console.print(Text(f"{outcome.variant.label}: {outcome.trouble}"))
    console.print()


def _table(varied: str, outcomes: Sequence[Outcome], measure: Measure) -> Table:
    from empo.views.charts import compact
    from empo.views.intervals import bounds, told_apart

    def told(number: float) -> str:
        return compact(number, DIGITS)

    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(varied, overflow="fold", min_width=12)
    for head in (measure.symbol, "95% interval", "worst", "difference", "95% interval"):
        table.add_column(head, justify="right", no_wrap=True)
    found, first = standings(outcomes, measure), firsts(outcomes)
    for number, (outcome, own) in enumerate(zip(outcomes, found, strict=True)):
        if own is None:
            table.add_row(Text(outcome.variant.label), "diverged")
            continue
        estimate = own.estimate
        cells = [told(float(estimate.centre)), bounds(estimate, DIGITS), told(own.worst)]
        more = own.beside_reference
        if first[number] != number and more is not None:
            mark = "*" if told_apart(more) else ""
            cells += [f"{told(float(more.centre))}{mark}", bounds(more, DIGITS)]
        table.add_row(Text(outcome.variant.label), *cells)
    return table
