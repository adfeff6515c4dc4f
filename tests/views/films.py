"""Films as arrays of frames."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe


def frames(path: Path) -> np.ndarray:
    """All frames, (t, y, x, 3)."""
    # `close_fds` would fork, which JAX's threads do not survive.
    command = [get_ffmpeg_exe(), "-i", str(path), "-fps_mode", "passthrough", "-f", "rawvideo"]
    done = subprocess.run(
        [*command, "-pix_fmt", "rgb24", "-"], capture_output=True, close_fds=False, check=True
    )
    width, height = map(int, re.findall(rb"Video:.*?, (\d+)x(\d+)", done.stderr)[0])
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 3)
