"""`empo evaluate`: fresh episodes of a trained policy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from empo.cli.flags import Positional, parse
from empo.cli.progress import showing
from empo.cli.robot_summary import distances
from empo.core.cache import keep_compiled_programs
from empo.learn.judging import JudgedRobots
from empo.rl.algorithm import at_least
from empo.runs.policies import TrainedRobot
from empo.runs.robot_presets import N_EPISODES
from empo.runs.stats import over_seeds
from empo.runs.trained import load_trained
from empo.tasks.trainer import Judged

TEACHING = """\
Play fresh episodes of the best policy of each seed of a training run, without
exploring, and print their returns; of a robot in a world, how far what it has
learned is from the exact solution where it went."""


_ABREAST = 4
"""Columns that fit into a line."""


@dataclass
class _Flags:
    folder: Annotated[Positional[str], tyro.conf.arg(metavar="FOLDER")]
    """What `empo train` wrote, finished or not."""
    episodes: Annotated[
        int | None,
        tyro.conf.arg(metavar="N", help_behavior_hint="(default: 20; worlds: 256)"),
    ] = None
    """Fresh episodes of each seed."""
    seed: int = 12345
    """Of the episodes."""
    json: bool = False
    """Print the result as one JSON object and nothing else."""


def run(arguments: Sequence[str]) -> int:
    """The command."""
    flags = parse(_Flags, "evaluate", arguments, TEACHING)
    if flags.episodes is not None:
        at_least("--episodes", flags.episodes, 1)
    at_least("--seed", flags.seed, 0)
    keep_compiled_programs()
    with showing() as show:
        trained = load_trained(Path(flags.folder), progress=show)
        is_robot = isinstance(trained, TrainedRobot)
        n_episodes = flags.episodes or (N_EPISODES if is_robot else 20)
        show("Judging", None, f"{n_episodes} fresh episodes")
        verdict = trained.evaluate(n_episodes, seed=flags.seed)
    about = {
        "algorithm": trained.job.algorithm,
        "target": trained.job.target,
        "seeds": list(trained.job.seeds),
        "n_episodes": n_episodes,
    }
    result = about | (_of_robots(verdict) if is_robot else _of_returns(verdict))
    if flags.json:
        print(json.dumps(result, indent=1, allow_nan=False))
        return 0
    job = trained.job
    print(f"{job.algorithm} on {job.target}: {n_episodes} fresh episodes of each seed")
    (_print_robots if is_robot else _print_returns)(result)
    return 0


def _of_returns(judged: Judged) -> dict[str, Any]:
    scores = judged.returns.mean(axis=1)
    return {
        "eval_return_mean": float(scores.mean()),
        "eval_return_iqm": float(np.asarray(over_seeds(scores).centre)),
        "returns": judged.returns.tolist(),
        "lengths": judged.lengths.tolist(),
    }


def _of_robots(verdict: JudgedRobots) -> dict[str, Any]:
    rows = [verdict.row(number) for number in range(len(verdict.found))]
    return {"updates": verdict.n_updates, **verdict.report(), "by_seed": rows}


def _print_returns(result: Mapping[str, Any]) -> None:
    print("  seed   mean return       lowest      highest")
    for seed, returns in zip(result["seeds"], map(np.array, result["returns"]), strict=True):
        print(f"  {seed:4d} {returns.mean():13.1f} {returns.min():12.1f} {returns.max():12.1f}")
    if len(result["seeds"]) > 1:
        print(f"  all (interquartile mean over seeds): {result['eval_return_iqm']:.1f}")


def _print_robots(result: Mapping[str, Any]) -> None:
    """Columns of seeds, as many beside each other as there is room for; then their mean."""
    seeds, rows = result["seeds"], result["by_seed"]
    if len(seeds) > 1:
        seeds, rows = [*seeds, "mean"], [*rows, {name: result[name] for name in rows[0]}]
    for first in range(0, len(rows), _ABREAST):
        print(f"  {'seed':34}" + "".join(f" {seed:>10}" for seed in seeds[first:][:_ABREAST]))
        for line in distances(rows[first:][:_ABREAST]):
            print(f"  {line}")
