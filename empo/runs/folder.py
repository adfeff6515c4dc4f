"""The folder of a run: which files it has, whose it is, and writing it without losing anything.

values.safetensors, values.json   the solution, for `empo.load`
solution.json                     the same for people, of worlds that are not too large
config.json                       what was asked for, and the versions that answered
metrics.jsonl                     how the work went: one line per stage and residual
report.json                       the result in a few numbers
report.html                       the result in pictures
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from empo.core.errors import InputError
from empo.core.store import read_json, write_text

if TYPE_CHECKING:
    from empo.solver import Solution

VALUES = "values.json"
SOLUTION = "solution.json"
CONFIG = "config.json"
METRICS = "metrics.jsonl"
REPORT = "report.json"
PICTURES = ("report.html", "rollout.gif", "rollout.mp4")
_FILES = (VALUES, "values.safetensors", SOLUTION, CONFIG, METRICS, REPORT, *PICTURES)
FORMAT = "empo run 1"
SOLVED = "solved world"
"""What `kind` in config.json says if it says nothing."""


def claim(folder: Path, kind: str = SOLVED) -> None:
    """Make sure, before any work, that a run of that kind can be written there.

    Raises `InputError` if it cannot, or if the folder holds anything but an earlier run like it.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder}: is a file (wanted a folder for the run)")
        strange = _strange_file(folder) if folder.exists() else None
        if strange is not None:
            raise InputError(
                f"{folder}: holds {strange!r}, which is not an empo run "
                f"(wanted a new folder, an empty one or an earlier run)"
            )
        if is_run(folder) and kind_of(folder) != kind:
            raise InputError(
                f"{folder}: holds a {kind_of(folder)} (wanted a new folder, an empty one or an "
                f"earlier {kind})"
            )
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".probe"
        write_text(probe, "")
        probe.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{folder}: cannot be written: {reason}") from None


def write_run(
    folder: Path,
    solution: Solution,
    *,
    config: Mapping[str, Any],
    metrics: Iterable[Mapping[str, Any]],
    report: Mapping[str, Any],
    with_states: bool,
) -> None:
    """Write everything but the pictures; `with_states` includes solution.json.

    All is written aside first and then moved: if the disk refuses, `InputError` is raised and what
    an earlier run left is as it was.
    """
    aside = folder / f".new.{os.getpid()}"
    try:
        solution.save(aside)
        if with_states:
            write_text(aside / SOLUTION, json.dumps(solution.to_dict(), allow_nan=False))
        lines = (json.dumps(record, allow_nan=False) + "\n" for record in metrics)
        write_text(aside / METRICS, "".join(lines))
        _write_object(aside / CONFIG, {"format": FORMAT, **config})
        _write_object(aside / REPORT, report)
        # What an earlier run left must not stand beside this one's values.
        for name in (*PICTURES, SOLUTION):
            (folder / name).unlink(missing_ok=True)
        for path in aside.iterdir():
            path.replace(folder / path.name)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def is_run(folder: Path) -> bool:
    """Does the folder hold a run?"""
    try:
        return read_json(folder / CONFIG).get("format") == FORMAT
    except InputError:
        return False


def kind_of(folder: Path) -> str:
    """What kind of run the folder holds."""
    return str(read_json(folder / CONFIG).get("kind", SOLVED))


def _strange_file(folder: Path) -> str | None:
    """A file that no run wrote; unfinished ones begin with a dot."""
    if is_run(folder):
        return None
    names = sorted(path.name for path in folder.iterdir())
    return next((n for n in names if n not in _FILES and not n.startswith(".")), None)


def _write_object(path: Path, record: Mapping[str, Any]) -> None:
    write_text(path, json.dumps(record, indent=1, allow_nan=False) + "\n")
