"""Environments of the peers, made when they are first asked for and kept between runs.

A peer's packages never enter the project's own environment. What belongs to a peer is pinned in
`requirements/PEER.txt`; its environment lies in a cache folder whose name holds a digest of that
file and the version of Python, so that changed pins make a new environment.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "requirements"
PEERS = tuple(sorted(path.stem for path in REQUIREMENTS.glob("*.txt")))
SECONDS_TO_INSTALL = 1800


class PeerMissingError(Exception):
    """An environment that could not be made, most often for want of a network."""


def python_of(peer: str) -> Path:
    """The interpreter of a peer's environment, which is made first where it is missing."""
    if peer not in PEERS:
        raise ValueError(f"no such peer: {peer} (there are: {', '.join(PEERS)})")
    folder = environment_folder(peer)
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if ready.exists() and python.exists():
        return python
    print(f"  installing {peer} into {folder}", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _command(peer, [sys.executable, "-m", "venv", str(folder)])
    wanted = str(REQUIREMENTS / f"{peer}.txt")
    flags = ["--quiet", "--disable-pip-version-check", "--no-input", "--retries", "1"]
    _command(peer, [str(python), "-m", "pip", "install", *flags, "--requirement", wanted])
    ready.touch()
    return python


def environment_folder(peer: str) -> Path:
    """Where a peer's environment lies: $XDG_CACHE_HOME/empo/bench, by default in ~/.cache."""
    wanted = (REQUIREMENTS / f"{peer}.txt").read_text()
    digest = hashlib.sha256(f"{sys.version_info[:2]}\n{wanted}".encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "empo" / "bench" / f"{peer}-{digest}"


def _command(peer: str, command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=SECONDS_TO_INSTALL
        )
    except subprocess.TimeoutExpired as late:
        raise PeerMissingError(f"{peer}: not installed in {SECONDS_TO_INSTALL} s") from late
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "ERROR" in line] or ["no reason"]
        raise PeerMissingError(f"{peer}: cannot be installed: {errors[-1].strip()}")
