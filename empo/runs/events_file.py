"""Event files for TensorBoard, written in the thread that calls.

tensorboardX's own writer hands events to another thread, which cannot tell of a full disk.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from empo.core.errors import InputError

_PATTERN = "events.out.tfevents.*"


class EventsFile:
    """A file of scalars in a folder. Raises `InputError` if the disk refuses."""

    def __init__(self, folder: Path, purge_step: int | None = None) -> None:
        """TensorBoard forgets what earlier files of the folder say of `purge_step` and later."""
        # Slow to import, and only needed by who writes.
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto import event_pb2

        messages: Any = event_pb2  # made at run time: a type checker finds nothing in it
        self._folder, self._event = folder, messages.Event
        with _refusals(folder):
            folder.mkdir(parents=True, exist_ok=True)
            # Names hold seconds; the number tells files of one second apart and keeps their order.
            number = len(list(folder.glob(_PATTERN)))
            self._file = EventsWriter(str(folder / "events"), f".{number:03d}")
            if purge_step is not None:
                start = messages.SessionLog(status=messages.SessionLog.START)
                self._file.write_event(messages.Event(step=purge_step, session_log=start))

    def write(self, step: int, kind: str, numbers: Mapping[str, Any]) -> None:
        """The numbers as kind/name; lists, and what is null or not finite, have no place there."""
        event = self._event(step=step, wall_time=time.time())
        for name, number in numbers.items():
            if isinstance(number, int | float) and math.isfinite(number):
                event.summary.value.add(tag=f"{kind}/{name}", simple_value=number)
        with _refusals(self._folder):
            self._file.write_event(event)

    def flush(self) -> None:
        """Hand all events to the system."""
        with _refusals(self._folder):
            self._file.flush()

    def close(self) -> None:
        """Flush and close."""
        with _refusals(self._folder):
            self._file.close()


def remove_events(folder: Path) -> None:
    """Remove the event files of an earlier run, those of its further seeds included."""
    with _refusals(folder):
        for path in (*folder.glob(_PATTERN), *folder.glob(f"seed-*/{_PATTERN}")):
            path.unlink()


@contextmanager
def _refusals(folder: Path) -> Iterator[None]:
    """What the disk refuses, in words."""
    try:
        yield
    except OSError as error:
        reason = f"events cannot be written: {error.strerror}"
        raise InputError(f"{folder}: {reason}") from error
