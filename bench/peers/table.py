"""What a contest's answers come to, printed as the other benchmarks print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.peers.contest import Answer
from bench.report import row

ABSENT = "not available"


@dataclass(frozen=True)
class Rate:
    """Medians over all spells of all turns."""

    by_clock: float
    """Per second of the clock."""
    by_processor: float
    """Per second that the processor gave: the same, unless other programs took the core."""


def rate(answers: Sequence[Answer]) -> Rate | None:
    """How fast a contender is; None if it could not be run."""
    spells = [spell for answer in answers for spell in answer["spells"]]
    if not spells:
        return None
    names = ("rate", "rate_of_processor")
    return Rate(*(float(np.median([spell[name] for spell in spells])) for name in names))


def rates(answers: Mapping[str, Sequence[Answer]], ours: str, unit: str) -> dict[str, Rate | None]:
    """Print and return the rates; `ours` is the contender with which all others are compared."""
    found = {name: rate(given) for name, given in answers.items()}
    base = found[ours]
    for name, other in found.items():
        if other is None:
            row(name, ABSENT)
            continue
        beside = f"{other.by_processor:>8,.0f} per second of the core"
        if base is not None and name != ours:
            beside += f"; {ours} is {base.by_processor / other.by_processor:.2f} times as fast"
        row(name, f"{other.by_clock:,.0f} {unit}", beside)
    return found


def median_of(answers: Sequence[Answer], name: str) -> float:
    """The median of one number over a contender's answers; nan without any."""
    return float(np.median([answer[name] for answer in answers])) if answers else float("nan")


def solved(answers: Mapping[str, Sequence[Answer]]) -> None:
    """Print how long contenders took to solve an environment: medians, and how often they did."""
    for name, given in answers.items():
        if not given:
            row(name, ABSENT)
            continue
        parts = ", ".join(
            f"{label} {median_of(given, key):.1f}"
            for label, key in (
                ("import", "import_seconds"),
                ("learn", "learn_seconds"),
                ("evaluate", "evaluate_seconds"),
            )
        )
        n_solved = sum(answer["solved"] for answer in given)
        steps = f"{median_of(given, 'steps'):,.0f} steps"
        seconds = f"{median_of(given, 'process_seconds'):.1f} s"
        core = f"{median_of(given, 'processor_seconds'):.1f} of the core"
        row(name, seconds, f"{core}; {steps}; {parts}; solved {n_solved} of {len(given)}")
