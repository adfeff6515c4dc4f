"""Studies of actors in worlds: variants alike but for what they vary; their own measures."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from empo.runs.actor_studies import ACTOR_STUDIES, GAMES, WORLDS
from empo.runs.history import history_of
from empo.runs.jobs import job_of
from empo.runs.measures import SPREAD, STEPS_NEEDED, Finished
from empo.runs.studying import Extent, carry_out, plan, standings


def leaves(record):
    for name, value in record.items():
        if isinstance(value, dict):
            yield from leaves(value)
        else:
            yield name, value


def jobs(name, target, out):
    places = plan(ACTOR_STUDIES[name], Extent(targets=(target,)), out)
    return {place.variant.label: place.job for place in places}


@pytest.mark.parametrize("name", ACTOR_STUDIES)
def test_every_study_can_be_planned_on_four_exactly_solved_worlds(name, tmp_path):
    study = ACTOR_STUDIES[name]
    assert study.targets == (GAMES if name == "scale-invariance" else WORLDS)
    for target in study.targets:
        assert len(jobs(name, target, tmp_path)) == len(study.variants)


def test_A33_only_what_is_given_differs(tmp_path):
    found = jobs("dependency", "bush-line", tmp_path)
    plain, *others = (dict(leaves(asdict(job.setup))) for job in found.values())
    assert plain["given"] == "nothing"
    for other in others:
        assert {name for name in plain if plain[name] != other[name]} == {"given"}


@pytest.mark.slow
def test_A33_what_is_given_has_all_measures_of_the_study(tmp_path):
    study = ACTOR_STUDIES["dependency"]
    outcomes = carry_out(study, Extent(("boxes",), n_seeds=2, steps=45_000), tmp_path)
    for measure in study.measures("boxes"):
        assert all(np.isfinite(found.scores).all() for found in standings(outcomes, measure))


def test_A32_the_age_of_rollouts_is_all_that_differs(tmp_path):
    found = jobs("offpolicy", "boxes", tmp_path)
    settings = [dict(leaves(asdict(job.setup))) for job in found.values()]
    assert [row.pop("remembered") for row in settings] == [1, 1_000, 10_000]
    assert settings[0] == settings[1] == settings[2]


def test_A24_the_same_ways_to_learn_at_each_scale(tmp_path):
    found = jobs("scale-invariance", "norm", tmp_path)
    targets = {job.target for job in found.values()}
    assert {Path(t).name for t in targets} == {"norm", "norm-times-0.3.yaml", "norm-times-0.1.yaml"}
    ways = {}
    for label, job in found.items():
        ways.setdefault(label.split(": ")[1], []).append((job.algorithm, job.setup))
    assert len(ways) == 5
    for at_scales in ways.values():
        assert len(at_scales) == 3
        assert at_scales.count(at_scales[0]) == 3


def finished(rows, report=None, n_seeds=2):
    job = job_of("boxes", n_seeds=n_seeds, settings={"beta_r": 5.0})
    made = [{"kind": "evaluate", "seed": seed, "step": step, **row} for step, seed, row in rows]
    return Finished(job, history_of(made), report or {})


def test_A34_steps_count_once_it_stays_good():
    def row(tv, error):
        return {"tv": tv, "tv_uniform": 0.5, "v_r_rel_error": error}

    good, far, wrong = row(0.04, 0.01), row(0.06, 0.01), row(0.04, 0.06)
    course = {0: [far, good, far, good, good], 1: [good, good, good, good, wrong]}
    rows = [(100 * n, seed, found) for seed in course for n, found in enumerate(course[seed])]
    np.testing.assert_array_equal(STEPS_NEEDED.of(finished(rows)), [300, 800])


def test_A33_the_spread_is_that_of_the_start():
    run = finished([], {"v_r_start": [-9.0, -11.0]})
    np.testing.assert_allclose(SPREAD.of(run), [0.1, 0.1])
