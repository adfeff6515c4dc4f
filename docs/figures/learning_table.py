"""From what was measured to the tables of docs/algorithms/which-one.md.

All that they say is counted from the records. Two algorithms are told apart only where the
intervals of their returns do not overlap, or where every seed of one was sooner than all of the
other's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from empo.views.charts import compact, span

Record = Mapping[str, Any]

BEGIN, END = "<!-- results -->", "<!-- end of results -->"
CLAIMS = {
    "PPO is overrated, try A2C first": ("a2c", "ppo"),
    "REINFORCE does better than PPO": ("reinforce", "ppo"),
    "Q-learning beats PPO": ("dqn", "ppo"),
    "SAC is more sample efficient than PPO": ("sac", "ppo"),
    "PPO does better than TRPO": ("ppo", "trpo"),
}
"""What lecture notes say of two algorithms; the first is the one that is said to be better."""


def with_results(page: str, records: Sequence[Record]) -> str:
    """The page with what stands between its markers written anew."""
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise ValueError(f"the page needs one {BEGIN} and one {END}")
    return re.sub(
        f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{results(records)}{END}", page, flags=re.DOTALL
    )


def results(records: Sequence[Record]) -> str:
    """A table for each task, the pairs that claims are about, and the variants."""
    plain = [r for r in records if not r["variant"]]
    targets = list(dict.fromkeys(r["target"] for r in plain))
    parts = [_table([r for r in plain if r["target"] == t], f"### {t}\n") for t in targets]
    parts.append(pairs(plain))
    varied = {(r["algorithm"], r["target"]) for r in records if r["variant"]}
    parts += [
        _table(
            [r for r in records if (r["algorithm"], r["target"]) == which],
            f"### Variants of {which[0]} on {which[1]}\n",
        )
        for which in sorted(varied)
    ]
    return "\n" + "\n".join(filter(None, parts)) + "\n"


def pairs(records: Sequence[Record]) -> str:
    """What the measurements say of each claim, on each task that both were trained on."""
    by_name = {(r["algorithm"], r["target"]): r for r in records}
    targets = list(dict.fromkeys(r["target"] for r in records))
    rows = [
        f"| {claim} | {target} | {higher(*both)} | {sooner(*both)} |"
        for claim, names in CLAIMS.items()
        for target in targets
        if all((name, target) in by_name for name in names)
        for both in [[by_name[name, target] for name in names]]
    ]
    if not rows:
        return ""
    head = (
        "| claim | task | higher final return | fewer steps to the threshold |\n|---|---|---|---|\n"
    )
    return "### Claims\n\n" + head + "\n".join(rows) + "\n"


def higher(one: Record, other: Record) -> str:
    """Whose interval of final returns lies above the other's."""
    for above, below in ((one, other), (other, one)):
        if above["final_return_low"] > below["final_return_high"]:
            return f"{above['algorithm']}{_steps_note(above, below)}"
    return f"not told apart{_steps_note(one, other)}"


def sooner(one: Record, other: Record) -> str:
    """Whose seeds were all sooner than any of the other's."""
    first, second = (_steps(record) for record in (one, other))
    for record, steps, others in ((one, first, second), (other, second, first)):
        if max(steps) < min(others):
            return f"{record['algorithm']}"
    return "not told apart" if math.isfinite(min(*first, *second)) else "neither got there"


def reached(record: Record) -> str:
    """Median steps to the threshold over all seeds, and how many got there."""
    steps = _steps(record)
    n_there = sum(map(math.isfinite, steps))
    middle = median(steps)
    words = f"{middle:,.0f}" if math.isfinite(middle) else "never"
    return f"{words} ({n_there}/{len(steps)})"


def _table(records: Sequence[Record], title: str) -> str:
    if not records:
        return ""
    threshold = compact(records[0]["threshold"])
    head = f"| algorithm | steps | steps to {threshold} | final return | 95% interval | seconds |\n"
    rule = "|---|--:|--:|--:|--:|--:|\n"
    ordered = sorted(records, key=lambda r: (median(_steps(r)), -r["final_return_iqm"]))
    rows = [
        f"| {_name(r)} | {r['steps']:,} | {reached(r)} | {compact(r['final_return_iqm'])} "
        f"| {span(r['final_return_low'], r['final_return_high'])} | {r['seconds']:.0f} |"
        for r in ordered
    ]
    return f"{title}\n{head}{rule}" + "\n".join(rows) + "\n"


def _name(record: Record) -> str:
    page = f"[{record['algorithm']}]({record['algorithm']}.md)"
    return f"{page}, {record['variant']}" if record["variant"] else page


def _steps(record: Record) -> list[float]:
    """Each seed's steps to the threshold; infinite where it was never reached."""
    return [math.inf if x is None else x for x in record["steps_to_threshold"]]


def _steps_note(one: Record, other: Record) -> str:
    """Where the budgets differ a final return is no fair comparison, and is marked."""
    if 0.95 < one["steps"] / other["steps"] < 1.05:  # whole updates only
        return ""
    return f" ({one['algorithm']} {one['steps']:,} steps, {other['algorithm']} {other['steps']:,})"
