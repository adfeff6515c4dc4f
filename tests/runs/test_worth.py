"""What learned policies are worth: by plain loops that follow them, and where it is not told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import empo
from empo.cli.robot_summary import print_robot_report
from empo.learn.problem import Place
from empo.runs import worth
from empo.runs.trained import trainer_of
from empo.runs.training import begin, silent
from empo.runs.worth import worth_of_policies
from empo.solver.problem import NoPower
from tests import brute_force
from tests.brute_force import Judge
from tests.runs.games import ferry
from tests.runs.robots import ferry_file, short_job

START = {"here": 0.25, "shore": 0.75}


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Two robots that have not learned yet: policies as good as any."""
    job = short_job(ferry_file(tmp_path_factory.mktemp("world")))
    return begin(job, trainer_of(job), None, silent)


def by_loops(session, number: int) -> float:
    """V_r at the start if the robot acts by what a seed has learned."""
    trainer = session.trainer
    world = trainer.assigned.world

    class Following(Judge):
        def pi_r(self, state: str, q: dict[str, float], beta: float) -> dict[str, float]:
            if state != "shore":
                return dict.fromkeys(q, 1.0)
            place = Place(world.find_state(state).astype(np.int32)[None], np.zeros(1, np.int32))
            told = trainer.describe(session.best, place, number).values.pi_r[0]
            return {"wait": float(told[0]), "row": float(told[1])}

    (found,) = brute_force.solve(ferry(beta_r=5.0), Following)
    return sum(prob * found[state]["v_r"] for state, prob in START.items())


def test_A14_v_r_of_the_learned_policies_is_that_of_plain_loops(session):
    told = worth_of_policies(session)
    wanted = [by_loops(session, number) for number in range(2)]
    assert told["v_r_start"] == pytest.approx(wanted, rel=1e-6)
    assert wanted[0] != pytest.approx(wanted[1], rel=1e-6)

    solution = empo.solve(ferry(beta_r=5.0))
    exact = sum(prob * solution.at(state)["v_r"] for state, prob in START.items())
    assert told["v_r_start_exact"] == pytest.approx(exact, rel=1e-10)
    gaps = [(v_r - exact) / -exact for v_r in wanted]
    assert told["v_r_of_policy_gap"] == pytest.approx(np.mean(gaps), rel=1e-4)
    assert told["v_r_of_policy_gap_worst_seed"] == pytest.approx(min(gaps), rel=1e-4)
    # Rowing is what helps, and they row less often than the exact robot does.
    assert max(gaps) < 0


def test_A14_where_nothing_is_left_v_r_is_no_number(session, monkeypatch, capsys):
    of_policy, calls = worth.of_policy, []

    def one_without_power(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise NoPower("ann has none")
        return of_policy(*arguments)

    monkeypatch.setattr(worth, "of_policy", one_without_power)
    told = worth_of_policies(session)
    assert told["v_r_start"][1] is None
    assert told["v_r_start"][0] < 0
    assert "v_r_of_policy_gap" not in told
    rest = {"algorithm": "q", "target": "ferry", "steps": 1, "steps_per_second": 1.0}
    rest |= {"seconds": 1.0, "compile_seconds": 1.0, "settled": True, "advice": []}
    print_robot_report({**rest, **told, "seed": 3, "n_seeds": 2})
    assert "Of seed 4 the policy leaves somebody no power" in capsys.readouterr().out


def test_A14_nothing_is_told_of_worlds_not_solved_here(session, monkeypatch, tmp_path):
    trainer, solution = session.trainer, session.trainer.assigned.solution
    solution.save(tmp_path)
    loaded = empo.Solution.load(tmp_path, solution.world)
    for other in (None, loaded):
        monkeypatch.setattr(trainer, "assigned", replace(trainer.assigned, solution=other))
        assert worth_of_policies(session) == {}


def test_A14_the_gap_is_printed(capsys):
    report = {"algorithm": "q", "target": "ferry", "steps": 1, "steps_per_second": 1.0, "seed": 0}
    report |= {"seconds": 1.0, "compile_seconds": 1.0, "settled": True, "advice": []}
    report |= {"n_seeds": 1, "tv": 0.1, "v_r_start": [-2.5], "v_r_of_policy_gap": -0.25}
    print_robot_report(report)
    assert "relative gain in V_r over exact       -0.2500" in capsys.readouterr().out
