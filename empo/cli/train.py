"""`empo train`: from a task and an algorithm to a folder with a trained policy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import Field, dataclass, field, fields, is_dataclass, make_dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from empo.cli.flags import Positional, given, parse, settings_flags
from empo.cli.progress import showing
from empo.cli.trained_summary import finish
from empo.nets import NetSettings
from empo.rl.algorithm import Replay, Rollout
from empo.rl.normalise import InputSettings
from empo.rl.optim import Optim
from empo.rl.registry import RECIPES, recipe
from empo.runs.presets import preset
from empo.runs.setup import Job, Setup
from empo.runs.trained import job_of, run_job

TEACHING = """\
Train an actor-critic (or DQN) on an ordinary task.

The folder gets report.html (learning curves, a video of the policy), report.json
(a few numbers), metrics.jsonl, TensorBoard events, config.json and checkpoints.
An interrupted run goes on with `empo resume DIR`.

Targets:
  task:NAME     on the device, in one compiled program:
                {tasks}
  gym:ENV-ID    any Gymnasium environment, as gym:CartPole-v1

Algorithms, each with settings of its own (empo train --algorithm NAME --help):
  {algorithms}

Examples:
  empo train task:cartpole --algorithm ppo --seeds 8
  empo train gym:CartPole-v1 --algorithm a2c --steps 200000 --out runs/a2c
  empo train task:pendulum --algorithm sac --learning-rate 1e-3 --hidden 64,64

Exit codes: 2 for bad input, or if what is learned stops being finite."""

DEFAULT = "ppo"

_TITLES = {
    Rollout: "data",
    Replay: "data",
    Optim: "optimiser",
    NetSettings: "networks",
    InputSettings: "inputs",
}
"""Of the groups of settings in the help."""


@dataclass
class _Flags:
    target: Annotated[Positional[str], tyro.conf.arg(metavar="TARGET")]
    """task:NAME or gym:ENV-ID."""
    algorithm: str = DEFAULT
    """The algorithm; the settings below are its own."""
    seed: int = 0
    """Of everything random; the same seed gives the same numbers."""
    seeds: int = 1
    """Independent runs side by side, with this many seeds from --seed on."""
    steps: int = 100_000
    """Environment steps of each run."""
    out: Annotated[
        str | None,
        tyro.conf.arg(metavar="FOLDER", help_behavior_hint="(default: runs/TARGET-ALGORITHM)"),
    ] = None
    """Where results go."""
    overwrite: bool = False
    """Begin anew where the folder holds an earlier training run."""
    evaluations: int = 20
    """How often the policy is judged, and the run saved."""
    episodes: int = 20
    """Fresh episodes by which it is judged."""
    json: bool = False
    """Print the result as one JSON object and nothing else."""


def run(arguments: Sequence[str]) -> int:
    """The command."""
    algorithm, target = _peek(arguments)
    setup = preset(algorithm, target)
    groups = list(_groups(setup))
    own = algorithm.replace("-", "_")
    titles = [own, *(_TITLES.get(type(g), type(g).__name__.lower()) for g in groups[1:])]
    kinds = [settings_flags(type(group), _default_of(group)) for group in groups]
    made = [(t, kind, field(default_factory=kind)) for t, kind in zip(titles, kinds, strict=True)]
    kind = make_dataclass("TrainFlags", made, bases=(_Flags,))
    flags = parse(kind, "train", arguments, _teaching())
    pairs = [(getattr(flags, t), type(g)) for t, g in zip(titles, groups, strict=True)]
    settings = {name: value for found in given(*pairs) for name, value in found.items()}
    job = job_of(
        flags.target,
        flags.algorithm,
        seed=flags.seed,
        n_seeds=flags.seeds,
        n_steps=flags.steps,
        settings={"n_evaluations": flags.evaluations, "n_episodes": flags.episodes, **settings},
    )
    folder = Path(flags.out) if flags.out else Path("runs") / _folder_name(job)
    with showing() as show:
        trained = run_job(job, folder, overwrite=flags.overwrite, progress=show)
        finish(folder, trained, as_json=flags.json, progress=show)
    return 0


def _peek(arguments: Sequence[str]) -> tuple[str, str]:
    """The algorithm and the target, which decide what further flags there are."""
    words = iter(arguments)
    algorithm, target = DEFAULT, ""
    for word in words:
        if word == "--algorithm":
            algorithm = next(words, DEFAULT)
        elif word.startswith("--algorithm="):
            algorithm = word.split("=", 1)[1]
        elif not target and word.startswith(("task:", "gym:")):
            target = word
    recipe(algorithm)
    return algorithm, target


def _groups(settings: Any) -> list[Any]:
    """The settings and all groups of settings within them."""
    inner = [getattr(settings, f.name) for f in fields(settings)]
    found = [group for value in inner if is_dataclass(value) for group in _groups(value)]
    return found if isinstance(settings, Setup) else [settings, *found]


def _default_of(group: Any) -> Any:
    def otherwise(setting: Field[Any]) -> str:
        return f"default: {_spelled(getattr(group, setting.name))}"

    return otherwise


def _spelled(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _teaching() -> str:
    from empo.tasks.registry import names

    return TEACHING.format(tasks=_listed(names(), 16), algorithms=_listed(RECIPES, 2))


def _listed(words: Any, indent: int) -> str:
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > 76 - indent:
            lines.append(line.rstrip())
            line = ""
        line += f"{word}, "
    return ("\n" + " " * indent).join([*lines, line.rstrip(", ")])


def _folder_name(job: Job) -> str:
    return re.sub(r"[^\w.-]+", "-", f"{job.target}-{job.algorithm}").strip(".-")
