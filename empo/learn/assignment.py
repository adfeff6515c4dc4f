"""What is to be learned, and by what means: everything that is there before training."""

from __future__ import annotations

from dataclasses import dataclass, replace

from empo.core.errors import InputError
from empo.learn.actor_settings import ActorSettings
from empo.learn.exact import exact_solution, tabulated
from empo.learn.given import rows_of
from empo.learn.prior import Learned, Prior, ShortestPath, check_shortest_path
from empo.learn.problem import Problem, problem_of
from empo.learn.quantities import Quantities, quantities
from empo.learn.settings import RobotSettings
from empo.nets import NetSettings
from empo.solver import Solution
from empo.solver.solve import Progress
from empo.theory import Theory
from empo.worlds.world import World


@dataclass(frozen=True)
class Assignment:
    """What is to be learned, and by what means."""

    world: World
    theory: Theory
    problem: Problem
    settings: RobotSettings | ActorSettings
    quantities: Quantities
    nets: NetSettings
    """Of all networks."""
    solution: Solution | None
    """The exact one, where there is one."""


def assignment(
    world: World,
    theory: Theory,
    settings: RobotSettings | ActorSettings,
    nets: NetSettings,
    progress: Progress,
) -> Assignment:
    """Everything that is there before training. Raises `InputError` for what cannot be learned."""
    problem, evaluators = problem_of(world, theory), settings.evaluators
    if evaluators.prior == "shortest-path":
        check_shortest_path(world.model, world.name)
    solution = exact_solution(world, theory, evaluators.prior, evaluators.exact, progress)
    prior = _prior(world, problem, evaluators, solution)
    found = quantities(problem, evaluators, nets, prior)
    if evaluators.given != "nothing":
        rows = rows_of(problem, _wanted(world, solution, "given"), evaluators.given)
        assert rows is not None
        found = replace(found, given={evaluators.given: rows})
    return Assignment(world, theory, problem, settings, found, nets, solution)


def _prior(
    world: World, problem: Problem, settings: RobotSettings, solution: Solution | None
) -> Prior:
    if settings.prior == "learned":
        return Learned()
    if settings.prior == "shortest-path":
        return ShortestPath()
    return tabulated(problem, _wanted(world, solution, "prior computed"))


def _wanted(world: World, solution: Solution | None, what: str) -> Solution:
    if solution is None:
        raise InputError(
            f"{world.name}: {what} needs an exact solution (wanted a smaller world, "
            f"a folder of `empo solve` as exact, or all learned)"
        )
    return solution
