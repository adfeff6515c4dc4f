"""The command line: `empo COMMAND ...`. This file finds the command and imports nothing heavy.

Exit codes: 0 done, 1 a benchmark failed, 2 bad input or an input too large, 3 no convergence,
130 interrupted.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "solve": "solve a world exactly and leave a folder with results and pictures",
    "train": "train a robot in a world, or an actor-critic on a task",
    "resume": "go on with a training run that was interrupted",
    "evaluate": "judge what was learned by fresh episodes",
    "compare": "lay training runs over each other: returns, steps, time",
    "study": "answer a question by training: what each code-level option of PPO does",
    "sweep": "try many settings, several at once, and rank them",
    "debug": "find out why a training does not learn",
    "check": "list every mistake in world files",
    "worlds": "list the worlds that come with empo",
    "view": "write the page with pictures of a solved world anew",
    "bench": "measure speed and memory (in a checkout of the sources)",
}

HELP = f"""\
usage: empo COMMAND ...

empo computes what people can do in a world they share with a robot (their power), and how a
robot acts that softly maximises it.

commands:
{"".join(f"  {name:10}{what}{chr(10)}" for name, what in COMMANDS.items())}
examples:
  empo worlds                          what is there to try
  empo solve key-door                  solve it; pictures in runs/key-door/report.html
  empo check my-world.yaml             what is wrong with a file of your own
  empo solve my-world.yaml --beta-r inf --out runs/decisive
  empo train key-door                  learn it, and see how far that is off
  empo train task:cartpole --algorithm ppo --seeds 8

`empo COMMAND --help` tells more about each. `empo --version` prints the version.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except SystemExit as end:  # a command's --help
        return int(end.code or 0)
    except KeyboardInterrupt:
        print("empo: interrupted", file=sys.stderr)
        return 130
    except OSError as error:  # the output's reader has gone, or its disk is full
        _drop_output()
        if not isinstance(error, BrokenPipeError):
            print(f"empo: cannot write the output: {error.strerror}", file=sys.stderr)
        return 2
    return code


def _run(arguments: Sequence[str]) -> int:
    first = arguments[0] if arguments else "--help"
    if first in ("-h", "--help", "help"):
        print(HELP, end="")
        return 0
    if first in ("-V", "--version"):
        from importlib.metadata import version

        print(f"empo {version('empo')}")
        return 0
    if first not in COMMANDS:
        near = difflib.get_close_matches(first, COMMANDS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"wanted one of {', '.join(COMMANDS)}"
        print(f"empo: unknown command {first!r} ({hint})", file=sys.stderr)
        return 2
    command = import_module(f"empo.cli.{first}")
    guarded = import_module("empo.cli.guard").guarded
    return guarded(first, lambda: command.run(arguments[1:]))


def _drop_output() -> None:
    """Let what is still buffered for standard output go nowhere, so that Python can end quietly."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
