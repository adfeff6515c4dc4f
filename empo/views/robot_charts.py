"""Pictures of how a robot was learned: curves over updates, on the stages of the warm-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from empo.learn.settings import RobotSettings
from empo.learn.stages import NAMES, stage_table
from empo.runs.history import Curve, History
from empo.runs.setup import Job
from empo.tasks.trainer import updates_within
from empo.views.charts import Frame, line_chart
from empo.views.drawing import WHO, Drawing
from empo.views.learning import seed_line

SYMBOLS = {
    "q_h_m": "Q_h^m",
    "v_h_e": "V_h^e",
    "x_h": "X_h",
    "u_r": "U_r",
    "q_r": "Q_r",
    "v_r": "V_r",
    "pi_r": "π_r",
}
_DASHES = ((), (9.0, 6.0), (2.5, 5.0))
"""Of lines that may run on top of each other, as equal learning rates do."""
_MARKS = ("P", "0", "1", "2", "3", "4", "5", "6")
"""Of the stages, in their order: Phase 1, then the numbers of the document on time scales."""
_SAID = (
    "Phase 1: how people act",
    "V_h^e alone, of a robot that acts at random",
    "X_h joins",
    "U_r joins",
    "Q_r joins",
    "V_r joins",
    "β_r rises",
    "all, in the end with falling rates",
)


@dataclass(frozen=True)
class Stage:
    """A stretch of a training."""

    name: str
    """As in the metrics."""
    mark: str
    said: str
    begin: int
    end: int


@dataclass(frozen=True)
class Chart:
    """What a picture shows."""

    title: str
    kind: Literal["train", "evaluate"]
    names: Mapping[str, str]
    """Quantities of the metrics, and how they are called in the legend."""
    logarithmic: bool = True
    """Then numbers that are 0, as where it was not a quantity's turn, are left out."""
    level: tuple[float, str] | None = None
    """A height to mark across, and what it is."""


@dataclass(frozen=True)
class Course:
    """The metrics of a robot's training, against the number of updates."""

    history: History
    stages: tuple[Stage, ...]
    per_update: float
    """Environment steps from one update to the next."""

    def curve(self, kind: str, name: str) -> Curve | None:
        """A quantity against updates, each seed's numbers held until there are new ones."""
        found = self.history.curve(kind, name)
        if found is None or not np.isfinite(found.values).any(axis=1).all():
            return None
        held = found.held()
        judged = self.history.numbers["evaluate"]
        first = min(step for numbers in judged.values() for step, _ in numbers)
        updates = np.rint((held.steps - first) / self.per_update).astype(np.int64)
        return Curve(updates, held.values)

    def last(self, kind: str, name: str) -> float | None:
        """The mean over seeds of the last numbers."""
        curve = self.curve(kind, name)
        return None if curve is None else float(curve.values[:, -1].mean())

    def picture(self, chart: Chart, width: float = 460.0) -> Drawing | None:
        """The chart; None if nothing in it was measured."""
        found = {said: self.curve(chart.kind, name) for name, said in chart.names.items()}
        curves = {said: curve for said, curve in found.items() if curve is not None}
        lines = [
            seed_line(
                curve,
                said if len(chart.names) > 1 else "",
                WHO[number % len(WHO)],
                _DASHES[number % len(_DASHES)],
            )
            for number, (said, curve) in enumerate(curves.items())
        ]
        if not lines:
            return None
        frame = Frame(
            title=f"{chart.title} against updates",
            x_label="updates",
            width=width,
            height=215.0 if width < 500 else 300.0,
            level=chart.level,
            logarithmic=chart.logarithmic,
            spans=tuple((s.begin, s.end, s.mark) for s in self.stages),
        )
        return line_chart(lines, frame)


def course_of(job: Job, history: History) -> Course:
    """The course of a run, finished or not."""
    settings: RobotSettings = job.setup.algorithm.evaluators
    gather = settings.gather
    n_updates = updates_within(gather, job.n_steps) * gather.n_updates
    table = stage_table(settings, n_updates)
    rows = zip(NAMES, _MARKS, _SAID, table.begin.tolist(), table.end.tolist(), strict=True)
    stages = tuple(Stage(*row) for row in rows if row[-1] > row[-2])
    return Course(history, stages, gather.steps_per_update / gather.n_updates)


def learned_in(history: History) -> Sequence[str]:
    """The quantities whose losses the metrics tell, humans' first."""
    told = history.names("train")
    found = [name.removesuffix("_loss") for name in told if name.endswith("_loss")]
    known = list(SYMBOLS)
    return sorted(found, key=lambda name: known.index(name) if name in known else -1)
