"""`empo study`: the list, the tables, the page, JSON, and one line for what is wrong."""

from __future__ import annotations

import json

import pytest

from empo.cli import study as command
from empo.runs import studies, trials
from empo.runs.folder import FORMAT
from empo.runs.measures import read_finished
from empo.runs.studies import STUDIES
from empo.runs.studying import Outcome
from empo.runs.trained import _config, read_job
from tests.runs.test_studies import TINY
from tests.runs.trainings import write_training
from tests.views.page import Page


@pytest.fixture
def tiny(monkeypatch):
    """A study whose training takes no time: only folders are written."""

    def pretend(job, folder, **_):
        write_training(folder, algorithm=job.algorithm, n_seeds=job.n_seeds)
        begin = {"format": FORMAT, **_config(job)}
        (folder / "config.json").write_text(json.dumps(begin))

    monkeypatch.setattr(studies, "STUDIES", {"tiny": TINY})
    monkeypatch.setattr(trials, "run_job", pretend)


@pytest.fixture
def trained(monkeypatch, tmp_path):
    """Results of the code-level study that nobody had to wait for; one variant has diverged."""
    code_level = STUDIES["code-level"]

    def made(asked, extent, out, *, progress, **_):
        assert asked is code_level
        outcomes = []
        for number, variant in enumerate(asked.variants):
            folder = write_training(tmp_path / str(number), best=500 - 4.0 * number, n_seeds=5)
            run = read_finished(read_job(folder), folder)
            gone = variant.name == "tanh (ReLU instead)"
            outcomes.append(
                Outcome(
                    variant,
                    "task:cartpole",
                    folder,
                    None if gone else run,
                    "step 3: it has" if gone else "",
                )
            )
        return outcomes

    monkeypatch.setattr(command, "carry_out", made)


def test_the_list_says_what_is_asked(empo_main):
    done = empo_main("study")
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 80
    for name in STUDIES:
        assert f"\n{name}\n" in f"\n{done.out}"
    assert "10 variants on task:cartpole, task:pendulum" in done.out.replace("\n ", "")
    assert json.loads(empo_main("study", "--json").out).keys() == STUDIES.keys()


def test_a_study_is_carried_out_and_the_same_command_again_trains_nothing(
    empo_main, tiny, tmp_path, monkeypatch
):
    done = empo_main("study", "tiny", "--seeds", "2", "--steps", "32", "--out", "found")
    assert done.code == 0, done.err
    assert "Pictures: found/study.html" in done.out
    assert "task:cartpole: return, last evaluation" in done.out
    written = json.loads((tmp_path / "found" / "study.json").read_text())
    assert [row["seeds"] for row in written["variants"]] == [[0, 1], [0, 1]]
    monkeypatch.setattr(trials, "run_job", None)
    again = empo_main("study", "tiny", "--seeds", "2", "--steps", "32", "--out", "found", "--json")
    assert json.loads(again.out) == written
    other = empo_main("study", "tiny", "--seeds", "3", "--out", "found")
    assert other.code == 2
    assert "other settings" in other.err


def test_tables_fit_into_80_columns_and_the_page_shows_all(empo_main, trained, tmp_path):
    done = empo_main("study", "code-level")
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 80
    for said in ("left out", "diverged", "tanh (ReLU instead): step 3: it has", "mean over the"):
        assert said in done.out
    page = Page((tmp_path / "runs" / "study-code-level" / "study.html").read_text())
    assert page.balanced
    # Two measures, each for wide and for narrow screens, and curves of the eight that are left.
    assert len(page.pictures) == 2 * 2 + 8
    for said in ("10 variants on task:cartpole, 5 seeds each", "reward clipping", "diverged"):
        assert said in page.text


def test_differences_that_are_told_apart_are_marked(empo_main, trained):
    lines = empo_main("study", "code-level").out.splitlines()
    first = next(line for line in lines if line.startswith("nothing (all on)"))
    last = next(line for line in lines if line.startswith("global gradient clipping"))
    near = next(line for line in lines if line.startswith("value clipping"))
    assert "*" in last
    assert "*" not in near
    assert "*" not in first


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["code-levle"], "study: found 'code-levle' (did you mean code-level?)"),
        (["code-level", "--seeds", "0"], "n_seeds: found 0"),
        (["code-level", "--steps", "many"], "see empo study --help"),
        (["code-level", "--target", "task:cartpoel", "--steps", "1"], "did you mean cartpole"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(empo_main, arguments, words):
    done = empo_main("study", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert len(done.err.splitlines()) == 1


def test_help_shows_how(empo_main):
    done = empo_main("study", "--help")
    assert done.code == 0
    assert "empo study code-level --target task:cartpole" in done.out
    assert max(map(len, done.out.splitlines())) <= 81
