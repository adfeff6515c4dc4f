"""Studies: variants differ in one thing, finished ones are kept, and numbers are those by hand."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest

from empo.core.errors import InputError
from empo.runs import trials
from empo.runs.measures import RETURNS, read_finished
from empo.runs.stats import interquartile_mean
from empo.runs.studies import STUDIES, study
from empo.runs.studying import (
    Extent,
    Outcome,
    answer,
    by_target,
    carry_out,
    plan,
    records,
    standings,
)
from empo.runs.trained import read_job
from empo.runs.variants import Study, Variant
from empo.tasks.trainer import Diverged
from tests.runs.test_compare import scripted

SMALL = {"hidden": (8,), "n_envs": 2, "n_steps": 8, "n_evaluations": 2, "n_episodes": 2}
TINY = Study(
    "Does the step size matter?",
    {"task:cartpole": 64},
    (
        Variant("as it is", "a2c", SMALL),
        Variant("No step at all", "a2c", {**SMALL, "learning_rate": 0.0}),
    ),
)
EXTENT = Extent(n_seeds=2)
LAST, WHOLE = RETURNS.measures


def settings_of(job):
    """Every setting by name, those of groups within included."""

    def leaves(record):
        for name, value in record.items():
            if isinstance(value, dict):
                yield from leaves(value)
            else:
                yield name, value

    return dict(leaves(asdict(job.setup)))


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_asks_for_jobs_that_there_are(name, tmp_path):
    asked = study(name)
    places = plan(asked, Extent(), tmp_path)
    assert len(places) == len(asked.targets) * len(asked.variants)
    assert len({place.folder for place in places}) == len(places)
    assert all(place.job.n_seeds >= 5 for place in places)


def test_E25_each_of_the_nine_options_is_left_out_once_and_alone(tmp_path):
    off = {
        "value_clip": None,
        "scale_rewards": False,
        "clip_rewards": math.inf,
        "normalise_observations": False,
        "clip_observations": math.inf,
        "orthogonal": False,
        "anneal": 0.0,
        "activation": "relu",
        "max_grad_norm": math.inf,
    }
    places = plan(study("code-level"), Extent(), tmp_path)
    assert {place.job.target for place in places} == {"task:cartpole", "task:pendulum"}
    for target in ("task:cartpole", "task:pendulum"):
        everything, *others = [settings_of(p.job) for p in places if p.job.target == target]
        assert all(everything[name] != value for name, value in off.items())
        changed = [
            {name: value for name, value in other.items() if value != everything[name]}
            for other in others
        ]
        assert sorted(map(str, changed)) == sorted(str({n: v}) for n, v in off.items())


def test_steps_and_targets_can_be_chosen(tmp_path):
    (first, _) = plan(TINY, Extent(targets=("gym:CartPole-v1",), seed=3, n_seeds=7), tmp_path)
    assert (first.job.target, first.job.n_steps) == ("gym:CartPole-v1", 100_000)
    assert first.job.seeds == tuple(range(3, 10))
    assert first.folder == tmp_path / "gym-cartpole-v1" / "as-it-is"
    (_, second) = plan(TINY, Extent(steps=17), tmp_path)
    assert (second.job.target, second.job.n_steps) == ("task:cartpole", 17)


@pytest.fixture(scope="module")
def carried_out(tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    told = []
    found = carry_out(TINY, EXTENT, out, progress=lambda what, *_: told.append(what))
    return out, found, told


def rows(outcomes):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in records(TINY, outcomes)]


def test_variants_are_trained_and_progress_names_them(carried_out):
    out, found, told = carried_out
    assert [outcome.variant.name for outcome in found] == ["as it is", "No step at all"]
    assert (out / "task-cartpole" / "no-step-at-all" / "report.json").exists()
    assert "1/2: as it is, training" in told
    assert "2/2: No step at all, training" in told
    # 2 environments of 8 steps each make 16 an update.
    assert [row["steps"] for row in records(TINY, found)] == [64, 64]
    assert [row["seeds"] for row in records(TINY, found)] == [[0, 1], [0, 1]]


def test_what_is_finished_is_not_trained_again(carried_out, monkeypatch):
    out, found, _ = carried_out

    def refuse(*_, **__):
        raise AssertionError("was trained again")

    monkeypatch.setattr(trials, "run_job", refuse)
    monkeypatch.setattr(trials, "resume", refuse)
    assert rows(carry_out(TINY, EXTENT, out)) == rows(found)


def test_what_was_interrupted_goes_on(carried_out, monkeypatch):
    out, found, _ = carried_out
    before, resumed = rows(found), []
    (out / "task-cartpole" / "as-it-is" / "report.json").unlink()
    real = trials.resume

    def noted(folder, **options):
        resumed.append(folder.name)
        return real(folder, **options)

    monkeypatch.setattr(trials, "resume", noted)
    assert rows(carry_out(TINY, EXTENT, out)) == before
    assert resumed == ["as-it-is"]


def test_runs_of_other_settings_are_not_touched_unasked(carried_out, monkeypatch):
    out, _, _ = carried_out
    trained = []

    def diverging(job, folder, **_):
        trained.append(folder.name)
        raise Diverged("step 3: it has")

    monkeypatch.setattr(trials, "run_job", diverging)
    with pytest.raises(InputError) as caught:
        carry_out(TINY, Extent(n_seeds=3), out)
    assert trained == []
    assert len(caught.value.problems) == 2
    assert all("other settings" in line for line in caught.value.problems)
    carry_out(TINY, Extent(n_seeds=3), out, overwrite=True)
    assert trained == ["as-it-is", "no-step-at-all"]


def test_a_folder_of_something_else_is_never_touched(tmp_path):
    strange = tmp_path / "task-cartpole" / "as-it-is"
    strange.mkdir(parents=True)
    (strange / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match=r"thesis\.txt"):
        carry_out(TINY, EXTENT, tmp_path, overwrite=True)


def test_a_variant_that_diverges_does_not_end_the_study(tmp_path, monkeypatch):
    def diverging(*_, **__):
        raise Diverged("step 3: it has")

    monkeypatch.setattr(trials, "run_job", diverging)
    found = carry_out(TINY, EXTENT, tmp_path)
    assert [outcome.trouble for outcome in found] == ["step 3: it has"] * 2
    for row in json.loads(json.dumps(records(TINY, found), allow_nan=False)):
        assert row["last_evaluation"] is None
        assert row["trouble"] == "step 3: it has"


def outcome(tmp_path, name, scores, group=""):
    folder = scripted(tmp_path / name, scores)
    run = read_finished(read_job(folder), folder)
    return Outcome(Variant(name, group=group), "task:cartpole", folder, run)


def test_standings_by_hand(tmp_path):
    first = outcome(tmp_path, "first", [[7, 2, 10], [7, 4, 20], [7, 6, 30], [7, 8, 40]])
    lost = Outcome(Variant("lost"), "task:cartpole", tmp_path, None, "step 3")
    worse = outcome(tmp_path, "worse", [[7, 0, 1], [7, 0, 2], [7, 0, 4], [7, 0, 100]])
    one, none, other = standings([first, lost, worse], LAST)
    assert none is None
    assert one.scores.tolist() == [10, 20, 30, 40]
    assert (one.estimate.centre, other.estimate.centre) == (25, 3)  # (20 + 30)/2, (2 + 4)/2
    assert other.beside_reference.centre == -22
    assert other.beside_reference.low < -22 < other.beside_reference.high
    # The untrained policy's 7 does not count: (2 + 10)/2 = 6, ...
    assert WHOLE.of(first.run).tolist() == [6, 12, 18, 24]
    (early, *_) = standings([first, lost, worse], WHOLE)
    assert early.estimate.centre == interquartile_mean(np.array([6.0, 12, 18, 24]))


def test_without_the_first_there_are_no_differences(tmp_path):
    lost = Outcome(Variant("lost"), "task:cartpole", tmp_path, None, "step 3")
    there = outcome(tmp_path, "there", [[7, 2, 10], [7, 4, 20]])
    none, found = standings([lost, there], LAST)
    assert none is None
    assert found.beside_reference is None


def test_each_is_compared_with_the_first_of_its_group(tmp_path):
    made = [
        outcome(tmp_path, name, [[7, score, score]], group)
        for name, score, group in (("a", 1, "x"), ("b", 3, "x"), ("c", 10, "y"), ("d", 30, "y"))
    ]
    found = standings(made, LAST)
    assert [float(one.beside_reference.centre) for one in found] == [0, 2, 0, 20]


def test_the_answer_in_words(tmp_path):
    first = outcome(tmp_path, "first", [[7, 2, x] for x in (10, 11, 12, 13)])
    others = [
        outcome(tmp_path, "high", [[7, 2, x] for x in (30, 31, 32, 33)], ""),
        outcome(tmp_path, "low", [[7, 2, x] for x in (0, 1, 2, 3)], ""),
        outcome(tmp_path, "same", [[7, 2, x] for x in (11, 12, 10, 13)], ""),
        Outcome(Variant("lost"), "task:cartpole", tmp_path, None, "step 3"),
    ]
    made = [first, *others]
    said = answer(LAST, made, standings(made, LAST))
    assert said == (
        "Return, last evaluation – better: high; worse: low; not told apart: same; diverged: lost."
    )
    grouped = [replace(one, variant=replace(one.variant, group="g")) for one in made]
    assert "better: high (g); worse: low (g)" in answer(LAST, grouped, standings(grouped, LAST))
    less = replace(LAST, better="low")
    assert "better: low; worse: high" in answer(less, made, standings(made, less))


def test_a_single_seed_has_no_interval_and_json_stays_strict(tmp_path):
    found = [outcome(tmp_path, name, [[7, 2, 10]]) for name in ("one", "two")]
    for row in json.loads(json.dumps(records(TINY, found), allow_nan=False)):
        numbers = row["last_evaluation"]
        assert (numbers["iqm"], numbers["worst_seed"], numbers["difference"]) == (10, 10, 0)
        assert numbers["iqm_low"] is numbers["difference_high"] is None


def test_outcomes_are_grouped_by_target(tmp_path):
    made = [Outcome(Variant("x"), target, tmp_path, None) for target in "abab"]
    assert {target: len(group) for target, group in by_target(made).items()} == {"a": 2, "b": 2}


@pytest.mark.parametrize(
    ("name", "words"), [("code-levle", "did you mean code-level"), ("xyz", "there are code-level")]
)
def test_an_unknown_study_is_refused(name, words):
    with pytest.raises(InputError, match=words):
        study(name)


@pytest.mark.parametrize(
    ("steps", "names", "words"),
    [
        ({"a": 1}, ["x"], "two or more"),
        ({"a": 1}, ["x", "x"], "apart"),
        ({}, ["x", "y"], "no targ"),
    ],
)
def test_a_study_has_a_target_and_variants_to_compare(steps, names, words):
    with pytest.raises(InputError, match=words):
        Study("?", steps, tuple(map(Variant, names)))
