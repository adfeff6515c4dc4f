"""What `empo compare` does with two solutions of a world, be they solved or learned."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from empo.cli.progress import showing
from empo.cli.summary import WIDTH, make_console, news
from empo.core.cache import keep_compiled_programs
from empo.runs.folder import PICTURES
from empo.runs.likeness import likeness
from empo.runs.solutions import Held, read_solution
from empo.views.likeness_page import (
    Sides,
    differing_settings,
    likeliest,
    spoken,
    write_likeness,
)
from empo.views.story import tell

_MOST_ROWS = 40


def compare_solutions(
    one: Path, other: Path, seed: int | None, page: Path, *, as_json: bool
) -> None:
    """Compare, write the page, and print. What was solved exactly is the measure of the other."""
    keep_compiled_programs()
    with showing() as show:
        held = [read_solution(folder, seed, show) for folder in (one, other)]
        first, second = sorted(held, key=lambda side: side.what == "learned")
        show("Comparing", None, f"{one}, {other}")
        alike = likeness(first.solution, second.solution)
        path = tell(second.solution).path
        sides = Sides(_labels(first, second), alike, path, tuple(alike.along(path)))
        show("Drawing", None, str(page))
        write_likeness(page, sides)
    if as_json:
        print(json.dumps(_record(sides, first, second), indent=1, allow_nan=False))
        return
    _print(sides, first, second)
    print(f"Maps of the differences: {page}")
    film = second.folder / PICTURES[-1]
    if film.exists():
        print(f"Film of the {sides.labels[1]} robot: {film}")


def _labels(first: Held, second: Held) -> tuple[str, str]:
    """What each is, or its folder where both are the same."""
    if first.label != second.label:
        return first.label, second.label
    names = first.folder.name, second.folder.name
    return names if names[0] != names[1] else (str(first.folder), str(second.folder))


def _record(sides: Sides, first: Held, second: Held) -> dict[str, Any]:
    world = sides.likeness.first.world
    return {
        "folders": [str(first.folder), str(second.folder)],
        "what": [first.what, second.what],
        "seeds": [first.seed, second.seed],
        **sides.likeness.record(),
        "rollout": [
            {
                "step": moment.step,
                "state": world.state_name(moment.state),
                "time": moment.time,
                "pi_r": [moment.first, moment.second],
                "distance": moment.distance,
            }
            for moment in sides.moments
        ],
        "rollout_distance": sides.mean_distance,
        "rollout_uniform": sides.mean_uniform,
    }


def _print(sides: Sides, first: Held, second: Held) -> None:
    console = make_console()
    console.print(Text(sides.likeness.first.world.name, style="bold"))
    for label, side in zip(sides.labels, (first, second), strict=True):
        seed = "" if side.seed is None else f", seed {side.seed}"
        console.print(Text(f"  {label}: {side.folder}{seed}", overflow="fold"))
    for line in textwrap.wrap(differing_settings(sides.likeness), WIDTH - 2):
        console.print(Text(f"  {line}"))
    console.print()
    console.print(_distances(sides))
    console.print()
    console.print(Text(f"Along the rollout of the {sides.labels[1]} robot", style="bold"))
    console.print(_policies(sides))
    console.print()
    mean, uniform = spoken(sides.mean_distance), spoken(sides.mean_uniform)
    print(f"Mean distance along the rollout: {mean}; of a uniform robot: {uniform}")


def _distances(sides: Sides) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    for head in ("quantity", "difference"):
        table.add_column(head, no_wrap=True)
    for head in ("mean", "largest"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("there", overflow="fold")
    alike = sides.likeness
    for distance in alike.distances:
        table.add_row(
            distance.quantity,
            distance.measure,
            spoken(distance.mean),
            spoken(distance.largest),
            Text(alike.name_of(*distance.worst)),
        )
        if distance.quantity == "pi_r":
            table.add_row("", "of a uniform robot", spoken(alike.uniform.mean), "", "")
    return table


def _policies(sides: Sides) -> Table:
    """Both policies in each state; of a state all that is new since the one before."""
    world = sides.likeness.first.world
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("step", justify="right")
    table.add_column("state", ratio=1, overflow="fold")
    for label in sides.labels:
        table.add_column(Text(f"{label} pi_r"), max_width=20, overflow="fold")
    table.add_column("distance", justify="right", no_wrap=True)
    names = [world.state_name(moment.state) for moment in sides.moments]
    for row, moment in enumerate(sides.moments[:_MOST_ROWS]):
        name = names[row] if row == 0 else news(names[row - 1], names[row])
        policies = (Text(likeliest(policy, 2)) for policy in (moment.first, moment.second))
        table.add_row(str(moment.step), Text(name), *policies, spoken(moment.distance))
    if len(sides.moments) > _MOST_ROWS:
        table.add_row("...", f"and {len(sides.moments) - _MOST_ROWS} states more")
    return table
