"""What the commands that train or judge a policy print, and the page that they write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from empo.cli.progress import Told
from empo.cli.robot_summary import print_robot_report
from empo.runs.policies import Trained, TrainedRobot


def finish(folder: Path, trained: Trained, *, as_json: bool, progress: Told) -> None:
    """Draw the page, then print the result."""
    # Drawing is heavy to import, so it is only when there is something to draw.
    from empo.views.policy_film import write_policy_film
    from empo.views.training_report import write_training_report

    progress("Filming", None, str(folder))
    write_policy_film(folder, trained)
    progress("Drawing", None, str(folder))
    page = write_training_report(folder, trained)
    if as_json:
        print(json.dumps(dict(trained.report), indent=1, allow_nan=False))
        return
    (print_robot_report if isinstance(trained, TrainedRobot) else print_report)(trained.report)
    if "n_workers" in trained.report:
        print_workers(trained.report)
    print(f"Curves and numbers: {page}")


def print_workers(report: Mapping[str, Any]) -> None:
    """A line on asynchronous workers, and what was lost of them."""
    n_lost, n_messages = report["workers_lost"], report["messages_lost"]
    lost = f"; lost: {n_lost} of them with {n_messages} messages, and replaced" if n_lost else ""
    print(
        f"  {report['n_workers']} workers, messages {report['staleness']:.2f} updates old, at most "
        f"{report['staleness_max']}{lost}"
    )


def print_report(report: Mapping[str, Any]) -> None:
    """A few lines for people."""
    print(f"{report['algorithm']} on {report['target']}: {report['steps']:,} steps")
    low, high = report["eval_return_low"], report["eval_return_high"]
    interval = "" if low is None else f"  (95% interval {low:.1f} to {high:.1f})"
    print(f"  return of the best policy  {report['eval_return_iqm']:.1f}{interval}")
    if report["n_seeds"] > 1:
        print(
            f"  worst of {report['n_seeds']} seeds           {report['eval_return_worst_seed']:.1f}"
        )
    print(
        f"  {report['steps_per_second']:,.0f} steps per second; "
        f"{report['seconds']:.1f} s, of which {report['compile_seconds']:.1f} s compiling"
    )
