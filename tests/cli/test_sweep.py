"""`empo sweep`: the table, the page, JSON, and all that is wrong with a file."""

from __future__ import annotations

import json

import pytest

from empo.runs import sweep as sweeping
from empo.runs.sweep_process import Ending
from tests.runs.test_sweep import Pretenders
from tests.views.page import Page

FILE = """\
target: task:cartpole
algorithm: a2c
seeds: 3
n_steps: 1000
grid:
  learning_rate: [1e-3, 2e-3, 3e-3, 4e-3]
  hidden: [[8], [16, 16]]
"""


@pytest.fixture
def crew(monkeypatch, tmp_path):
    (tmp_path / "tries.yaml").write_text(FILE)
    made = Pretenders({"trial-003": Ending("diverged", "step 3: nets holds nan")})
    monkeypatch.setattr(sweeping, "Processes", lambda: made)
    return made


def test_trials_are_ranked_in_a_table_and_on_a_page(empo_main, crew, tmp_path):
    done = empo_main("sweep", "tries.yaml")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "a2c on task:cartpole: return, last evaluation, best first"
    assert lines[2].startswith("1 learning_rate 0.004, hidden ")
    assert "trial-003 (learning_rate 0.002, hidden 16,16) diverged: step 3" in done.out
    folder = tmp_path / "runs" / "sweep-tries"
    page = Page((folder / "sweep.html").read_text())
    assert page.balanced
    assert len(page.pictures) == 2 + 2  # ranks and learning curves, each in two widths
    for said in ("8 of 8 trials", "every combination", "hidden 16,16", "step 3: nets holds nan"):
        assert said in page.text


def test_json_is_all_that_is_printed(empo_main, crew, tmp_path):
    done = empo_main("sweep", "tries.yaml", "--out", "found", "--json", "--processes", "3")
    assert json.loads(done.out) == json.loads((tmp_path / "found" / "sweep.json").read_text())
    assert len(crew.trained) == 8


def test_without_any_result_it_fails(empo_main, crew):
    crew.endings = {f"trial-{n:03}": Ending("failed", "it was killed") for n in range(8)}
    done = empo_main("sweep", "tries.yaml")
    assert done.code == 2
    assert "no trial came to a result" in done.err
    assert done.out.count("failed: it was killed") == 8


def test_every_mistake_is_a_line(empo_main, crew, tmp_path):
    wrong = FILE.replace("seeds: 3", "seeds: 0").replace("4e-3", "high")
    (tmp_path / "wrong.yaml").write_text(wrong)
    done = empo_main("sweep", "wrong.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [
        "empo sweep: 2 problems:",
        "  wrong.yaml:3: seeds: found the number 0 (wanted a whole number, at least 1)",
        "  wrong.yaml:6: grid.learning_rate[3]: found the text 'high' (wanted a number)",
    ]
    assert crew.trained == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "FILE is missing"),
        (("tries.yaml", "--processes", "0"), "processes: found 0"),
        (("nowhere.yaml",), "nowhere.yaml: cannot be read"),
        (("tries.yaml", "--ray", "everywhere"), "wanted local, auto or HOST:PORT"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(empo_main, crew, arguments, words):
    done = empo_main("sweep", *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert len(done.err.splitlines()) == 1


def test_help_shows_a_file(empo_main):
    done = empo_main("sweep", "--help")
    assert done.code == 0
    assert "learning_rate: {low: 1e-5, high: 1e-2, log: true}" in done.out
    lines = [line for line in done.out.splitlines() if not line.startswith("usage:")]
    assert max(map(len, lines)) <= 81
