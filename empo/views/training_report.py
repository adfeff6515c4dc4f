"""The report of a training run: one page that needs no network, to show to people."""

from __future__ import annotations

from pathlib import Path

from empo.core.store import read_json
from empo.runs.checkup import read_checkup
from empo.runs.folder import REPORT
from empo.runs.history import read_history
from empo.runs.policies import Trained, TrainedRobot
from empo.runs.setup import is_world
from empo.runs.training_folder import training_config
from empo.views.page import write_page
from empo.views.training_sections import (
    Told,
    beginning,
    health,
    larger_batch,
    learning,
    overview,
    settings,
    watching,
)

PAGE = "report.html"


def write_training_report(folder: Path, trained: Trained | None = None) -> Path:
    """Write report.html into the folder of a training run, finished or not; returns its path.

    The policy's film is shown if there is policy.mp4, and what `empo debug` measured if there is
    debug.json. What was learned of a world is `trained`, or is loaded from the folder. Raises
    `InputError` if the folder holds no training run or the disk refuses.
    """
    folder = Path(folder)
    config = training_config(folder)
    target = config["job"].get("target")
    if isinstance(target, str) and is_world(target):
        from empo.views.robot_report import write_robot_report  # it imports much that tasks do not

        return write_robot_report(folder, trained if isinstance(trained, TrainedRobot) else None)
    path = folder / REPORT
    told = Told(
        folder,
        config,
        read_json(path) if path.exists() else None,
        read_history(folder),
        read_checkup(folder),
    )
    parts = [
        section(told)
        for section in (overview, learning, watching, beginning, health, larger_batch, settings)
    ]
    return write_page(folder / PAGE, told.title, parts)
