"""`empo evaluate`: fresh episodes of a trained policy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from empo.cli.flags import Positional, parse
from empo.core.cache import keep_compiled_programs
from empo.rl.algorithm import at_least
from empo.runs.stats import over_seeds
from empo.runs.trained import Trained, load_trained
from empo.tasks.trainer import Judged

TEACHING = """\
Play fresh episodes of the best policy of each seed of a training run, without
exploring, and print their returns."""


@dataclass
class _Flags:
    folder: Annotated[Positional[str], tyro.conf.arg(metavar="FOLDER")]
    """What `empo train` wrote, finished or not."""
    episodes: int = 20
    """Fresh episodes of each seed."""
    seed: int = 12345
    """Of the episodes."""
    json: bool = False
    """Print the result as one JSON object and nothing else."""


def run(arguments: Sequence[str]) -> int:
    """The command."""
    flags = parse(_Flags, "evaluate", arguments, TEACHING)
    at_least("--episodes", flags.episodes, 1)
    at_least("--seed", flags.seed, 0)
    keep_compiled_programs()
    trained = load_trained(Path(flags.folder))
    judged = trained.evaluate(flags.episodes, seed=flags.seed)
    result = _result(trained, judged)
    if flags.json:
        print(json.dumps(result, indent=1, allow_nan=False))
        return 0
    job = trained.job
    print(f"{job.algorithm} on {job.target}: {flags.episodes} fresh episodes of each seed")
    print("  seed   mean return       lowest      highest")
    for seed, returns in zip(job.seeds, judged.returns, strict=True):
        print(f"  {seed:4d} {returns.mean():13.1f} {returns.min():12.1f} {returns.max():12.1f}")
    if job.n_seeds > 1:
        print(f"  all (interquartile mean over seeds): {result['eval_return_iqm']:.1f}")
    return 0


def _result(trained: Trained, judged: Judged) -> dict[str, Any]:
    job, scores = trained.job, judged.returns.mean(axis=1)
    return {
        "algorithm": job.algorithm,
        "target": job.target,
        "seeds": list(job.seeds),
        "n_episodes": judged.returns.shape[1],
        "eval_return_mean": float(scores.mean()),
        "eval_return_iqm": float(np.asarray(over_seeds(scores).centre)),
        "returns": judged.returns.tolist(),
        "lengths": judged.lengths.tolist(),
    }
