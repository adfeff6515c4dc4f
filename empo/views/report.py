"""The report of a run: one page that needs no network, to show to people."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from empo.core.store import write_text
from empo.solver import Solution
from empo.views.animate import film, write_film
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
    path = folder / PAGE
    page = Template(_template("page.html")).substitute(
        title=escape(solution.world.name),
        style=_template("page.css"),
        script=_template("page.js"),
        body="\n".join(part for part in parts if part),
    )
    write_text(path, page)
    return path


def _template(name: str) -> str:
    return files("empo.views").joinpath("templates", name).read_text(encoding="utf-8")
