"""One door to everything that was written down: worlds and runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from empo.runs.folder import VALUES, is_run, kind_of
from empo.runs.trained import Trained, load_trained
from empo.runs.training_folder import KIND
from empo.solver import Solution
from empo.worlds import World
from empo.worlds import load as load_world


def load(source: str | os.PathLike[str] | Mapping[str, Any]) -> World | Solution | Trained:
    """The solution or the trained policy in a run folder; or a world: its name, file or data.

    Raises `InputError` that lists all mistakes.
    """
    if not isinstance(source, Mapping) and _is_run(Path(source)):
        return Solution.load(Path(source))
    if not isinstance(source, Mapping) and is_run(Path(source)) and kind_of(Path(source)) == KIND:
        return load_trained(Path(source))
    return load_world(source)


def _is_run(folder: Path) -> bool:
    try:
        return (folder / VALUES).is_file()
    except OSError:  # such as a name that is too long: the world's reader will say so
        return False
