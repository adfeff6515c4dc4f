"""The errors that people see: each names the thing, what was found and what was wanted."""

from __future__ import annotations

from collections.abc import Sequence


class EmpoError(Exception):
    """Anything that empo refuses; the command line prints it in one line and exits with 2."""


class InputError(EmpoError):
    """A file, a setting or a value is wrong. `problems` lists all of them, one line each."""

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class NotConverged(EmpoError):
    """A fixed point was asked for and not found; the last iterate is never passed off as one."""
