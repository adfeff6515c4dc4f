"""Where the numbers of a training run go: metrics.jsonl, and event files for TensorBoard.

metrics.jsonl holds one object per line:

{"step": 2048, "seed": 0, "kind": "train", "entropy": 0.69, ...}
{"step": 2048, "seed": 0, "kind": "evaluate", "return_mean": 21.5, "returns": [20, 23], ...}

No clock goes into it. So a run that is resumed, and told where its checkpoint left the file, ends
with the same bytes as one that was never interrupted.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np

from empo.core.errors import InputError
from empo.runs.events_file import EventsFile, remove_events
from empo.runs.folder import METRICS

Kind = Literal["train", "evaluate"]
Values = Mapping[str, Any]
"""Numbers by name, or lists of numbers; numpy's and JAX's as well as Python's."""


class Sinks:
    """All sinks of a run's folder; a context manager that closes them.

    The events of the seed that writes first lie in the folder itself, those of others in folders
    like seed-1, so that TensorBoard lays the curves over each other.
    """

    def __init__(
        self, folder: Path, *, position: int | None = None, purge_step: int | None = None
    ) -> None:
        """Begin anew; or go on after a checkpoint.

        `position` is what `position()` said then: the rest of metrics.jsonl is cut off. TensorBoard
        forgets what earlier event files say of `purge_step` and of later steps.
        """
        self._folder = folder
        self._metrics = MetricsFile(folder / METRICS, position)
        if position is None:
            remove_events(folder)
        self._purge_step = purge_step
        self._events: dict[int, EventsFile] = {}

    def write(self, step: int, seed: int, kind: Kind, values: Values) -> None:
        """One row: what holds of that seed after so many environment steps."""
        numbers = {name: plain(value) for name, value in values.items()}
        self._metrics.write({"step": step, "seed": seed, "kind": kind, **numbers})
        self._events_of(seed).write(step, kind, numbers)

    def position(self) -> int:
        """The end of metrics.jsonl, all rows until now included and safe on the disk."""
        return self._metrics.position()

    def flush(self) -> None:
        """Hand all rows to the disk."""
        self._metrics.flush()
        for events in self._events.values():
            events.flush()

    def close(self) -> None:
        """Flush and close all files."""
        self._metrics.close()
        for events in self._events.values():
            events.close()

    def _events_of(self, seed: int) -> EventsFile:
        if seed not in self._events:
            folder = self._folder / f"seed-{seed}" if self._events else self._folder
            self._events[seed] = EventsFile(folder, self._purge_step)
        return self._events[seed]

    def __enter__(self) -> Sinks:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class MetricsFile:
    """metrics.jsonl, open for appending. Raises `InputError` if the disk refuses."""

    def __init__(self, path: Path, position: int | None = None) -> None:
        """Begin anew, or cut the file at the byte where a checkpoint left it and go on there."""
        self._path = path
        with _refusals(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if position is not None:
                _cut(path, position)
            self._file = path.open("wb" if position is None else "ab")

    def write(self, row: Mapping[str, Any]) -> None:
        """Append a row of plain numbers, see `plain`."""
        with _refusals(self._path):
            self._file.write((json.dumps(row, allow_nan=False) + "\n").encode())

    def position(self) -> int:
        """The byte after the last row, which is on the disk then, for it must outlast a crash."""
        with _refusals(self._path):
            self._file.flush()
            os.fsync(self._file.fileno())
            return self._file.tell()

    def flush(self) -> None:
        """Hand all rows to the system."""
        with _refusals(self._path):
            self._file.flush()

    def close(self) -> None:
        """Flush and close."""
        with _refusals(self._path):
            try:
                self._file.flush()
            finally:
                self._file.raw.close()  # `close` would try to write what the disk has refused


def plain(value: Any) -> Any:
    """A number, or a list of numbers, as JSON can hold it: null where it is not finite.

    Numbers of 32 bits are written with the few digits that tell them apart from their neighbours.
    """
    array = np.asarray(value)
    if array.ndim:
        return [plain(item) for item in array]
    if array.dtype.kind in "iub":
        return int(array)
    if array.dtype.kind != "f":
        raise InputError(f"metrics: found {value!r} (wanted a number)")
    number = float(array) if array.dtype.itemsize >= 8 else float(str(array[()]))
    return number if math.isfinite(number) else None


def _cut(path: Path, position: int) -> None:
    found = path.stat().st_size
    if found < position:
        raise InputError(
            f"{path}: has {found} bytes, the checkpoint was written after {position} "
            f"(wanted the file that belongs to it)"
        )
    os.truncate(path, position)


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """What the disk refuses, in words."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
