"""Progress of long work on standard error: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Told = Callable[[str, float | None, str], None]
"""Takes what is being done, the fraction done (None: unknown) and a detail."""

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def showing() -> Iterator[Told]:
    """Show progress while the block runs."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[detail]}", style="dim"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield _Bar(bars)


class _Bar:
    """One bar, begun anew with each stage."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._stage: str | None = None
        self._task = bars.add_task("Starting", total=None, detail="")

    def __call__(self, what: str, fraction: float | None, detail: str) -> None:
        total = None if fraction is None else 1.0
        if what != self._stage:
            self._stage = what
            self._bars.reset(self._task, total=total, description=what, detail=detail)
        self._bars.update(self._task, total=total, completed=fraction or 0.0, detail=detail)


class _Lines:
    """A line at most every ten seconds."""

    def __init__(self) -> None:
        self._begin = self._last = time.monotonic()

    def __call__(self, what: str, fraction: float | None, detail: str) -> None:
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_LINES:
            return
        self._last = now
        done = "" if fraction is None else f" {fraction + 0.0:.0%}"
        print(f"{now - self._begin:.0f} s: {what}{done} ({detail})", file=sys.stderr, flush=True)
