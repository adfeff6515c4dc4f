"""What a study measured, against a setting that is a number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from empo.runs.studying import Standing
from empo.runs.variants import Variant
from empo.views.charts import Frame, Line, line_chart
from empo.views.drawing import Drawing
from empo.views.learning import look


def along_chart(
    setting: str, variants: Sequence[Variant], found: Sequence[Standing | None], title: str
) -> Drawing:
    """A line for the variants of each name, with their 95% intervals as bands.

    Where variants have no groups they are told apart by the setting alone, and are one line. What
    has diverged leaves a gap.
    """
    names = [variant.name if variant.group else "" for variant in variants]
    lines = []
    for number, name in enumerate(dict.fromkeys(names)):
        members = [i for i, other in enumerate(names) if other == name]
        members.sort(key=lambda i: variants[i].settings[setting])
        numbers = np.array([_numbers(found[i]) for i in members]).T
        at = np.array([float(variants[i].settings[setting]) for i in members])
        colour, dash = look(number)
        centre, low, high = numbers
        lines.append(Line(x=at, y=centre, low=low, high=high, colour=colour, name=name, dash=dash))
    return line_chart(lines, Frame(title=title, x_label=setting, width=460.0, height=250.0))


def _numbers(one: Standing | None) -> list[float]:
    return [np.nan] * 3 if one is None else [float(x) for x in one.estimate]
