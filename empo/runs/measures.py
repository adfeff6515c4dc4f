"""What the runs of a study are measured by: returns on tasks, distances to the truth in worlds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from empo.core.errors import InputError
from empo.core.store import read_json
from empo.core.types import Float
from empo.learn.advisor import advise
from empo.learn.exact import exact_solution
from empo.learn.settings import HumanPrior
from empo.runs.advice import implied_errors, traces_of
from empo.runs.folder import REPORT
from empo.runs.history import Curve, History, read_history
from empo.runs.setup import Job, is_world
from empo.runs.targets import world_of
from empo.runs.training import silent
from empo.theory import Theory

PerSeed = Float[np.ndarray, " seed"]


class Finished(NamedTuple):
    """What a training run has left in its folder."""

    job: Job
    history: History
    report: Mapping[str, Any]


@dataclass(frozen=True)
class Measure:
    """A number of each seed by which runs are compared."""

    name: str
    """What tables and files call it."""
    words: str
    """What it is."""
    symbol: str
    """Heading of its column."""
    of: Callable[[Finished], PerSeed]
    better: Literal["high", "low"] = "low"

    def worst(self, scores: PerSeed) -> float:
        """That of the seed which did worst."""
        return float(scores.max() if self.better == "low" else scores.min())


@dataclass(frozen=True)
class Yardstick:
    """How the runs on one kind of targets are compared."""

    course: str
    """The quantity of evaluations whose way through the training is drawn."""
    course_words: str
    measures: tuple[Measure, ...]
    """The most telling first."""


def read_finished(job: Job, folder: Path) -> Finished:
    """What the run of that job has left. Raises `InputError` if there is none."""
    return Finished(job, read_history(folder), read_json(folder / REPORT))


def yardstick(target: str) -> Yardstick:
    """How runs on that target are compared."""
    return DISTANCES if is_world(target) else RETURNS


def course(run: Finished, name: str, kind: str = "evaluate") -> Curve:
    """A quantity of all seeds. Raises `InputError` if the run did not measure it."""
    found = run.history.curve(kind, name)
    if found is None or not len((held := found.held()).steps):
        wanted = "a world small enough to be solved exactly" if name == "tv" else "a finished run"
        raise InputError(f"{run.job.target}: has no {name} of every seed (wanted {wanted})")
    return held


def at_the_end(name: str) -> Callable[[Finished], PerSeed]:
    """Each seed's last evaluation."""
    return lambda run: course(run, name).values[:, -1]


def whole_training(name: str) -> Callable[[Finished], PerSeed]:
    """The mean of each seed's evaluations, without that of the untrained policy.

    It tells who learns sooner where all end at the same.
    """
    return lambda run: course(run, name).values[:, 1:].mean(axis=1)


def latter(
    share: float,
    statistic: Callable[[Curve], PerSeed],
    name: str,
    kind: Literal["evaluate", "train"] = "evaluate",
) -> Callable[[Finished], PerSeed]:
    """A statistic of the numbers in the last share of the training."""

    def of(run: Finished) -> PerSeed:
        found = course(run, name, kind)
        late = found.steps - found.steps[-1] >= -share * found.steps[-1]
        return statistic(Curve(found.steps[late], found.values[:, late]))

    return of


def mean_of(curve: Curve) -> PerSeed:
    """The mean of each seed's numbers."""
    return curve.values.mean(axis=1)


def swings(curve: Curve) -> PerSeed:
    """The standard deviation of each seed's numbers around the straight line that fits best.

    So what steadily falls does not count as swinging.
    """
    time = curve.steps - curve.steps.mean()
    slope = curve.values @ time / max(time @ time, 1.0)
    straight = curve.values.mean(axis=1, keepdims=True) + slope[:, None] * time
    return np.sqrt(np.mean((curve.values - straight) ** 2, axis=1))


def settled(run: Finished) -> PerSeed:
    """1 for each seed of which the advisor has nothing to say, 0 for the others."""
    algorithm, theory = run.job.setup.algorithm.evaluators, run.job.setup.theory
    assert theory is not None
    found = []
    for number, seed in enumerate(run.job.seeds):
        residual = {
            name.removeprefix("residual_"): float(course(run, name).values[number, -1])
            for name in run.history.names("evaluate")
            if name.startswith("residual_")
        }
        wrong_by = implied_errors(residual, theory)
        traces = traces_of(run.history, seed, algorithm, theory, wrong_by)
        found.append(not list(advise(traces)))
    return np.array(found, float)


def exact_lipschitz(run: Finished) -> PerSeed:
    """The local Lipschitz constant of the equations at their exact solution, for all seeds."""
    setup = run.job.setup
    assert setup.theory is not None
    found = _lipschitz(run.job.target, setup.theory, setup.algorithm.prior, setup.algorithm.exact)
    return np.full(run.job.n_seeds, found)


def steps_needed(run: Finished) -> PerSeed:
    """Environment steps until V_r is within 5% and tv within a tenth of the uniform policy's.

    It counts when it stays so to the end; a seed that ends elsewhere needs more than all its steps,
    and is given twice as many.
    """
    tv, uniform = course(run, "tv"), course(run, "tv_uniform")
    good = (tv.values <= 0.1 * uniform.values) & (course(run, "v_r_rel_error").values <= 0.05)
    lasting = np.flip(np.logical_and.accumulate(np.flip(good, axis=1), axis=1), axis=1)
    first = tv.steps[np.argmax(lasting, axis=1)]
    return np.where(lasting[:, -1], first, 2.0 * tv.steps[-1])


def spread(run: Finished) -> PerSeed:
    """How far each seed's V_r at the start is from their mean, as a share of that."""
    found = np.array(run.report["v_r_start"], float)
    return np.abs(found / found.mean() - 1)


@lru_cache
def _lipschitz(target: str, theory: Theory, prior: HumanPrior, source: str) -> float:
    solution = exact_solution(world_of(target), theory, prior, source, silent)
    if solution is None or (found := solution.effort.lipschitz) is None:
        raise InputError(f"{target}: has no Lipschitz constant (wanted a small world)")
    return found


RETURNS = Yardstick(
    "return_mean",
    "Returns",
    (
        Measure(
            "last evaluation",
            "return, last evaluation",
            "return",
            at_the_end("return_mean"),
            "high",
        ),
        Measure(
            "mean over the whole training",
            "return, mean over the whole training",
            "return",
            whole_training("return_mean"),
            "high",
        ),
    ),
)
"""Of ordinary tasks."""

DISTANCES = Yardstick(
    "tv",
    "Distance to the exact policy",
    (
        Measure("tv", "distance to the exact policy, at the end", "tv", at_the_end("tv")),
        Measure(
            "mean tv",
            "distance to the exact policy, mean over the whole training",
            "tv",
            whole_training("tv"),
        ),
        Measure("v_h_e_error", "error of V_h^e, at the end", "error", at_the_end("v_h_e_error")),
        Measure(
            "tracking error",
            "V_h^e behind its own equation, mean over the second half",
            "error",
            latter(1 / 2, mean_of, "residual_v_h_e"),
        ),
        Measure(
            "residual of q_r",
            "Q_r beside its own equation, at the end",
            "residual",
            at_the_end("residual_q_r"),
        ),
        Measure(
            "oscillation",
            "oscillation of the distance to the exact policy around a line, in the last third",
            "deviation",
            latter(1 / 3, swings, "tv"),
        ),
        Measure(
            "policy change",
            "change of the policy in 100 updates, mean over the last third",
            "tv",
            latter(1 / 3, mean_of, "policy_change", "train"),
        ),
        Measure("settled", "share of seeds that have settled", "share", settled, "high"),
    ),
)
"""Of robots in worlds small enough to be solved exactly; tv is total variation distance."""

LIPSCHITZ = Measure(
    "exact lipschitz",
    "local Lipschitz constant of the equations at the exact solution",
    "constant",
    exact_lipschitz,
)

LEARNED_LIPSCHITZ = Measure(
    "learned lipschitz",
    "local Lipschitz constant of the equations at what was learned",
    "constant",
    at_the_end("lipschitz"),
)
"""Where the game may return to its states the spectral radius, as that at the exact solution; with
a horizon the largest growth that a step makes, in one norm."""

STEPS_NEEDED = Measure(
    "steps needed",
    "steps until V_r is within 5% and the policy within a tenth of the uniform one's distance, to "
    "stay there; twice all steps where that did not happen",
    "steps",
    steps_needed,
)

DIVERGENCE = Measure("kl", "KL(learned policy, exact policy), at the end", "nats", at_the_end("kl"))

EFFECTIVE_SHARE = Measure(
    "effective share",
    "share of an actor's samples that count, after weighing, in the last third",
    "share",
    latter(1 / 3, mean_of, "actor_effective_share", "train"),
    "high",
)

SPREAD = Measure(
    "spread of v_r",
    "distance of the policy's V_r at the start, evaluated exactly, from the mean over seeds",
    "share",
    spread,
)

START_VALUE = Measure(
    "v_r at the start",
    "V_r at the start, of the learned policy evaluated exactly",
    "V_r",
    lambda run: np.array(run.report["v_r_start"], float),
    "high",
)
