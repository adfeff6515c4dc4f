"""The page of a training run: it stands alone and says what the folder says."""

from __future__ import annotations

import base64
import json
import re

import pytest

from empo.core.errors import InputError
from empo.runs.checkup import Batch, Checkup, Update, write_checkup
from empo.views.training_report import write_training_report
from tests.runs.trainings import write_training
from tests.views.page import Page


def page_of(folder) -> Page:
    path = write_training_report(folder)
    assert path == folder / "report.html"
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Page:
    return page_of(write_training(tmp_path_factory.mktemp("run")))


def test_the_page_needs_no_network_and_can_be_read_aloud(page):
    outside = re.sub(r"data:[a-z/0-9]+;base64,[A-Za-z0-9+/=]+", "", page.source)
    assert "//" not in outside.replace("http://www.w3.org/2000/svg", "")
    assert page.balanced
    assert len(page.with_tag("h1")) == 1
    pictures = page.with_tag("svg")
    assert len(page.pictures) == len(pictures) > 8
    assert all(picture["role"] == "img" and picture["aria-label"] for picture in pictures)


def test_it_says_what_was_trained_and_how_well(page):
    for said in ("PPO on task:cartpole", "3 seeds side by side", "450–550", "12.5 s", "2.4k"):
        assert said in page.text
    assert "Return went from" in page.text
    assert "not finished" not in page.text


def test_every_setting_stands_there_once(page):
    for name in ("clip", "learning_rate", "max_grad_norm", "hidden", "n_evaluations"):
        assert page.words.count(name) == 1
    assert "inf" in page.words


def test_each_diagnostic_has_its_chart_and_what_was_found(page):
    for said in ("Entropy of the actions", "From 0.649 to 0.276 nats.", "None of them looks"):
        assert said in page.text
    assert "⚠" not in page.text


def test_suspicious_numbers_are_marked(tmp_path):
    folder = write_training(tmp_path)
    path = folder / "metrics.jsonl"
    path.write_text(re.sub(r'"clip_fraction": [\d.]+', '"clip_fraction": 0.8', path.read_text()))
    page = page_of(folder)
    assert "1 of them should be looked into" in page.text
    assert "⚠ 80.0% in the middle." in page.text


def test_a_run_in_progress_has_a_page(tmp_path):
    page = page_of(write_training(tmp_path, finished=False))
    assert "This run is not finished." in page.text
    assert "Return so far" in page.text


def test_a_run_that_has_just_begun_has_a_page(tmp_path):
    folder = write_training(tmp_path, finished=False)
    (folder / "metrics.jsonl").write_text("")
    assert "There is nothing to show yet." in page_of(folder).text


def test_one_seed_has_no_interval(tmp_path):
    page = page_of(write_training(tmp_path, n_seeds=1))
    assert "95% interval" not in page.text
    assert "one seed" in page.text


def test_metrics_without_single_returns_have_no_histogram(tmp_path):
    page = page_of(write_training(tmp_path, with_returns=False))
    assert "Where it began" not in page.text


def test_the_film_is_part_of_the_page(tmp_path):
    folder = write_training(tmp_path)
    (folder / "policy.mp4").write_bytes(b"moving pictures")
    (video,) = page_of(folder).with_tag("video")
    assert video["src"] == f"data:video/mp4;base64,{base64.b64encode(b'moving pictures').decode()}"


def test_what_debug_measured_is_shown(tmp_path):
    folder = write_training(tmp_path)
    assert f"empo debug {folder}" in page_of(folder).text
    batches = (
        Batch(1, 256, {"policy": 0.05, "value": 0.9}, 0.01),
        Batch(4, 1024, {"policy": 0.4, "value": 0.95}, None),
    )
    update = Update(256, {"entropy": 0.69})
    checkup = Checkup("t", "ppo", 2, (9.0, 10.0), (20.0, 25.0), (update,), batches, ())
    write_checkup(folder, checkup)
    page = page_of(folder)
    for said in ("random actions", "⚠ Two updates of the policy network", "1,024", "try larger"):
        assert said in page.text


def test_names_from_outside_are_text_and_no_code(tmp_path):
    folder = write_training(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config["job"]["target"] = "gym:<script>alert(1)</script>"
    (folder / "config.json").write_text(json.dumps(config))
    assert "<script>alert" not in page_of(folder).source


@pytest.mark.parametrize("config", [None, '{"format": "empo run 1"}'])
def test_a_folder_without_a_training_run_is_refused(tmp_path, config):
    if config:
        (tmp_path / "config.json").write_text(config)
    with pytest.raises(InputError, match="wanted"):
        write_training_report(tmp_path)
