"""Run folders: whose they are, what they hold, and that nothing is lost when writing fails."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import empo
from empo.runs.folder import claim, is_run, write_run
from tests.runs.games import solved_bush, solved_ferry

FILES = {"values.safetensors", "values.json", "config.json", "metrics.jsonl", "report.json"}


def write(folder, solution=None, *, with_states=True, report=None):
    write_run(
        folder,
        solution or solved_ferry(),
        config={"command": "solve"},
        metrics=[{"stage": "a"}, {"stage": "b"}],
        report=report or {"n_states": 4},
        with_states=with_states,
    )


def files(folder):
    return {path.name for path in folder.iterdir()}


def test_a_run_has_its_files(tmp_path):
    write(tmp_path)
    assert files(tmp_path) == FILES | {"solution.json"}
    assert is_run(tmp_path)
    assert json.loads((tmp_path / "report.json").read_text()) == {"n_states": 4}
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    stages = [json.loads(line)["stage"] for line in lines]
    assert stages == ["a", "b"]
    states = json.loads((tmp_path / "solution.json").read_text())["states"]
    assert states.keys() == {"here", "shore", "there"}


def test_what_an_earlier_run_left_does_not_stand_beside_other_values(tmp_path):
    write(tmp_path)
    (tmp_path / "report.html").write_text("the pictures of the first")
    (tmp_path / "notes.txt").write_text("mine")
    write(tmp_path, solved_bush(), with_states=False)
    assert files(tmp_path) == FILES | {"notes.txt"}
    assert empo.Solution.load(tmp_path).game.order == "horizon"


def test_new_and_empty_folders_and_earlier_runs_can_be_claimed(tmp_path):
    claim(tmp_path / "new" / "deep")
    assert (tmp_path / "new" / "deep").is_dir()
    claim(tmp_path / "new" / "deep")
    assert files(tmp_path / "new" / "deep") == set()
    write(tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    claim(tmp_path / "run")


def test_unfinished_writing_does_not_bar_a_folder(tmp_path):
    (tmp_path / ".values.json.123.tmp").write_text("{")
    claim(tmp_path)


@pytest.mark.parametrize("config", [None, "{}", "not JSON", '{"format": "another"}'])
def test_a_folder_with_anything_else_is_left_alone(tmp_path, config):
    (tmp_path / "thesis.tex").write_text("years of work")
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    before = files(tmp_path)
    with pytest.raises(empo.InputError, match=r"holds 'thesis.tex', which is not an empo run"):
        claim(tmp_path)
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("file", "is a file"),
        ("file/below", "cannot be written: Not a directory"),
        ("x" * 300, "cannot be written: File name too long"),
        ("nul\0l", "cannot be written: embedded null"),
        ("/proc/empo-cannot-be-here", "cannot be written"),
        ("/dev/full", "is a file"),
    ],
)
def test_where_nothing_can_be_written(tmp_path, place, words):
    (tmp_path / "file").write_text("")
    with pytest.raises(empo.InputError, match=words):
        claim(tmp_path / place)


FULL_DISK = """
import resource, sys
from pathlib import Path
import empo
from empo.runs.folder import write_run
solution = empo.Solution.load(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
try:
    write_run(Path(sys.argv[2]), solution, config={}, metrics=[], report={}, with_states=True)
except empo.InputError as error:
    print(error)
"""


@pytest.mark.parametrize("limit", [0, 1000, 2000])
def test_what_was_saved_survives_a_full_disk(tmp_path, limit):
    write(tmp_path / "old", solved_bush())
    write(tmp_path / "other")
    sizes = [path.stat().st_size for path in (tmp_path / "other").iterdir()]
    assert max(sizes) > limit, "some file does not fit"
    before = {path.name: path.read_bytes() for path in (tmp_path / "old").iterdir()}
    command = [sys.executable, "-c", FULL_DISK, tmp_path / "other", tmp_path / "old", limit]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stdout
    assert {path.name: path.read_bytes() for path in (tmp_path / "old").iterdir()} == before
