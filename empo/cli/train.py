"""`empo train`: from a task and an algorithm to a folder with a trained policy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import Field, dataclass, field, fields, is_dataclass, make_dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import tyro

from empo.cli.flags import Positional, given, parse, settings_flags
from empo.cli.progress import showing
from empo.cli.trained_summary import finish
from empo.learn.actor_settings import ActorSettings
from empo.learn.registry import IMPLICIT, robot_names, robot_recipe
from empo.learn.settings import Exploration, Kinds, Pace, Rates, Slow, WarmUp
from empo.nets import NetSettings
from empo.rl.algorithm import Replay, Rollout
from empo.rl.normalise import InputSettings
from empo.rl.optim import Optim
from empo.rl.registry import RECIPES
from empo.runs.actor_presets import ACTOR_PRESETS
from empo.runs.jobs import default_algorithm, job_of, task_setup, world_setup
from empo.runs.robot_presets import PRESETS
from empo.runs.setup import Job, Setup, is_world
from empo.runs.trained import run_job
from empo.theory import Theory

TEACHING = """\
Train a robot that softly maximises human power in a world, or an actor-critic
(or DQN) on an ordinary task.

The folder gets report.html (curves and pictures), report.json (a few numbers),
metrics.jsonl, TensorBoard events, config.json and checkpoints. An interrupted
run goes on with `empo resume DIR`.

Targets:
  WORLD         a shipped world (see `empo worlds`) or a file. What is learned is
                compared with the exact solution where the world is small enough
  task:NAME     on the device, in one compiled program:
                {tasks}
  gym:ENV-ID    any Gymnasium environment, as gym:CartPole-v1

Algorithms in worlds:
  q: learns Q_r, V_h^e, X_h and what else is asked for side by side; the robot
     acts by equation (5). Settings come from --preset:
     {presets}
  {robots}:
     learn the robot's policy besides. Settings come from --preset:
     {actor_presets}

Algorithms on tasks:
  {algorithms}

Each has settings of its own: empo train TARGET --algorithm NAME --help

Examples:
  empo train key-door --seeds 5
  empo train my-world.yaml --beta-r 10 --preset tabular --out runs/tables
  empo train task:cartpole --algorithm ppo --seeds 8
  empo train gym:CartPole-v1 --algorithm a2c --steps 200000 --out runs/a2c

Exit codes: 2 for bad input, or if what is learned stops being finite."""

_TITLES = {
    Rollout: "data",
    Replay: "data",
    Optim: "optimiser",
    NetSettings: "networks",
    InputSettings: "inputs",
    Theory: "theory",
    Kinds: "quantities",
    Rates: "learning_rates",
    Slow: "lagging_copies",
    WarmUp: "stages",
    Pace: "episodes_of_training",
    Exploration: "exploration",
}
"""Of the groups of settings in the help."""

_BARE = ("--overwrite", "--json", "--help", "-h")
"""Flags that take no value."""


@dataclass
class _Flags:
    target: Annotated[Positional[str], tyro.conf.arg(metavar="TARGET")]
    """A world's name or file, task:NAME or gym:ENV-ID."""
    algorithm: Annotated[
        str | None,
        tyro.conf.arg(metavar="NAME", help_behavior_hint="(default: ppo; worlds: q)"),
    ] = None
    """The algorithm; the settings below are its own."""
    preset: Annotated[
        str | None,
        tyro.conf.arg(metavar="NAME", help_behavior_hint="(default: standard)"),
    ] = None
    """Settings by name, for worlds; flags replace some of them."""
    seed: int = 0
    """Of everything random; the same seed gives the same numbers."""
    seeds: int = 1
    """Independent runs side by side, with this many seeds from --seed on."""
    steps: Annotated[
        int | None,
        tyro.conf.arg(
            metavar="N", help_behavior_hint="(default: 100,000; in worlds, the preset's)"
        ),
    ] = None
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
    episodes: Annotated[
        int | None,
        tyro.conf.arg(metavar="N", help_behavior_hint="(default: 20; worlds: 256)"),
    ] = None
    """Fresh episodes by which it is judged."""
    ray: Annotated[
        str | None,
        tyro.conf.arg(metavar="ADDRESS", help_behavior_hint="(default: threads)"),
    ] = None
    """The workers of an asynchronous algorithm are processes of the Ray cluster there, or of one
    on this machine: local."""
    json: bool = False
    """Print the result as one JSON object and nothing else."""


def run(arguments: Sequence[str]) -> int:
    """The command."""
    asked = _peek(arguments)
    groups, idle = _settings(asked)
    own = "robot" if isinstance(groups[0], ActorSettings) else asked.algorithm.replace("-", "_")
    titles = [own, *(_TITLES.get(type(g), type(g).__name__.lower()) for g in groups[1:])]
    kinds = [settings_flags(type(group), _default_of(group), idle) for group in groups]
    made = [(t, kind, field(default_factory=kind)) for t, kind in zip(titles, kinds, strict=True)]
    kind = make_dataclass("TrainFlags", made, bases=(_Flags,))
    flags = parse(kind, "train", arguments, _teaching())
    pairs = [(getattr(flags, t), type(g)) for t, g in zip(titles, groups, strict=True)]
    settings = {name: value for found in given(*pairs) for name, value in found.items()}
    if flags.episodes is not None:
        settings["n_episodes"] = flags.episodes
    job = job_of(
        flags.target,
        flags.algorithm,
        preset=flags.preset,
        seed=flags.seed,
        n_seeds=flags.seeds,
        n_steps=flags.steps,
        settings={"n_evaluations": flags.evaluations, **settings},
    )
    folder = Path(flags.out) if flags.out else Path("runs") / _folder_name(job)
    with showing() as show:
        trained = run_job(job, folder, overwrite=flags.overwrite, ray=flags.ray, progress=show)
        finish(folder, trained, as_json=flags.json, progress=show)
    return 0


class _Asked(NamedTuple):
    """What decides which further flags there are."""

    target: str | None
    algorithm: str
    preset: str | None

    @property
    def in_world(self) -> bool:
        """Does a robot learn in a world?"""
        if self.target is None:
            return self.algorithm == IMPLICIT
        return is_world(self.target)


def _peek(arguments: Sequence[str]) -> _Asked:
    words, target = iter(arguments), None
    found: dict[str, str | None] = {"--algorithm": None, "--preset": None}
    for word in words:
        name, equals, value = word.partition("=")
        if name in found:
            found[name] = value if equals else next(words, None)
        elif not word.startswith("-"):
            target = word if target is None else target
        elif not equals and name not in _BARE:
            next(words, None)
    algorithm = found["--algorithm"] or default_algorithm(target or "task:")
    return _Asked(target, algorithm, found["--preset"])


def _settings(asked: _Asked) -> tuple[list[Any], frozenset[str]]:
    """All groups of settings, with their values if no flag is given; and the idle settings."""
    if not asked.in_world:
        return list(
            _groups(task_setup(asked.target or "", asked.algorithm, asked.preset))
        ), frozenset()
    setup, _ = world_setup(asked.target, asked.algorithm, asked.preset, {})
    return list(_groups(setup)), robot_recipe(asked.algorithm).idle


def _groups(settings: Any) -> list[Any]:
    """The settings and all groups of settings within them."""
    if isinstance(settings, Setup):
        return [found for group in settings.groups().values() for found in _groups(group)]
    inner = [getattr(settings, f.name) for f in fields(settings)]
    return [settings, *(group for v in inner if is_dataclass(v) for group in _groups(v))]


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

    return TEACHING.format(
        tasks=_listed(names(), 16),
        algorithms=_listed(RECIPES, 2),
        robots=_listed(robot_names()[1:], 2),
        presets=_listed(PRESETS, 5),
        actor_presets=_listed(ACTOR_PRESETS, 5),
    )


def _listed(words: Any, indent: int) -> str:
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > 76 - indent:
            lines.append(line.rstrip())
            line = ""
        line += f"{word}, "
    return ("\n" + " " * indent).join([*lines, line.rstrip(", ")])


def _folder_name(job: Job) -> str:
    target = Path(job.target).stem if is_world(job.target) else job.target
    return re.sub(r"[^\w.-]+", "-", f"{target}-{job.algorithm}").strip(".-")
