"""What the scripts share: settings in, JSON out, and how long a piece of work takes.

Runs in the environments of all peers, so it imports nothing but the standard library.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any


def settings() -> dict[str, Any]:
    return json.loads(sys.argv[1])


def answer(**values: Any) -> None:
    print("\n" + json.dumps(values), flush=True)


def spells(n: int, amount: float, work: Callable[[], object]) -> list[dict[str, float]]:
    """`amount` (steps, updates) per second of n runs: by the clock, and by the processor's time.

    The two differ where other programs hold the core meanwhile.
    """
    found = []
    for _ in range(n):
        clock, processor = time.perf_counter(), time.process_time()
        work()
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
        found.append({"rate": amount / clock, "rate_of_processor": amount / processor})
    return found


def peak_mib() -> float:
    """The most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
