"""The exact solution of what is to be learned, where the world is small enough to be enumerated."""

from __future__ import annotations

import os
from pathlib import Path

from empo.core.errors import InputError
from empo.learn.given import rows_of
from empo.learn.prior import Tabulated
from empo.learn.problem import Problem
from empo.learn.settings import HumanPrior
from empo.solver import Solution, solve
from empo.solver.solve import Progress
from empo.theory import Theory
from empo.worlds.compile import Search, compile_world
from empo.worlds.world import World

LARGEST = 20_000
"""States of the largest world that is solved without being asked for."""


def exact_solution(
    world: World, theory: Theory, prior: HumanPrior, source: str, progress: Progress
) -> Solution | None:
    """The solution to judge by, or None where there is none.

    `source` is "auto" (solved here if the world has at most `LARGEST` states), "never", or a folder
    that `empo solve` wrote. Raises `InputError` if that holds a solution of something else.
    """
    if source == "never":
        return None
    straight = "shortest-path" if prior == "shortest-path" else "computed"
    if source != "auto":
        return _checked(Solution.load(Path(source), world), world, theory, straight, source)
    if not is_small(world, theory):
        return None
    return solve(world, prior=straight, progress=progress, **vars(theory))


def is_small(world: World, theory: Theory) -> bool:
    """Can at most `LARGEST` states be reached?"""

    class TooLarge(Exception):
        pass

    def searching(_expanded: int, found: int) -> None:
        if found > LARGEST:
            raise TooLarge

    try:
        compile_world(Search(world, progress=searching), theory.horizon)
    except TooLarge:
        return False
    return True


def tabulated(problem: Problem, solution: Solution) -> Tabulated:
    """The exact human prior as a policy object."""
    found = rows_of(problem, solution, "pi_h")
    if found is None:
        raise InputError(
            f"{solution.world.name}: the solution holds no pi_h for want of memory (wanted a "
            f"smaller world, or prior learned)"
        )
    return Tabulated(found)


def _checked(
    solution: Solution, world: World, theory: Theory, prior: str, source: str | os.PathLike[str]
) -> Solution:
    for what, found, wanted in (
        ("world", solution.world.name, world.name),
        ("theory", solution.theory, theory),
        ("prior", solution.prior, prior),
    ):
        if found != wanted:
            raise InputError(f"{source}: solves {what} {found} (wanted {wanted})")
    return solution
