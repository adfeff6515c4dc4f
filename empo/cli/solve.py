"""`empo solve`: from a world to a run folder and a summary."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import MISSING, Field, dataclass, field, make_dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from empo.cli.flags import Positional, given, parse, settings_flags
from empo.cli.progress import showing
from empo.cli.summary import print_summary
from empo.runs.folder import claim, write_run
from empo.runs.record import Metrics, config_of, report_of
from empo.solver import Options, Solution, solve, theory_of
from empo.theory import Theory
from empo.worlds import World, load

LARGEST_TO_SPELL_OUT = 10_000
"""States of the largest world whose solution.json is written without being asked for."""

TEACHING = """\
Solve equations (1)-(9) of the theory exactly: what people can do (their power),
and how a robot acts that softly maximises it.

The folder gets report.html (pictures), report.json (a few numbers),
solution.json (every quantity by name), values.safetensors (the same, for
empo.load), config.json and metrics.jsonl.

Examples:
  empo solve key-door
  empo solve my-world.yaml --beta-r inf --gamma-r 0.9 --out runs/decisive
  empo solve bush-3x3 --prior shortest-path --horizon 8 --json

Exit codes: 2 for bad input or a world that does not fit into memory, 3 if the
iteration of a cyclic world does not converge."""


@dataclass
class _Flags:
    world: Annotated[Positional[str], tyro.conf.arg(metavar="WORLD")]
    """A shipped world (see `empo worlds`) or a file: a game, a grid or a BushWorld."""
    out: Annotated[
        str | None,
        tyro.conf.arg(metavar="FOLDER", help_behavior_hint="(default: runs/ and the world's name)"),
    ] = None
    """Where results go. An earlier run there is overwritten; anything else is left alone."""
    json: bool = False
    """Print the result as one JSON object and nothing else; write solution.json at any size."""


def run(arguments: Sequence[str]) -> int:
    """The command."""
    flags = parse(_flags(), "solve", arguments, TEACHING)
    settings, chosen = given((flags.theory, Theory), (flags.options, Options))
    options = Options(**chosen)
    world = load(flags.world)
    theory_of(world, **settings)
    folder = Path(flags.out) if flags.out else Path("runs") / _folder_name(world)
    claim(folder)

    metrics = Metrics()
    with showing() as show:

        def progress(what: str, fraction: float | None, detail: str) -> None:
            metrics(what, fraction, detail)
            show(what, fraction, detail)

        solution = solve(world, options=options, progress=progress, **settings)
        show("Writing results", None, str(folder))
        with_states = flags.json or solution.game.n_states <= LARGEST_TO_SPELL_OUT
        report = report_of(solution, flags.world, metrics.seconds)
        write_run(
            folder,
            solution,
            config=config_of(solution, flags.world, options, settings),
            metrics=metrics.lines,
            report=report,
            with_states=with_states,
        )
        show("Drawing", None, str(folder))
        page = _draw(folder, solution)
    if flags.json:
        print(json.dumps(report, indent=1, allow_nan=False))
        return 0
    print_summary(solution)
    if not with_states:
        print(
            f"solution.json was left out: over {LARGEST_TO_SPELL_OUT:,} states (--json forces it)"
        )
    print(f"Pictures and numbers: {page}")
    return 0


def _flags() -> type[Any]:
    """The command's own flags, and one for each setting of the theory and the solver."""
    theory, options = settings_flags(Theory, _world_first), settings_flags(Options, _default)
    groups = [
        ("theory", theory, field(default_factory=theory)),
        ("options", options, field(default_factory=options)),
    ]
    return make_dataclass("SolveFlags", groups, bases=(_Flags,))


def _draw(folder: Path, solution: Solution) -> Path:
    """Write the page. Drawing is heavy to import, so it is only when there is something to draw."""
    from empo.views import write_report

    return write_report(folder, solution=solution)


def _folder_name(world: World) -> str:
    """The world's name, as far as it can be that of a folder."""
    return re.sub(r"[^\w.-]+", "-", world.name).strip(".-")[:100] or "world"


def _world_first(setting: Field[Any]) -> str:
    return _default(setting).replace("default: ", "default: the world's own, else ")


def _default(option: Field[Any]) -> str:
    assert option.default is not MISSING
    return f"default: {'none' if option.default is None else option.default}"
