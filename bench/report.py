"""Timing and printing, the same for all benchmarks."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import Any

import jax

GIB = 2.0**30


def best_of(n: int, work: Callable[[], Any]) -> float:
    """The least seconds of n runs, after one that is not counted."""
    jax.block_until_ready(work())
    seconds = []
    for _ in range(n):
        begin = time.perf_counter()
        jax.block_until_ready(work())
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def peak_gib() -> float:
    """The most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB


def title(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


def row(what: str, value: str, beside: str = "") -> None:
    print(f"  {what:<46} {value:>14}  {beside}", flush=True)
