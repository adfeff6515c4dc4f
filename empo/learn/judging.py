"""A learned robot judged: where it goes, how far it is from the truth, whether it has settled."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from empo.core.types import Array, Float, Int
from empo.learn.acting import played
from empo.learn.gap import Described, Gap, at_places, describe, gap
from empo.learn.lipschitz import lipschitz
from empo.learn.problem import Place, Problem
from empo.learn.quantities import Quantities, Weights
from empo.learn.settings import Pace
from empo.learn.task import Seen
from empo.solver import Solution
from empo.tasks.programs import Programs
from empo.tasks.task import Task


class Found(NamedTuple):
    """What is found out about one learned robot."""

    gap: Gap | None
    """None where there is no exact solution."""
    residuals: dict[str, float]
    """How far each quantity is from its own equation, a mean over visits."""
    lipschitz: float | None = None
    """The local Lipschitz constant of the coupled equations; None where it has no finite value."""

    def record(self) -> dict[str, float]:
        """All numbers by name."""
        found = {} if self.gap is None else asdict(self.gap)
        found |= {f"residual_{name}": value for name, value in self.residuals.items()}
        return found if self.lipschitz is None else found | {"lipschitz": self.lipschitz}


class JudgedRobots(NamedTuple):
    """What is found out about the robot of each seed, as a training run wants it."""

    found: tuple[Found, ...]
    n_updates: int

    @property
    def score(self) -> Float[np.ndarray, " seed"]:
        """What has learned longest is best: no robot is chosen by looking at the exact solution."""
        return np.full(len(self.found), float(self.n_updates))

    def row(self, number: int) -> dict[str, Any]:
        """What metrics.jsonl tells of one seed."""
        return self.found[number].record()

    def report(self) -> dict[str, Any]:
        """What report.json tells: means over seeds, and the worst seed's distance."""
        rows = [found.record() for found in self.found]
        told = [name for name in rows[0] if all(name in row for row in rows)]
        means = {name: float(np.mean([row[name] for row in rows])) for name in told}
        if "tv" in means:
            means["tv_max"] = max(row["tv_max"] for row in rows)
            means["tv_worst_seed"] = max(row["tv"] for row in rows)
        return means


class Visits(NamedTuple):
    """The different places of some episodes, and how often each was visited."""

    places: Place
    number: Int[np.ndarray, " n"]


def judged(
    quantities: Quantities,
    problem: Problem,
    weights: Weights,
    visits: Visits,
    solution: Solution | None,
    programs: Programs,
) -> tuple[Found, Described]:
    """Judge what these weights say of the places visited."""
    described = describe(quantities, problem, weights, visits.places, programs)
    share = visits.number / visits.number.sum()
    residuals = {name: float(share @ values) for name, values in described.residuals.items()}
    local = lipschitz(quantities, problem, weights, visits.places, solution, programs)
    if solution is None:
        return Found(None, residuals, local), described
    exact = at_places(solution, visits.places)
    return Found(gap(problem, described, exact, visits.number), residuals, local), described


def visited(
    quantities: Quantities,
    problem: Problem,
    task: Task,
    pace: Pace,
    weights: Weights,
    n_episodes: int,
    programs: Programs,
    *,
    seed: int,
) -> Visits:
    """Where episodes lead in which all act as was learned, and nobody explores."""

    def play(weights: Weights, key: Array) -> Place:
        def one(key: Array) -> Place:
            key_reset, key_steps = jax.random.split(key)
            return _episode(quantities, problem, task, pace, weights, key_reset, key_steps)

        return jax.vmap(one)(jax.random.split(key, n_episodes))

    places = programs.call(("visited", n_episodes), play, weights, jax.random.key(seed))
    joined = np.concatenate([np.asarray(places.state), np.asarray(places.time)[..., None]], axis=-1)
    rows, number = np.unique(joined.reshape(-1, joined.shape[-1]), axis=0, return_counts=True)
    return Visits(Place(rows[:, :-1], rows[:, -1]), number)


def _episode(
    quantities: Quantities,
    problem: Problem,
    task: Task,
    pace: Pace,
    weights: Weights,
    key_reset: Array,
    key_steps: Array,
) -> Place:
    """The places from which somebody acts in one episode."""
    beta_r = jnp.float32(problem.parameters.beta_r)
    n_steps = pace.episode_steps if problem.horizon is None else problem.horizon

    def step(seen: Seen, key: Array) -> tuple[Seen, Place]:
        key_act, key_next = jax.random.split(key)
        action = played(quantities, problem, weights, seen, beta_r, key=key_act)
        return task.step(seen, action, key=key_next)[0], seen.place

    return jax.lax.scan(step, task.reset(key=key_reset), jax.random.split(key_steps, n_steps))[1]
