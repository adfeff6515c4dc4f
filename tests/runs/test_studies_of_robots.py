"""Studies of learning a robot: S4's numbers, variants alike but for what they vary, measures."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from empo.core.errors import InputError
from empo.learn.stages import FULL
from empo.runs.actor_studies import ACTOR_STUDIES
from empo.runs.history import history_of
from empo.runs.jobs import job_of
from empo.runs.measures import (
    DISTANCES,
    LEARNED_LIPSCHITZ,
    LIPSCHITZ,
    RETURNS,
    Finished,
    exact_lipschitz,
    yardstick,
)
from empo.runs.robot_studies import COMMON, ROBOT_STUDIES
from empo.runs.studies import STUDIES
from empo.runs.studying import Extent, Outcome, carry_out, plan, records
from empo.runs.variants import Study, Variant
from empo.solver import solve
from empo.views.study import write_study
from empo.worlds import load
from tests.views.page import Page

REST = ("U_r pathway fast", "Q_r fast")
RATES = ((1e-4, 1e-4), (1e-3, 1e-4), (1e-4, 1e-3))
"""Of what leads to U_r and of Q_r with V_r: equal, U_r pathway fast, Q_r fast."""
MEASURES = {measure.name: measure for measure in DISTANCES.measures}


def leaves(job):
    """Every setting by name, those of groups within included."""

    def of(record):
        for name, value in record.items():
            if isinstance(value, dict):
                yield from of(value)
            else:
                yield name, value

    return dict(of(asdict(job.setup))) | {"n_steps": job.n_steps, "n_seeds": job.n_seeds}


def jobs(name, target):
    """The jobs of a study on one world, by label."""
    places = plan(ROBOT_STUDIES[name], Extent(targets=(target,)), Path("nothing"))
    return {place.variant.label: leaves(place.job) for place in places}


def varied(name, target):
    """For each variant what differs from the first of the study."""
    first, *others = jobs(name, target).items()
    return {
        label: {key: value for key, value in settings.items() if value != first[1][key]}
        for label, settings in (first, *others)
    }


def test_robots_and_tasks_are_in_one_registry():
    assert {"code-level", *ROBOT_STUDIES, *ACTOR_STUDIES} == set(STUDIES)
    assert set(ROBOT_STUDIES) == {"timescales", "contraction", "targets", "warmup", "frequency"}


def test_B21_the_three_experiments_have_the_numbers_of_the_document():
    found = jobs("timescales", "bush-line")
    assert len(found) == 3 * 5
    for beta_r in (0, 1, 5, 10, 20):
        rows = [found[f"beta_r {beta_r}: {name}"] for name in ("equal", *REST)]
        for row, (evaluator, robot) in zip(rows, RATES, strict=True):
            assert row["beta_r"] == beta_r
            assert {row[f"lr_{name}"] for name in ("v_h_e", "x_h", "u_r")} == {evaluator}
            assert {row[f"lr_{name}"] for name in ("q_r", "v_r")} == {robot}
            warm_up = [row[f"warmup_{name}_steps"] for name in ("v_h_e", "x_h", "q_r")]
            assert (warm_up, row["beta_r_rampup_steps"]) == ([1000] * 3, 2000)


@pytest.mark.parametrize("target", ROBOT_STUDIES["timescales"].targets)
def test_variants_differ_in_what_is_asked_and_in_nothing_else(target):
    lengths = {"warmup_v_h_e_steps", "warmup_x_h_steps", "warmup_q_r_steps"}
    ramp = "beta_r_rampup_steps"
    rates = {f"lr_{name}" for name in ("v_h_e", "x_h", "u_r", "q_r", "v_r")}
    for found in varied("timescales", target).values():
        assert set(found) <= rates | {"beta_r"}
    for label, found in varied("contraction", target).items():
        assert set(found) <= {"beta_r"}
        assert label == f"beta_r {jobs('contraction', target)[label]['beta_r']:g}"
    assert [*varied("targets", target).values()] == [
        {},
        {"loss_space": "linear"},
        {"expectation": "sampled"},
        {"expectation": "sampled", "loss_space": "linear"},
    ]
    assert varied("warmup", target) == {
        "the document's": {},
        "none": dict.fromkeys({*lengths, ramp}, 0),
        "half as long": {**dict.fromkeys(lengths, 500), ramp: 1000},
        "twice as long": {**dict.fromkeys(lengths, 2000), ramp: 4000},
        "ramp in a straight line": {"ramp": "linear"},
        "replay cleared after the ramp": {"clear_replay": True},
    }
    assert varied("frequency", target) == {
        "neither": {},
        "Q_r every 5th update": {"robot_every": 5},
        "Q_r with a fifth of the rate": {"lr_q_r": 2e-4, "lr_v_r": 2e-4},
    }


def run_of(rows, target="bush-line", **settings):
    """A finished run with these evaluations: for each seed the numbers of a name, in order."""
    made = [
        {"step": 10 * i, "seed": seed, "kind": kind, name: value}
        for (kind, name), seeds in rows.items()
        for seed, values in enumerate(seeds)
        for i, value in enumerate(values)
    ]
    n_seeds = len(next(iter(rows.values())))
    job = job_of(target, "q", n_seeds=n_seeds, settings={"prior": "computed", **settings})
    return Finished(job, history_of(made), {})


def test_measures_of_distance_by_hand():
    tv = [[9, 4, 2, 3, 1, 3, 1], [9, 1, 1, 1, 1, 1, 1]]  # at steps 0 ... 60
    run = run_of({("evaluate", "tv"): tv, ("train", "policy_change"): tv})
    assert MEASURES["tv"].of(run).tolist() == [1, 1]
    assert MEASURES["mean tv"].of(run) == pytest.approx([14 / 6, 1])  # without the untrained 9
    # The last third is from step 40 on: 1, 3, 1 with mean 5/3 and variance (2 (2/3)^2 + (4/3)^2)/3.
    assert MEASURES["policy change"].of(run) == pytest.approx([5 / 3, 1])
    assert MEASURES["oscillation"].of(run) == pytest.approx([math.sqrt(8) / 3, 0])


def test_what_steadily_falls_does_not_oscillate():
    falling, swinging = [9, 8, 7, 6, 5, 4, 3], [9, 8, 7, 6, 5 + 1, 4 - 2, 3 + 1]
    run = run_of({("evaluate", "tv"): [falling, swinging]})
    # On the line of the last third lie 1, -2 and 1 more: the root of (1 + 4 + 1)/3.
    assert MEASURES["oscillation"].of(run) == pytest.approx([0, math.sqrt(2)])


def test_B03_the_tracking_error_is_that_of_the_second_half():
    run = run_of({("evaluate", "residual_v_h_e"): [[9, 9, 1, 2, 3]]})  # from step 20 on
    assert MEASURES["tracking error"].of(run).tolist() == [2]


def test_small_is_good_but_for_the_share_that_has_settled():
    high = [name for name, measure in MEASURES.items() if measure.better == "high"]
    assert high == ["settled"]
    assert MEASURES["tv"].worst(np.array([0.1, 0.3])) == 0.3
    assert MEASURES["settled"].worst(np.array([0.0, 1.0])) == 0.0


def test_worlds_and_tasks_are_measured_by_their_own():
    assert yardstick("bush-line") is DISTANCES
    assert yardstick("task:cartpole") is yardstick("gym:CartPole-v1") is RETURNS
    assert ROBOT_STUDIES["contraction"].measures("bush-line")[-2:] == (LIPSCHITZ, LEARNED_LIPSCHITZ)


def test_a_run_without_an_exact_solution_is_refused():
    run = run_of({("evaluate", "residual_q_r"): [[1.0, 2.0]]})
    with pytest.raises(InputError, match=r"bush-line: has no tv .* solved exactly"):
        MEASURES["tv"].of(run)


def test_B06_the_lipschitz_constant_is_that_of_the_exact_solution():
    run = run_of({("evaluate", "tv"): [[1], [1]]}, target="two-state", beta_r=3.0)
    wanted = solve(load("two-state"), beta_r=3.0).effort.lipschitz
    assert exact_lipschitz(run).tolist() == [wanted, wanted]


def made_up(level):
    """A run that measures everything, at about that level, of two seeds."""
    residuals = tuple(f"residual_{name}" for name in ("v_h_e", "x_h", "q_r"))
    names = ("tv", "v_h_e_error", *residuals, "lipschitz")
    falling = [[level * (1 + 0.1 * seed) / (i + 1) for i in range(6)] for seed in range(2)]
    found = {("evaluate", name): falling for name in names}
    train = ("policy_change", "q_r_loss", "v_h_e_loss", "x_h_loss", "q_r_lag", "v_h_e_lag")
    found |= {("train", name): falling for name in train}
    found["train", "stage"] = [[float(FULL)] * 6] * 2
    return run_of(found)


def test_the_page_draws_each_name_along_the_setting_and_says_what_was_found(tmp_path):
    levels = {("a", 1.0): 0.1, ("b", 1.0): 0.9, ("a", 2.0): 0.9, ("b", 2.0): 0.1}
    variants = [
        Variant(name, "q", {"beta_r": beta_r}, f"beta_r {beta_r:g}") for name, beta_r in levels
    ]
    asked = Study("Which?", {"bush-line": 1}, tuple(variants), along="beta_r")
    outcomes = [
        Outcome(variant, "bush-line", tmp_path, made_up(level))
        for variant, level in zip(variants, levels.values(), strict=True)
    ]
    outcomes[1] = replace(outcomes[1], run=None, trouble="step 3: it has")
    page = Page(write_study(tmp_path / "study.html", "which", asked, outcomes).read_text())
    assert page.balanced
    for said in ("at the end – better: b (beta_r 2); diverged: b (beta_r 1).", "difference to “a”"):
        assert said in page.text
    # Eight measures along beta_r, each with differences in two widths, and one course of tv.
    assert len(page.pictures) == 8 + 2 * 8 + 1


@pytest.mark.slow
def test_a_tiny_study_of_a_robot_from_end_to_end(tmp_path):
    small = {
        **COMMON,
        "hidden": (8,),
        "n_envs": 8,
        "batch_size": 32,
        "n_places": 16,
        "warmup": 32,
        "n_evaluations": 4,
        **dict.fromkeys(("warmup_v_h_e_steps", "warmup_x_h_steps", "warmup_q_r_steps"), 5),
        "beta_r_rampup_steps": 5,
    }
    tiny = Study(
        "Does the rate matter?",
        {"bush-line": 8 * 60},
        (
            Variant("some", "q", {**small, "beta_r": 2.0}),
            Variant("none", "q", {**small, "beta_r": 2.0, "lr_q_r": 0.0}),
        ),
        along="beta_r",
        more=(LIPSCHITZ,),
    )
    found = carry_out(tiny, Extent(n_seeds=2), tmp_path)
    rows = json.loads(json.dumps(records(tiny, found), allow_nan=False))
    assert [row["variant"] for row in rows] == ["some", "none"]
    for row, outcome in zip(rows, found, strict=True):
        assert row["seeds"] == [0, 1]
        assert outcome.run is not None
        assert min(row["settled"]["per_seed"]) == outcome.run.report["settled"]
        assert all(0 <= tv <= 1 for tv in row["tv"]["per_seed"])
        assert row["exact_lipschitz"]["iqm"] == 0  # with a horizon nothing feeds back
    page = write_study(tmp_path / "study.html", "tiny", tiny, found).read_text()
    assert "Distance to the exact policy" in page
