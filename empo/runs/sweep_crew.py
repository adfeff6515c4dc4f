"""Who carries out the trials of a sweep, several at once: processes here, or tasks of Ray."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path
from typing import Any, Protocol

from empo.runs.folder import REPORT
from empo.runs.setup import Job, to_record
from empo.runs.sweep_process import ATTEMPTS, Ending, carry_out
from empo.tasks.ray_cluster import Cluster


class Crew(Protocol):
    """Carries out trials; called by one thread for each of those under way."""

    def run(self, job: Job, folder: Path) -> Ending:
        """One trial, to its end."""
        ...

    def close(self) -> None:
        """End everything that is under way."""
        ...


class Processes:
    """Processes of this machine."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._closed = False
        self._lock = threading.Lock()

    def run(self, job: Job, folder: Path) -> Ending:
        """One trial, to its end."""
        return carry_out(to_record(job), str(folder), self._started)

    def close(self) -> None:
        """Kill what is under way; it can be gone on with."""
        with self._lock:
            self._closed = True
            for process in self._running:
                process.kill()

    def _started(self, process: subprocess.Popen[str]) -> None:
        with self._lock:
            self._running = {one for one in self._running if one.poll() is None} | {process}
            if self._closed:
                process.kill()


class RayTasks:
    """Tasks of a Ray cluster, each a process of its own; all machines share the folders."""

    def __init__(self, address: str, n_processes: int) -> None:
        """Connects. Raises `InputError` if there is no Ray, no cluster or too little room."""
        self._cluster = Cluster(address, n_processes)
        self._ray = self._cluster.ray

    def run(self, job: Job, folder: Path) -> Ending:
        """One trial, to its end; begun again elsewhere if a machine is lost."""
        task = self._ray.remote(num_cpus=1, max_retries=0)(in_ray)
        gone = self._ray.exceptions
        for _ in range(ATTEMPTS):
            try:
                ending = self._ray.get(task.remote(to_record(job), os.path.abspath(folder)))
            except (gone.WorkerCrashedError, gone.NodeDiedError, gone.OutOfMemoryError):
                continue
            if ending.state == "finished" and not (folder / REPORT).exists():
                return Ending("failed", f"{folder}: is not there (wanted it on all machines)")
            return ending
        return Ending("failed", f"the machine it was on was lost {ATTEMPTS} times")

    def close(self) -> None:
        """End the connection; tasks of a local cluster end with it."""
        self._cluster.close()


def in_ray(record: dict[str, Any], folder: str) -> Ending:
    """What a task does."""
    return carry_out(record, folder, lambda _: None)
