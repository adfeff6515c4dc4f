"""The report of a run: one page that needs no network, to show to people."""

from __future__ import annotations

from pathlib import Path

from empo.solver import Solution
from empo.views.animate import film, write_film
from empo.views.page import write_page
from empo.views.sections import (
    choices,
    films,
    happenings,
    overview,
    reach,
    settings,
    states,
)
from empo.views.stage import build_stage
from empo.views.story import tell
from empo.worlds.world import World

PAGE = "report.html"


def write_report(
    folder: Path, *, solution: Solution | None = None, world: World | None = None
) -> Path:
    """Write report.html, rollout.gif and rollout.mp4 into a run's folder; returns the page's path.

    Without `solution` the folder's own is loaded, for which a world made in Python must be given.
    Raises `InputError` if there is none or the disk refuses.
    """
    folder = Path(folder)
    solution = solution or Solution.load(folder, world)
    story = tell(solution)
    stage = build_stage(story)
    write_film(folder, film(story, stage))
    parts = (
        overview(solution),
        happenings(story, stage, films(folder, story)),
        choices(story),
        reach(story),
        states(story),
        settings(solution),
    )
    return write_page(folder / PAGE, solution.world.name, parts)
