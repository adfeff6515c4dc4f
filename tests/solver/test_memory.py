"""Memory is planned: as much comfort as fits, or an error that says how much is needed."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

import empo
from empo.core.errors import InputError
from empo.solver.memory import GIB, Plan, plan_memory
from empo.solver.problem import OPTIONAL, Problem
from empo.solver.solve import theory_of
from empo.worlds.compile import Search, compile_world
from empo.worlds.load import load
from tests.solver.drawn import File


def room(side: int, **theory: float) -> File:
    """A square room with a robot, a human, and a goal in every cell of the diagonal."""
    cells = [["."] * side for _ in range(side)]
    cells[0][0], cells[-1][-1] = "h", "r"
    return {
        "kind": "grid",
        "name": "room",
        "map": "\n".join("".join(line) for line in cells),
        "goals": [{"cell": [x, x]} for x in range(side)],
        "theory": {"gamma_h": 0.9, "gamma_r": 0.9, **theory},
    }


@pytest.fixture(scope="module", params=[{}, {"horizon": 6}], ids=["cyclic", "horizon"])
def problem(request) -> Problem:
    world = load(room(8, **request.param))
    theory = theory_of(world)
    found = compile_world(Search(world, GIB, lambda _expanded, _found: None), theory.horizon)
    return Problem(found, theory)


def needed(problem: Problem) -> float:
    """Bytes below which solving is refused."""
    low, high = 0.0, 64 * GIB
    while high - low > 1024:
        middle = (low + high) / 2
        try:
            plan_memory(problem, middle)
            high = middle
        except InputError:
            low = middle
    return high


def test_more_memory_never_makes_a_plan_less_comfortable(problem):
    least = needed(problem)
    plans = [plan_memory(problem, least + extra * 2**18) for extra in range(300)]
    comforts = [(plan.history, plan.goal_block, len(plan.keep)) for plan in plans]
    assert comforts == sorted(comforts)
    assert plans[-1].keep == OPTIONAL
    assert plans[0].keep < OPTIONAL


def test_a_plan_stays_within_what_is_allowed(problem):
    least = needed(problem)
    for extra in range(0, 400, 7):
        allowed = least + extra * 2**18
        plan = plan_memory(problem, allowed)
        assert plan.bytes <= allowed + 1
        assert 1 <= plan.goal_block <= 8
        assert plan.history in (0, 3, 5, 8)


def test_goals_are_worked_on_in_blocks_where_memory_is_scarce():
    world = load(room(8))
    search = Search(world, GIB, lambda _expanded, _found: None)
    problem = Problem(compile_world(search, None), theory_of(world))
    plans: list[Plan] = [plan_memory(problem, needed(problem)), plan_memory(problem, GIB)]
    scarce, plenty = plans
    assert (plenty.goal_block, plenty.history, plenty.keep) == (8, 8, OPTIONAL)
    assert (scarce.goal_block, scarce.history, scarce.keep) == (4, 0, frozenset())
    assert scarce.bytes < plenty.bytes


def test_too_little_memory_is_refused_with_the_amount_that_does(problem):
    with pytest.raises(InputError) as error:
        plan_memory(problem, 0.1 * GIB)
    n_states = f"{problem.game.n_states:,}"
    wanted = rf"room: solving {n_states} states needs (\d+\.\d\d) GiB, 0\.10 GiB are allowed"
    found = re.fullmatch(wanted, str(error.value))
    assert found is not None
    assert float(found[1]) == pytest.approx(needed(problem) / GIB, abs=0.006)


def test_solving_is_refused_before_it_begins():
    with pytest.raises(InputError, match=r"needs \d+\.\d\d GiB, 0\.05 GiB are allowed"):
        empo.solve(room(4), memory_gib=0.05)


# The peak that getrusage tells of includes that of the process which started this one.
MEASURED = """
import json, re, sys, empo
solution = empo.solve(json.loads(sys.argv[1]), tolerance=1e-6)
status = open("/proc/self/status").read()
peak = int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) / 2**20
print(json.dumps([solution.game.n_states, solution.effort.planned_gib, peak]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("theory", [{}, {"horizon": 12}], ids=["cyclic", "horizon"])
def test_the_peak_is_what_was_predicted(theory):
    world = json.dumps(room(12, x_h_floor=0.1, **theory))
    program = [sys.executable, "-c", MEASURED, world]
    done = subprocess.run(program, check=True, capture_output=True, text=True)
    n_states, planned, peak = json.loads(done.stdout)
    assert n_states > 15_000
    assert peak < 1.1 * planned
    assert planned < 2.5 * peak
