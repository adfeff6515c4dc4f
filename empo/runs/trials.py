"""One training among several: begun, gone on with or left alone, as its folder says."""

from __future__ import annotations

from pathlib import Path

from empo.core.errors import InputError
from empo.runs.folder import REPORT, claim, is_run
from empo.runs.setup import Job
from empo.runs.trained import read_job, resume, run_job
from empo.runs.training import Progress, silent
from empo.runs.training_folder import KIND


def begun(job: Job, folder: Path) -> bool:
    """Does the folder hold this very job, finished or not?"""
    try:
        return read_job(folder) == job
    except InputError:  # there is no run yet, or one of settings that there are no more
        return False


def check_free(job: Job, folder: Path, *, overwrite: bool) -> None:
    """Raise `InputError` unless the folder is free, or of this very job, or to be overwritten."""
    if begun(job, folder) or not folder.exists():
        return
    claim(folder, KIND)
    if is_run(folder) and not overwrite:
        raise InputError(
            f"{folder}: holds a run with other settings (wanted the steps and seeds of before, "
            f"another --out, or --overwrite to begin anew)"
        )


def train_once(job: Job, folder: Path, progress: Progress = silent) -> None:
    """Train, or go on with it, unless it is finished. Raises `Diverged`."""
    if not begun(job, folder):
        run_job(job, folder, overwrite=True, progress=progress)
    elif not (folder / REPORT).exists():
        resume(folder, progress=progress)
