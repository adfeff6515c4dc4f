"""A rollout as a film: GIF and MP4, one frame per state with a caption below."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from empo.core.store import write_file
from empo.core.types import AnyArray
from empo.views.drawing import Drawing, Group, Rect, Shape, Style, Text, shortened
from empo.views.stage import Stage
from empo.views.story import Story

GIF, VIDEO = "rollout.gif", "rollout.mp4"
MP4 = "-c:v libx264 -pix_fmt yuv420p -crf 20 -preset veryfast -movflags +faststart -f mp4"
"""What ffmpeg is told, to make a video."""
_WIDTH, _HEIGHT = 640.0, 560.0
"""Largest size of the picture above the caption, in pixels."""
_CAPTION = 420.0
"""Least width, for the caption."""
_SECONDS = 0.6
"""How long a step is shown."""


def film(story: Story, stage: Stage) -> list[UInt8[AnyArray, "y x 3"]]:
    """The frames, each with a caption: the step, what everybody does, and people's power."""
    from empo.views.raster import overlaid

    scale = min(_WIDTH / stage.width, _HEIGHT / stage.height, 64.0 / stage.unit)
    width, height = max(stage.width * scale, _CAPTION), stage.height * scale
    left = (width - stage.width * scale) / 2
    background = Group(stage.background, left, 0, scale)
    tops = [
        (Group(shapes, left, 0, scale), *_caption(story, step, width, height))
        for step, shapes in enumerate(stage.steps)
    ]
    return overlaid(Drawing(width, height + 82, (background,), "film"), tops, 1.0)


def write_film(folder: Path, frames: list[UInt8[AnyArray, "y x 3"]]) -> None:
    """Write rollout.gif and rollout.mp4 beside the report; each is complete or as it was."""
    colours = "split[a][b];[a]palettegen=max_colors=128[p];[b][p]paletteuse=dither=none"
    gif = f"-filter_complex {colours}:diff_mode=rectangle -loop 0 -final_delay 200 -f gif"
    write_file(folder / GIF, lambda path: encode(path, frames, gif, _SECONDS))
    write_file(folder / VIDEO, lambda path: encode(path, frames, MP4, _SECONDS))


def encode(path: Path, frames: list[UInt8[AnyArray, "y x 3"]], wanted: str, seconds: float) -> None:
    """Let ffmpeg make a film that shows each frame for so many seconds.

    Raises `OSError` with its last words if it cannot.
    """
    from imageio_ffmpeg import get_ffmpeg_exe

    height, width = frames[0].shape[:2]
    given = f"-f rawvideo -pix_fmt rgb24 -s {width}x{height} -r {1 / seconds:.6f} -i -"
    # Without `close_fds` Python spawns instead of forking, which JAX's threads would not survive.
    done = subprocess.run(
        [get_ffmpeg_exe(), *f"-y -loglevel error {given} -threads 1 {wanted}".split(), str(path)],
        input=np.stack(frames).tobytes(),
        capture_output=True,
        close_fds=False,
        check=False,
    )
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise OSError(f"ffmpeg: {' '.join(reason) or done.returncode}")


def _caption(story: Story, step: int, width: float, top: float) -> list[Shape]:
    """A bar of progress and three lines of text."""
    done = [event.what for event in story.events if event.time + 1 == step]
    lines = [
        ("  ·  ".join([f"Step {step} of {story.n_steps}", *done]), 15, "ink", True),
        (story.caption(step), 14, "ink", False),
        (story.powers(step), 14, "muted", False),
    ]
    texts = [
        Text(12, top + 24 + 22 * i, shortened(text, size, width - 24), size, ink, bold=bold)
        for i, (text, size, ink, bold) in enumerate(lines)
    ]
    return [Rect(0, top, width * step / max(story.n_steps, 1), 4, Style(fill="bar")), *texts]
