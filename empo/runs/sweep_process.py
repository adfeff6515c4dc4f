"""A process that carries out one trial, and ends with whoever began it.

    python -m empo.runs.sweep_process FOLDER JOB

JOB is JSON. Standard input says nothing; when it ends, the parent has gone. Exit codes: 0 done,
2 refused, 3 diverged; the last line of standard error says why.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from empo.core.errors import EmpoError
from empo.runs.setup import from_record
from empo.runs.trials import train_once
from empo.tasks.trainer import Diverged

REFUSED = 2
DIVERGED = 3
ATTEMPTS = 3
"""How often a trial is gone on with whose process was killed."""

Started = Callable[["subprocess.Popen[str]"], None]


class Ending(NamedTuple):
    """How a trial's process has ended."""

    state: str
    """finished, diverged or failed."""
    trouble: str = ""


def carry_out(record: dict[str, Any], folder: str, started: Started) -> Ending:
    """Run the process, again if it is killed, since then it goes on from its last checkpoint.

    `started` is told of each process.
    """
    code = 0
    for _ in range(ATTEMPTS):
        process = subprocess.Popen(
            [sys.executable, "-m", "empo.runs.sweep_process", folder, json.dumps(record)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            # Several share one accelerator: none may take all of its memory beforehand.
            env={"XLA_PYTHON_CLIENT_PREALLOCATE": "false", **os.environ},
        )
        started(process)
        with process:
            assert process.stderr is not None
            said = process.stderr.read().strip().splitlines()
        code = process.returncode
        if code == 0:
            return Ending("finished")
        if code > 0:
            why = said[-1] if said else f"its process ended with code {code}"
            return Ending("diverged" if code == DIVERGED else "failed", why)
    return Ending("failed", f"its process was killed {ATTEMPTS} times, at last by signal {-code}")


def main() -> int:
    """The process."""
    folder, record = sys.argv[1:]
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    try:
        train_once(from_record(json.loads(record), folder), Path(folder))
    except EmpoError as error:
        print("; ".join(str(error).splitlines()), file=sys.stderr)
        return DIVERGED if isinstance(error, Diverged) else REFUSED
    return 0


def _end_with_the_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
