"""A Ray cluster, of this machine alone or of many; Ray is an extra and imported only here."""

from __future__ import annotations

import os
import socket
import warnings
from typing import Any

from empo.core.errors import InputError

LOCAL = "local"
"""The address of a cluster that is started here and ends with this process."""
AUTO = "auto"
"""The address of one that this machine is a part of."""

_SECONDS_TO_ANSWER = 5.0

_STORE_BYTES = 512 * 2**20
"""Of memory for messages on their way in a local cluster; what does not fit goes to the disk."""
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # tell nobody
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}


class Cluster:
    """A connection to a cluster; `ray` is the module itself."""

    def __init__(self, address: str, n_wanted: int) -> None:
        """Raises `InputError` without Ray, without the cluster, or if it is too small.

        Where this process is connected already, that connection is used and left open.
        """
        self.ray = imported()
        self._own = not self.ray.is_initialized()
        if self._own:
            _connect(self.ray, address, n_wanted)
        self._check(address, n_wanted)

    def _check(self, address: str, n_wanted: int) -> None:
        n_there = int(self.ray.cluster_resources().get("CPU", 0))
        if n_there < n_wanted:
            self.close()
            raise InputError(
                f"ray: found {n_there} processors at {address!r} "
                f"(wanted {n_wanted}: one for each worker)"
            )

    def close(self) -> None:
        """End the connection, and a local cluster."""
        if self._own:
            self._own = False
            self.ray.shutdown()


def imported() -> Any:
    """The module. Raises `InputError` that names the extra."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import flatbuffers  # noqa: F401 - programs are sent with it
        import ray
        import ray.exceptions
    except ImportError:
        raise InputError(
            "ray: found no Ray here (wanted `pip install 'empo[ray]'`; without it workers are "
            "threads and processes of this machine)"
        ) from None
    return ray


def _connect(ray: Any, address: str, n_wanted: int) -> None:
    own: dict[str, Any] = {}
    if address == LOCAL:
        n_cpus = max(n_wanted, os.cpu_count() or 1)
        own = {
            "num_cpus": n_cpus,
            "num_gpus": 0,
            "include_dashboard": False,
            "object_store_memory": _STORE_BYTES,
        }
    if address not in (LOCAL, AUTO):
        _check_answers(address)
    try:
        with warnings.catch_warnings():
            # It forks to run programs of its own, which never come back to JAX.
            warnings.filterwarnings("ignore", r"os\.fork\(\)", RuntimeWarning)
            ray.init(address, log_to_driver=False, logging_level="ERROR", **own)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise _no_cluster(address, first) from error


def _check_answers(address: str) -> None:
    """Ask before Ray does, which would wait for minutes. Raises `InputError`."""
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isdecimal() and int(port) < 2**16):
        raise InputError(f"ray: found {address!r} (wanted {LOCAL}, {AUTO} or HOST:PORT)")
    try:
        socket.create_connection((host, int(port)), _SECONDS_TO_ANSWER).close()
    except OSError as error:
        raise _no_cluster(address, error.strerror or str(error)) from error


def _no_cluster(address: str, why: str) -> InputError:
    return InputError(
        f"ray: found no cluster at {address!r}: {why} (wanted {LOCAL}, or the address of one that "
        f"`ray start --head` has started)"
    )
