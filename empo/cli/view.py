"""`empo view`: the page of a run, drawn anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from empo.cli.flags import Positional, parse
from empo.core.errors import InputError
from empo.runs.folder import VALUES, is_run, kind_of
from empo.runs.training_folder import KIND

TEACHING = """\
Write report.html of a run folder anew, from the solution or the training run
that it holds, and print where it is. The page needs no network.

Example:
  empo view runs/key-door"""


@dataclass
class _Flags:
    folder: Annotated[Positional[str], tyro.conf.arg(metavar="FOLDER")]
    """A folder that `empo solve` or `empo train` wrote."""


def run(arguments: Sequence[str]) -> int:
    """The command."""
    folder = Path(parse(_Flags, "view", arguments, TEACHING).folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder (wanted one that `empo solve` wrote)")
    if is_run(folder) and kind_of(folder) == KIND:
        from empo.views.training_report import write_training_report

        print(write_training_report(folder))
        return 0
    if not (folder / VALUES).is_file():
        raise InputError(f"{folder}: holds no solution (wanted a folder that `empo solve` wrote)")
    from empo.views import write_report

    print(write_report(folder))
    return 0
