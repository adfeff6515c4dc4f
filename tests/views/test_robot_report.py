"""The page of a learned robot: curves from made-up metrics, and the rollout of a solution."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from empo.runs.history import read_history
from empo.runs.policies import TrainedRobot
from empo.runs.sinks import Sinks
from empo.runs.solutions import can_be_shown
from empo.runs.trained import _config, read_job
from empo.runs.training_folder import begin_training
from empo.views.robot_charts import Chart, course_of
from empo.views.robot_report import draw_deeds
from empo.views.training_report import write_training_report
from tests.runs.games import solved_ferry
from tests.runs.robots import ferry_file, short_job
from tests.views.page import Page, texts

LEARNED = ("q_h_m", "v_h_e", "x_h", "q_r")


def write_course(folder, *, judged=True, finished=True, advice=(), tv=0.01, lipschitz=True):
    """98 updates of the ferry: distances fall by half from one judging to the next."""
    job = short_job(ferry_file(folder.parent), batch_size=128, capacity=256)
    begin_training(folder, {**_config(job), "world": {"name": "ferry"}}, overwrite=True)
    with Sinks(folder) as sinks:
        for number, update in enumerate(range(0, 99, 14)):
            for seed in job.seeds:
                step = 8 + 4 * update
                if update:
                    sinks.write(step, seed, "train", _training(update))
                gap = {"tv": 0.4 * 0.5**number, "tv_uniform": 0.3, "tv_max": 0.8}
                gap |= {"v_r_rel_error": 0.5**number, "v_h_e_error": 0.1 * 0.5**number}
                rest = {f"residual_{name}": 0.1 for name in LEARNED}
                rest |= {"lipschitz": 0.5 + 0.1 * number} if lipschitz else {}
                sinks.write(step, seed, "evaluate", (gap if judged else {}) | rest)
    report = {"seconds": 70.0, "compile_seconds": 9.0, "steps_per_second": 12_345.0}
    report |= {"settled": not advice, "advice": list(advice)}
    if judged:
        report |= {"tv": tv, "tv_uniform": 0.3, "tv_max": 0.8}
        report |= {"v_r_rel_error": 0.02, "v_h_e_error": 0.003, "v_r_of_policy_gap": -0.07}
    if finished:
        (folder / "report.json").write_text(json.dumps(report))
    return folder


def _training(update):
    row = {"beta_r": min(5.0, update / 8), "stage": 0.0, "policy_change": 0.02, "n_episodes": 1.0}
    for name in LEARNED:
        row |= {f"{name}_{what}": 0.5 for what in ("loss", "lag", "grad_norm", "rate")}
        row |= {f"{name}_prediction": 0.25, f"{name}_target": 0.5}
    return row


def page_of(folder) -> Page:
    return Page(write_training_report(folder).read_text(encoding="utf-8"))


def test_the_page_says_how_good_the_robot_is(tmp_path):
    page = page_of(write_course(tmp_path / "run"))
    assert page.balanced
    for said in (
        "ferry",
        "0.0100 away from the exact",
        "30 times nearer",
        "2.00%",
        "-7.00%",
        "0.0030",
        "1 min 10 s",
        "12.35k",
        "The training has settled",
    ):
        assert said in page.text
    assert "⚠" not in page.text
    assert "not finished" not in page.text


def test_advice_stands_on_the_page(tmp_path):
    page = page_of(write_course(tmp_path / "run", advice=("The loss of <Q_r> oscillates.",)))
    assert "What the advisor would change" in page.text
    assert "The loss of <Q_r> oscillates." in page.text
    assert "The training has settled" not in page.text


def test_a_robot_that_settled_far_away_is_not_called_learned(tmp_path):
    page = page_of(write_course(tmp_path / "run", tv=0.2))
    assert "⚠ Yet it is far from the exact policy" in page.text


def test_without_an_exact_solution_there_are_residuals(tmp_path):
    page = page_of(write_course(tmp_path / "run", judged=False))
    for said in ("no exact solution of this world", "How it settled", "Residuals"):
        assert said in page.text
    assert "Distance of π_r" not in page.text


def test_a_run_that_cannot_be_loaded_has_curves_but_no_rollout(tmp_path):
    page = page_of(write_course(tmp_path / "run", finished=False))
    assert "This run is not finished." in page.text
    assert "What was learned cannot be shown." in page.text
    assert "What happens" not in page.text


def test_every_learned_quantity_has_its_charts(tmp_path):
    page = page_of(write_course(tmp_path / "run"))
    labels = [picture["aria-label"] for picture in page.with_tag("svg")]
    for name in ("Q_h^m", "V_h^e", "X_h", "Q_r"):
        for what in ("Loss", "Prediction and target", "Lag of the slow copy", "Gradient's norm"):
            of_it = [s for s in labels if s.startswith(f"{what} of {name} against updates")]
            assert len(of_it) == 1
    assert len([label for label in labels if label.startswith("Effective β_r against")]) == 1


def test_stages_are_those_of_the_warm_up_and_named_above_the_charts(tmp_path):
    folder = write_course(tmp_path / "run")
    course = course_of(read_job(folder), read_history(folder))
    # Eight updates of each, of which U_r and V_r are computed directly; 98 in all.
    assert [(s.mark, s.begin, s.end) for s in course.stages] == [
        ("P", 0, 8),
        ("0", 8, 16),
        ("1", 16, 24),
        ("3", 24, 32),
        ("5", 32, 40),
        ("6", 40, 98),
    ]
    page = page_of(folder)
    assert "Q_r joins" not in page.text  # its index is set lower
    assert "Qr joins (updates 24–32)" in page.text
    (wide, _) = [p for p in page.pictures if "Distance to the exact" in p.get("aria-label", "")]
    assert {"P", "0", "1", "3", "5", "6"} <= set(texts(wide))


def test_curves_run_over_updates(tmp_path):
    folder = write_course(tmp_path / "run")
    course = course_of(read_job(folder), read_history(folder))
    curve = course.curve("evaluate", "tv")
    assert curve.steps.tolist() == list(range(0, 99, 14))
    assert course.last("evaluate", "tv") == pytest.approx(0.4 * 0.5**7)
    assert course.curve("evaluate", "no such thing") is None
    assert course.picture(Chart("x", "train", {"nothing": "x"})) is None


def test_predictions_and_targets_are_shown_as_they_are(tmp_path):
    page = page_of(write_course(tmp_path / "run"))
    labels = [picture["aria-label"] for picture in page.with_tag("svg")]
    found = [label for label in labels if label.startswith("Prediction and target")]
    assert len(found) == len(LEARNED)
    for label in found:
        assert "prediction: from 0.25 to 0.25" in label
        assert "target: from 0.5 to 0.5" in label


def test_the_local_lipschitz_constant_has_its_curve(tmp_path):
    page = page_of(write_course(tmp_path / "run"))
    labels = [picture["aria-label"] for picture in page.with_tag("svg")]
    found = [label for label in labels if label.startswith("Local Lipschitz constant against")]
    assert len(found) == 2  # one for wide screens and one for narrow ones
    assert all("from 0.5 to 1.2" in label for label in found)
    assert "What becomes of errors" in page.text


def test_where_no_lipschitz_constant_was_measured_nothing_is_said_of_it(tmp_path):
    page = page_of(write_course(tmp_path / "run", lipschitz=False))
    assert "Lipschitz" not in page.text


def test_what_was_learned_is_shown_as_what_was_solved(room, tmp_path):
    parts = draw_deeds(tmp_path, room)
    page = Page("".join(parts))
    assert page.balanced
    for said in ("What happens", "What the robot chooses", "Where each person can go", "Theory"):
        assert said in page.text
    assert (tmp_path / "rollout.mp4").stat().st_size > 1000


def test_a_world_too_large_for_pictures_is_told(tmp_path, monkeypatch):
    folder = write_course(tmp_path / "run", judged=False)
    robot = TrainedRobot(read_job(folder), None, None, {})
    monkeypatch.setattr("empo.views.robot_report.can_be_shown", lambda _: False)
    page = Page(write_training_report(folder, robot).read_text(encoding="utf-8"))
    assert "This world has more than 20,000 states" in page.text
    assert "What happens" not in page.text


@pytest.mark.parametrize(("largest", "shown"), [(3, True), (2, False)])
def test_worlds_are_shown_up_to_so_many_states(monkeypatch, largest, shown):
    for module in ("empo.learn.exact", "empo.runs.solutions"):
        monkeypatch.setattr(f"{module}.LARGEST", largest)
    exact = solved_ferry()  # three states
    setup = SimpleNamespace(theory=exact.theory)
    known = SimpleNamespace(exact=exact)
    unknown = SimpleNamespace(exact=None, world=exact.world, job=SimpleNamespace(setup=setup))
    assert can_be_shown(known) == can_be_shown(unknown) == shown
