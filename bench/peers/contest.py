"""Run scripts of empo and of its peers on one core, each in a process of its own, in turns.

A script gets its settings as JSON and answers with JSON on its last line. All are pinned to the
same core with one thread, so that a library that spreads over cores has no advantage here, and they
take turns, so that whatever else the machine does falls on all of them.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.peers.environment import PeerMissingError, python_of

SCRIPTS = Path(__file__).parent / "scripts"
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_PLATFORMS": "cpu",
}

Answer = dict[str, Any]


@dataclass(frozen=True)
class Contender:
    """A script to run and the environment to run it in."""

    name: str
    """What the table calls it."""
    script: str
    """The file in `scripts`, without its ending."""
    peer: str | None = None
    """The peer whose environment runs it; None for the project's own."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the script is told."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment variables beside those that keep it to one thread."""


def run(contender: Contender, **more: Any) -> Answer:
    """What a script answers, with how long its process took, from its start to its end.

    `process_seconds` are by the clock, `processor_seconds` what the core gave it.
    """
    python = sys.executable if contender.peer is None else python_of(contender.peer)
    settings = json.dumps({**contender.settings, **more})
    core = max(os.sched_getaffinity(0))
    begin, given = time.perf_counter(), _given_to_children()
    done = subprocess.run(
        [str(python), str(SCRIPTS / f"{contender.script}.py"), settings],
        env={**os.environ, **ONE_THREAD, **contender.environment},
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        capture_output=True,
        text=True,
        check=False,
    )
    took = {
        "process_seconds": time.perf_counter() - begin,
        "processor_seconds": _given_to_children() - given,
    }
    if done.returncode:
        raise RuntimeError(f"{contender.name}: {contender.script} failed\n{done.stderr}")
    return {**json.loads(done.stdout.splitlines()[-1]), **took}


def compete(
    contenders: Sequence[Contender], turns: Sequence[Mapping[str, Any]]
) -> dict[str, list[Answer]]:
    """The answers of every contender, turn by turn; a peer that is missing has none.

    Each turn runs all contenders, with the settings of that turn.
    """
    answers: dict[str, list[Answer]] = {contender.name: [] for contender in contenders}
    missing: set[str | None] = set()
    for turn in turns:
        for contender in contenders:
            if contender.peer in missing:
                continue
            try:
                answers[contender.name].append(run(contender, **turn))
            except PeerMissingError as why:
                print(f"  {why}", file=sys.stderr, flush=True)
                missing.add(contender.peer)
    return answers


def _given_to_children() -> float:
    """Seconds of processors that all processes started here and ended by now have had."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
