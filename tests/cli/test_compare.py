"""`empo compare`: the table, the page, JSON, and one line for what is wrong."""

from __future__ import annotations

import json

import pytest

from tests.runs.trainings import write_training
from tests.views.page import Page


@pytest.fixture
def two_runs(tmp_path):
    write_training(tmp_path / "a-run-with-a-rather-long-name", n_seeds=4)
    write_training(tmp_path / "slow", algorithm="a2c", rate=0.3, n_seeds=2, finished=False)
    return ("a-run-with-a-rather-long-name", "slow")


def test_the_table_fits_into_80_columns_and_the_page_is_written(empo_main, two_runs, tmp_path):
    done = empo_main("compare", *two_runs)
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 80
    for said in (
        "task:cartpole, threshold 475",
        "a2c, not",
        "never (0/2)",
        "12 s",
        "Learning curves",
    ):
        assert said in done.out
    page = Page((tmp_path / "compare.html").read_text())
    assert page.balanced
    assert len(page.pictures) == 2  # for wide and for narrow screens
    for said in ("2 training runs on task:cartpole", "a2c, not finished", "never (0/2)"):
        assert said in page.text


def test_json_is_one_list(empo_main, two_runs):
    done = empo_main("compare", *two_runs, "--json", "--threshold", "400")
    first, second = json.loads(done.out)
    assert (first["algorithm"], first["threshold"]) == ("ppo", 400)
    assert None not in first["steps_to_threshold"]
    assert second["steps_to_threshold"] == [None, None]


def test_targets_have_sections_of_their_own(empo_main, two_runs, tmp_path):
    write_training(tmp_path / "other", target="task:pendulum", best=-150.0)
    done = empo_main("compare", *two_runs, "other", "--out", "deep/page.html")
    assert done.code == 0
    assert "task:pendulum\n" in done.out
    text = Page((tmp_path / "deep" / "page.html").read_text()).text
    assert "3 training runs on task:cartpole, task:pendulum" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no folders given"),
        (["missing"], "holds no run"),
        (["slow", "slow"], "named twice"),
        (["slow", "other", "--threshold", "3"], "unlike targets, task:cartpole, task:pendulum"),
        (["slow", "--out", "slow"], "cannot be written"),
        (["slow", "--threshold", "high"], "see empo compare --help"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(empo_main, two_runs, tmp_path, arguments, words):
    write_training(tmp_path / "other", target="task:pendulum")
    done = empo_main("compare", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert len(done.err.splitlines()) == 1


def test_help_shows_how(empo_main):
    done = empo_main("compare", "--help")
    assert done.code == 0
    assert "empo compare runs/ppo runs/a2c" in done.out
    assert max(map(len, done.out.splitlines())) <= 81
