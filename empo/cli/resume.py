"""`empo resume`: go on with a training run that was interrupted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from empo.cli.flags import Positional, parse
from empo.cli.progress import showing
from empo.cli.trained_summary import finish
from empo.runs.trained import resume

TEACHING = """\
Go on with a training run from its last checkpoint, with the settings that it has.

In worlds and on device tasks (task:NAME) all numbers are as if the run had never
stopped, to the last bit. Gymnasium environments cannot be saved: they begin new
episodes. A world whose rules have changed since is refused.

An asynchronous run may go on with more workers or fewer, and elsewhere:
  empo resume runs/mine --workers 4 --ray local"""


@dataclass
class _Flags:
    folder: Annotated[Positional[str], tyro.conf.arg(metavar="FOLDER")]
    """What `empo train` wrote."""
    workers: Annotated[
        int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: as before)")
    ] = None
    """How many workers an asynchronous run goes on with."""
    ray: Annotated[
        str | None, tyro.conf.arg(metavar="ADDRESS", help_behavior_hint="(default: threads)")
    ] = None
    """Its workers are processes of the Ray cluster there, or of one on this machine: local."""
    json: bool = False
    """Print the result as one JSON object and nothing else."""


def run(arguments: Sequence[str]) -> int:
    """The command."""
    flags = parse(_Flags, "resume", arguments, TEACHING)
    folder = Path(flags.folder)
    with showing() as show:
        trained = resume(folder, n_workers=flags.workers, ray=flags.ray, progress=show)
        finish(folder, trained, as_json=flags.json, progress=show)
    return 0
