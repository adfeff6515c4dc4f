"""From errors to exit codes: bad input is told in words and never by a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable

import jax

from empo.core.errors import EmpoError, InputError, NotConverged

BAD_INPUT = 2
NOT_CONVERGED = 3


def guarded(command: str, run: Callable[[], int]) -> int:
    """The exit code of `run`; what it refuses is printed on standard error."""
    try:
        return run()
    except NotConverged as error:
        print(f"empo {command}: {error}", file=sys.stderr)
        return NOT_CONVERGED
    except EmpoError as error:
        tell(command, error)
    except MemoryError as error:
        print(f"empo {command}: out of memory: {error}", file=sys.stderr)
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        first_line = str(error).splitlines()[0]
        print(f"empo {command}: out of memory: {first_line}", file=sys.stderr)
    return BAD_INPUT


def tell(command: str, error: EmpoError) -> None:
    """Print one line, or a heading and one line for each of several problems."""
    problems = error.problems if isinstance(error, InputError) else (str(error),)
    if len(problems) == 1:
        print(f"empo {command}: {problems[0]}", file=sys.stderr)
        return
    print(f"empo {command}: {len(problems)} problems:", file=sys.stderr)
    for problem in problems:
        print(f"  {problem}", file=sys.stderr)
