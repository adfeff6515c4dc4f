"""One picture of a whole run, for a README or a talk.

`python -m empo.views.poster runs/key-door key-door.png` draws it; a name that ends in .svg gives a
vector picture.
"""

from __future__ import annotations

import sys
from pathlib import Path

from empo.core.errors import InputError
from empo.core.store import write_file, write_text
from empo.solver import Solution
from empo.views.drawing import Drawing, Group, Rect, Shape, Style, Text, shortened
from empo.views.plots import action_map, power_over_time
from empo.views.power_map import cell_values, power_map
from empo.views.story import Story, tell
from empo.views.svg import to_svg

_WIDTH, _GAP, _EDGE, _HEAD = 1280.0, 32.0, 28.0, 34.0


def poster(story: Story) -> Drawing:
    """What the robot chooses first, where the first human can go then and later, and power.

    Raises `InputError` for worlds that are no grid.
    """
    if story.scenes is None:
        raise InputError(f"{story.path.world.name}: is no grid, so there is no map to draw")
    name, best = story.path.world.humans[0], story.best
    start = action_map(story.scenes[0], story.policy(0), "The robot's choice at the start")
    maps = [start, *(_map(story, step) for step in (0, best))]
    heads = (
        "what the robot chooses at the start",
        f"where {name} can go from there",
        f"where {name} can go at step {best}",
    )
    panel = (_WIDTH - 2 * _EDGE - 2 * _GAP) / 3
    scales = [panel / drawing.width for drawing in maps]
    below = max(s * m.height for s, m in zip(scales, maps, strict=True)) + _HEAD + _EDGE
    shapes: list[Shape] = []
    for i, (drawing, scale, head) in enumerate(zip(maps, scales, heads, strict=True)):
        x = _EDGE + i * (panel + _GAP)
        shapes += [
            Text(x, _EDGE + 16, head, 18, "ink", bold=True),
            Group(drawing.shapes, x, _EDGE + _HEAD, scale),
        ]
    numbered = list(enumerate(story.events, 1))
    marks = [(float(event.time + 1), str(number)) for number, event in numbered]
    legend = "     ".join(f"{number}  {event.what}" for number, event in numbered)
    chart = power_over_time(story.path.w_h, story.u_r, story.path.world.humans, marks)
    scale = (_WIDTH - 2 * _EDGE) / chart.width
    still = tuple(shape for shape in chart.shapes if getattr(shape, "name", "") != "cursor")
    top = below + 40
    height = top + scale * chart.height
    paper = Rect(0, 0, _WIDTH, height, Style(fill="#ffffff"))
    words = Text(_EDGE + 60 * scale, below + 24, shortened(legend, 16, _WIDTH - 160), 16, "muted")
    shapes = [paper, *shapes, words, Group(still, _EDGE, top, scale)]
    said = f"{start.description} {chart.description}"
    return Drawing(_WIDTH, height, tuple(shapes), story.path.world.name, said)


def write_poster(folder: Path, path: Path, pixels: float = 1.5) -> None:
    """Draw the run in a folder into a PNG or SVG file."""
    drawing = poster(tell(Solution.load(folder)))
    if path.suffix == ".svg":
        write_text(path, to_svg(drawing))
        return
    import imageio.v3 as imageio

    from empo.views.raster import to_rgb

    image = to_rgb(drawing, pixels)
    write_file(path, lambda temporary: imageio.imwrite(temporary, image, extension=".png"))


def _map(story: Story, step: int) -> Drawing:
    assert story.scenes is not None, "only grids have maps"
    values = cell_values(story.solution, 0, story.path.states[step], story.time(step))
    return power_map(story.scenes[step], values, f"Step {step}")


if __name__ == "__main__":
    write_poster(Path(sys.argv[1]), Path(sys.argv[2]))
