"""Tables of what was measured say what the records say, and no more."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest

from empo.rl.registry import RECIPES
from empo.runs.trained import job_of

DOCS = Path(__file__).parents[1] / "docs"
sys.path.append(str(DOCS / "figures"))

import learning_plan  # noqa: E402
import learning_table as table  # noqa: E402


def record(algorithm, low, high, steps_to, variant="", steps=1000):
    return {
        "algorithm": algorithm,
        "variant": variant,
        "target": "task:cartpole",
        "steps": steps,
        "threshold": 475.0,
        "final_return_iqm": (low + high) / 2,
        "final_return_low": low,
        "final_return_high": high,
        "steps_to_threshold": steps_to,
        "seconds": 12.3,
    }


ALWAYS = record("ppo", 480.0, 500.0, [100, 200, 300])
RARELY = record("a2c", 100.0, 470.0, [400, None, None])
NEVER = record("dqn", 90.0, 300.0, [None, None, None])


def test_steps_to_the_threshold_are_the_median_of_all_seeds_those_that_never_got_there_too():
    assert table.reached(ALWAYS) == "200 (3/3)"
    assert table.reached(RARELY) == "never (1/3)"
    assert table.reached(NEVER) == "never (0/3)"


def test_algorithms_are_told_apart_only_where_intervals_do_not_overlap():
    assert table.higher(ALWAYS, RARELY) == table.higher(RARELY, ALWAYS) == "ppo"
    assert table.higher(RARELY, NEVER) == "not told apart"


def test_one_is_sooner_only_if_all_its_seeds_are():
    assert table.sooner(ALWAYS, RARELY) == table.sooner(RARELY, ALWAYS) == "ppo"
    assert table.sooner(RARELY, NEVER) == "not told apart"
    late = record("trpo", 480.0, 500.0, [250, 400, 500])
    assert table.sooner(ALWAYS, late) == "not told apart"
    assert table.sooner(NEVER, NEVER) == "neither got there"


def test_unequal_budgets_are_told():
    longer = ALWAYS | {"steps": 5000}
    assert table.higher(longer, RARELY) == "ppo (ppo 5,000 steps, a2c 1,000)"
    assert table.higher(ALWAYS | {"steps": 1010}, RARELY) == "ppo"


def test_what_stands_between_the_markers_is_written_anew():
    page = f"before\n{table.BEGIN}\nstale\n{table.END}\nafter\n"
    varied = record("ppo", 1.0, 2.0, [None, None, None], variant="penalty")
    found = table.with_results(page, [ALWAYS, RARELY, varied])
    assert found.startswith("before\n")
    assert found.endswith("after\n")
    assert "stale" not in found
    plain, of_variants = found.split("### Variants of ppo on task:cartpole")
    assert "penalty" not in plain
    assert "[ppo](ppo.md), penalty" in of_variants
    assert "| [ppo](ppo.md) | 1,000 | 200 (3/3) | 490 | 480–500 | 12 |" in plain
    assert table.with_results(found, [ALWAYS, RARELY, varied]) == found
    with pytest.raises(ValueError, match="needs one"):
        table.with_results("no markers", [])


def test_claims_are_of_pairs_that_were_measured_on_the_same_task():
    rows = table.pairs([ALWAYS, RARELY]).splitlines()[4:]
    assert rows == ["| PPO is overrated, try A2C first | task:cartpole | ppo | ppo |"]
    assert table.pairs([ALWAYS]) == ""


def test_the_page_can_take_results():
    page = (DOCS / "algorithms" / "which-one.md").read_text("utf-8")
    assert "490" in table.with_results(page, [ALWAYS])


def test_every_algorithm_is_planned_as_it_comes():
    plain = {course.algorithm for course in learning_plan.plan() if not course.variant}
    assert plain == set(RECIPES)
    assert all(not c.settings for c in learning_plan.plan() if not c.variant)


@pytest.mark.parametrize("course", learning_plan.plan(), ids=lambda course: course.folder)
def test_every_course_can_be_trained(course):
    settings = dict(course.settings)
    job = job_of(course.target, course.algorithm, n_steps=course.steps, settings=settings)
    assert job.target in learning_plan.THRESHOLDS
    assert bool(course.settings) == (bool(course.variant))
    assert all(not isinstance(x, float) or not math.isnan(x) for x in settings.values())


def test_folders_are_told_apart():
    folders = [course.folder for course in learning_plan.plan()]
    assert len(set(folders)) == len(folders)
