"""`empo bench`: run the measurements that come with the sources."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import empo
from empo.core.errors import InputError

TEACHING = """\
usage: empo bench [ARGUMENT ...]

Measure speed and memory beside the alternatives, as `make bench` does. The measurements are part
of the sources, not of the installed package; arguments go to them.

Example:
  empo bench --help
"""


def run(arguments: Sequence[str]) -> int:
    """The command."""
    sources = Path(empo.__file__).parent.parent
    if not (sources / "bench" / "__main__.py").is_file():
        if arguments and arguments[0] in ("-h", "--help"):
            print(TEACHING, end="")
            return 0
        raise InputError(
            f"{sources}: holds no measurements in bench/ (wanted a checkout of the sources)"
        )
    paths = [str(sources), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    # -P: a folder `bench` where the command is given is not ours.
    command = [sys.executable, "-P", "-m", "bench", *arguments]
    return subprocess.run(command, env=environment, check=False).returncode
