"""The folder of a training run.

config.json               the job: target, algorithm, every setting, and the versions
metrics.jsonl             one line per seed for some updates ("train"), or a judging ("evaluate")
events.out.tfevents.*     the same for TensorBoard
checkpoints/              the last three states of the run, and the best learners
report.json               the result in a few numbers
report.html               the result in pictures
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from empo.core.errors import InputError
from empo.core.store import read_json, write_text
from empo.runs.folder import CONFIG, FORMAT, claim, is_run

CHECKPOINTS = "checkpoints"
KIND = "training run"


def begin_training(folder: Path, config: Mapping[str, Any], *, overwrite: bool) -> None:
    """Make the folder one of a new run, of which so far there is config.json.

    Raises `InputError` if it cannot be written, holds anything but an earlier run, or holds one and
    it is not to be overwritten.
    """
    claim(folder, KIND)
    if is_run(folder):
        if not overwrite:
            raise InputError(
                f"{folder}: holds a run already (`empo resume {folder}` goes on with one that was "
                f"interrupted; --overwrite begins anew)"
            )
        _clear(folder)
    text = json.dumps({"format": FORMAT, **config}, indent=1, allow_nan=False) + "\n"
    write_text(folder / CONFIG, text)


def mend_training(folder: Path, job: Mapping[str, Any]) -> None:
    """Write down that the run goes on with another job."""
    config = {**training_config(folder), "job": job}
    write_text(folder / CONFIG, json.dumps(config, indent=1, allow_nan=False) + "\n")


def training_config(folder: Path) -> dict[str, Any]:
    """config.json of a training run. Raises `InputError` if the folder holds none."""
    if not (folder / CONFIG).is_file():
        raise InputError(f"{folder}: holds no run (wanted a folder that `empo train` wrote)")
    config = read_json(folder / CONFIG)
    if config.get("format") != FORMAT or config.get("kind") != KIND or "job" not in config:
        raise InputError(f"{folder}: holds no training run (wanted one that `empo train` wrote)")
    return config


def _clear(folder: Path) -> None:
    """Remove an earlier run: its config first, since without it there is none."""
    try:
        (folder / CONFIG).unlink()
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    except OSError as error:
        raise InputError(f"{folder}: cannot be cleared: {error.strerror}") from error
