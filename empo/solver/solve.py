"""From a world to its solution, in one call."""

from __future__ import annotations

import math
import os
import time as clock
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import jax

from empo.core.cache import keep_compiled_programs
from empo.core.errors import InputError
from empo.solver.backward import sweep_backward
from empo.solver.continuation import solve_humans, solve_robot
from empo.solver.cyclic import Cyclic, unpack_robot
from empo.solver.fixed_point import Rules
from empo.solver.memory import GIB, Plan, free_memory, plan_memory
from empo.solver.problem import Prior, Problem, Values, check_values
from empo.solver.solution import Effort, Solution
from empo.solver.starts import several_starts
from empo.solver.tables import Tables, solve_layer
from empo.solver.verify import lipschitz, residuals
from empo.theory import Theory
from empo.worlds.compile import Search, compile_world
from empo.worlds.load import load
from empo.worlds.world import World

Progress = Callable[[str, float | None, str], None]
"""Gets what is being done, the fraction done (None: unknown) and a detail to show."""

_LARGE = 100_000
"""Games with more states get a rougher estimate of the Lipschitz constant."""


@dataclass(frozen=True)
class Options:
    """How to solve; what to solve is in `Theory`."""

    prior: Prior = "computed"
    """How humans act: by equations (1)-(3), or (on grids) straight towards their goals."""
    repeat: int = 1
    """Solve Phase 1 from so many starting points and report whether solutions differ."""
    tolerance: float = 1e-13
    """The residual at which the iteration of a cyclic world stops."""
    max_sweeps: int = 20_000
    """Sweeps after which a cyclic world counts as not convergent."""
    memory_gib: float | None = None
    """Memory that may be used, in GiB; none: 80% of what is free."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        problems = []
        if self.repeat < 1:
            problems.append(f"repeat must be >= 1, got {self.repeat}")
        if not 0 < self.tolerance < 1:
            problems.append(f"tolerance must be between 0 and 1, got {self.tolerance}")
        if self.max_sweeps < 1:
            problems.append(f"max_sweeps must be >= 1, got {self.max_sweeps}")
        if self.memory_gib is not None and not self.memory_gib > 0:
            problems.append(f"memory_gib must be > 0, got {self.memory_gib}")
        if problems:
            raise InputError(problems)


def solve(
    world: World | str | os.PathLike[str] | Mapping[str, Any],
    *,
    options: Options | None = None,
    progress: Progress = lambda _what, _done, _detail: None,
    **settings: Any,
) -> Solution:
    """Solve equations (1)-(9) exactly.

    `world` is a World, a shipped name, a file, or data as a file would hold it. `settings` are
    fields of `Theory` (they go before the world's own) and of `Options`. Raises `InputError` for
    bad input, a human without power or too little memory, and `NotConverged`.
    """
    keep_compiled_programs()
    world = world if isinstance(world, World) else load(world)
    names = {field.name for field in fields(Options)}
    chosen = {name: settings.pop(name) for name in names & settings.keys()}
    options = replace(options or Options(), **chosen)
    theory = theory_of(world, **settings)
    allowed = free_memory() if options.memory_gib is None else options.memory_gib * GIB
    begin = clock.perf_counter()

    def searching(expanded: int, found: int) -> None:
        progress("Finding states", None, f"{expanded:,} of {found:,} expanded")

    game = compile_world(Search(world, allowed, searching), theory.horizon)
    found = clock.perf_counter()
    problem = Problem(game, theory, options.prior)
    plan = plan_memory(problem, allowed)
    with jax.enable_x64(True):
        method = _solve_cyclic if game.order == "cyclic" else _solve_backward
        values, effort = method(problem, plan, options, progress)
    effort = replace(
        effort,
        enumerate_seconds=found - begin,
        seconds=clock.perf_counter() - found,
        planned_gib=plan.bytes / GIB,
    )
    return Solution(game, theory, options.prior, tuple(values), effort)


def theory_of(world: World, **settings: Any) -> Theory:
    """The world's theory settings, overridden by those given."""
    known = {field.name for field in fields(Theory)}
    if unknown := sorted(settings.keys() - known):
        raise InputError(
            f"unknown setting {', '.join(unknown)} (wanted: {', '.join(sorted(known))})"
        )
    return Theory(**{**world.theory, **settings})


def _solve_backward(
    problem: Problem, plan: Plan, options: Options, progress: Progress
) -> tuple[list[Values], Effort]:
    n_states = problem.game.n_states

    def sweeping(done: int) -> None:
        progress("Sweeping backward", done / n_states, f"{done:,} of {n_states:,} states")

    values = sweep_backward(problem, plan.keep, sweeping)
    unique = 1 if options.repeat > 1 and problem.prior == "computed" else None
    return values, Effort(0.0, 0.0, sweeps=1, n_phase1_solutions=unique)


def _solve_cyclic(
    problem: Problem, plan: Plan, options: Options, progress: Progress
) -> tuple[list[Values], Effort]:
    cyclic = Cyclic(problem)
    rules = Rules(options.tolerance, options.max_sweeps, plan.history)

    def iterating(what: str, sweeps: int, residual: float) -> None:
        done = math.log(max(residual, rules.tolerance)) / math.log(rules.tolerance)
        progress(f"Solving {what}", max(0.0, done), f"sweep {sweeps}, residual {residual:.1e}")

    effort = Effort(0.0, 0.0, 0)
    b_h_m = None
    if problem.prior == "computed":
        b_h_m, sweeps = solve_humans(cyclic, rules, plan.goal_block, iterating)
        pi_h = cyclic.map(lambda _, chunk: cyclic.humans(chunk, b_h_m).pi_h)
        effort = replace(effort, sweeps=sweeps)
        if options.repeat > 1:
            starts = several_starts(
                cyclic, b_h_m, rules, plan.goal_block, options.repeat, iterating
            )
            effort = replace(effort, n_phase1_solutions=starts.n, phase1_range=starts.range)
    else:
        pi_h = cyclic.prior()
    followed = solve_robot(cyclic, pi_h, rules, iterating)
    tables = Tables(b_h_m, *unpack_robot(cyclic, followed.x))
    values, arrivals = solve_layer(problem, cyclic.layer, tables, plan.keep)
    check_values(problem, 0, values)
    again, _ = solve_layer(problem, cyclic.layer, arrivals, plan.keep)
    iterations = 24 if problem.game.n_states < _LARGE else 10
    effort = replace(
        effort,
        sweeps=effort.sweeps + followed.sweeps,
        residuals=residuals(values, again),
        lipschitz=lipschitz(cyclic, pi_h, followed.x, iterations),
        leap_at=followed.leap_at,
    )
    return [values], effort
