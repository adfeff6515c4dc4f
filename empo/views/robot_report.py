"""The report of a learned robot: how it was learned, how good it is, and what it does."""

from __future__ import annotations

from pathlib import Path

from empo.core.errors import InputError
from empo.core.store import read_json
from empo.learn.exact import LARGEST
from empo.runs.folder import REPORT
from empo.runs.history import read_history
from empo.runs.policies import TrainedRobot
from empo.runs.solutions import can_be_shown
from empo.runs.trained import load_trained, read_job
from empo.runs.training_folder import training_config
from empo.solver import Solution
from empo.views import robot_sections, sections
from empo.views.animate import film, write_film
from empo.views.page import write_page
from empo.views.robot_charts import course_of
from empo.views.robot_sections import Learned
from empo.views.stage import build_stage
from empo.views.story import tell

PAGE = "report.html"


def write_robot_report(folder: Path, trained: TrainedRobot | None = None) -> Path:
    """Write report.html, rollout.gif and rollout.mp4 into the folder of a robot's training.

    Without `trained`, the robot is loaded from the folder. The film is that of the first seed's
    robot; it is left out where the world is too large to tell everything about each state. Raises
    `InputError` if the folder holds no such run or the disk refuses.
    """
    folder = Path(folder)
    job = read_job(folder)
    history = read_history(folder)
    path = folder / REPORT
    report = read_json(path) if path.exists() else None
    told = Learned(folder, training_config(folder), job, report, course_of(job, history))
    parts = [
        robot_sections.overview(told),
        robot_sections.verdict(told),
        robot_sections.closeness(told),
        *_deeds(folder, trained),
        robot_sections.stages(told),
        robot_sections.quantities(told),
        robot_sections.settings(told),
    ]
    return write_page(folder / PAGE, told.title, parts)


def _deeds(folder: Path, trained: TrainedRobot | None) -> list[str]:
    """What the robot does, or why that is not shown."""
    try:
        robot = trained or load_trained(folder)
    except InputError as error:  # no checkpoint yet, or the world has changed since
        return [robot_sections.not_shown(f"What was learned cannot be shown. {error.problems[0]}")]
    assert isinstance(robot, TrainedRobot)
    if not can_be_shown(robot):
        return [
            robot_sections.not_shown(
                f"This world has more than {LARGEST:,} states, or ones that cannot be enumerated: "
                f"too many to tell of each what was learned, so there are no maps and no film."
            )
        ]
    return draw_deeds(folder, robot.solution())


def draw_deeds(folder: Path, solution: Solution) -> list[str]:
    """The film, the choices, the maps and the states of what was learned, as of what was solved."""
    story = tell(solution)
    stage = build_stage(story)
    write_film(folder, film(story, stage))
    return [
        sections.happenings(story, stage, sections.films(folder, story)),
        sections.choices(story),
        sections.reach(story),
        sections.states(story),
        sections.accuracy(solution, "Theory, and how far from the equations at worst"),
    ]
